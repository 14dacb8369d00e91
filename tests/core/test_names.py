"""What the answers of name servers add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.core.names import MOST_SHOWN, judge_names
from monitor.model import Answer, Cause, Flag, NameRules, Phase, Repeat, Result, Seen, Target

ONE, TWO, THREE = "192.0.2.53:53", "192.0.2.54:53", "192.0.2.55:53"
NAME = "verify.example"
HERE, THERE = "114.80.1.1", "202.96.1.1"
"""Two addresses of the internet."""
OURS = ("114.80.0.0/16", "202.96.0.0/16", "2408::/20")


def said(resolver: str, *addresses: str, **more: object) -> Answer:
    return Answer(resolver=resolver, name=NAME, addresses=addresses, count=len(addresses), **more)  # type: ignore[arg-type]


def failed(resolver: str, cause: Cause) -> Answer:
    return said(resolver, cause=cause, detail=f"it says {cause}")


def invented(resolver: str, *addresses: str) -> Answer:
    return said(resolver, *addresses, decoy=True)


def judge(*answers: Answer, expect: tuple[str, ...] = (), record: str = "A") -> Result:
    target = Target(
        id="names", probe="names", kind="dns", authority="shandong", service="", interval=60, timeout=5,
        while_down=60, confirm=Repeat(attempts=3, spacing=5), recover=Repeat(attempts=2, spacing=5),
        host=NAME, port=0, names=NameRules(record=record, expect_networks=expect),
    )  # fmt: skip
    seen = Seen(
        started_at=datetime(2026, 11, 22, tzinfo=UTC),
        duration=0.1,
        phases={Phase.RESOLVE: 0.1},
        answers=answers,
    )
    return judge_names(target, seen)


NXDOMAIN, SERVFAIL, SILENT = Cause.DNS_NXDOMAIN, Cause.DNS_SERVFAIL, Cause.RESOLVE_TIMEOUT

CASES = [
    # --- honest
    ("one answers", [said(ONE, HERE)], (), "none", ""),
    ("both say the same, in another order", [said(ONE, HERE, THERE), said(TWO, THERE, HERE)], (), "none", ""),
    ("a content network answers by province", [said(ONE, HERE), said(TWO, THERE)], (), "none", "different things"),
    ("differently, all as expected", [said(ONE, HERE), said(TWO, THERE)], OURS, "none", "different things"),
    ("IPv6, as expected", [said(ONE, "2408:1::1")], OURS, "none", ""),
    ("an internal name", [said(ONE, "10.1.1.1"), said(TWO, "10.1.1.1")], (), "none", ""),
    ("inside and outside a company", [said(ONE, "10.1.1.1"), said(TWO, HERE)], (*OURS, "10.0.0.0/8"), "none", "different"),
    ("a random name that is not found", [said(ONE, HERE), replace(failed(ONE, NXDOMAIN), decoy=True)], (), "none", ""),
    ("a wildcard of the zone's own", [said(ONE, HERE), invented(ONE, THERE)], OURS, "none", ""),
    # --- lies
    ("outside what is expected", [said(ONE, HERE), said(TWO, "8.8.4.4")], OURS, "dns_hijacked", f"{TWO} says 8.8.4.4, outside"),
    ("one address of two outside", [said(ONE, HERE, "8.8.4.4")], OURS, "dns_hijacked", f"{ONE} says 8.8.4.4"),
    ("a random name leads somewhere", [said(ONE, HERE), invented(ONE, THERE)], (), "dns_hijacked", f"{ONE} finds {THERE}"),
    ("it leads beside what is expected", [said(ONE, HERE), invented(ONE, "8.8.4.4")], OURS, "dns_hijacked", "finds 8.8.4.4"),
    ("one leads to a portal", [said(ONE, "10.0.0.1"), said(TWO, HERE)], (), "dns_hijacked", f"{ONE} says 10.0.0.1, {TWO} says {HERE}"),
    ("one leads nowhere", [said(ONE, HERE), said(TWO, "0.0.0.0")], (), "dns_hijacked", f"{TWO} says 0.0.0.0"),
    ("one leads to this machine", [said(ONE, "::1"), said(TWO, "2408::1")], (), "dns_hijacked", f"{ONE} says ::1"),
    ("two lead into two private nets", [said(ONE, "127.0.0.66"), said(TWO, "127.0.0.1")], (), "dns_hijacked", "127.0.0.66"),
    ("a portal beside the truth", [said(ONE, HERE, "10.0.0.1"), said(TWO, HERE)], (), "dns_hijacked", "10.0.0.1"),
    ("all lead nowhere", [said(ONE, "0.0.0.0"), said(TWO, "0.0.0.0")], (), "dns_hijacked", f"{ONE} says 0.0.0.0, where no host"),
    ("one leads to everybody", [said(ONE, "255.255.255.255")], (), "dns_hijacked", "255.255.255.255"),
    ("nowhere, as expected", [said(ONE, "0.0.0.0")], ("0.0.0.0/32",), "none", ""),
    ("one says that there is none", [said(ONE, HERE), failed(TWO, NXDOMAIN)], (), "dns_hijacked", f"{TWO} says that there is no such name, {ONE} says {HERE}"),
    ("most say so", [failed(ONE, NXDOMAIN), failed(TWO, NXDOMAIN), said(THREE, HERE)], (), "dns_hijacked", f"{ONE} says that there is no such"),
    ("one says so of what is expected", [said(ONE, HERE), failed(TWO, NXDOMAIN)], OURS, "dns_hijacked", "no such name"),
    ("a lie stands before silence", [said(ONE, "10.0.0.1"), said(TWO, HERE), failed(THREE, SILENT)], (), "dns_hijacked", "10.0.0.1"),
    ("a lie stands before many failures", [said(ONE, "8.8.4.4"), failed(TWO, SILENT), failed(THREE, SILENT)], OURS, "dns_hijacked", "8.8.4.4"),
    # --- silence and refusals
    ("no such name", [failed(ONE, NXDOMAIN)], (), "dns_nxdomain", "it says dns_nxdomain"),
    ("nobody answers", [failed(ONE, SILENT), failed(TWO, SILENT)], (), "resolve_timeout", "it says"),
    ("one of two is dead", [said(ONE, HERE), failed(TWO, SILENT)], (), "none", f"1 of 2 name servers failed: {TWO} resolve_timeout"),
    ("one of three is dead", [said(ONE, HERE), said(TWO, HERE), failed(THREE, SERVFAIL)], (), "none", f"{THREE} dns_servfail"),
    ("two of three are dead", [said(ONE, HERE), failed(TWO, SILENT), failed(THREE, SERVFAIL)], (), "resolve_timeout", "2 of 3"),
    ("most say that it does not exist", [failed(ONE, SERVFAIL), failed(TWO, NXDOMAIN), failed(THREE, NXDOMAIN)], (), "dns_nxdomain", "3 of 3"),
    ("no such record", [failed(ONE, Cause.DNS_NO_ADDRESS)], (), "dns_no_address", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "answers", "expect", "cause", "detail"), CASES, ids=[case[0] for case in CASES]
)
def test_answers(name: str, answers: list[Answer], expect: tuple[str, ...], cause: str, detail: str) -> None:
    result = judge(*answers, expect=expect)
    assert result.cause == cause
    assert detail in result.detail
    assert bool(result.detail) is bool(detail) or cause != "none"
    assert result.phase is (None if cause == "none" else Phase.RESOLVE)


def test_texts_that_differ_are_no_lie() -> None:
    one, two = said(ONE, values=("10 mail.example",)), said(TWO, values=("20 mail.example",))
    assert judge(one, two, record="MX").cause is Cause.NONE


def test_the_liar_is_marked() -> None:
    result = judge(said(ONE, "10.0.0.1"), said(TWO, HERE), invented(TWO))
    assert [answer.forged for answer in result.answers] == [True, False, False]


def test_where_it_cannot_be_told_who_lies_nobody_is_called_a_liar() -> None:
    result = judge(said(ONE, "127.0.0.66"), said(TWO, "127.0.0.1"), failed(THREE, SILENT))
    assert [(answer.forged, answer.differs) for answer in result.answers] == [(False, True)] * 2 + [
        (False, False)
    ]
    denied = judge(said(ONE, HERE), failed(TWO, NXDOMAIN))
    assert [(answer.forged, answer.differs) for answer in denied.answers] == [(False, True)] * 2


def test_one_against_two_is_the_liar() -> None:
    result = judge(said(ONE, "127.0.0.66"), said(TWO, "127.0.0.1"), said(THREE, "127.0.0.1"))
    assert [(answer.forged, answer.differs) for answer in result.answers] == [(True, False)] + [
        (False, False)
    ] * 2


def test_addresses_of_the_internet_without_one_in_common_are_a_flag() -> None:
    result = judge(said(ONE, HERE), said(TWO, THERE), failed(THREE, SILENT))
    assert result.cause is Cause.NONE
    assert result.flags == {Flag.ANSWERS_DIFFER}
    assert [answer.differs for answer in result.answers] == [True, True, False]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([said(ONE, HERE, THERE), said(TWO, THERE)], id="one in common"),
        pytest.param([said(ONE, HERE), failed(TWO, SILENT)], id="one alone"),
        pytest.param([said(ONE, values=("1 a",)), said(TWO, values=("2 b",))], id="no addresses"),
    ],
)
def test_less_than_that_is_no_flag(answers: list[Answer]) -> None:
    assert not judge(*answers).flags
    assert not judge(said(ONE, HERE), said(TWO, THERE), expect=OURS).flags


def test_thousands_of_addresses_are_all_judged_and_few_are_kept() -> None:
    crowd = [f"114.80.{n // 250}.{n % 250 + 1}" for n in range(1000)]
    result = judge(said(ONE, *crowd), expect=OURS)
    assert (result.cause, len(result.answers[0].addresses)) == (Cause.NONE, MOST_SHOWN)
    assert result.answers[0].count == 1000
    assert judge(said(ONE, *crowd, "8.8.4.4"), expect=OURS).cause is Cause.DNS_HIJACKED
