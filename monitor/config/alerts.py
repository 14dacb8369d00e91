"""Receivers and routes: who is told, by which address."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from urllib.parse import quote, unquote, urlsplit

from monitor.config.facts import unknown_authority
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.scalars import name as name_of
from monitor.config.scalars import web_address
from monitor.config.schema import Alerts
from monitor.config.schema import Receiver as Written
from monitor.config.schema import Route as WrittenRoute
from monitor.config.schema import When as WrittenWhen
from monitor.config.times import DAYS_OFF, WORKDAYS
from monitor.config.tree import Document
from monitor.model import Escalation, Heartbeat, Receiver, ReportRule, Route, When

_RECEIVERS: Path = ("alerts", "receivers")
KINDS = ("apprise", "webhook", "alertmanager")
"""What a receiver may be; one of them."""


def receivers(
    alerts: Alerts, document: Document, broken: set[Path]
) -> tuple[tuple[Receiver, ...], list[Mistake]]:
    """One receiver per address, and what is wrong with them. `broken`: keys that were taken out before."""
    made: list[Receiver] = []
    mistakes: list[Mistake] = []
    for name, written in alerts.receivers.items():
        if not any(path[:3] == (*_RECEIVERS, name) for path in broken):
            mistakes += _misshapen(name, written, document)
        mistakes += _unusable((*_RECEIVERS, name), written, document)
        own = alerts.proxy if written.proxy is None else written.proxy
        cap = written.cap and (int(written.cap.connections), written.cap.window)
        made += (replace(one, proxies=own, cap=cap) for one in _addresses(name, written))
    return tuple(made), mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a route may name."""

    receivers: Collection[str]
    authorities: Collection[str]
    services: Collection[str]


def routes(
    alerts: Alerts, positions: list[int], known: Known, document: Document
) -> tuple[tuple[Route, ...], list[Mistake]]:
    """The routes; where receivers stand without any route, one that tells all of them everything."""
    mistakes: list[Mistake] = []
    for position, route in zip(positions, alerts.routes, strict=True):
        path: Path = ("alerts", "routes", position)
        mistakes += _strangers((*path, "to"), "receiver", route.to, known.receivers, document)
        mistakes += _strangers(
            (*path, "when", "authority"), "authority", route.when.authority, known.authorities, document
        )
        mistakes += _strangers(
            (*path, "when", "service"), "service", route.when.service, known.services, document
        )
        mistakes += _mixed((*path, "when", "weekdays"), route.when.weekdays, document)
        mistakes += _nobody((*path, "to"), route.to, document)
        for place, step in enumerate(route.escalate):
            to: Path = (*path, "escalate", place, "to")
            mistakes += _strangers(to, "receiver", step.to, known.receivers, document)
            mistakes += _nobody(to, step.to, document)
    made = tuple(_route(route) for route in alerts.routes)
    if not made and alerts.receivers:
        made = (Route(to=tuple(alerts.receivers)),)
    return made, mistakes


def _nobody(path: Path, named: Sequence[str], document: Document) -> Iterator[Mistake]:
    if not named:
        yield document.mistake(path, "an empty list", "at least one receiver is meant")


def _mixed(path: Path, days: Sequence[int | str], document: Document) -> Iterator[Mistake]:
    for index, day in enumerate(days):
        if isinstance(day, str) and len(days) > 1:
            meant = "it stands alone; for other days write another route"
            yield document.mistake((*path, index), f"{day} beside other days", meant)


def _strangers(
    path: Path, what: str, named: Sequence[str], known: Collection[str], document: Document
) -> Iterator[Mistake]:
    for index, name in enumerate(named):
        if name not in known:
            if what == "authority":
                found, meant = unknown_authority(name, known)
            else:
                found, meant = f"unknown {what} {quoted(name)}", did_you_mean(name, known)
            yield document.mistake((*path, index), found, meant)


def _route(written: WrittenRoute) -> Route:
    parts = {
        part.name: getattr(written.when, part.name)
        for part in fields(When)
        if part.name in WrittenWhen.model_fields
    }
    days = written.when.weekdays
    parts["weekdays"] = tuple(day for day in days if isinstance(day, int))
    parts["workdays"] = WORKDAYS in days if {WORKDAYS, DAYS_OFF} & {*days} else None
    steps = sorted(written.escalate, key=lambda step: step.after)
    return Route(
        to=written.to,
        when=When(**parts),
        goes_on=written.goes_on,
        escalate=tuple(Escalation(after=step.after, to=step.to) for step in steps),
    )


