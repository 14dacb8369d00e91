"""What evidence says beyond the cause: one cause, different evidence, another answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.clues import decisive, find_clues, whose
from monitor.core.signs import BY_DIAGNOSIS, Beside, Party, Sign
from monitor.model import (
    Above,
    AddressLook,
    Answer,
    Cause,
    Certificate,
    Diagnosis,
    Evidence,
    Flag,
    Hop,
    Phase,
    Result,
)

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
HOST = "203.0.113.9"
GATEWAY, INNER, PROVIDER, THEIR_DOOR = "192.168.1.1", "10.7.0.1", "198.51.100.1", "203.0.113.1"


def run(cause: Cause, phase: Phase | None, seconds: float = 0.2, **more: object) -> Result:
    """One run that failed there; the phases before took 20 ms each."""
    way = list(Phase)
    phases = (
        dict.fromkeys(way[: way.index(phase)], 0.02) | {phase: seconds} if phase else dict.fromkeys(way, 0.02)
    )
    result = Result(
        target="captcha/shandong",
        started_at=NOW,
        duration=1.0,
        cause=cause,
        phase=phase,
        phases=phases,
        address=HOST,
    )
    return replace(result, **more)  # type: ignore[arg-type]


OK = run(Cause.NONE, None)


def evidence(**parts: object) -> Evidence:
    whole = Evidence(incident="", target="captcha/shandong", taken_at=NOW, duration=1.0)
    return replace(whole, **parts)  # type: ignore[arg-type]


def way(*addresses: str | None, reached: bool = False) -> tuple[Hop, ...]:
    last = len(addresses)
    return tuple(
        Hop(ttl=ttl, address=address, seconds=0.01, reached=reached and ttl == last)
        for ttl, address in enumerate(addresses, 1)
    )


def certificate(begins: int, ends: int, **more: object) -> Certificate:
    """Valid from so many days from now to so many."""
    shown = Certificate(
        subject="CN=fpcy", issuer="CN=CA", not_before=NOW + timedelta(days=begins), not_after=NOW + timedelta(days=ends),
        names=("fpcy.example",), fingerprint="0", chain_length=2, verified=False,
    )  # fmt: skip
    return replace(shown, **more)  # type: ignore[arg-type]


def signs(result: Result, found: Evidence | None = None, beside: Beside = Beside()) -> list[Sign]:
    return [clue.sign for clue in find_clues(result, found, beside)]


# --- the way ---------------------------------------------------------------------------------------------------------

UNREACHED = run(Cause.CONNECT_TIMEOUT, Phase.CONNECT, 5.0)


@pytest.mark.parametrize(
    ("hops", "sign", "points_at"),
    [
        (way(GATEWAY, INNER), Sign.WAY_ENDS_HERE, Party.US),
        (way(GATEWAY, PROVIDER), Sign.WAY_ENDS_BETWEEN, Party.WAY),
        (way(GATEWAY, PROVIDER, THEIR_DOOR), Sign.WAY_ENDS_THERE, Party.THEM),
        (way(GATEWAY, None, HOST, reached=True), Sign.WAY_REACHES, Party.THEM),
    ],
)
def test_where_the_way_ends_says_whose_it_is(hops: Sequence[Hop], sign: Sign, points_at: Party) -> None:
    [clue] = find_clues(UNREACHED, evidence(hops=hops), Beside())
    assert (clue.sign, clue.points_at) == (sign, points_at)
    assert clue.values["ttl"] == str(len(hops))


def test_without_a_single_router_that_answers_nothing_is_said() -> None:
    assert signs(UNREACHED, evidence(hops=way(None, None))) == []


def test_a_way_that_ends_at_home_for_what_works_too_says_nothing_of_whose_it_is() -> None:
    beside = Beside(way=way(GATEWAY, INNER))
    assert signs(UNREACHED, evidence(hops=way(GATEWAY)), beside) == [Sign.WAY_SILENT]
    further = Beside(way=way(GATEWAY, PROVIDER))
    assert signs(UNREACHED, evidence(hops=way(GATEWAY)), further) == [Sign.WAY_ENDS_HERE]


def test_a_host_within_our_own_network_is_no_sign_of_a_firewall_of_ours() -> None:
    inside = replace(UNREACHED, address="10.9.0.1")
    assert signs(inside, evidence(hops=way(GATEWAY, INNER))) == [Sign.WAY_ENDS_BETWEEN]


def test_who_refuses_in_no_time_is_this_machine() -> None:
    assert signs(run(Cause.UNREACHABLE, Phase.CONNECT, 0.0002)) == [Sign.NO_WAY]
    assert Sign.NO_WAY not in signs(run(Cause.UNREACHABLE, Phase.CONNECT, 0.03))


def test_some_addresses_that_work_are_named_beside_those_that_do_not() -> None:
    good = AddressLook(address="203.0.113.7", cause=Cause.NONE, connect=0.01)
    bad = AddressLook(address=HOST, cause=Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT)
    [clue] = find_clues(UNREACHED, evidence(addresses=(good, bad)), Beside())
    assert clue.sign is Sign.SOME_ADDRESSES
    assert clue.values == {"good": "203.0.113.7", "bad": HOST}


# --- names -----------------------------------------------------------------------------------------------------------

NO_NAME = run(Cause.DNS_NXDOMAIN, Phase.RESOLVE)


def answer(resolver: str, *addresses: str, cause: Cause = Cause.DNS_NXDOMAIN) -> Answer:
    return Answer(
        resolver=resolver, name="fpcy.example", addresses=addresses, cause=Cause.NONE if addresses else cause
    )


@pytest.mark.parametrize(
    ("answers", "beside", "expected"),
    [
        ([answer("10.0.0.53:53"), answer("223.5.5.5:53", HOST)], Beside(), {Sign.SERVERS_DISAGREE}),
        ([answer("10.0.0.53:53"), answer("223.5.5.5:53")], Beside(), {Sign.SERVERS_AGREE}),
        ([answer("10.0.0.53:53")], Beside(names=4, asked=4), {Sign.ONE_SERVER, Sign.OTHER_NAMES_WORK}),
        ([answer("10.0.0.53:53")], Beside(names=0, asked=4), {Sign.ONE_SERVER, Sign.NO_NAMES}),
        ([answer("10.0.0.53:53")], Beside(names=0, asked=1), {Sign.ONE_SERVER}),
    ],
)
def test_name_servers_that_disagree_point_at_ours(
    answers: list[Answer], beside: Beside, expected: set[Sign]
) -> None:
    assert set(signs(NO_NAME, evidence(answers=tuple(answers)), beside)) == expected


def test_the_one_that_knows_the_name_is_told_with_its_answer() -> None:
    found = evidence(answers=(answer("10.0.0.53:53"), answer("223.5.5.5:53", HOST)))
    [clue] = find_clues(NO_NAME, found, Beside())
    assert clue.values == {"good": f"223.5.5.5:53 → {HOST}", "bad": "10.0.0.53:53", "cause": "dns_nxdomain"}


# --- cut off ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "sign", "points_at"),
    [
        (Phase.TLS, Sign.CUT_IN_HELLO, Party.WAY),
        (Phase.PROCESSING, Sign.CUT_AFTER_REQUEST, Party.THEM),
        (Phase.TRANSFER, Sign.CUT_IN_REPLY, Party.THEM),
    ],
)
def test_when_a_connection_was_cut_says_more_than_that_it_was(
    phase: Phase, sign: Sign, points_at: Party
) -> None:
    [clue] = find_clues(run(Cause.CONNECTION_RESET, phase), None, Beside())
    assert (clue.sign, clue.points_at) == (sign, points_at)


def test_a_gate_without_anybody_at_the_counter_is_theirs() -> None:
    [clue] = find_clues(run(Cause.RESPONSE_TIMEOUT, Phase.PROCESSING, 4.9), None, Beside())
    assert clue.values == {"connect": "20", "seconds": "4.9"}


def test_what_all_others_answer_well_is_the_fault_of_the_one_that_does_not() -> None:
    drifted = run(Cause.FORMAT_DRIFT, Phase.PROCESSING, status_code=200)
    assert signs(drifted, None, Beside(others=[OK, OK])) == [Sign.ONLY_IT]
    assert signs(drifted, None, Beside(others=[OK, drifted])) == []


# --- certificates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "sign", "points_at"),
    [
        (-3 * 86400.0, Sign.CLOCK_WRONG, Party.US),
        (0.4, Sign.CLOCK_RIGHT, Party.THEM),
        (None, Sign.CLOCK_UNKNOWN, None),
    ],
)
def test_an_expired_certificate_is_theirs_by_a_clock_that_is_right(
    clock: float | None, sign: Sign, points_at: Party | None
) -> None:
    expired = run(Cause.TLS_EXPIRED, Phase.TLS, certificate=certificate(-90, -1))
    clue = next(
        one for one in find_clues(expired, None, Beside(clock=clock)) if one.sign is not Sign.OUT_OF_TIME
    )
    assert (clue.sign, clue.points_at) == (sign, points_at)


def test_what_report_lets_pass_is_looked_at_all_the_same() -> None:
    shown = certificate(-90, 90, verify_error="tls_untrusted")
    passed = replace(OK, flags=frozenset({Flag.TLS_UNVERIFIED}), certificate=shown)
    trusted = replace(OK, certificate=certificate(-1, 90, verified=True))
    assert set(signs(passed, None, Beside(others=[trusted]))) == {Sign.ISSUED_BY, Sign.TRUST_WORKS}
    assert set(signs(passed, None, Beside(others=[passed, passed]))) == {Sign.ISSUED_BY, Sign.TRUST_FAILS}


def test_which_certificate_of_the_chain_is_out_of_time_is_said() -> None:
    above = Above(
        subject="CN=Old CA", not_before=NOW - timedelta(days=400), not_after=NOW - timedelta(days=1)
    )
    shown = certificate(-90, -1, above=above, leaf_not_after=NOW + timedelta(days=90))

    [found] = [
        clue
        for clue in find_clues(run(Cause.TLS_EXPIRED, Phase.TLS, certificate=shown), evidence(), Beside())
        if clue.sign in (Sign.OUT_OF_TIME, Sign.ABOVE_OUT_OF_TIME)
    ]
    assert found.sign is Sign.ABOVE_OUT_OF_TIME
    assert found.values == {"subject": "CN=Old CA", "since": "2025-10-18", "until": "2026-11-21"}


def test_a_certificate_of_another_says_for_whom_it_is() -> None:
    other = run(
        Cause.TLS_NAME_MISMATCH, Phase.TLS, certificate=certificate(-1, 90, names=("portal.example",))
    )
    [clue] = find_clues(other, None, Beside())
    assert clue.values == {"names": "portal.example"}


# --- whose -----------------------------------------------------------------------------------------------------------

HERE, BETWEEN = evidence(hops=way(GATEWAY)), evidence(hops=way(GATEWAY, PROVIDER))
WORKS = Beside(controls=[OK])


@pytest.mark.parametrize(
    ("diagnosis", "found", "beside", "corroborated", "party"),
    [
        (Diagnosis.PROVINCIAL_OUTAGE, None, WORKS, False, Party.THEM),
        (Diagnosis.PROVINCIAL_OUTAGE, None, Beside(), False, Party.UNCLEAR),
        (Diagnosis.PROVINCIAL_OUTAGE, HERE, WORKS, False, Party.US),
        (Diagnosis.PROVINCIAL_OUTAGE, HERE, WORKS, True, Party.US),
        (Diagnosis.PROVINCIAL_OUTAGE, BETWEEN, WORKS, False, Party.UNCLEAR),
        (Diagnosis.PROVINCIAL_OUTAGE, BETWEEN, WORKS, True, Party.THEM),
        (Diagnosis.PATH_FROM_HERE, BETWEEN, WORKS, True, Party.WAY),
        (Diagnosis.NATIONAL_OUTAGE, BETWEEN, WORKS, False, Party.THEM),
        (Diagnosis.NATIONAL_OUTAGE, HERE, WORKS, False, Party.US),
        (Diagnosis.LOCAL_NETWORK, evidence(hops=way(THEIR_DOOR)), Beside(), False, Party.US),
        (Diagnosis.MAINTENANCE, HERE, WORKS, False, Party.NOBODY),
        (Diagnosis.UNDETERMINED, None, WORKS, False, Party.UNCLEAR),
    ],
)
def test_evidence_refutes_what_rests_on_numbers_alone(
    diagnosis: Diagnosis, found: Evidence | None, beside: Beside, corroborated: bool, party: Party
) -> None:
    clues = find_clues(UNREACHED, found, beside)
    assert whose(diagnosis, clues, beside=beside, corroborated=corroborated) is party


def test_the_clue_that_decides_is_named() -> None:
    clues = find_clues(UNREACHED, BETWEEN, WORKS)
    clue = decisive(clues, Party.UNCLEAR)
    assert clue is not None
    assert clue.sign is Sign.WAY_ENDS_BETWEEN
    assert decisive(clues, Party.US) is None


def test_every_diagnosis_is_somebodys() -> None:
    assert set(BY_DIAGNOSIS) == set(Diagnosis)


def test_every_cause_can_be_looked_at_without_evidence() -> None:
    phases: Mapping[Cause, Phase | None] = dict.fromkeys(Cause, None)
    for cause in phases:
        for phase in Phase:
            find_clues(run(cause, phase), None, Beside())
