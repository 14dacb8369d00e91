"""docs/causes.md: a section per cause and per flag, true to the code, and its commands show what it says."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from monitor.clock import SystemClock
from monitor.config.load import load
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.model import Cause, Flag, Plan
from monitor.net import Net
from monitor.notify.words import words as vocabulary
from monitor.probes import run
from monitor.simulator import Simulator
from tests.docs.markdown import ROOT, blocks, blocks_of, sections, text_of

CAUSES, CHINESE = Path("docs/causes.md"), Path("docs/causes.zh.md")
SECTIONS, TWINS = sections(CAUSES, 2), sections(CHINESE, 2)
PARTS = {
    "en": ("Finance**: ", "Engineers**: ", "Whose fault**: "),
    "zh": ("财务**：", "技术**：", "谁的问题**："),
}
"""What every section says below its commands, in this order."""
OUTCOMES = {"正常": "ok", "异常": "error", "超时": "timeout"}
PARTIES = {"对方": "authority", "我方": "us", "": ""}
NAMES = [*map(str, Cause), *map(str, Flag)]


def words(language: str, kind: str) -> dict[str, str]:
    """How the product says each cause, or each flag."""
    file = ROOT / "monitor" / "notify" / "texts" / language / "words.yaml"
    found: dict[str, str] = yaml.safe_load(file.read_text(encoding="utf-8"))[kind]
    return found


def test_every_cause_and_every_flag_has_its_section_and_nothing_else_has():
    assert list(SECTIONS) == NAMES


def test_the_table_says_of_each_cause_how_it_ends_and_whom_it_speaks_of():
    rows = re.findall(r"^\| \[`(\w+)`\]\(#\1\) \| (\w+) \|(?: (\w+))? \|$", text_of(CAUSES), re.MULTILINE)
    assert rows == [
        (cause, cause.outcome, "" if cause is Cause.NONE else cause.speaks_of.value) for cause in Cause
    ]
    flags = re.findall(r"^\| \[`(\w+)`\]\(#\1\) \| [^|]+ \|$", text_of(CAUSES), re.MULTILINE)
    assert flags == list(Flag)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_section_opens_with_the_words_of_messages_and_has_all_its_parts(language: str, name: str):
    kind = "causes" if name in list(Cause) else "flags"
    section = (SECTIONS if language == "en" else TWINS)[name]
    title, blank, meaning, *_ = section.strip().splitlines()
    assert title == f"{words('zh', kind)[name]} · {words('en', kind)[name]}"
    assert (blank, bool(meaning)) == ("", True)
    if name != Cause.NONE:
        bullets = "".join(rf"- \*\*{re.escape(part)}.+\n(?:  .+\n)*" for part in PARTS[language])
        assert re.search(rf"^{bullets}", section, re.MULTILINE)
        assert "```sh" in section


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_section_is_found_by_the_words_that_people_see(language: str) -> None:
    """In full and in the few words of titles; those of kinds that look at this machine too."""
    shown = re.findall(
        r"^\| ([^|]+) \| ([^|]*) \| \[`(\w+)`\]",
        text_of(CAUSES if language == "en" else CHINESE),
        re.MULTILINE,
    )
    found = {(full, name) for full, _, name in shown} | {(brief.strip(), name) for _, brief, name in shown}
    known: list[tuple[str, str]] = [
        (said, name) for kind in ("causes", "briefs", "flags") for name, said in words(language, kind).items()
    ]
    for found_here in vocabulary(language).kinds.values():
        known += [(one, name) for name, both in found_here.items() if name != "looking" for one in both]
    said = {(one, name) for one, name in known if name != Cause.NONE}
    assert not said - found


# --- in Chinese ------------------------------------------------------------------------------------------------------


def test_the_chinese_runbook_has_the_same_sections_in_the_same_order():
    assert list(TWINS) == list(SECTIONS)


def test_its_tables_say_the_same():
    rows = re.findall(r"^\| \[`(\w+)`\]\(#\1\) \| (\w+) \| ?(\w*) \|$", text_of(CHINESE), re.MULTILINE)
    told = [
        (cause, OUTCOMES[outcome], PARTIES[party]) for cause, outcome, party in rows if outcome in OUTCOMES
    ]
    assert told == [
        (cause, cause.outcome, "" if cause is Cause.NONE else cause.speaks_of.value) for cause in Cause
    ]
    flags = re.findall(r"^\| \[`(\w+)`\]\(#\1\) \| [^|]+ \|$", text_of(CHINESE), re.MULTILINE)
    assert flags == list(Flag)


def test_its_commands_are_those_that_are_tried_in_english():
    mine = [(block.language, block.text, block.remark) for block in blocks(CHINESE)]
    assert mine == [(block.language, block.text, block.remark) for block in blocks(CAUSES)]


@pytest.mark.parametrize("name", NAMES)
def test_it_promises_the_same_sight_and_leads_to_the_same_places(name: str):
    seen = re.search(r"^You see [^`]*`([^`]+)`", SECTIONS[name], re.MULTILINE)
    assert seen is None or f"`{seen[1]}`" in TWINS[name]
    here = {link for link in re.findall(r"\]\(([^)]+)\)", SECTIONS[name]) if link.endswith(tuple(NAMES))}
    assert here <= set(re.findall(r"\]\(([^)]+)\)", TWINS[name]))


# --- what is shown by hand is what is meant --------------------------------------------------------------------------


class Case(NamedTuple):
    """A section, and the fault of the simulator that shows it."""

    name: str
    fault: str
    verify: str = "true"

    @property
    def seconds(self) -> int:
        """How long one look may take: a busy machine needs time for all that is not to time out."""
        return 2 if self.name.endswith("_timeout") else 20


BROKEN = (
    Case(Cause.CONNECT_TIMEOUT, "hang_before_accept"), Case(Cause.TLS_TIMEOUT, "stall_tls"),
    Case(Cause.RESPONSE_TIMEOUT, "hang"), Case(Cause.TRANSFER_TIMEOUT, "trickle:0.5"),
    Case(Cause.CONNECTION_REFUSED, "refuse"), Case(Cause.CONNECTION_RESET, "reset_body"),
    Case(Cause.CONNECTION_CLOSED, "close"), Case(Cause.TLS_EXPIRED, "expired"),
    Case(Cause.TLS_NOT_YET_VALID, "not_yet_valid"), Case(Cause.TLS_NAME_MISMATCH, "wrong_name"),
    Case(Cause.TLS_UNTRUSTED, "self_signed"), Case(Cause.TLS_INCOMPLETE_CHAIN, "incomplete_chain"),
    Case(Cause.TLS_HANDSHAKE, "plain_on_tls"), Case(Cause.HTTP_STATUS, "status_503"),
    Case(Cause.HTTP_MALFORMED, "garbage"), Case(Cause.REDIRECT_REFUSED, "redirect_away"),
    Case(Cause.BODY_TOO_LARGE, "big_body"), Case(Cause.CAPTCHA_INVALID, "blank_image"),
    Case(Cause.MAINTENANCE_PAGE, "maintenance"), Case(Cause.BACKEND_BUSY, "004"),
    Case(Cause.API_ERROR, "999"), Case(Cause.FORMAT_DRIFT, "html"), Case(Cause.BLOCKED, "waf"),
    Case(Flag.SLOW, "slow:1"), Case(Flag.THROTTLED, "003"), Case(Flag.UNSIGNED_REFUSED, "005"),
    Case(Flag.CERTIFICATE_EXPIRING, "expiring"), Case(Flag.TLS_UNVERIFIED, "self_signed", "report"),
)  # fmt: skip
SYNC: dict[str, dict[str, Any]] = {
    Cause.SYNC_LAG: {"lag": 90000},
    Flag.LAG_WARNING: {"lag": 20000},
    Cause.CREDENTIAL: {"token": "renewed"},
}


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with Simulator(scheme="https", shape="key1", ca_file=tmp_path / "ca.pem") as simulator:
        yield simulator


def planned(sim: Simulator, folder: Path, verify: str = "true", seconds: int = 20) -> Plan:
    """The plan that watches these stand-ins; its file is probes.yaml in `folder`."""
    file = folder / "probes.yaml"
    probes = ("captcha", "erp-sync")
    file.write_text(
        sim.config(timeout=f"{seconds}s", interval="60s", verify=verify, probes=probes), encoding="utf-8"
    )
    return load(file, environ={}, registry=load_registry()).plan


async def told(plan: Plan, targets: Sequence[str]) -> dict[str, set[str]]:
    """What one run says of each target: its cause, or its flags."""
    net = Net(SystemClock())
    knowledge = Knowledge(catalogue=load_catalogue(), words=load_words())
    results = await asyncio.gather(
        *(run(plan.targets[target], net, knowledge, admit=lambda _: True) for target in targets)
    )
    await net.close()
    return {
        target: set(result.flags) if result.is_ok else {result.cause}
        for target, result in zip(targets, results, strict=True)
    }


async def by_hand(sim: Simulator, slug: str, name: str, folder: Path, seconds: int = 20) -> str:
    """What the commands of that section print, looking at this stand-in."""
    (folder / slug).mkdir(exist_ok=True)
    mine = [block.text for block in blocks_of(SECTIONS[name]) if block.language == "sh"]
    script = blocks(CAUSES)[0].text.replace(
        "fpcy.shandong.chinatax.gov.cn port=443", f"{slug}.localhost port={sim.port(slug)}"
    )
    shell = await asyncio.create_subprocess_exec(
        "sh", "-uc", "\n".join([script, *mine]).replace("-m 5", f"-m {seconds}"),
        cwd=folder / slug, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "CURL_CA_BUNDLE": str(sim.ca_path),
            "FAPIAO_CONFIG": str(folder / "probes.yaml"), "LANG": "C.UTF-8",
        },
    )  # fmt: skip
    said, _ = await shell.communicate()
    return said.decode("utf-8", "replace")


def promised(name: str) -> str:
    """The first thing that the section says you see; empty where it promises nothing."""
    found = re.search(r"^You see [^`]*`([^`]+)`", SECTIONS[name], re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.peer("curl")
async def test_each_fault_has_the_cause_of_its_section_and_looks_by_hand_as_written_there(
    sim: Simulator, tmp_path: Path
):
    cases = dict(zip(sim.slugs, BROKEN, strict=False))
    for slug, case in cases.items():
        sim.set_fault(slug, case.fault, "verify")
    for verify, seconds in {(case.verify, case.seconds) for case in BROKEN}:
        chosen = {
            slug: case for slug, case in cases.items() if (case.verify, case.seconds) == (verify, seconds)
        }
        seen = await told(planned(sim, tmp_path, verify, seconds), [f"captcha/{slug}" for slug in chosen])
        missed = {case.name: found for case, found in zip(chosen.values(), seen.values(), strict=True)}
        assert not {name: found for name, found in missed.items() if name not in found}
    shown = await asyncio.gather(
        *(by_hand(sim, slug, case.name, tmp_path, case.seconds) for slug, case in cases.items())
    )
    wrong = {
        case.name: said
        for case, said in zip(cases.values(), shown, strict=True)
        if not promised(case.name) or promised(case.name) not in said or "not found" in said
    }
    assert not wrong


async def test_what_a_sync_interface_says_is_seen_as_written_there(sim: Simulator, tmp_path: Path):
    plan = planned(sim, tmp_path)
    for name, setting in SYNC.items():
        sim.sync.set(**setting)
        assert await told(plan, ["erp-sync"]) == {"erp-sync": {name}}
        assert promised(name) == name
    assert Cause.CREDENTIAL in await by_hand(sim, "beijing", Cause.CREDENTIAL, tmp_path)
