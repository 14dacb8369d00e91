"""What people and the configuration ask for: acknowledgements, silences, windows by hand, another plan.

A command that cannot be carried out changes nothing and says why (`Commit.refused`). What follows from one that can is
decided by the Tick that it asks for at once.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.core import drills, feeds, muting, planned, reporting, returning, waiting
from monitor.core.draft import Draft
from monitor.core.incidents import noted
from monitor.core.state import Sweep, WindowRecord
from monitor.core.windows import find
from monitor.model import (
    LOCAL,
    NATIONAL,
    Ack,
    AddSilence,
    AddWindow,
    ApproveNotice,
    Command,
    EndDrill,
    EndSilence,
    EndWindow,
    Leave,
    RejectNotice,
    Replan,
    StartDrill,
    TakeNotice,
    TellReport,
    Wait,
    Window,
)

MOST_BY_HAND = 200
"""Windows by hand that are not over."""
LONGEST_NOTE = 500
"""Characters of a comment that are kept."""


def carry_out(draft: Draft, command: Command) -> None:
    """Do what is asked, or say in `draft.refused` why not."""
    match command:
        case Ack():
            draft.refused = _ack(draft, command)
        case AddSilence():
            draft.refused = _add_silence(draft, command)
        case EndSilence():
            draft.refused = _end_silence(draft, command)
        case AddWindow():
            draft.refused = _add_window(draft, command.window)
        case EndWindow():
            draft.refused = _end_window(draft, command)
        case Wait():
            draft.refused = waiting.take(draft, command)
        case Leave():
            draft.refused = waiting.leave(draft, command.id)
        case StartDrill():
            draft.refused = drills.start(draft, command)
        case EndDrill():
            draft.refused = drills.end(draft, command)
        case TellReport():
            draft.refused = reporting.tell(draft, command)
        case TakeNotice():
            draft.refused = feeds.take(draft, command)
        case ApproveNotice():
            draft.refused = feeds.approve(draft, command)
        case RejectNotice():
            draft.refused = feeds.reject(draft, command)
        case Replan():
            _replan(draft)
    if not (command.more if isinstance(command, TakeNotice) else draft.refused):
        draft.ring_at(draft.now)


def _ack(draft: Draft, command: Ack) -> str:
    incident = draft.incidents.get(command.incident)
    if incident is None:
        return f"there is no incident {command.incident}"
    if not incident.is_open:
        return f"incident {incident.id} is resolved"
    author = command.author[:LONGEST_NOTE]
    draft.keep(
        replace(
            noted(incident, f"acked={author}", draft.now),
            acknowledged_at=draft.now,
            acknowledged_by=author,
            comment=command.comment[:LONGEST_NOTE],
        )
    )
    return ""


def _add_silence(draft: Draft, command: AddSilence) -> str:
    why_not = muting.why_not(command, draft.plan, draft.silences, draft.now)
    if not why_not:
        silence = command.silence
        draft.silences[silence.id] = replace(
            silence, author=silence.author[:LONGEST_NOTE], comment=silence.comment[:LONGEST_NOTE]
        )
    return why_not


def _end_silence(draft: Draft, command: EndSilence) -> str:
    if command.id not in draft.silences:
        return f"there is no silence {command.id}"
    del draft.silences[command.id]
    return ""


def _add_window(draft: Draft, window: Window) -> str:
    why_not = _why_not(draft, window)
    if not why_not:
        draft.windows[window.id] = WindowRecord(window=replace(window, by_hand=True))
    return why_not


def _why_not(draft: Draft, window: Window) -> str:
    """Why this window cannot be; empty: it can."""
    if window.end <= window.start:
        return "a window must end after it starts"
    if window.end <= draft.now:
        return "it would be over already"
    if window.authorities == () or window.services == ():
        return "a window must cover something"
    if window.id in draft.windows or find(draft.plan, draft.windows, window.id) is not None:
        return f"there is a window {window.id} already"
    known = {*draft.plan.authorities, *draft.plan.by_authority, NATIONAL} - {LOCAL}
    strange = [slug for slug in window.authorities or () if slug not in known]
    if strange:
        return f"authority {strange[0]!r} is not watched"
    ahead = sum(one.window.by_hand and one.window.end > draft.now for one in draft.windows.values())
    return (
        f"there are {MOST_BY_HAND} windows by hand already; end some first" if ahead >= MOST_BY_HAND else ""
    )


def _end_window(draft: Draft, command: EndWindow) -> str:
    record = planned.end_early(draft.plan, draft.windows, command.id, draft.now)
    if record is None:
        return f"there is no window {command.id} that is not over"
    draft.windows[command.id] = record
    return ""


# --- another plan ----------------------------------------------------------------------------------------------------


def _replan(draft: Draft) -> None:
    """Forget what is no longer configured. Its incidents end with the Tick that follows."""
    plan = draft.plan
    draft.drop_strangers()
    sources = {source.name for source in plan.references}
    draft.references = {name: reading for name, reading in draft.references.items() if name in sources}
    returning.end_orphans(draft)
    draft.windows = {id_: record for id_, record in draft.windows.items() if _is_valid(draft, record)}
    _forget_silences(draft)
    if draft.sweep is not None:
        awaiting = draft.sweep.awaiting & plan.targets.keys()
        draft.sweep = Sweep(
            started_at=draft.sweep.started_at, until=draft.sweep.until, awaiting=frozenset(awaiting)
        )


def _is_valid(draft: Draft, record: WindowRecord) -> bool:
    """Whether a rule still has this window, or it is by hand; one that has begun is kept until its end is told."""
    begun = record.started_told and not record.ended_told
    return begun or record.window.is_kept or find(draft.plan, draft.windows, record.window.id) is not None


def _forget_silences(draft: Draft) -> None:
    """Silences that name only authorities that are no longer watched."""
    known = {*draft.plan.authorities, *draft.plan.by_authority, LOCAL, NATIONAL}
    draft.silences = {
        id_: silence
        for id_, silence in draft.silences.items()
        if not (slugs := silence.matchers.get("authority")) or not known.isdisjoint(slugs)
    }