def heartbeat(written: Alerts) -> Heartbeat | None:
    """Whom the daemon tells that it is alive, by the proxy of the receivers."""
    to = written.heartbeat
    if to is None:
        return None
    return Heartbeat(url=to.url, interval=to.interval, proxies=written.proxy)


def report(
    written: Alerts, known: Collection[str], document: Document
) -> tuple[ReportRule | None, list[Mistake]]:
    """When availability is reported by itself, and to whom; `known`: names of receivers."""
    if written.report is None:
        return None, []
    path: Path = ("alerts", "report", "to")
    mistakes = [*_strangers(path, "receiver", written.report.to, known, document)]
    return ReportRule(schedule=written.report.schedule, to=written.report.to), mistakes


def secret_parts(url: str) -> Iterator[str]:
    """The address, and the parts of it that may show up alone in a log: password, user, long opaque words."""
    yield url
    parts = urlsplit(url)
    for part in (parts.username, parts.password):
        if part:
            yield part
            yield unquote(part)
    for word in re.split(r"[/?&=#@:,]", url.partition("://")[2]):
        if len(word) >= 16 and "." not in word:
            yield word
            yield unquote(word)
            yield quote(unquote(word), safe="")


def _addresses(name: str, written: Written) -> Iterator[Receiver]:
    for index, url in enumerate(written.apprise or ()):
        yield Receiver(id=f"{name}[{index}]", name=name, kind="apprise", url=url)
    if written.webhook is not None:
        yield Receiver(id=f"{name}[0]", name=name, kind="webhook", url=written.webhook, token=written.token)
    for index, url in enumerate(written.alertmanager or ()):
        yield Receiver(id=f"{name}[{index}]", name=name, kind="alertmanager", url=url)


def _misshapen(name: str, written: Written, document: Document) -> Iterator[Mistake]:
    path = (*_RECEIVERS, name)
    try:
        name_of(name)
    except ValueError:
        meant = "a name of letters, digits, - _ and . is meant"
        yield document.mistake(path, "a name that does not fit in an id", meant, at_key=True)
    given = [kind for kind in KINDS if getattr(written, kind) is not None]
    if len(given) != 1:
        found = f"{' and '.join(given)} together" if given else f"none of {', '.join(KINDS)}"
        yield document.mistake(path, found, "a receiver has one of them", at_key=True)
    if written.token is not None and written.webhook is None:
        found, meant = "a token without webhook", "other addresses carry their own credentials"
        yield document.mistake((*path, "token"), found, meant, at_key=True)
    if written.cap is not None and written.alertmanager is not None:
        found, meant = "a cap for an Alertmanager", "it groups by itself what it is sent every minute"
        yield document.mistake((*path, "cap"), found, meant, at_key=True)


def _unusable(path: Path, written: Written, document: Document) -> Iterator[Mistake]:
    """Addresses that nothing can be sent to. The address itself is never shown: it holds secrets."""
    for kind in ("apprise", "alertmanager"):
        if getattr(written, kind) == ():
            yield document.mistake((*path, kind), "an empty list", "at least one address is meant")
    for index, url in enumerate(written.apprise or ()):
        if not apprise_takes(url):
            found = "an address that apprise does not take (not shown: it may hold secrets)"
            meant = "its form is service://…; see the list of services in apprise's documentation"
            yield document.mistake((*path, "apprise", index), found, meant)
    if written.webhook is not None:
        try:
            web_address(written.webhook)
        except ValueError:
            found, meant = "an address that cannot be used (not shown)", "http://… or https://… is meant"
            yield document.mistake((*path, "webhook"), found, meant)
    for index, url in enumerate(written.alertmanager or ()):
        if said := _not_alertmanager(url):
            found = "an address that cannot be used (not shown)"
            yield document.mistake((*path, "alertmanager", index), found, said)


def _not_alertmanager(url: str) -> str:
    """What is meant instead of an address that no alerts can be posted to; empty: it will do."""
    try:
        parts = web_address(url)
    except ValueError:
        return "http://… or https://… is meant"
    if parts.query or parts.fragment:
        return "an address without ? and # is meant"
    if parts.path.rstrip("/").endswith(("/api", "/api/v1", "/api/v2", "/alerts")):
        return "Alertmanager's own address is meant; /api/v2/alerts is added to it"
    return ""


def apprise_takes(url: str) -> bool:
    """Whether apprise can make a notifier of this address. Nothing is sent, and nothing is logged."""
    import apprise  # 100 ms and 19 MB, paid only by those who use it

    from monitor.notify.quiet import silence

    silence()
    return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None
