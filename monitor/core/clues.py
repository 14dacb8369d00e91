"""What the evidence of one failure says beyond its cause: where it stops, for whom, and at whom that points.

One cause has many stories: nobody takes the connection because our own gateway drops it, or because the province is full. A
clue is one of them, seen and not guessed; without a clue nothing is added to what the diagnosis says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network

from monitor.core.alike import LEAST, UNREACHED, network_of
from monitor.core.local import NAME_CAUSES, TRUST_CAUSES
from monitor.core.own_clock import OF_TIME, is_wrong, spoken
from monitor.core.services import WAY
from monitor.core.signs import BY_DIAGNOSIS, POINTS, Beside, Clue, Party, Sign
from monitor.model import (
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

AT_ONCE = 0.005
"""Seconds within which no packet comes back from outside: who refuses that fast is this machine."""
OWN_NETWORKS = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "127.0.0.0/8",
            "fc00::/7",
            "fe80::/10",
            "::1",
        ),
    )
)
"""RFC 1918, 3927, 4193 and the loopback: networks within a house."""
MOST_NAMES = 3
"""Names of a certificate that are shown."""
NOBODYS = "nobody's"
OF_SERVER = frozenset({Cause.DNS_NXDOMAIN, Cause.DNS_SERVFAIL})
"""What one name server alone says of a name, others may deny."""


OPEN = frozenset({
    Diagnosis.PROVINCIAL_OUTAGE, Diagnosis.UNDETERMINED, Diagnosis.PATH_FROM_HERE, Diagnosis.NATIONAL_OUTAGE,
})  # fmt: skip
"""Diagnoses that rest on who else fails, and that evidence of one failure may refute."""


def find_clues(result: Result, found: Evidence | None, beside: Beside) -> tuple[Clue, ...]:
    """What a failing run and its evidence say beyond the cause; the telling one first."""
    clues = [*_of_names(result, found, beside), *_of_way(result, found, beside), *_of_cut(result)]
    clues += [*_of_reply(result, beside), *_of_certificate(result, beside), *_of_number(result, beside)]
    return tuple(sorted(clues, key=lambda clue: clue.points_at is None))


def whose(diagnosis: Diagnosis, clues: Sequence[Clue], *, beside: Beside, corroborated: bool) -> Party:
    """Whose it most likely is: by the diagnosis, unless the evidence says otherwise.

    `corroborated`: references were heard of this failure. Where neither they nor anything else that was looked at can tell a
    fault of theirs from one on the way, that is the answer.
    """
    told = BY_DIAGNOSIS[diagnosis]
    if diagnosis not in OPEN:
        return told
    signs = {clue.sign for clue in clues}
    if corroborated and diagnosis is Diagnosis.PROVINCIAL_OUTAGE:
        signs.discard(Sign.NO_WAY)  # it is down for others too: what leads there is gone
    pointed = {POINTS[sign] for sign in signs if sign in POINTS}
    if Party.US in pointed:
        return Party.US
    if corroborated or diagnosis is Diagnosis.NATIONAL_OUTAGE:
        return Party.UNCLEAR if diagnosis is Diagnosis.NATIONAL_OUTAGE and Sign.NAMES_DEAD in signs else told
    if {Party.WAY, Party.UNCLEAR} & pointed:
        return Party.UNCLEAR
    if diagnosis is Diagnosis.UNDETERMINED:
        return Party.THEM if pointed == {Party.THEM} else told
    works = any(one.is_ok for one in beside.all)
    return told if works else Party.UNCLEAR


def decisive(clues: Sequence[Clue], party: Party) -> Clue | None:
    """The clue that says so; None: the diagnosis alone does."""
    wanted = {party, Party.WAY} if party is Party.UNCLEAR else {party}
    return next((clue for clue in clues if clue.points_at in wanted), None)


# --- names -----------------------------------------------------------------------------------------------------------


def _of_names(result: Result, found: Evidence | None, beside: Beside) -> Iterator[Clue]:
    answers = () if found is None else found.answers
    good, bad = [one for one in answers if one.addresses], [one for one in answers if not one.addresses]
    if result.cause in NAME_CAUSES and result.cause is not Cause.DNS_HIJACKED:
        yield from _of_failed_name(result, good, bad)
        if beside.names:
            yield Clue(sign=Sign.OTHER_NAMES_WORK, values={"count": str(beside.names)})
        elif beside.asked > 1:
            yield Clue(sign=Sign.NO_NAMES, values={"count": str(beside.asked)})
    elif not result.is_ok and beside.asked > 1 and not beside.names:
        yield Clue(sign=Sign.NAMES_DEAD, values={"count": str(beside.asked)})
    elif len(good) > 1 and not set(good[0].addresses) & set(good[-1].addresses):
        values = {"one": _answer(good[0]), "other": _answer(good[-1])}
        yield Clue(sign=Sign.SERVERS_DIFFER, values=values)


def _of_failed_name(result: Result, good: Sequence[Answer], bad: Sequence[Answer]) -> Iterator[Clue]:
    same = [one for one in bad if one.cause is result.cause]
    if good and bad:
        values = {"good": _answer(good[0]), "bad": bad[0].resolver, "cause": str(bad[0].cause)}
        yield Clue(sign=Sign.SERVERS_DISAGREE, values=values)
    elif len(same) > 1:
        yield Clue(sign=Sign.SERVERS_AGREE, values={"count": str(len(same)), "cause": str(result.cause)})
    elif result.cause in OF_SERVER:
        yield Clue(sign=Sign.ONE_SERVER, values={"bad": next((one.resolver for one in same), "DNS")})


def _answer(answer: Answer) -> str:
    return f"{answer.resolver} → {' '.join(answer.addresses[:MOST_NAMES])}"


# --- the way ---------------------------------------------------------------------------------------------------------


def _of_way(result: Result, found: Evidence | None, beside: Beside) -> Iterator[Clue]:
    if result.phase is not Phase.CONNECT:
        return
    took = result.phases.get(Phase.CONNECT, 0.0)
    if result.cause is Cause.CONNECTION_REFUSED:
        yield Clue(sign=Sign.HOST_REFUSES, values={"ms": _ms(took)})
    yield from _of_special(found, beside)
    if result.cause is Cause.UNREACHABLE and took < AT_ONCE:
        reached = sum(map(_is_connected, beside.others))
        alone = reached > 0 and reached == len(beside.others)
        yield (
            Clue(sign=Sign.NO_WAY_THERE, values={"count": str(reached)}) if alone else Clue(sign=Sign.NO_WAY)
        )
        return
    if found is not None:
        yield from _of_addresses(found.addresses)
        if result.cause in UNREACHED and result.cause is not Cause.CONNECTION_REFUSED:
            yield from _of_hops(found.hops, result.address or "", beside)


def _is_connected(result: Result) -> bool:
    """Whether it came further than connecting."""
    return result.is_ok or WAY[result.phase] > WAY[Phase.CONNECT]


def _of_special(found: Evidence | None, beside: Beside) -> Iterator[Clue]:
    """A name that leads where no host on the internet is. Within a house all may: then it is one only where others work elsewhere."""
    used = {_special(one.address or "") for one in beside.all if one.is_ok}
    for answer in () if found is None else found.answers:
        for address in answer.addresses:
            kind = _special(address)
            if kind == NOBODYS or (kind is not None and used and kind not in used):
                yield Clue(sign=Sign.SPECIAL_ADDRESS, values={"address": address})
                return


def _special(address: str) -> str | None:
    """Which of the special-purpose addresses it is (RFC 6890); None: a usual one."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if ip.is_loopback:
        return "loopback"
    if _is_ours(address):
        return "private"
    return NOBODYS if ip.is_unspecified or ip.is_reserved or ip.is_multicast else None


