"""What one run shows beyond its cause: one cause has many stories, and each has advice of its own.

A story is read off the reply, its first bytes, its status, what was counted, or the words of the client, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from monitor.cli.explain_judge import Judged
from monitor.cli.explain_words import Speech
from monitor.core.signs import Party
from monitor.model import Cause, Diagnosis, Flag, Phase, Result
from monitor.notify.words import clean, detail_words
from monitor.probes import Observation


class Story(StrEnum):
    """Names of stories, by which texts are looked for before those of their causes."""

    NAME_REFUSED = "name_refused"
    """The name server refuses to answer."""
    NAME_GARBLED = "name_garbled"
    """What comes back is no DNS message."""
    NAME_IN_CIRCLE = "name_in_circle"
    """Its aliases lead back to themselves."""
    NAME_SERVER_GONE = "name_server_gone"
    """The name server itself cannot be reached."""
    CUT_AT_ONCE = "cut_at_once"
    """The connection was reset while it was being made, or as soon as it stood."""
    CUT_IN_TLS = "cut_in_tls"
    TLS_SILENT = "tls_silent"
    """Not one byte came to our greeting."""
    TLS_STALLED = "tls_stalled"
    """The handshake began and stopped."""
    TLS_ALERT = "tls_alert"
    """It speaks TLS, and refused."""
    TLS_WANTS_CERTIFICATE = "tls_wants_certificate"
    """It speaks TLS, and demands a certificate of ours."""
    TLS_PLAIN = "tls_plain"
    """It speaks HTTP without TLS."""
    TLS_STRANGER = "tls_stranger"
    """It speaks neither."""
    STATUS_GONE = "status_gone"
    STATUS_FORBIDDEN = "status_forbidden"
    STATUS_REFUSED = "status_refused"
    """Another status of 4xx."""
    STATUS_GATE = "status_gate"
    """502, 503, 504: a gate without an application."""
    STATUS_FAILED = "status_failed"
    """Another status of 5xx: the application itself failed."""
    REPLY_TOO_SLOW = "reply_too_slow"
    """It never stopped, and came too slowly."""
    REPLY_PACKED = "reply_packed"
    """Its compressed body cannot be undone."""
    REPLY_ENDLESS = "reply_endless"
    """Its headers do not end."""
    FEWER_THERE = "fewer_there"
    """Records are missing on the other side."""
    MORE_THERE = "more_there"
    """Records are there that are not here."""
    LOGGED_KEY = "logged_key"
    """A log says that a key was refused: not one of this probe."""
    NODE_FAILS = "node_fails"
    """Some addresses fail, others work."""
    CERTIFICATE_ENDS = "certificate_ends"


OF_NAME = {
    "refused query": Story.NAME_REFUSED,
    "misformatted": Story.NAME_GARBLED,
    "in a circle": Story.NAME_IN_CIRCLE,
    "could not contact": Story.NAME_SERVER_GONE,
}
"""Words of the remark on a failed resolution (net/ares.py, net/questions.py)."""
OF_REPLY = {
    "cannot be undone": Story.REPLY_PACKED,
    "compressed body": Story.REPLY_PACKED,
    "headers larger": Story.REPLY_ENDLESS,
    "more than": Story.REPLY_ENDLESS,
}
"""Words of the remark on a reply that is no HTTP (net/reply.py)."""
GONE, FORBIDDEN, GATE = frozenset({404, 410}), frozenset({401, 403, 451}), frozenset({502, 503, 504})
NOTHING_CAME = "not one byte came"
WANTS_CERTIFICATE = ("certificate required", "asked for a certificate")
TOO_SLOW = "too slow"
PUBLIC_SERVERS = ("223.5.5.5", "119.29.29.29", "114.114.114.114")
"""Name servers that anybody in China may ask, to compare with."""


def story_of(judged: Judged) -> Story | None:
    """The story of what is explained; None: its cause says all there is."""
    result, target = judged.lead.result, judged.lead.target
    if result.is_ok:
        return _of_flags(result, judged.diagnosis)
    if target.kind == "log" and result.cause is Cause.CREDENTIAL:
        return Story.LOGGED_KEY
    match result.cause:
        case Cause.DNS_SERVFAIL:
            return next((story for words, story in OF_NAME.items() if words in result.detail), None)
        case Cause.CONNECTION_RESET | Cause.CONNECTION_CLOSED:
            return _of_cut(judged)
        case Cause.TLS_TIMEOUT:
            return Story.TLS_SILENT if NOTHING_CAME in result.detail else Story.TLS_STALLED
        case Cause.TLS_HANDSHAKE:
            return _of_handshake(judged.lead)
        case Cause.HTTP_STATUS if result.status_code is not None:
            return _of_status(result.status_code)
        case Cause.TRANSFER_TIMEOUT:
            return Story.REPLY_TOO_SLOW if TOO_SLOW in result.detail else None
        case Cause.HTTP_MALFORMED:
            return next((story for words, story in OF_REPLY.items() if words in result.detail), None)
        case Cause.COUNT_MISMATCH:
            return _of_counts(result)
        case _:
            return None


def _of_flags(result: Result, diagnosis: Diagnosis) -> Story | None:
    if diagnosis is Diagnosis.CDN_NODE:
        return Story.NODE_FAILS
    ends = Flag.CERTIFICATE_EXPIRING in result.flags and diagnosis is Diagnosis.HEALTHY
    return Story.CERTIFICATE_ENDS if ends else None


def _of_cut(judged: Judged) -> Story | None:
    result, found = judged.lead.result, judged.looked.evidence
    looks = () if found is None else found.addresses
    at_once = any(one.cause is Cause.CONNECTION_RESET and one.phase is Phase.CONNECT for one in looks)
    if result.phase is Phase.CONNECT or at_once:
        return Story.CUT_AT_ONCE
    return Story.CUT_IN_TLS if result.phase is Phase.TLS else None


def _of_handshake(lead: Observation) -> Story | None:
    heard, detail = lead.seen.heard, lead.result.detail
    if any(words in detail for words in WANTS_CERTIFICATE):
        return Story.TLS_WANTS_CERTIFICATE
    if heard:
        is_http = heard.startswith(b"HTTP/") or heard.lstrip()[:1] == b"<"
        return Story.TLS_PLAIN if is_http else Story.TLS_STRANGER
    return Story.TLS_ALERT if "alert" in detail else None


def _of_status(status: int) -> Story | None:
    if status in GONE:
        return Story.STATUS_GONE
    if status in FORBIDDEN:
        return Story.STATUS_FORBIDDEN
    if status in GATE:
        return Story.STATUS_GATE
    return {4: Story.STATUS_REFUSED, 5: Story.STATUS_FAILED}.get(status // 100)


def _of_counts(result: Result) -> Story | None:
    """By which side has more; of lists that miss some and hold others none."""
    known = {one.name: one.value or 0 for one in result.readings}
    more = known.get("remote_count", 0) - known.get("local_count", 0)
    missing, extra = (
        known.get("overdue_missing", 0) - min(more, 0),
        known.get("overdue_extra", 0) + max(more, 0),
    )
    if missing and extra:
        return None
    return Story.FEWER_THERE if missing else Story.MORE_THERE if extra else None


# --- what fills the gaps ---------------------------------------------------------------------------------------------


def blanks_of(judged: Judged, say: Speech) -> Mapping[str, str]:
    """Values of the gaps that texts of causes and stories have."""
    result = judged.lead.result
    return {
        **dict(_whom(judged, say)),
        "detail": clean(detail_words(result.detail, say.language)) or say.cause(result.cause),
        "status": str(result.status_code or ""),
        "server": _server_to_compare(judged),
        "phase": _longest(result, say),
        "until": f"{result.certificate.not_after:%Y-%m-%d}" if result.certificate is not None else "",
        "bad": " ".join(one.address for one in result.nodes if one.counts and one.cause is not Cause.NONE),
        "good": _good(result),
    }


def _whom(judged: Judged, say: Speech) -> Iterator[tuple[str, str]]:
    """Who is to be called: nobody calls the tax office for a vendor's interface, or for what is none of its own."""
    target = judged.lead.target
    whom = "authority" if target.authority and not target.is_control else "owner"
    whom = "vendor" if target.kind == "sync" else whom
    whom = "network" if judged.party is Party.WAY else whom
    yield "call", say(f"call.{whom}")
    yield "desk", say(f"desk.{whom}")


def _server_to_compare(judged: Judged) -> str:
    """A public name server that has not been asked yet: to ask the same one again tells nothing."""
    found = judged.looked.evidence
    asked = (
        {one.resolver.rpartition(":")[0] or one.resolver for one in found.answers}
        if found is not None
        else ()
    )
    return next((one for one in PUBLIC_SERVERS if one not in asked), PUBLIC_SERVERS[-1])


def _longest(result: Result, say: Speech) -> str:
    longest = max(result.phases, key=lambda phase: result.phases[phase], default=None)
    return "" if longest is None else say.words.phases[longest]


def _good(result: Result) -> str:
    """The addresses that work: those that were seen to, else the one that answered."""
    works = [one.address for one in result.nodes if one.counts and one.cause is Cause.NONE]
    return " ".join(works) or result.address or ""
