"""Catalogues of codes of one's own: tables and rows, their mistakes, and what docs/sync.md says of them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from monitor.config.load import ConfigError
from monitor.knowledge import load_tables
from monitor.model import Cause, Flag, Outcome
from tests.config.conftest import HEAD, ReadText
from tests.config.synced import REQUEST, SECRET

# --- own catalogues --------------------------------------------------------------------------------------------------


OWN = """\
tables:
  nuonuo:
    codes:
      E0000: {cause: credential, message: 过期, meaning: ended}
      E77: backend_busy
  mine:
    title: 我们的ERP
    source: its manual
    code_path: {outer: "$.ret", inner: "$.data.ret"}
    outer: {"0": none, "97": {cause: credential}, "98": {flag: throttled}}
    inner: {"1": {cause: none, transaction: error, message: 查无}}
  platform:
    yzm: {"099": {cause: backend_busy, message: 新代码}}
"""


def with_own(read_text: ReadText, tmp_path: Path, own: str, probe: str = f"codes: mine, {REQUEST}") -> Any:
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    text = "catalogue: [own.yaml]\n" + HEAD + f"  - {{name: erp, kind: sync, authority: beijing, {probe}}}\n"
    return read_text(text + "  - {name: captcha, kind: captcha, authority: beijing}\n")


def test_own_tables_and_own_rows(read_text: ReadText, tmp_path: Path) -> None:
    loaded = with_own(read_text, tmp_path, OWN)
    target, captcha = loaded.plan.targets["erp"], loaded.plan.targets["captcha"]
    assert target.sync.code_paths == (("outer", "$.ret"), ("inner", "$.data.ret"))
    rows = {(code.endpoint, code.code): code for code in target.codes}
    assert rows["outer", "97"].cause is Cause.CREDENTIAL
    assert (rows["outer", "98"].cause, rows["outer", "98"].flag) == (Cause.NONE, Flag.THROTTLED)
    assert (rows["inner", "1"].cause, rows["inner", "1"].transaction) == (Cause.NONE, Outcome.ERROR)
    assert rows["outer", "0"].source == "its manual"
    assert [(code.code, code.cause) for code in captcha.codes] == [("099", Cause.BACKEND_BUSY)]
    nuonuo = {code.code: code for code in loaded.tables["nuonuo"].codes}
    assert (nuonuo["E0000"].cause, nuonuo["E77"].cause) == (Cause.CREDENTIAL, Cause.BACKEND_BUSY)
    assert nuonuo["0000"].cause is Cause.NONE
    assert loaded.tables["nuonuo"].title == "诺诺开放平台"


def test_code_path_of_the_probe_stands_for_the_outermost(read_text: ReadText, tmp_path: Path) -> None:
    loaded = with_own(read_text, tmp_path, OWN, f'codes: mine, code_path: "$.x", {REQUEST}')
    assert loaded.plan.targets["erp"].sync.code_paths == (("outer", "$.x"), ("inner", "$.data.ret"))


@pytest.mark.parametrize(
    ("own", "place", "says"),
    [
        ("tabels: {}", "1:1: tabels", 'did you mean "tables"?'),
        ("tables: [a]", "1:9: tables", "mapping"),
        ("tables:\n  a b: {codes: {}}", "2:3: tables.a b", "name"),
        ("tables:\n  a: {code_path: ret}", "2:18: tables.a.code_path", "$.data.code"),
        ("tables:\n  a: {codes: {x: creditential}}", "2:18: tables.a.codes.x", "credential"),
        ("tables:\n  a: {codes: {x: {cause: 5}}}", "2:26: tables.a.codes.x.cause", '"5"'),
        ("tables:\n  a: {codes: {x: {flag: slow}}}", "2:25: tables.a.codes.x.flag", "throttled"),
        ("tables:\n  a: {codes: {x: {cause: api_error, flag: throttled}}}", "2:43: tables.a.codes.x.flag", "beside"),
        ("tables:\n  a: {codes: {x: {cause: none, back_off: 5}}}", "2:32: tables.a.codes.x.back_off", "unknown key"),
        ("tables:\n  a: {codes: {x: {message: hello}}}", "2:18: tables.a.codes.x.cause", "no value"),
        ("tables:\n  a: {codes: {x: }}", "2:18: tables.a.codes.x", "no value"),
        ("tables:\n  a: {codes: {x: none, x: none}}", "2:24: tables.a.codes.x", "duplicate"),
        ("tables: {\n", "2:1", "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_own_file_has_its_place_there(
    read_text: ReadText, tmp_path: Path, own: str, place: str, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        with_own(read_text, tmp_path, own, f"codes: nuonuo, {REQUEST}")
    lines = [str(mistake) for mistake in caught.value.mistakes]
    assert any(line.startswith(f"{tmp_path / 'own.yaml'}:{place}") and says in line for line in lines), lines


def test_an_own_file_that_cannot_be_read(read_text: ReadText, tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"tables: {\xff}")
    text = (
        "catalogue: [none.yaml, latin]\n"
        + HEAD
        + "  - {name: a, kind: tcp, authority: beijing, host: h, port: 1}\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_text(text)
    assert [(mistake.path, mistake.line, mistake.column) for mistake in caught.value.mistakes] == [
        ("catalogue[0]", 1, 13),
        ("catalogue[1]", 1, 24),
    ]


# --- what docs/sync.md says ------------------------------------------------------------------------------------------


GUIDE = (Path(__file__).parents[2] / "docs" / "sync.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The code blocks of that kind in the guide, without their indentation."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(text) for _, text in found]


def test_the_guide_names_every_table_and_where_its_code_stands() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (`\$[^|]*) \|$", GUIDE, re.MULTILINE))
    usable = {name: table.code_paths for name, table in load_tables().items() if table.code_paths}
    assert {name: tuple(re.findall(r"`([^`]+)`", text)) for name, text in rows.items()} == {
        name: tuple(path for _, path in paths) for name, paths in usable.items()
    }


def test_the_probe_of_the_guide_works_with_its_table(read_text: ReadText, tmp_path: Path) -> None:
    probe, _, own, catalogue = blocks("yaml")
    (tmp_path / "codes.local.yaml").write_text(own, encoding="utf-8")
    loaded = read_text(catalogue + probe, {"ERP_TOKEN": SECRET})
    assert loaded.plan.targets["erp-sync"].sync is not None
    assert len(loaded.tables["my-erp"].codes) == 5