def _of_addresses(looks: Sequence[AddressLook]) -> Iterator[Clue]:
    good = [one.address for one in looks if one.connect is not None]
    bad = [one.address for one in looks if one.connect is None]
    if good and bad:
        yield Clue(sign=Sign.SOME_ADDRESSES, values={"good": " ".join(good), "bad": " ".join(bad)})


def _of_hops(hops: Sequence[Hop], host: str, beside: Beside) -> Iterator[Clue]:
    known = [hop for hop in hops if hop.address is not None]
    if not known:
        return
    last = known[-1]
    values = {"ttl": str(last.ttl), "address": last.address or ""}
    if last.reached:
        yield Clue(sign=Sign.WAY_REACHES, values=values)
    elif network_of(last.address or "") is not None and network_of(last.address or "") == network_of(host):
        yield Clue(sign=Sign.WAY_ENDS_THERE, values=values)
    elif ends_at_home(hops) and not _is_ours(host):
        silent = beside.way is not None and ends_at_home(beside.way)
        yield Clue(sign=Sign.WAY_SILENT if silent else Sign.WAY_ENDS_HERE, values=values)
    else:
        yield Clue(sign=Sign.WAY_ENDS_BETWEEN, values=values)


def ends_at_home(hops: Sequence[Hop]) -> bool:
    """Whether every router that answers, and at least one does, is in our own network."""
    known = [hop.address for hop in hops if hop.address is not None and not hop.reached]
    return bool(known) and all(map(_is_ours, known))


