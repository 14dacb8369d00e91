"""What was seen → what it means: one cause, flags, the platform's code. Pure; one function per kind of probe.

The order of the questions is the contract's (§2, §8): a failed connection stands first; then the body is read before
the status, because a front end answers 200 with a maintenance page and a firewall answers anything.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from monitor.core import page
from monitor.core.jsonpath import as_text, look_up
from monitor.core.nodes import beside
from monitor.core.own_clock import offset_of
from monitor.model import (
    Cause,
    Code,
    Expect,
    Flag,
    JsonExpectation,
    Phase,
    Reply,
    Result,
    Seen,
    Target,
    Verify,
    Words,
)

Catalogue = Mapping[tuple[str, str, str], Code]
"""(table, endpoint, code) → what the code means; `("platform", "yzm", "003")`."""

ImageFault = Callable[[bytes], str | None]
"""Why these bytes are no captcha image, in words; None if they are one. Handed in, for the core decodes no images."""

Matches = Callable[[str, str], bool]
"""Whether a pattern is found in a text, at a cost linear in the text. Raises ValueError if it is no pattern."""

BLOCKED_STATUS = frozenset({412, 468, 521})
"""Ruishu, SafeLine and Jiasule answer a challenge with these (domain facts §3, [S42]–[S45])."""

_SHORTEST_DATA = 100
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,16}", re.ASCII)
_IMAGE_STARTS = ("iVBOR", "/9j/", "R0lGOD", "Qk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known beforehand of replies."""

    catalogue: Catalogue
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a reply means. Cause NONE: the service answered."""

    cause: Cause = Cause.NONE
    flag: Flag | None = None
    code: str | None = None
    detail: str = ""


def judge_connection(target: Target, seen: Seen) -> Result:
    """For kinds `tcp` and `tls`: reached is ok."""
    return result_of(target, seen, Finding())


def judge_http(target: Target, seen: Seen, knowledge: Knowledge, matches: Matches) -> Result:
    """For kind `http`: the reply is what `target.expect` says."""
    if seen.failure is not None:
        return result_of(target, seen, Finding())
    return result_of(target, seen, _http(target, reply_of(seen), knowledge, matches))


def judge_captcha(target: Target, seen: Seen, knowledge: Knowledge, image_fault: ImageFault) -> Result:
    """For kind `captcha`: the reply is a captcha, or a code that says what is wrong."""
    if seen.failure is not None:
        return result_of(target, seen, Finding())
    known = known_of(target, knowledge)
    return result_of(target, seen, _captcha(target, reply_of(seen), known, image_fault))


def known_of(target: Target, knowledge: Knowledge) -> Knowledge:
    """What is known of this target's replies: the operator's own rows of the catalogue before the shipped ones."""
    if not target.codes:
        return knowledge
    own = {(code.table, code.endpoint, code.code): code for code in target.codes}
    return replace(knowledge, catalogue={**knowledge.catalogue, **own})


# --- http ------------------------------------------------------------------------------------------------------------


def _http(target: Target, reply: Reply, knowledge: Knowledge, matches: Matches) -> Finding:
    expect, text = target.expect, page.text_of(reply)
    try:
        unmet = _unmet(expect, text, matches)
    except ValueError as problem:
        return Finding(cause=Cause.PROBE_MISCONFIGURED, detail=str(problem))
    asks_content = bool(expect.body_contains or expect.body_absent or expect.body_regex or expect.json)
    if asks_content and unmet is None and reply.status in expect.status:
        return Finding()  # whatever else the page says, in its footer for instance
    if refused := refusal_of(target, reply, text, knowledge.words):
        return refused
    if unmet is None:
        return Finding()
    return busy_notice(reply, text, knowledge.words) or Finding(cause=Cause.CONTENT_MISMATCH, detail=unmet)


def _unmet(expect: Expect, text: str, matches: Matches) -> str | None:
    """The first content expectation that `text` does not meet, in words."""
    for wanted in expect.body_contains:
        if wanted not in text:
            return f"the body does not contain {wanted!r}"
    for unwanted in expect.body_absent:
        if unwanted in text:
            return f"the body contains {unwanted!r}"
    if expect.body_regex is not None and not matches(expect.body_regex, text):
        return f"the body does not match {expect.body_regex!r}"
    return _unmet_json(expect.json, text)


def _unmet_json(expected: tuple[JsonExpectation, ...], text: str) -> str | None:
    value = page.json_of(text) if expected else None
    for one in expected:
        found = look_up(value, one.path)
        if found is None:
            return f"the body has no {one.path}"
        if as_text(found.value) != one.equals:
            return f"{one.path} is {as_text(found.value)[:80]!r}, expected {one.equals!r}"
    return None


# --- captcha ---------------------------------------------------------------------------------------------------------


def _captcha(target: Target, reply: Reply, knowledge: Knowledge, image_fault: ImageFault) -> Finding:
    text = page.text_of(reply)
    answer = _answer(page.json_of(text), knowledge, image_fault)
    if answer is not None and _decides(answer, reply.status in target.expect.status):
        return answer
    if refused := refusal_of(target, reply, text, knowledge.words):
        return replace(refused, code=answer.code if answer else None)
    if answer is not None:
        return answer
    if busy := busy_notice(reply, text, knowledge.words):
        return busy
    shape = "HTML" if page.is_html(text) else "a shape" if text.strip() else "an empty body"
    return Finding(
        cause=Cause.FORMAT_DRIFT, detail=f"{shape} without key1 or data where JSON or JSONP is due"
    )


def _decides(answer: Finding, status_expected: bool) -> bool:
    """Whether an answer stands before maintenance words, challenge and status: a captcha, and the ban (code 020).

    The ban is the platform's own challenge; read after the status it would be missed on a 403 and asked again.
    """
    is_captcha = answer.cause is Cause.NONE and answer.code is None
    return answer.cause is Cause.BLOCKED or (is_captcha and status_expected)


def _answer(value: Any, knowledge: Knowledge, image_fault: ImageFault) -> Finding | None:
    """What `key1` or `data` says; None where there is neither."""
    if not isinstance(value, dict) or ("key1" not in value and "data" not in value):
        return None
    key1 = value.get("key1")
    if isinstance(key1, int) and not isinstance(key1, bool):
        key1 = str(key1)
    if isinstance(key1, str) and key1.strip():
        return _key1(key1.strip(), knowledge, image_fault)
    data = value.get("data")
    return _data(data if isinstance(data, str) else "", knowledge.words)


def _key1(key1: str, knowledge: Knowledge, image_fault: ImageFault) -> Finding:
    if known := _platform_code(key1, knowledge.catalogue):
        return Finding(cause=known.cause, flag=known.flag, code=key1, detail=f"{key1} {known.message}")
    if _CODE.fullmatch(key1) and not key1.startswith(_IMAGE_STARTS):
        return Finding(cause=Cause.API_ERROR, code=key1, detail=f"unknown code {key1}")
    if phrase := page.find_marker(knowledge.words.busy, key1):
        return Finding(cause=Cause.BACKEND_BUSY, detail=phrase)
    image = _decoded(key1)
    fault = "key1 is neither a code nor base64" if image is None else image_fault(image)
    return Finding() if fault is None else Finding(cause=Cause.CAPTCHA_INVALID, detail=fault)


def _platform_code(code: str, catalogue: Catalogue) -> Code | None:
    """What the platform says of a code: at this endpoint, else at that of verification, which the same application answers."""
    found = (catalogue.get(("platform", endpoint, code)) for endpoint in ("yzm", "vat"))
    return next(filter(None, found), None)


def _data(data: str, words: Words) -> Finding:
    """The encoded shape since 2020-04 ([S8][S19]): long enough is alive, what it holds is not judged."""
    encoded = "".join(data.split())
    if len(encoded.rstrip("=")) >= _SHORTEST_DATA and _BASE64.fullmatch(encoded):
        return Finding(flag=Flag.OPAQUE)
    if phrase := page.find_marker(words.busy, data):
        return Finding(cause=Cause.BACKEND_BUSY, detail=phrase)
    return Finding(cause=Cause.CAPTCHA_INVALID, detail="neither a code nor an image")


def _decoded(text: str) -> bytes | None:
    """The bytes of a base64 string as pages write them: with or without a data: prefix, line breaks and padding."""
    text = "".join(text.removeprefix("data:").rpartition("base64,")[2].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):  # the second: characters beyond ASCII
        return None


# --- what any reply may be -------------------------------------------------------------------------------------------


def refusal_of(target: Target, reply: Reply, text: str, words: Words) -> Finding | None:
    """Why this reply is not the answer that was asked for, as far as markers and status tell; None if they do not."""
    status, expected = reply.status, reply.status in target.expect.status
    forbidden = status in (401, 403) and not expected
    if forbidden and target.carries_credential:
        return Finding(cause=Cause.CREDENTIAL, detail=f"status {status}")
    if phrase := page.find_notice(words.maintenance, text, len(reply.body)):
        return Finding(cause=Cause.MAINTENANCE_PAGE, detail=f"the page says {phrase}")
    if marker := page.find_marker(words.challenge, _head(reply) + text if forbidden else text):
        return Finding(cause=Cause.BLOCKED, detail=f"a challenge or firewall answers: {marker}")
    if expected:
        return None
    if status in BLOCKED_STATUS:
        return Finding(cause=Cause.BLOCKED, detail=f"status {status} is a firewall's")
    if status == 429:
        return Finding(flag=Flag.THROTTLED, detail="status 429")
    return Finding(
        cause=Cause.HTTP_STATUS, detail=f"status {status}, expected {_listed(target.expect.status)}"
    )


def busy_notice(reply: Reply, text: str, words: Words) -> Finding | None:
    """`backend_busy` where the page says so of itself."""
    phrase = page.find_notice(words.busy, text, len(reply.body))
    return Finding(cause=Cause.BACKEND_BUSY, detail=f"the page says {phrase}") if phrase else None


def _head(reply: Reply) -> str:
    """Header lines, for markers that stand there. Asked only of a refusal: a CDN adds them to every reply."""
    return "".join(f"{name}: {value}\n" for name, value in reply.headers)


def _listed(statuses: tuple[int, ...]) -> str:
    return " or ".join(map(str, statuses[:10]))


def reply_of(seen: Seen) -> Reply:
    """The reply of a look that did not fail."""
    if seen.reply is None:
        raise ValueError("a look that did not fail has no reply")
    return seen.reply


# --- the result ------------------------------------------------------------------------------------------------------


def result_of(target: Target, seen: Seen, finding: Finding) -> Result:
    """Everything about the run. A failure of the connection stands before what the reply means.

    A reply that is not what it should be failed in `processing`: the server made it so, the transfer went well.
    """
    failure, certificate = seen.failure, seen.certificate
    cause = failure.cause if failure else finding.cause
    result = Result(
        target=target.id,
        started_at=seen.started_at,
        duration=seen.duration,
        cause=cause,
        phase=failure.phase if failure else None if cause is Cause.NONE else Phase.PROCESSING,
        flags=_flags(target, seen, finding),
        phases=seen.phases,
        addresses=seen.addresses,
        address=seen.address,
        status_code=seen.reply.status if seen.reply else None,
        tls_version=seen.tls_version,
        certificate=certificate,
        code=finding.code,
        detail=failure.detail if failure else finding.detail,
        clock_offset=offset_of(seen),
    )
    return replace(result, nodes=beside(seen, result)) if seen.attempts else result


def _flags(target: Target, seen: Seen, finding: Finding) -> frozenset[Flag]:
    """`slow` and what the reply says of a run that is ok; what the connection says of every run that had one."""
    flags = {finding.flag} if finding.flag else set()
    is_ok = seen.failure is None and finding.cause is Cause.NONE
    if is_ok and target.slow_after is not None and seen.duration >= target.slow_after:
        flags.add(Flag.SLOW)
    if seen.failure is None or seen.failure.phase in (Phase.PROCESSING, Phase.TRANSFER):
        flags |= _connection_flags(target, seen)
    return frozenset(flags)


def _connection_flags(target: Target, seen: Seen) -> set[Flag]:
    flags = {Flag.ADDRESS_FAILED} if seen.attempts else set()
    if certificate := seen.certificate:
        if certificate.verified is False and target.tls.verify is Verify.REPORT:
            flags.add(Flag.TLS_UNVERIFIED)
        if (certificate.not_after - seen.started_at).total_seconds() < target.tls.expiring:
            flags.add(Flag.CERTIFICATE_EXPIRING)
    return flags
