"""The daemon's own series: a few hundred at most, so the stock client keeps and renders them."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from monitor import __version__
from monitor.core.alive import Part
from monitor.core.digest import MAY_BE_LEFT_OUT
from monitor.metrics import own_series
from monitor.metrics.family import Family
from monitor.model import EventName, Incident, Plan, Scope, Severity
from monitor.model.waiting import WAITING


class Own:
    """Series of the schedule, the courier, the stores and the process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.is_reload_known = False
        self._receivers: frozenset[str] = frozenset()
        self.incidents_open = self._gauge(own_series.INCIDENTS_OPEN)
        self.notifications = self._counter(own_series.NOTIFICATIONS)
        self.left_out = self._counter(own_series.NOTIFICATIONS_LEFT_OUT)
        self.doubtful = self._counter(own_series.NOTIFICATIONS_DOUBTFUL)
        self.pending = self._gauge(own_series.NOTIFICATIONS_PENDING)
        self.oldest_pending = self._gauge(own_series.OLDEST_PENDING)
        self.notification_delay = self._histogram(own_series.NOTIFICATION_DELAY)
        self.alerts_resent = self._counter(own_series.ALERTS_RESENT)
        self.lateness = self._histogram(own_series.SCHEDULE_LATENESS)
        self.concurrency_wait = self._histogram(own_series.CONCURRENCY_WAIT)
        self.skipped = self._counter(own_series.RUNS_SKIPPED)
        self.coalesced = self._counter(own_series.RESULTS_COALESCED)
        self.history_dropped = self._counter(own_series.HISTORY_DROPPED)
        self.store_up = self._gauge(own_series.STORE_UP)
        self.part_up = self._gauge(own_series.PART_UP)
        self.heartbeats = self._counter(own_series.HEARTBEATS)
        self.heartbeat_success: Gauge | None = None
        self.loop_lag = self._gauge(own_series.LOOP_LAG)
        self.reload_successful = self._gauge(own_series.RELOAD_SUCCESSFUL)
        self.reload_timestamp = self._gauge(own_series.RELOAD_TIMESTAMP)
        self.internal_errors = self._counter(own_series.INTERNAL_ERRORS)
        self._gauge(own_series.BUILD_INFO).labels(__version__, platform.python_version()).set(1)
        ProcessCollector(registry=self._registry)
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        for reason in own_series.SKIP_REASONS:
            self.skipped.labels(reason)
        self.internal_errors.labels("web")
        for part in Part:
            self.part_up.labels(part).set(1)
        for result in own_series.HEARTBEAT_RESULTS:
            self.heartbeats.labels(result)
        for store in own_series.STORES:
            self.store_up.labels(store).set(1)
        self.reload_successful.set(1)
        self.show_incidents(())

    def show_incidents(self, incidents: Iterable[Incident]) -> None:
        """Count the open incidents per scope and severity; every pair has a series."""
        found = [(incident.scope, incident.severity) for incident in incidents]
        for scope in Scope:
            for severity in Severity:
                self.incidents_open.labels(scope, severity).set(found.count((scope, severity)))

    def replan(self, plan: Plan) -> None:
        """Give every receiver of the plan its series at zero; drop those of receivers that are gone."""
        receivers = frozenset(receiver.id for receiver in plan.receivers)
        families = (
            self.notifications,
            self.left_out,
            self.doubtful,
            self.pending,
            self.oldest_pending,
            self.notification_delay,
            self.alerts_resent,
        )
        for gone in self._receivers - receivers:
            for family in families:
                family.remove_by_labels({"receiver": gone})
        for new in receivers - self._receivers:
            self.pending.labels(new).set(0)
            self.notification_delay.labels(new)
            for event in MAY_BE_LEFT_OUT:
                self.left_out.labels(new, event)
            for event in EventName:
                for result in own_series.NOTIFICATION_RESULTS:
                    self.notifications.labels(new, event, result)
        for receiver in plan.receivers:
            if receiver.kind == "apprise":
                for event in EventName:
                    self.doubtful.labels(receiver.id, event)
            if receiver.kind == "alertmanager":
                for result in own_series.RESEND_RESULTS:
                    self.alerts_resent.labels(receiver.id, result)
        self._receivers = receivers

    def set_heartbeat_success(self, at: datetime) -> None:
        """A heartbeat arrived; the series begins with the first."""
        if self.heartbeat_success is None:
            self.heartbeat_success = self._gauge(own_series.HEARTBEAT_SUCCESS)
        self.heartbeat_success.set(at.timestamp())

    def knows(self, receiver: str) -> bool:
        """Whether a receiver URL is in the plan; what comes late for one that is gone must not bring it back."""
        return receiver in self._receivers or receiver == WAITING

    def set_oldest(self, receiver: str, oldest: datetime | None) -> None:
        """When the oldest waiting notification was decided; the series goes when nothing waits."""
        if oldest is None:
            self.oldest_pending.remove_by_labels({"receiver": receiver})
        else:
            self.oldest_pending.labels(receiver).set(oldest.timestamp())

    def text(self, *, openmetrics: bool) -> bytes:
        """All of it; in OpenMetrics with the closing `# EOF`."""
        source = _WithoutCreated(self._registry)
        if not openmetrics:
            return generate_latest(source)
        text: bytes = generate_openmetrics(source)  # type: ignore[no-untyped-call]  # the client has no types there
        return text

    def _counter(self, family: Family) -> Counter:
        return Counter(family.name, family.text, family.labels, registry=self._registry)

    def _gauge(self, family: Family) -> Gauge:
        return Gauge(family.name, family.text, family.labels, registry=self._registry)

    def _histogram(self, family: Family) -> Histogram:
        return Histogram(
            family.name, family.text, family.labels, buckets=family.buckets, registry=self._registry
        )


class _WithoutCreated(Collector):
    """A registry without its `_created` samples; the client's own switch would be one for the whole process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            if metric.samples:
                yield metric
