"""What was tried, line by line in the order of the way: name, connection, TLS, reply, then what was seen beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from monitor.cli.drawing import clean
from monitor.cli.explain_judge import Judged
from monitor.cli.explain_words import Speech, remark_on
from monitor.core.ping import REFUSED
from monitor.core.verdict import Opinion
from monitor.model import AddressLook, Answer, Cause, Certificate, Hop, Outcome, Phase, Result
from monitor.net.resolve import is_literal
from monitor.notify.readings import in_words
from monitor.notify.times import ZONE_NAMES, duration, wall_clock
from monitor.notify.words import authority_name, detail_words
from monitor.probes import Observation

Line = tuple[str, str]
"""Name of the label in the texts, and what stands beside it."""
MOST_BESIDE = 8
MOST_MEASURED = 12
BUSY = 0.2
"""Seconds of lateness of our own from which times are too long to be believed to the millisecond."""
DATA = re.compile(r"\((\d+) bytes of data\)")
"""How the evidence says that a reply is no text (probes/evidence.py)."""
LATE = 0.03
"""Seconds of lateness from which a short phase may look longer than it was."""
MOST_TEXT = 120
"""Characters of a reply that are shown."""


def lines(judged: Judged, say: Speech) -> list[Line]:
    """All of it."""
    return [
        ("at", moment(judged, say)),
        *_name(judged, say),
        *_connection(judged, say),
        *_tls(judged, say),
        *_reply(judged, say),
        *_also(judged, say),
        *_beside(judged, say),
        *_others_say(judged, say),
        *_ourselves(judged, say),
    ]


def moment(judged: Judged, say: Speech) -> str:
    """When it was looked at, with the name of the time."""
    plan = judged.looked.plan
    at = wall_clock(judged.lead.result.started_at, plan)
    return f"{at} {ZONE_NAMES[say.language].get(plan.timezone, plan.timezone)}"


def ms(seconds: float) -> str:
    """Milliseconds for people: one digit behind the point where less than ten."""
    return f"{seconds * 1000:.0f}" if seconds >= 0.01 else f"{seconds * 1000:.1f}"


# --- name and connection ---------------------------------------------------------------------------------------------


def _name(judged: Judged, say: Speech) -> Iterator[Line]:
    target, result, found = judged.lead.target, judged.lead.result, judged.looked.evidence
    if not target.host:
        return
    if is_literal(target.host):
        yield "name", say("literal", host=target.host)
    elif found is not None and found.answers:
        yield "name", say.list([_answer(one, say) for one in found.answers])
    elif Phase.RESOLVE in result.phases:
        addresses = " ".join(result.addresses) or say.cause(result.cause)
        yield "name", say("name_system", addresses=clean(addresses, 200), ms=ms(result.phases[Phase.RESOLVE]))
    else:
        yield "name", say("by_proxy")


def _answer(answer: Answer, say: Speech) -> str:
    took = ms(answer.duration)
    if not answer.addresses:
        why = clean(detail_words(answer.detail, say.language), MOST_TEXT) or say.cause(answer.cause)
        return say("name_failed", resolver=answer.resolver, cause=why, ms=took)
    return say("name_answer", resolver=answer.resolver, addresses=" ".join(answer.addresses), ms=took)


def _connection(judged: Judged, say: Speech) -> Iterator[Line]:
    result, found, port = judged.lead.result, judged.looked.evidence, judged.lead.target.port
    if found is not None and found.addresses:
        yield "address", say.list([_address(one, port, say) for one in found.addresses])
    elif result.address is not None and Phase.CONNECT in result.phases:
        failed = result.phase is Phase.CONNECT
        key = "not_connected" if failed else _pinged(result) or "connected"
        took = ms(result.phases[Phase.CONNECT])
        yield "address", say(key, address=result.address, port=port, ms=took, cause=say.cause(result.cause))
    if found is not None and found.hops:
        yield "way", say.list([_hop(hop, say) for hop in found.hops if hop.address is not None])


def _pinged(result: Result) -> str | None:
    """How a ping was answered, where nothing was connected to."""
    way = next((reading.text for reading in result.readings if reading.name == "way"), "")
    return "pinged" if way == "icmp" else "refused_lives" if way.endswith(REFUSED) else None


def _address(one: AddressLook, port: int, say: Speech) -> str:
    took = "" if one.connect is None else ms(one.connect)
    if one.connect is None:
        return say("not_connected", address=one.address, port=port, cause=say.cause(one.cause))
    key = "connected" if one.cause is Cause.NONE else "connected_not_tls"
    return say(key, address=one.address, port=port, ms=took, cause=say.cause(one.cause))


def _hop(hop: Hop, say: Speech) -> str:
    took = "?" if hop.seconds is None else ms(hop.seconds)
    return say("hop_reached" if hop.reached else "hop", ttl=hop.ttl, address=hop.address, ms=took)


# --- TLS -------------------------------------------------------------------------------------------------------------


def _tls(judged: Judged, say: Speech) -> Iterator[Line]:
    result = judged.lead.result
    if Phase.TLS not in result.phases:
        return
    if result.phase is Phase.TLS:
        detail = detail_words(result.detail, say.language) or say.cause(result.cause)
        yield "tls", say.join([say("tls_failed", detail=clean(detail, MOST_TEXT)), *_begins(judged, say)])
    else:
        yield "tls", say("tls_done", version=result.tls_version, ms=ms(result.phases[Phase.TLS]))
    if result.certificate is not None:
        yield "certificate", _certificate(result.certificate, say)


def _certificate(shown: Certificate, say: Speech) -> str:
    said = say(
        "certificate_of", subject=clean(shown.subject, 80), issuer=clean(shown.issuer, 80),
        since=f"{shown.not_before:%Y-%m-%d}", until=f"{shown.leaf_ends:%Y-%m-%d}", count=shown.chain_length,
    )  # fmt: skip
    if (above := shown.above) is not None and shown.verified is not True:
        said = say.join([said, say(
            "certificate_above", subject=clean(above.subject, 80),
            since=f"{above.not_before:%Y-%m-%d}", until=f"{above.not_after:%Y-%m-%d}",
        )])  # fmt: skip
    if shown.verified:
        return say.join([said, say("certificate_ok")])
    if shown.verified is None:
        return say.join([said, say("certificate_unchecked")])
    why = next(
        (say.cause(cause) for cause in Cause if cause == shown.verify_error), say("certificate_unchecked")
    )
    return say.join([said, say("certificate_bad", why=why)])


# --- reply -----------------------------------------------------------------------------------------------------------


def _reply(judged: Judged, say: Speech) -> Iterator[Line]:
    result, found = judged.lead.result, judged.looked.evidence
    waited = result.phases.get(Phase.PROCESSING)
    if judged.lead.target.is_on_machine or (result.readings and result.status_code is None):
        yield from _measured(judged, say)
        return
    if waited is None:
        return
    if result.status_code is None and result.phase in (Phase.PROCESSING, Phase.TRANSFER):
        is_silent = result.outcome is Outcome.TIMEOUT and result.phase is Phase.PROCESSING
        key = "no_reply" if is_silent else "no_reply_but"
        said = say(key, seconds=f"{waited:.1f}", ms=ms(waited), cause=say.cause(result.cause))
        yield "request", say.join([said, *_begins(judged, say)])
        return
    if result.status_code is not None:
        parts = [say("reply_first", status=result.status_code, ms=ms(waited))]
        headers = dict(found.headers) if found is not None else {}
        parts += [say("says_by", server=headers["server"])] if headers.get("server") else []
        parts += _begins(judged, say)
        parts += (
            [say("reply_says", detail=clean(detail, MOST_TEXT))] if (detail := _detail(result, say)) else []
        )
        parts += [say("reply_fine")] if result.is_ok and not result.flags else []
        yield "reply", say.join(parts)
    if result.code is not None:
        yield "code", _code(judged, result.code, say)


def _measured(judged: Judged, say: Speech) -> Iterator[Line]:
    """What was measured, counted or read, and what is wrong with it."""
    result = judged.lead.result
    known = [said for one in result.readings if (said := in_words(one, say.language)) is not None]
    if known:
        yield (
            "measured",
            say.list([clean(f"{name} {value}", MOST_TEXT) for name, value in known[:MOST_MEASURED]]),
        )
    if (detail := detail_words(result.detail, say.language)) and not result.is_ok:
        yield "read", clean(detail, MOST_TEXT)


def _begins(judged: Judged, say: Speech) -> list[str]:
    """How the reply begins, or what came in its place."""
    found = judged.looked.evidence
    if found is None or not found.first_bytes:
        return []
    if (data := DATA.fullmatch(found.first_bytes)) is not None:
        return [say("reply_data", count=data[1])]
    return [say("reply_begins", text=clean(found.first_bytes, MOST_TEXT))]


def _detail(result: Result, say: Speech) -> str:
    """What the probe said of the reply, where that is more than its status."""
    said = "" if result.is_ok or result.code is not None else remark_on(result, say.language)
    return (
        "" if result.cause in (Cause.HTTP_STATUS, Cause.CONNECTION_RESET, Cause.CONNECTION_CLOSED) else said
    )


def _code(judged: Judged, code: str, say: Speech) -> str:
    """The platform's own words, where the catalogue has them: of the table of its endpoint before all others."""
    row = say.code(code, judged.lead.target)
    shown = clean(code, 40)
    return say("code_unknown", code=shown) if row is None else say("code_known", code=shown, message=row)


