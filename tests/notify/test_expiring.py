"""The alert of a certificate that expires soon: it stands until the certificate is renewed, whoever is restarted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from monitor.core.certificates import announcement
from monitor.core.state import CertificateRecord, State
from monitor.model import Cause, Certificate, Plan, Receiver, TargetState
from monitor.notify.alertmanager import Alertmanager
from monitor.notify.alerts import Scene
from monitor.notify.payload import payload
from tests.metrics.conftest import AT, make_plan, make_result
from tests.notify.hooks import hook

ENDS = AT + timedelta(days=9)
TARGET = "captcha/shandong"


def presented(fingerprint: str = "ab" * 32) -> TargetState:
    """The target after a run that saw this certificate."""
    certificate = Certificate(
        subject="CN=fpcy",
        issuer="CN=CA",
        not_before=AT - timedelta(days=60),
        not_after=ENDS,
        names=("fpcy.example",),
        fingerprint=fingerprint,
        chain_length=2,
        verified=True,
    )
    return TargetState(id=TARGET, last=make_result(certificate=certificate))


def state_of(last: TargetState | None = None, heard: frozenset[str] = frozenset({"am[0]"})) -> State:
    """One certificate that `heard` were told of, and what its target presented last."""
    record = CertificateRecord(
        fingerprint="ab" * 32,
        target=TARGET,
        seen_at=AT,
        not_after=ENDS,
        subject="CN=fpcy",
        told=True,
        heard=heard,
    )
    shown = presented() if last is None else last
    return State(certificates={record.fingerprint: record}, targets={TARGET: shown})


async def sent(state: State, now: datetime, plan: Plan | None = None, word: Any = None) -> list[Any]:
    """The alerts that reach `am[0]` at `now`: of a re-send, or of the delivery of `word`."""
    scene = Scene(plan=plan or make_plan(), state=state, now=now)
    sender = Alertmanager(lambda: scene)
    async with hook() as it:
        receiver = Receiver(id="am[0]", name="am", kind="alertmanager", url=f"http://{it.address}")
        if word is None:
            await sender.resend(receiver)
        else:
            await sender.deliver(receiver, word)
        await sender.close()
        return [alert for body in it.bodies for alert in body]


async def test_it_is_sent_again_for_as_long_as_it_stands():
    for days in (0, 1, 5, 20):
        now = AT + timedelta(days=days)
        (alert,) = await sent(state_of(), now)
        assert alert["labels"] == {
            "alertname": "FapiaoCertificateExpiring",
            "scope": "authority",
            "authority": "shandong",
            "service": "verify",
            "severity": "warning",
            "vantage": "test",
            "incident": "certificate-abababababababab",
        }
        assert datetime.fromisoformat(alert["startsAt"]) == AT
        assert datetime.fromisoformat(alert["endsAt"]) == now + timedelta(minutes=4)
        assert "CN=fpcy" in alert["annotations"]["description"]


async def test_the_first_word_of_it_and_the_later_ones_are_the_same_alert():
    state = state_of()
    said = announcement(make_plan(), list(state.certificates.values()), {"am[0]"}, AT)
    (first,) = await sent(state, AT, word=payload(said, make_plan()))
    (later,) = await sent(state, AT + timedelta(days=2))
    assert (first["labels"], first["startsAt"]) == (later["labels"], later["startsAt"])


async def test_a_run_that_sees_no_certificate_renews_none():
    unseen = TargetState(id=TARGET, last=make_result(Cause.CONNECT_TIMEOUT))
    assert len(await sent(state_of(unseen), AT)) == 1
    assert len(await sent(state_of(TargetState(id=TARGET)), AT)) == 1


@pytest.mark.parametrize(
    ("state", "plan"),
    [
        (state_of(presented("cd" * 32)), make_plan()),
        (state_of(), make_plan(make_plan().targets["captcha/beijing"])),
        (state_of(heard=frozenset({"bus[0]"})), make_plan()),
    ],
    ids=["renewed", "no longer configured", "told to another"],
)
async def test_it_is_sent_no_more(state, plan):
    assert await sent(state, AT, plan) == []


def test_a_certificate_that_was_kept_by_an_older_version_is_read():
    kept = '{"fingerprint":"ab","target":"a/b","seen_at":"2026-11-21T08:00:00Z","not_after":"2026-12-21T08:00:00Z","subject":"","told":true}'
    assert TypeAdapter(CertificateRecord).validate_json(kept).heard == frozenset()
