"""Telling: one file per kind of receiver, and the texts."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.notify.alertmanager import Alertmanager
from monitor.notify.apprise import AppriseDeliverer
from monitor.notify.delivery import Deliverer
from monitor.notify.webhook import Webhook


def deliverers() -> Mapping[str, Deliverer]:
    """A fresh deliverer for each kind of receiver. Close them when done."""
    return {"webhook": Webhook(), "apprise": AppriseDeliverer(), "alertmanager": Alertmanager()}