# --- beside ----------------------------------------------------------------------------------------------------------


def _also(judged: Judged, say: Speech) -> Iterator[Line]:
    """What else of the same authority fails."""
    others = [one for one in judged.looked.observed if one is not judged.lead and not one.result.is_ok]
    if others:
        said = [
            say("also_failing", target=one.target.id, cause=say.cause(one.result.cause, one.target.kind))
            for one in others
        ]
        yield "also", say.list(said)


def _beside(judged: Judged, say: Speech) -> Iterator[Line]:
    for label, seen in (("controls", judged.looked.controls), ("others", judged.looked.others)):
        if seen:
            yield label, _all_or_each(seen[:MOST_BESIDE], judged, say)


def _all_or_each(seen: Sequence[Observation], judged: Judged, say: Speech) -> str:
    names = {one.target.id: _called(one, judged, say) for one in seen}
    if len(seen) > 1 and all(one.result.is_ok for one in seen):
        return say("all_ok", names=say.names(list(names.values())))
    return say.list(
        [say("looked", target=names[one.target.id], outcome=_outcome(one.result, say)) for one in seen]
    )


def _called(one: Observation, judged: Judged, say: Speech) -> str:
    if one.target.is_control:
        return one.target.id
    return authority_name(one.target.authority, judged.looked.plan.authorities, say.language)