def _is_ours(address: str) -> bool:
    """Whether it is of a network that never is on the internet. What providers use within (100.64.0.0/10) is not ours."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(ip.version == network.version and ip in network for network in OWN_NETWORKS)


# --- cut off ---------------------------------------------------------------------------------------------------------

_CUT = frozenset({Cause.CONNECTION_RESET, Cause.CONNECTION_CLOSED})


def _of_cut(result: Result) -> Iterator[Clue]:
    connect = _ms(result.phases.get(Phase.CONNECT, 0.0))
    if result.cause in _CUT and result.phase is Phase.TLS:
        yield Clue(sign=Sign.CUT_IN_HELLO, values={"connect": connect})
    elif result.cause in _CUT and result.phase is Phase.PROCESSING:
        done = _ms(result.phases.get(Phase.TLS, 0.0))
        yield Clue(sign=Sign.CUT_AFTER_REQUEST, values={"connect": connect, "tls": done})
    elif result.cause in _CUT and result.phase is Phase.TRANSFER:
        yield Clue(sign=Sign.CUT_IN_REPLY)
    elif result.cause is Cause.RESPONSE_TIMEOUT:
        waited = f"{result.phases.get(Phase.PROCESSING, 0.0):.1f}"
        yield Clue(sign=Sign.ACCEPTED_SILENT, values={"connect": connect, "seconds": waited})


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}" if seconds >= 0.01 else f"{seconds * 1000:.1f}"


def _of_reply(result: Result, beside: Beside) -> Iterator[Clue]:
    if result.cause is Cause.API_ERROR and result.code is not None and "unknown code" in result.detail:
        yield Clue(sign=Sign.CODE_UNKNOWN, values={"code": result.code})
    is_reply = result.phase in (Phase.PROCESSING, Phase.TRANSFER) and result.status_code is not None
    if is_reply and beside.alike and all(one.is_ok for one in beside.others):
        yield Clue(sign=Sign.ONLY_IT, values={"count": str(len(beside.alike))})


def _of_number(result: Result, beside: Beside) -> Iterator[Clue]:
    """Several that fail at the same moment, where nobody is known to have counted all."""
    failing, total = 1 + sum(not one.is_ok for one in beside.others), 1 + len(beside.others)
    if not result.is_ok and failing >= LEAST and total < beside.watched:
        values = {"count": str(failing), "total": str(total), "watched": str(beside.watched)}
        yield Clue(sign=Sign.SEVERAL_FAIL, values=values)


# --- certificates ----------------------------------------------------------------------------------------------------


def trust_cause(result: Result) -> Cause | None:
    """Why its certificate is not trusted, also where `verify: report` let that pass; None: it is, or there is none."""
    if result.cause in TRUST_CAUSES:
        return result.cause
    said = result.certificate.verify_error if result.certificate is not None else None
    if Flag.TLS_UNVERIFIED in result.flags and said is not None:
        return next((cause for cause in TRUST_CAUSES if cause == said), None)
    return None


def _of_certificate(result: Result, beside: Beside) -> Iterator[Clue]:
    cause, shown = trust_cause(result), result.certificate
    if cause is None or shown is None:
        return
    if cause in OF_TIME:
        yield _of_time(shown, result.started_at, beside)
        yield _span(shown, result.started_at)
        return
    if cause is Cause.TLS_NAME_MISMATCH:
        yield Clue(
            sign=Sign.FOR_OTHERS, values={"names": " ".join(shown.names[:MOST_NAMES]) or shown.subject}
        )
    else:
        yield Clue(sign=Sign.ISSUED_BY, values={"issuer": shown.issuer})
    yield from _of_trust(beside)


def _span(shown: Certificate, at: datetime) -> Clue:
    """The time of the certificate of the chain that is to blame: the leaf's, if that is outside its own."""
    if shown.above is None or not shown.not_before <= at < shown.leaf_ends:
        return Clue(sign=Sign.OUT_OF_TIME, values=_days(shown.not_before, shown.leaf_ends))
    above = shown.above
    days = _days(above.not_before, above.not_after)
    return Clue(sign=Sign.ABOVE_OUT_OF_TIME, values={"subject": above.subject, **days})


def _days(since: datetime, until: datetime) -> dict[str, str]:
    return {"since": f"{since:%Y-%m-%d}", "until": f"{until:%Y-%m-%d}"}


def _of_time(shown: Certificate, at: datetime, beside: Beside) -> Clue:
    if beside.clock is None:
        return Clue(sign=Sign.CLOCK_UNKNOWN)
    if not is_wrong(beside.clock):
        return Clue(sign=Sign.CLOCK_RIGHT)
    return Clue(sign=Sign.CLOCK_WRONG, values={"offset": spoken(-beside.clock)})


def _of_trust(beside: Beside) -> Iterator[Clue]:
    verified = sum(one.certificate is not None and one.certificate.verified is True for one in beside.all)
    refused = sum(trust_cause(one) is not None for one in beside.all)
    here = sum(trust_cause(one) is not None for one in beside.others)
    there = sum(one.certificate is not None and one.certificate.verified is True for one in beside.others)
    if verified and here >= LEAST - 1 and not there:
        yield Clue(sign=Sign.TRUST_SPLIT, values={"count": str(here), "verified": str(verified)})
    elif verified:
        yield Clue(sign=Sign.TRUST_WORKS, values={"count": str(verified)})
    elif refused:
        yield Clue(sign=Sign.TRUST_FAILS, values={"count": str(refused)})
