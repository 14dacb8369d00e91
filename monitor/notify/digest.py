"""Title and text of a digest: how many things it stands for, what is down, what mended, and the titles of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.core.digest import tells_of_outage, told_by
from monitor.model import Digested, Incident, Notification, Plan
from monitor.notify.text import MOST_LINES, TO, environment, item_of, link, title_and_text
from monitor.notify.times import ZONE_NAMES, after, wall_clock
from monitor.notify.view import Item

MOMENT = timedelta(minutes=1)
"""What is said together and lies closer is of one moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What the template of a digest sees."""

    count: int
    """Notifications that it stands for."""
    open: Sequence[Item]
    over: Sequence[Item]
    others: Sequence[str]
    """Titles of what is not about an outage."""
    hidden: int
    """Outages and titles that are not shown; those that are still open come first."""
    unnamed: int
    """Changes, reminders and escalations, which have no line of their own."""
    open_count: int
    over_count: int
    span: str
    """From the first to the last of what it stands for; one moment where that is less than a minute."""
    zone: str
    vantage: str
    url: str


def words_of_digest(notification: Notification, plan: Plan) -> tuple[str, str]:
    """The title (one line) and the text in the plan's language."""
    template = environment().get_template(f"{plan.language}/digest.j2")
    lines = [line.rstrip() for line in template.render(view=_view(notification, plan)).splitlines()]
    title, *rest = [line for line in lines if line]
    return title, "\n".join(rest)


def link_of_digest(notification: Notification, plan: Plan) -> str:
    """The status page; empty without `server.external_url`."""
    return link(replace(notification, incidents=()), plan)


def _view(notification: Notification, plan: Plan) -> Digest:
    outages = _outages(notification)
    still = [incident for incident in outages if incident.is_open]
    over = [incident for incident in outages if not incident.is_open]
    down = {incident.id for incident in notification.incidents if incident.is_open}
    others = [
        _title(entry, notification, plan) for entry in notification.digest if not tells_of_outage(entry, down)
    ]
    room = max(0, MOST_LINES - len(still))
    shown = over[-room:] if room else []
    more = max(0, room - len(shown))
    listed = len(still[:MOST_LINES]) + len(shown) + len(others[-more:] if more else [])
    return Digest(
        count=len(notification.digest),
        open=[item_of(incident, notification.at, plan) for incident in still[:MOST_LINES]],
        over=[item_of(incident, notification.at, plan) for incident in shown],
        others=others[-more:] if more else [],
        hidden=len(outages) + len(others) - listed + notification.unlisted,
        unnamed=sum(not own for _, own in told_by(notification)),
        open_count=len(still),
        over_count=len(over) + notification.unlisted,
        span=_span(notification, plan),
        zone=ZONE_NAMES[plan.language].get(plan.timezone, plan.timezone),
        vantage=plan.vantage,
        url=link_of_digest(notification, plan),
    )


def _span(notification: Notification, plan: Plan) -> str:
    first, last = notification.digest[0].at, notification.at
    began, ended = wall_clock(first, plan), wall_clock(last, plan)
    return began if last - first < MOMENT else TO[plan.language].join((began, after(began, ended)))


def _outages(notification: Notification) -> list[Incident]:
    """The incidents that it tells of: those of a certificate or a flapping service are told by their title."""
    down = {incident.id for incident in notification.incidents if incident.is_open}
    about = {id_ for entry in notification.digest if tells_of_outage(entry, down) for id_ in entry.incidents}
    return [incident for incident in notification.incidents if incident.id in about]


def _title(entry: Digested, notification: Notification, plan: Plan) -> str:
    """What the notification that it stands for would have as its title."""
    alone = Notification(
        key=entry.key,
        event=entry.event,
        at=entry.at,
        severity=entry.severity,
        scope=entry.scope,
        incidents=tuple(one for one in notification.incidents if one.id in entry.incidents),
        to=notification.to,
        window=entry.window,
        detail=entry.detail,
    )
    return title_and_text(alone, plan)[0]