def _outcome(result: Result, say: Speech) -> str:
    return say.outcome(result.outcome) if result.is_ok else say.cause(result.cause)


def reference_line(judged: Judged, say: Speech) -> list[str]:
    """What each reference says, or why it says nothing."""
    looked = judged.looked
    spoke = {one.source for one in judged.opinions}
    said = [said_of(one, say) for one in judged.opinions]
    for reading in looked.readings:
        if not reading.up:
            said.append(
                say(
                    "reference_failed",
                    source=reading.source,
                    why=clean(detail_words(reading.detail, say.language), 80),
                )
            )
        elif reading.local_fault:
            said.append(say("reference_fault", source=reading.source))
        elif reading.source not in spoke:
            said.append(say("reference_silent", source=reading.source))
    return said


def _others_say(judged: Judged, say: Speech) -> Iterator[Line]:
    looked = judged.looked
    if said := reference_line(judged, say):
        yield "references", say.list(said)
    if looked.told is not None and (looked.told.state or looked.told.silence is not None):
        yield "daemon", _daemon(judged, say)


def said_of(one: Opinion, say: Speech) -> str:
    """What one reference says, and how long ago it looked."""
    age = duration(timedelta(seconds=one.age_seconds), say.language)
    key = "reference_stale" if one.stale else "reference_said"
    return say(key, source=clean(one.source, 60), outcome=say.outcome(Outcome(one.outcome)), age=age)


def _daemon(judged: Judged, say: Speech) -> str:
    told = judged.looked.told
    assert told is not None
    if told.silence is not None:
        return say("daemon_silent", why=told.silence.said(say.language))
    plan = judged.looked.plan
    place = authority_name(judged.lead.target.authority, plan.authorities, say.language)
    said = say("daemon_state", url=told.url, place=place, state=say.state(told.state))
    if told.since is not None:
        said += say("daemon_since", since=wall_clock(told.since, plan))
    for window in told.windows:
        said += say("daemon_window", name=window.name, end=wall_clock(window.end, plan))
    said += say("daemon_incidents", ids=say.names(told.incidents)) if told.incidents else ""
    return said + (say("daemon_counts", down=told.down, watched=told.watched) if told.down else "")


def _ourselves(judged: Judged, say: Speech) -> Iterator[Line]:
    found = judged.looked.evidence
    if found is not None:
        key = "busy_us" if found.loop_lag >= BUSY else "late_us" if found.loop_lag >= LATE else "not_us"
        yield "ourselves", say(key, ms=ms(found.loop_lag))
