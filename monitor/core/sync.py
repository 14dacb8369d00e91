"""What the reply of a sync interface means (kind `sync`): its code, its success, how far its data lag behind. Pure.

HTTP 200 with an error code in the body is the norm among these interfaces, and so is a code beside any other status. So
the body is read before the status, except that 401 and 403 always speak of our credential and 429 of our pace. What the
operator calls success stands before the table of codes; of several codes in a reply the outermost that fails counts. A
reply that is well but for its status is not well.

Nothing of our own secrets is shown, even where a reply repeats them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from monitor.core import page
from monitor.core.classify import Finding, Knowledge, busy_notice, known_of, refusal_of, reply_of, result_of
from monitor.core.compared import COMPARISON, OURS, Compared, judge_compared
from monitor.core.instants import read_instant
from monitor.core.jsonpath import as_text, look_up
from monitor.core.spans import span
from monitor.model import Cause, Code, Flag, Freshness, Phase, Reply, Result, Seen, Success, SyncRules, Target

AHEAD = 60.0
"""Seconds by which a time may lie in the future: clocks differ. More is no time of a last synchronisation."""

_LONGEST_CODE = 64
LONGEST_DETAIL = 300
_SHOWN = 120
"""Characters of somebody else's text that are shown."""
_MESSAGES = (
    "msg", "message", "describe", "desc", "errorMsg", "errorMessage", "error_msg", "errMsg", "returnMessage",
    "returnMsg", "resultMsg", "resultMessage", "VerifyMessage", "error",
)  # fmt: skip
"""Keys under which the interfaces that we know of say in words what is the matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One reply that is JSON, and what it is held against."""

    target: Target
    rules: SyncRules
    knowledge: Knowledge
    reply: Reply
    value: Any

    def shown(self, text: str, limit: int = _SHOWN) -> str:
        """Somebody else's text on one line, cut, without our secrets."""
        return shown(text, self.target.secrets, limit)


