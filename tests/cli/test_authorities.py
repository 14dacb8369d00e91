"""`authorities`: the registry as a table and as JSON, and one captcha asked of each."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from monitor.cli.authorities import command
from tests.cli.peer import serving

REPLIES = Path(__file__).parents[1] / "data" / "replies"
GOOD = (REPLIES / "yzm-2019-key1.json").read_bytes()
BUSY = (REPLIES / "yzm-004.json").read_bytes()


def authorities(*words: str) -> Result:
    settings = {"log_level": "error", "log_format": "console"}
    return CliRunner().invoke(command, [*words], obj=settings, standalone_mode=False)


def test_the_table_can_be_searched_line_by_line() -> None:
    lines = authorities().stdout.splitlines()
    assert lines[0].split() == ["slug", "code", "name", "name_en", "what", "address", "confidence", "source"]
    dalian = next(line for line in lines if line.startswith("dalian") and " verify " in line)
    assert "2102  大连" in dalian
    assert "https://sbf.dalian.chinatax.gov.cn:8402/NWebQuery" in dalian
    assert "two_maps" in dalian
    assert sum(" verify " in line for line in lines) == 36
    assert sum("not found" in line for line in lines) == 4


def test_the_json_has_every_fact_with_its_source() -> None:
    rows = json.loads(authorities("--json").stdout)
    assert len(rows) == 36
    yunnan = next(row for row in rows if row["slug"] == "yunnan")
    assert yunnan["facts"]["dppt_url"] == {"value": None, "source": None, "confidence": None}
    assert yunnan["facts"]["fpdk_scheme"]["value"] == "http"
    assert "ta_iface.c" in yunnan["facts"]["fpdk_scheme"]["source"]


def written(tmp_path: Path, beijing: str, shandong: str) -> str:
    file = tmp_path / "probes.yaml"
    file.write_text(
        "version: 1\n"
        "authorities:\n  only: [beijing, shandong]\n  override:\n"
        f"    beijing: {{verify_url: '{beijing}/NWebQuery'}}\n"
        f"    shandong: {{verify_url: '{shandong}/NWebQuery'}}\n"
        "limits: {per_host: none}\n"
        "probes:\n  - {name: captcha, kind: captcha, each: authority}\n"
    )
    return str(file)


def test_trying_asks_each_for_a_captcha_once(tmp_path: Path) -> None:
    with serving({"/NWebQuery/yzmQuery": GOOD}) as good, serving({"/NWebQuery/yzmQuery": BUSY}) as busy:
        all_good = authorities("--try", "-c", written(tmp_path, good, good))
        one_busy = authorities("--try", "-c", written(tmp_path, good, busy))
        as_json = json.loads(authorities("--try", "--json", "-c", written(tmp_path, good, busy)).stdout)
    assert (all_good.exception, all_good.return_value) == (None, 0)
    assert one_busy.return_value == 1
    assert "backend_busy" in next(
        line for line in one_busy.stdout.splitlines() if line.startswith("shandong")
    )
    assert [(row["slug"], row["outcome"], row["code"]) for row in as_json] == [
        ("beijing", "ok", None),
        ("shandong", "error", "004"),
    ]


def test_the_words_of_the_table_are_explained_below_it() -> None:
    from monitor.knowledge import load_registry

    table, _, foot = authorities().stdout.partition("\n\n")
    used = {
        fact.confidence for one in load_registry().values() for fact in one.facts.values() if fact.confidence
    }
    assert {word for word in used if f"{word}:" not in foot} == set()
    assert '"public code"' in foot
    assert "public code" in table
