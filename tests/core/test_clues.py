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


def test_no_way_to_that_address_alone_is_not_us() -> None:
    refused = run(Cause.UNREACHABLE, Phase.CONNECT, 0.0002)
    [clue] = find_clues(refused, None, Beside(others=[OK, OK, run(Cause.HTTP_STATUS, Phase.PROCESSING)]))
    assert (clue.sign, clue.points_at, clue.values) == (Sign.NO_WAY_THERE, Party.THEM, {"count": "3"})
    assert signs(refused, None, Beside(others=[OK, refused])) == [Sign.NO_WAY]
    assert signs(refused, None, Beside(controls=[OK])) == [Sign.NO_WAY]


@pytest.mark.parametrize(
    ("address", "works_at", "is_special"),
    [
        ("255.255.255.255", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("127.0.0.1", HOST, True),
        ("127.0.0.1", "127.0.0.1", False),  # all of them are here: a simulator, a tunnel
        ("10.0.0.9", HOST, True),
        ("10.0.0.9", "192.168.0.9", False),
        ("::", HOST, True),
        ("8.8.8.8", HOST, False),
    ],
)
def test_an_address_that_nobody_on_the_internet_has_is_remarked_on(
    address: str, works_at: str, is_special: bool
) -> None:
    refused = replace(run(Cause.UNREACHABLE, Phase.CONNECT, 0.03), address=address)
    beside = Beside(others=[replace(OK, address=works_at)])
    found = find_clues(refused, evidence(answers=(answer("10.0.0.53:53", address),)), beside)
    said = [clue.values for clue in found if clue.sign is Sign.SPECIAL_ADDRESS]
    alone = signs(refused, evidence(answers=(answer("10.0.0.53:53", address),)))
    assert (Sign.SPECIAL_ADDRESS in alone) is (address in ("255.255.255.255", "0.0.0.0", "::"))
    assert said == [{"address": address}] * is_special


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


@pytest.mark.parametrize(
    ("cause", "servers", "corroborated", "party"),
    [
        (Cause.DNS_NXDOMAIN, 1, False, Party.UNCLEAR),
        (Cause.DNS_SERVFAIL, 1, False, Party.UNCLEAR),
        (Cause.DNS_NXDOMAIN, 1, True, Party.THEM),  # references say that it is down
        (Cause.DNS_NXDOMAIN, 0, False, Party.UNCLEAR),  # there was no time to ask
        (Cause.DNS_NXDOMAIN, 2, False, Party.THEM),
        (Cause.DNS_NO_ADDRESS, 1, False, Party.THEM),  # the name stands
        (Cause.RESOLVE_TIMEOUT, 1, False, Party.THEM),  # it answers other questions
    ],
)
def test_what_one_name_server_alone_says_is_not_known_to_be_theirs(
    cause: Cause, servers: int, corroborated: bool, party: Party
) -> None:
    found = evidence(answers=tuple(answer(f"10.0.0.{n}:53", cause=cause) for n in range(servers)))
    beside = Beside(controls=[OK], names=4, asked=4)
    clues = find_clues(run(cause, Phase.RESOLVE), found, beside)
    said = whose(Diagnosis.PROVINCIAL_OUTAGE, clues, beside=beside, corroborated=corroborated)
    assert said is party


def test_where_no_name_works_nothing_tells_of_what_was_asked_for_no_name() -> None:
    beside = Beside(controls=[OK], others=[NO_NAME, NO_NAME, NO_NAME], names=0, asked=4)
    refused = run(Cause.CONNECTION_REFUSED, Phase.CONNECT)
    clues = find_clues(refused, None, beside)
    assert {clue.sign for clue in clues} == {Sign.NAMES_DEAD, Sign.HOST_REFUSES}
    for diagnosis in (Diagnosis.PROVINCIAL_OUTAGE, Diagnosis.NATIONAL_OUTAGE):
        assert whose(diagnosis, clues, beside=beside, corroborated=False) is Party.UNCLEAR
    assert signs(refused, None, replace(beside, names=1)) == [Sign.HOST_REFUSES]


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
    assert signs(drifted, None, Beside(others=[OK, OK], alike=[OK, OK])) == [Sign.ONLY_IT]
    assert signs(drifted, None, Beside(others=[OK, drifted], alike=[OK, drifted])) == []


def test_others_that_were_looked_at_otherwise_say_nothing_of_a_reply():
    drifted = run(Cause.FORMAT_DRIFT, Phase.PROCESSING, status_code=200)
    assert signs(drifted, None, Beside(others=[OK, OK])) == []
    [clue] = find_clues(drifted, None, Beside(others=[OK, OK, OK], alike=[OK]))
    assert clue.values == {"count": "1"}


# --- several ---------------------------------------------------------------------------------------------------------


def test_several_that_fail_among_a_few_are_no_nationwide_outage() -> None:
    dead = run(Cause.HTTP_STATUS, Phase.PROCESSING, status_code=503)
    [clue] = find_clues(dead, None, Beside(others=[OK, dead, dead], watched=36))
    assert (clue.sign, clue.points_at) == (Sign.SEVERAL_FAIL, None)
    assert clue.values == {"count": "3", "total": "4", "watched": "36"}
    assert signs(dead, None, Beside(others=[OK, OK, dead], watched=36)) == []
    assert signs(dead, None, Beside(others=[OK, dead, dead])) == []  # somebody has counted all
    assert signs(dead, None, Beside(others=[OK, dead, dead], watched=4)) == []  # these are all


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
    split = Beside(controls=[trusted], others=[passed, passed])
    assert set(signs(passed, None, split)) == {Sign.ISSUED_BY, Sign.TRUST_SPLIT}


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


def test_what_is_down_for_references_too_is_not_us_for_want_of_a_way() -> None:
    clues = find_clues(run(Cause.UNREACHABLE, Phase.CONNECT, 0.0002), None, WORKS)
    assert whose(Diagnosis.PROVINCIAL_OUTAGE, clues, beside=WORKS, corroborated=True) is Party.THEM
    assert whose(Diagnosis.PROVINCIAL_OUTAGE, clues, beside=WORKS, corroborated=False) is Party.US
    assert whose(Diagnosis.PATH_FROM_HERE, clues, beside=WORKS, corroborated=True) is Party.US


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