def judge_sync(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """For kind `sync`. The lag is counted to the instant at which the reply was whole."""
    if seen.failure is not None:
        return result_of(target, seen, Finding())
    rules = target.sync
    if rules is None:
        raise ValueError("a target of kind sync has no rules")
    known = known_of(target, knowledge)
    finding, lag = _judge(target, rules, known, seen) if rules.asks else (Finding(), None)
    if _is_final(finding) or not seen.further:
        return _result(target, rules, seen, finding, lag)
    compared = judge_compared(rules, seen, partial(_explained, target, rules, known))
    return _with_compared(_result(target, rules, seen, finding, lag), target, seen, compared)


def _result(target: Target, rules: SyncRules, seen: Seen, finding: Finding, lag: float | None) -> Result:
    result = result_of(target, seen, finding)
    if result.is_ok and lag is not None and rules.freshness is not None and lag > rules.freshness.warn:
        result = replace(result, flags=result.flags | {Flag.LAG_WARNING})
    return replace(result, lag=lag)


def _with_compared(result: Result, target: Target, seen: Seen, compared: Compared) -> Result:
    """The result of a reply that is well, and what was compared beside it."""
    finding, made = compared.finding, seen.further.get(COMPARISON)
    readings = () if made is None else made.readings
    lag = max((one for one in (result.lag, compared.lag) if one is not None), default=None)
    flags = result.flags | ({finding.flag} if finding.flag is not None else set())
    detail = shown(finding.detail, target.secrets, LONGEST_DETAIL) or result.detail
    code = finding.code or result.code
    result = replace(result, readings=readings, lag=lag, flags=flags, detail=detail, code=code)
    if finding.cause is Cause.NONE:
        return result
    failed = compared.seen.failure if compared.seen is not None else None
    phase = Phase.PROCESSING if failed is None else failed.phase
    return replace(result, cause=finding.cause, phase=phase, flags=flags - {Flag.SLOW})


def _explained(
    target: Target, rules: SyncRules, knowledge: Knowledge, name: str, seen: Seen
) -> Finding | None:
    """Why the reply to a further request is not the answer; None: it is. Codes are those of the other side."""
    reply = reply_of(seen)
    if (refused := _refused(reply)) is not None:
        return refused
    text = page.text_of(reply)
    value = page.json_of(text)
    if not isinstance(value, dict | list):
        refused = refusal_of(target, reply, text, knowledge.words) or busy_notice(
            reply, text, knowledge.words
        )
        drift = Finding(cause=Cause.FORMAT_DRIFT, detail="HTML where data are due")
        return refused or (drift if page.is_html(text) else None)
    asked = _Asked(target=target, rules=rules, knowledge=knowledge, reply=reply, value=value)
    said = None if name in OURS else _said(asked, rules.code_paths)
    return _silent(asked) if said is None else _under_status(asked, said)


def shown(text: str, secrets: Iterable[str], limit: int = _SHOWN) -> str:
    """`text` on one line and at most `limit` long, with stars in place of `secrets`."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _judge(
    target: Target, rules: SyncRules, knowledge: Knowledge, seen: Seen
) -> tuple[Finding, float | None]:
    """What the reply means, and the lag where it tells one."""
    reply = reply_of(seen)
    if (refused := _refused(reply)) is not None:
        return refused, None
    text = page.text_of(reply)
    value = page.json_of(text)
    if not isinstance(value, dict | list):
        return _no_json(target, rules, reply, text, knowledge), None
    asked = _Asked(target=target, rules=rules, knowledge=knowledge, reply=reply, value=value)
    finding, lag = _answer(asked), None
    if rules.freshness is not None and not _is_final(finding):
        now = seen.started_at + timedelta(seconds=seen.duration)
        finding, lag = _fresh(asked, rules.freshness, finding, now)
    return _under_status(asked, finding), lag


def _refused(reply: Reply) -> Finding | None:
    """What the status alone says of us."""
    if reply.status in (401, 403):
        return Finding(cause=Cause.CREDENTIAL, detail=f"status {reply.status}")
    return Finding(flag=Flag.THROTTLED, detail="status 429") if reply.status == 429 else None


def _no_json(target: Target, rules: SyncRules, reply: Reply, text: str, knowledge: Knowledge) -> Finding:
    refused = refusal_of(target, reply, text, knowledge.words) or busy_notice(reply, text, knowledge.words)
    if refused is not None:
        return refused
    if not (rules.code_paths or rules.success or rules.freshness):
        return Finding()  # nothing is read out of it
    shape = "HTML" if page.is_html(text) else "a shape that is no JSON" if text.strip() else "an empty body"
    return Finding(cause=Cause.FORMAT_DRIFT, detail=f"{shape} where JSON is due")


# --- codes and success -----------------------------------------------------------------------------------------------


def _answer(asked: _Asked) -> Finding:
    """What codes and success say; the status only where these are silent."""
    success, paths = asked.rules.success, asked.rules.code_paths
    if success is None:
        return _said(asked, paths) or _silent(asked) or _without_code(asked)
    is_code = success.path in [path for _, path in paths]
    if _is_met(asked.value, success):
        code = _code_at(asked, success.path) if is_code else None
        label = None if code is None else asked.shown(code, _LONGEST_CODE)
        return _said(asked, _behind(paths, success.path)) or Finding(code=label)
    said = _said(asked, paths)
    if said is not None and (is_code or _is_final(said)):
        return said
    return _silent(asked) or _unmet(asked, success)


def _is_final(finding: Finding) -> bool:
    """Whether nothing further in the reply can change it."""
    return finding.cause is not Cause.NONE or finding.flag is Flag.THROTTLED


def _is_met(value: Any, success: Success) -> bool:
    found = look_up(value, success.path)
    return found is not None and _plain(found.value) in success.any_of


def _behind(paths: tuple[tuple[str, str], ...], path: str) -> tuple[tuple[str, str], ...]:
    """The codes that success at `path` says nothing about: those further in; none where it stands elsewhere."""
    places = [at for _, at in paths]
    return paths[places.index(path) + 1 :] if path in places else ()


def _said(asked: _Asked, paths: tuple[tuple[str, str], ...]) -> Finding | None:
    """The first code that fails, else the last that is there; None where none is there at all."""
    said: Finding | None = None
    for endpoint, path in paths:
        code = _code_at(asked, path)
        if code is None:
            continue
        said = _meaning(asked, endpoint, code)
        if _is_final(said):
            return said
    return said


def _code_at(asked: _Asked, path: str) -> str | None:
    """The code at `path` as text, None where there is none: nothing, null, a list, an object, a whole sentence."""
    found = look_up(asked.value, path)
    if found is None or found.value is None or isinstance(found.value, list | dict):
        return None
    code = _plain(found.value)
    return code if 0 < len(code) <= _LONGEST_CODE and code.isprintable() else None


def _plain(value: Any) -> str:
    """A JSON value as codes are compared: 200, 200.0 and " 200 " are one code."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return as_text(value).strip()


def _meaning(asked: _Asked, endpoint: str, code: str) -> Finding:
    """What the table says of a code; one that it does not have is an error."""
    label = asked.shown(code, _LONGEST_CODE)
    known: Code | None = asked.knowledge.catalogue.get((asked.rules.table or "", endpoint, code))
    if known is not None:
        return Finding(cause=known.cause, flag=known.flag, code=label, detail=f"{label} {known.message}")
    if notice := _notice(asked):
        return replace(notice, code=label)
    message = asked.shown(_message(asked.value))
    detail = f"unknown code {label}" + (f": {message}" if message else "")
    return Finding(cause=Cause.API_ERROR, code=label, detail=detail)


# --- where neither code nor success speaks ---------------------------------------------------------------------------


def _silent(asked: _Asked) -> Finding | None:
    """What the interface's own words and then the status tell of a reply that is not the answer."""
    return _notice(asked) or _refused_by_status(asked)


def _refused_by_status(asked: _Asked) -> Finding | None:
    bare = replace(asked.reply, body=b"")
    return refusal_of(asked.target, bare, "", asked.knowledge.words)


def _under_status(asked: _Asked, finding: Finding) -> Finding:
    """What a body means that came with this status: one that is well does not make a status well that is not expected."""
    refused = None if _is_final(finding) else _refused_by_status(asked)
    return finding if refused is None else replace(refused, code=finding.code)


def _notice(asked: _Asked) -> Finding | None:
    """Maintenance or overload, looked for in its message alone: 系统维护费 may well stand on an invoice."""
    message, words = _message(asked.value), asked.knowledge.words
    if phrase := page.find_marker(words.maintenance, message):
        return Finding(cause=Cause.MAINTENANCE_PAGE, detail=f"it says {phrase}")
    if phrase := page.find_marker(words.busy, message):
        return Finding(cause=Cause.BACKEND_BUSY, detail=f"it says {phrase}")
    return None


def _message(value: Any) -> str:
    """What the reply says in words, "" where no key that we know of holds any."""
    if not isinstance(value, dict):
        return ""
    said = (value[key] for key in _MESSAGES if isinstance(value.get(key), str))
    return next((text.strip() for text in said if text.strip()), "")


def _unmet(asked: _Asked, success: Success) -> Finding:
    found = look_up(asked.value, success.path)
    if found is None:
        return Finding(cause=Cause.CONTENT_MISMATCH, detail=f"the body has no {success.path}")
    wanted = " or ".join(repr(asked.shown(word)) for word in success.any_of[:10])
    is_now = asked.shown(as_text(found.value), 80)
    return Finding(cause=Cause.CONTENT_MISMATCH, detail=f"{success.path} is {is_now!r}, expected {wanted}")


def _without_code(asked: _Asked) -> Finding:
    if not asked.rules.code_paths:
        return Finding()  # only freshness is asked for, and the status is fine
    path = asked.rules.code_paths[0][1]
    found = look_up(asked.value, path)
    what = f"without {path}" if found is None else f"with {asked.shown(as_text(found.value), 40)!r} at {path}"
    return Finding(cause=Cause.FORMAT_DRIFT, detail=f"JSON {what}, where a code is due")


# --- freshness -------------------------------------------------------------------------------------------------------


def _fresh(
    asked: _Asked, freshness: Freshness, finding: Finding, now: datetime
) -> tuple[Finding, float | None]:
    """Lag behind `now`: beyond `fail` it fails the run, a time that is none or lies ahead does too."""
    path, found = freshness.path, look_up(asked.value, freshness.path)
    if found is None:
        return _mismatch(finding, f"the body has no {path}"), None
    instant = read_instant(found.value, ZoneInfo(freshness.timezone))
    if instant is None:
        what = asked.shown(as_text(found.value), 40)
        return _mismatch(finding, f"{path} is {what!r}, which is no time that can be read"), None
    lag = (now - instant).total_seconds()
    if lag < -AHEAD:
        wrong = f"{path} lies {span(-lag)} ahead of our clock: wrong clock or wrong time zone"
        return _mismatch(finding, wrong), None
    lag = max(lag, 0.0)
    if lag > freshness.fail:
        late = f"last synchronised {span(lag)} ago, more than {span(freshness.fail)}"
        return replace(finding, cause=Cause.SYNC_LAG, flag=None, detail=late), lag
    return replace(finding, detail=f"last synchronised {span(lag)} ago"), lag


def _mismatch(finding: Finding, detail: str) -> Finding:
    return replace(finding, cause=Cause.CONTENT_MISMATCH, flag=None, detail=detail)
