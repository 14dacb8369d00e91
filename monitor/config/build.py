"""What follows from a configuration that was understood: the plan, what is wrong with its parts, and what is worth a note."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from monitor import __version__
from monitor.config import alerts, facts, maintenance, proxies, reach, references, rules, serving, unread
from monitor.config.calendar import read_calendar
from monitor.config.catalogue import read_catalogue
from monitor.config.expand import Expansion, Ground, expand
from monitor.config.mistakes import Mistake
from monitor.config.reading import Surroundings
from monitor.config.schema import Configuration
from monitor.config.tree import Document
from monitor.config.understand import Understood
from monitor.knowledge import load_calendar, load_tables
from monitor.model import (
    NATIONAL,
    PSEUDO_AUTHORITIES,
    Authority,
    Calendar,
    Flapping,
    Judgement,
    MaintenanceRule,
    NoticeFeed,
    Plan,
    Receiver,
    Route,
    Target,
)

T = TypeVar("T")


class Build:
    """What follows from a configuration that was understood: the parts of the plan, and what is wrong with them."""

    def __init__(
        self,
        document: Document,
        understood: Understood,
        around: Surroundings,
        registry: Mapping[str, Authority],
    ) -> None:
        assert understood.configuration is not None
        self._configuration: Configuration = understood.configuration
        self._around = around
        self.mistakes: list[Mistake] = [*rules.refused(understood, document, around.directory)]
        self.mistakes += serving.refused(self._configuration.server, document, around.directory)
        overridden = facts.override(registry, self._configuration.authorities.override, document)
        self._registry = self._noted(overridden)
        files = self._configuration.catalogue
        self.catalogue = read_catalogue(files, load_tables(), document, around.directory)
        self.mistakes += self.catalogue.mistakes
        self._expansion = self._expand(document, understood, registry)
        self.mistakes += self._expansion.mistakes
        self.mistakes += rules.beyond_limits(self._expansion, understood, document)
        self._services = sorted(
            {*facts.SERVICES, *(target.service for target in self._targets() if target.service)}
        )
        if not self.mistakes and not understood.mistakes:
            self.mistakes += rules.nothing_to_look_at(self._expansion, self._configuration, document)
        self._receivers, self._routes = self._telling(document, understood)
        self._references = self._noted(
            references.references(
                self._configuration.reference, understood.references, document, around.directory
            )
        )
        self._maintenance, self._notices = self._planned(document, understood)
        self._calendar = self._read_calendar(document)

    def _noted(self, read: tuple[T, Iterable[Mistake]]) -> T:
        """The part that was read; what is wrong with it is kept."""
        part, wrong = read
        self.mistakes += wrong
        return part

    def _expand(
        self, document: Document, understood: Understood, registry: Mapping[str, Authority]
    ) -> Expansion:
        ground = Ground(
            configuration=self._configuration,
            document=document,
            registry=self._registry,
            selected=self._selected(document),
            facts=facts.fact_names(registry),
            catalogue=self.catalogue,
            secrets=self._around.secrets,
            user_agent=self._user_agent(),
            directory=self._around.directory,
        )
        return expand(ground, understood.probes)

    def _selected(self, document: Document) -> tuple[str, ...]:
        only = self._configuration.authorities.only
        if only is None:
            return tuple(self._registry)
        if not only:
            self.mistakes.append(
                document.mistake(("authorities", "only"), "an empty list", "leave it out to watch all")
            )
        for index, slug in enumerate(only):
            if slug not in self._registry:
                found = facts.unknown_authority(slug, self._registry)
                self.mistakes.append(document.mistake(("authorities", "only", index), *found))
        return tuple(slug for slug in self._registry if slug in only)

    def _targets(self) -> Iterable[Target]:
        return self._expansion.targets.values()

    def _read_calendar(self, document: Document) -> Calendar:
        read = read_calendar(
            self._configuration.calendar,
            load_calendar(),
            document=document,
            directory=self._around.directory,
            authorities=self._registry,
        )
        return self._noted(read)

    def _planned(
        self, document: Document, understood: Understood
    ) -> tuple[tuple[MaintenanceRule, ...], tuple[NoticeFeed, ...]]:
        setting = maintenance.Setting(
            document=document,
            timezone=self._configuration.timezone,
            authorities=(*self._registry, NATIONAL),
            services=self._services,
            directory=self._around.directory,
        )
        rules_, feeds, wrong = maintenance.maintenance(
            self._configuration.maintenance, understood.maintenance, setting
        )
        self.mistakes += wrong
        return rules_, feeds

    def _telling(
        self, document: Document, understood: Understood
    ) -> tuple[tuple[Receiver, ...], tuple[Route, ...]]:
        written = self._configuration.alerts
        broken = {
            str(path[2])
            for path in understood.broken
            if path[:2] == ("alerts", "receivers") and len(path) > 2
        }
        receivers = self._noted(alerts.receivers(written, document, understood.broken))
        known = alerts.Known(
            receivers={*written.receivers, *broken},
            authorities=(*self._registry, *PSEUDO_AUTHORITIES),
            services=self._services,
        )
        routes = self._noted(alerts.routes(written, understood.routes, known, document))
        self._report = self._noted(alerts.report(written, known.receivers, document))
        names: dict[str, Collection[str]] = {
            "receiver": known.receivers,
            "authority": known.authorities,
            "service": known.services,
            "window": (*self._registry, NATIONAL),
        }
        self.mistakes += unread.unread(understood, document, names)
        return receivers, routes

    def _user_agent(self) -> str:
        url = self._configuration.server.external_url
        return f"fapiao-monitor/{__version__}" + (f" (+{url})" if url and url.isascii() else "")

    def plan(self) -> Plan:
        """The plan. Only for a configuration without mistakes."""
        configuration, limit = self._configuration, self._configuration.limits.per_host
        watched = {target.authority for target in self._targets()}
        return Plan(
            vantage=configuration.vantage or socket.gethostname(),
            language=configuration.language,
            timezone=configuration.timezone,
            targets=self._expansion.targets,
            authorities={slug: known for slug, known in self._registry.items() if slug in watched},
            judgement=_judgement(configuration),
            per_host=limit.connections if limit else None,
            per_host_window=limit.window if limit else 60.0,
            concurrency=configuration.limits.concurrency,
            group_wait=configuration.alerts.group_wait,
            receivers=self._receivers,
            routes=self._routes,
            listen=configuration.server.listen,
            external_url=configuration.server.external_url,
            token=configuration.server.token,
            tls=serving.server_tls(configuration.server, self._around.directory),
            basic_auth=configuration.server.basic_auth or {},
            state_dir=self._state_dir(),
            references=self._references,
            heartbeat=alerts.heartbeat(configuration.alerts),
            publish_file=self._publish_file(),
            maintenance=self._maintenance,
            notices=self._notices,
            calendar=self._calendar,
            report=self._report,
            overrun_grace=configuration.judgement.overrun_grace,
            early_end=configuration.judgement.early_end,
            reopen=configuration.judgement.reopen,
            repeat=configuration.alerts.repeat,
            notify_before=configuration.alerts.notify_before,
            keep_results=configuration.storage.keep.results,
            keep_hourly=configuration.storage.keep.hourly,
        )

    def _state_dir(self) -> str:
        given = self._around.environ.get("STATE_DIRECTORY", "").partition(":")[0]
        return self._configuration.storage.dir or given or "state"

    def _publish_file(self) -> str | None:
        publish = self._configuration.publish
        return str((self._around.directory / publish.file).absolute()) if publish else None

    def notes(self) -> tuple[str, ...]:
        """What an operator should know although nothing is wrong."""
        notes = [*self._expansion.notes, *sorted(self._around.remarks)]
        notes += proxies.notes(self._targets())
        notes += proxies.untold([*self._targets()])
        notes += serving.notes(self._configuration.server)
        notes += maintenance.overlapping(self._maintenance)
        has_token = self._configuration.server.token is not None
        notes += maintenance.notes_of(self._notices, has_token=has_token)
        watched = {target.service for target in self._targets()}
        receivers = self._configuration.alerts.receivers
        notes += reach.unreached(
            self._routes,
            receivers,
            watched,
            _judgement(self._configuration),
            self._report.to if self._report else (),
        )
        if (file := self._publish_file()) and not Path(file).parent.is_dir():
            notes.append(f"publish: there is no directory {Path(file).parent} yet")
        if not self._receivers:
            notes.append("alerts: no receivers, nobody is told when something breaks")
        return tuple(notes)

    def secrets(self) -> frozenset[str]:
        """Everything that must not be shown."""
        parts = {part for receiver in self._receivers for part in alerts.secret_parts(receiver.url)}
        parts |= {part for source in self._references for part in references.secret_parts(source)}
        if (heartbeat := self._configuration.alerts.heartbeat) is not None:
            parts |= set(alerts.secret_parts(heartbeat.url))
        headers = {
            part
            for target in self._targets()
            if target.carries_credential
            for name, value in target.headers
            if name.lower() not in ("accept", "content-type", "referer", "user-agent")
            for part in (value, value.rpartition(" ")[2])
        }
        hidden = {text for target in self._targets() for text in target.secrets}
        known = {*self._around.secrets, *parts, *headers, *hidden}
        return frozenset(secret for secret in known if len(secret) >= 4)


def _judgement(configuration: Configuration) -> Judgement:
    written = configuration.judgement
    return Judgement(
        main_service=written.main_service,
        local_share=written.local.share,
        severity_main=written.severity.main,
        severity_other=written.severity.other,
        severity_local=written.severity.local,
        severity_national=written.severity.national,
        severity_ours=written.severity.ours,
        severity_certificate=written.severity.certificate,
        severity_flapping=written.severity.flapping,
        flapping=Flapping(high=written.flapping.high, low=written.flapping.low, runs=written.flapping.runs),
        severity_daemon=written.severity.daemon,
        severity_maintenance=written.severity.maintenance,
    )
