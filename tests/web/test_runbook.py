"""From a failure on a page to what to do about it: the cause's own word leads to its section of the runbook, served here."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from monitor.model import Cause, Flag, TargetState
from monitor.web.runbook import NAMES, paste, sections
from tests.web.conftest import Ask, World, make_incident, make_result

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_cause_and_flag_has_a_section(language: str) -> None:
    assert {*Cause, *Flag} <= sections(language).keys()
    assert "look()" in paste(language)


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("证书已过期", "先粘贴一次")), ("en", ("Do not click the warning away", "paste it once"))]
)  # fmt: skip
async def test_a_section_is_a_page(ask: Ask, language: str, words: tuple[str, ...]) -> None:
    page = await ask(f"/causes/tls_expired?lang={language}")
    assert page.status == 200
    assert [word for word in words if word not in page.text] == []


async def test_links_within_the_runbook_lead_to_pages_and_others_are_words(ask: Ask) -> None:
    page = (await ask("/causes/tls_name_mismatch?lang=en")).text
    assert 'href="/causes/dns_hijacked?lang=en"' in page
    assert ".md" not in (await ask("/causes/tls_untrusted?lang=en")).text


@pytest.mark.parametrize("name", ["nothing", "Certificates", "..%2Fcauses.md", "<script>"])
async def test_what_is_no_cause_is_404(ask: Ask, name: str) -> None:
    assert (await ask(f"/causes/{name}")).status == 404


async def test_the_pages_of_a_failure_lead_there(world: World, ask: Ask) -> None:
    failed = make_result("captcha/shandong", cause=Cause.TLS_EXPIRED)
    world.state.targets["captcha/shandong"] = TargetState(id="captcha/shandong", last=failed)
    world.state.incidents["shandong-1"] = make_incident("shandong", Cause.TLS_EXPIRED)
    for path in ("/", "/authorities/shandong", "/targets/captcha%2Fshandong", "/incidents/shandong-1"):
        page = (await ask(f"{path}?lang=en")).text
        assert 'href="/causes/tls_expired?lang=en"' in page, path
        assert "[tls_expired]</a>" in page, path


def test_what_is_installed_has_the_runbook() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for name in NAMES.values():
        assert build["force-include"][f"docs/{name}"] == f"monitor/web/documents/{name}"
