"""What `probe --explain` makes of evidence, and its texts: whole in both languages, whatever was found."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor import model
from monitor.cli.explain import explain
from monitor.cli.explain_judge import judge
from monitor.cli.explain_look import Looked
from monitor.cli.explain_others import Told
from monitor.cli.explain_stories import Story
from monitor.cli.explain_words import texts
from monitor.core.again import Pause
from monitor.core.filing import Peak
from monitor.core.signs import Party, Sign
from monitor.model import Cause, Diagnosis, Hop, Phase
from monitor.notify.advice import Case
from tests.cli.looks import NOW, looked, observed

LANGUAGES = ("zh", "en")


# --- one cause, other evidence ---------------------------------------------------------------------------------------


GATEWAY, PROVIDER, DOOR = (
    Hop(ttl=ttl, address=address, seconds=0.01)
    for ttl, address in ((1, "192.168.1.1"), (2, "198.51.100.1"), (3, "203.0.113.1"))
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_timeout_reads_otherwise_where_the_way_ends_elsewhere(language):
    ways = ((GATEWAY,), (GATEWAY, PROVIDER), (GATEWAY, PROVIDER, DOOR), ())
    answers = [explain(judge(looked(*way)), language) for way in ways]
    assert len({(one.fault, one.engineers) for one in answers}) == len(ways)
    assert [judge(looked(*way)).party for way in ways] == [Party.US, Party.UNCLEAR, Party.THEM, Party.THEM]
    assert "192.168.1.1" in answers[0].engineers


def test_one_that_never_answered_is_asked_for_its_address_first():
    told = Told(url="http://127.0.0.1:8036", state="unknown", seen_up=False)
    answer = explain(judge(looked(told=told)), "en")
    assert "never answered" in answer.fault


def test_nothing_beside_it_is_no_answer():
    alone = replace(looked(), controls=(), others=())
    judged = judge(alone)
    assert judged.party is Party.UNCLEAR
    answer = explain(judged, "en")
    assert "nothing else was there to compare with" in answer.fault
    assert answer.unknown == ("controls: none is configured",)


def test_a_clock_of_ours_that_is_wrong_explains_an_expired_certificate():
    whole = looked()
    shown = model.Certificate(
        subject="CN=fpcy", issuer="CN=CA", not_before=NOW - timedelta(days=90), not_after=NOW - timedelta(days=1),
        names=(), fingerprint="0", chain_length=2, verified=False, verify_error="tls_expired",
    )  # fmt: skip

    def with_clock(offset: float) -> Looked:
        lead = observed(whole.lead.target, Cause.TLS_EXPIRED, Phase.TLS, certificate=shown)
        others = tuple(observed(one.target, clock_offset=offset) for one in whole.others)
        return replace(whole, observed=(lead,), lead=lead, others=others, evidence=None)

    wrong, right = judge(with_clock(-3 * 86400.0)), judge(with_clock(0.5))
    assert (wrong.party, wrong.diagnosis) == (Party.US, Diagnosis.LOCAL_TRUST)
    assert right.party is Party.THEM
    assert explain(wrong, "zh").fault != explain(right, "zh").fault
    assert "timedatectl" in explain(wrong, "en").engineers


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.NONE])
def test_every_cause_has_a_whole_answer(cause, language):
    answer = explain(judge(looked(cause=cause)), language)
    for text in (answer.answer, answer.fault, answer.stopped, answer.finance, answer.engineers, answer.again):
        assert text
        assert not re.search(r"[{}]", text)


# --- texts -----------------------------------------------------------------------------------------------------------


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its place."""
    if isinstance(value, str):
        yield path, value
    else:
        for key, below in value.items():
            yield from flat(below, f"{path}.{key}")


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_gaps():
    zh, en = dict(flat(texts("zh"))), dict(flat(texts("en")))
    assert zh.keys() == en.keys()
    free = {"place", "work", "call", "desk"}
    assert {place for place in zh if gaps(zh[place]) - free != gaps(en[place]) - free} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_can_be_found_is_without_words(language):
    known = texts(language)
    assert set(Sign) == set(known["clues"])
    assert set(Pause) == set(known["again"])
    assert set(Peak) == set(known["peaks"])
    assert set(Cause) - {Cause.NONE} <= set(known["engineers"])
    assert set(Diagnosis) <= set(known["finance"])
    assert {*Party, "planned"} - {Party.NOBODY} <= set(known["answers"])
    keys = {*Sign, *Cause, *Diagnosis, *Case, *Story, "nothing_beside", "not_alone"}
    assert set(Story) <= set(known["engineers"])
    for section in ("faults", "finance", "engineers"):
        assert set(known[section]) <= keys
