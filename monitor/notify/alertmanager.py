"""Receivers of kind `alertmanager`: posts alerts to one Alertmanager, and again while they fire.

The list of addresses is one cluster, and every member is told, as Alertmanager asks for. What is sent is what is so at
the moment of sending, not what was when it was decided: re-sends and late deliveries cannot contradict each other.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from monitor.core.certificates import standing as standing_certificates
from monitor.model import EventName, Incident, Receiver
from monitor.notify.alerts import (
    Alert,
    Scene,
    concerned,
    of_certificate,
    of_flap,
    of_flaps_end,
    of_incident,
    of_test,
    standing,
)
from monitor.notify.posting import Poster

PATH = "/api/v2/alerts"
MOST_AT_ONCE = 64
"""Alerts in one request, as Prometheus does."""


class Alertmanager:
    """Posts alerts, to each address one request after the other. Without `look` it can only tell of tests."""

    def __init__(self, look: Callable[[], Scene] | None = None) -> None:
        self._look = look
        self._poster = Poster()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        """Post the alerts that a notification is about; returns what was answered. Raises `DeliveryError`."""
        async with self._turns[receiver.id]:
            scene = None if self._look is None else self._look()
            alerts = of_test(payload, None if scene is None else scene.now)
            if scene is not None and payload["event"] == EventName.CERTIFICATE_EXPIRING:
                alerts = await _of_certificates(receiver, scene)
            elif scene is not None and payload["event"] == EventName.FLAPPING_STARTED:
                alerts = await _of_flaps(receiver, scene)
            elif scene is not None and not alerts:
                alerts = await _of(concerned(payload, scene), receiver, scene)
                alerts += of_flaps_end(payload) if payload["event"] == EventName.FLAPPING_STOPPED else ()
            answer = await self._post(receiver, alerts)
        return answer or "nothing to send: no alert follows from this event"

    async def resend(self, receiver: Receiver) -> int:
        """Post all that fires and what ended lately again; returns how many alerts. Raises `DeliveryError`."""
        if self._look is None:
            return 0
        async with self._turns[receiver.id]:
            scene = self._look()
            alerts = await _of(standing(receiver.id, scene), receiver, scene)
            alerts += await _of_certificates(receiver, scene)
            alerts += await _of_flaps(receiver, scene)
            await self._post(receiver, alerts)
        return len(alerts)

    async def close(self) -> None:
        """Close the connections, and whatever is still under way in them."""
        await self._poster.close()

    async def _post(self, receiver: Receiver, alerts: Sequence[Alert]) -> str:
        answer = ""
        for first in range(0, len(alerts), MOST_AT_ONCE):
            url = receiver.url.rstrip("/") + PATH
            answer = await self._poster.post(receiver, url, alerts[first : first + MOST_AT_ONCE])
        return answer


async def _of(incidents: Sequence[Incident], receiver: Receiver, scene: Scene) -> list[Alert]:
    """The alerts of these incidents. Putting one into words takes half a millisecond; others may run in between."""
    alerts: list[Alert] = []
    for incident in incidents:
        alerts += of_incident(receiver.id, incident, scene)
        await asyncio.sleep(0)
    return alerts


async def _of_certificates(receiver: Receiver, scene: Scene) -> list[Alert]:
    """The alerts of the certificates that this receiver was told of and that are not renewed."""
    alerts: list[Alert] = []
    for record in standing_certificates(scene.plan, scene.state, receiver.id):
        alerts.append(of_certificate(record, scene))
        await asyncio.sleep(0)
    return alerts


async def _of_flaps(receiver: Receiver, scene: Scene) -> list[Alert]:
    """The alerts of the services of which this receiver was told that they come and go."""
    alerts: list[Alert] = []
    for flap in list(scene.state.flaps.values()):
        if receiver.id in flap.told:
            alerts.append(of_flap(flap, scene))
            await asyncio.sleep(0)
    return alerts
