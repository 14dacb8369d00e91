"""`notify --test`: a marked test notification through the real receivers, and what each of them answered."""

from __future__ import annotations

import asyncio
import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from monitor import log
from monitor.cli.configuration import DEFAULT_FILE, config_option
from monitor.clock import Clock, SystemClock
from monitor.config.load import ConfigError, Loaded, load
from monitor.knowledge import load_registry
from monitor.model import EventName, Notification, Plan, Receiver, Scope, Severity, rfc3339
from monitor.notify import deliverers
from monitor.notify.delivery import Deliverer, DeliveryError
from monitor.notify.payload import payload

DEADLINE = 15.0
"""Seconds a receiver has to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of telling one receiver URL."""

    receiver: str
    sent: bool
    said: str
    seconds: float


@click.command()
@click.option(
    "--test",
    "name",
    metavar="RECEIVER",
    required=True,
    help="A receiver of the configuration (`oncall`: all its URLs), or one of its URLs (`oncall[0]`).",
)
@config_option()
@click.pass_context
def command(ctx: click.Context, name: str, file: Path | None) -> int:
    """Send a marked test notification through one receiver and show what it answered.

    Needs no running daemon. Exits 0 when every URL took it, 1 when one did not, 2 when there is no such receiver.
    """
    log.configure(level=ctx.obj["log_level"], form=ctx.obj["log_format"])
    loaded = _loaded(file or DEFAULT_FILE)
    log.REDACTION.add(loaded.secrets)
    chosen = _chosen(loaded.plan.receivers, name)
    if sys.stderr.isatty():
        click.echo(f"telling {', '.join(one.id for one in chosen)} …", err=True)
    answers = asyncio.run(tell(chosen, loaded.plan, SystemClock()))
    width = max(len(answer.receiver) for answer in answers)
    for answer in answers:
        mark = "ok    " if answer.sent else "FAILED"
        said = log.REDACTION.hide(answer.said)
        click.echo(f"{answer.receiver:{width}}  {mark}  {said}  ({answer.seconds:.2f} s)")
    return 0 if all(answer.sent for answer in answers) else 1


def _loaded(path: Path) -> Loaded:
    try:
        return load(path, environ=os.environ, registry=load_registry())
    except ConfigError as problem:
        raise click.UsageError(str(problem)) from None


def _chosen(receivers: Sequence[Receiver], name: str) -> list[Receiver]:
    """The receiver URLs that a name stands for. Raises a usage error with what there is."""
    chosen = [one for one in receivers if name in (one.name, one.id)]
    if chosen:
        return chosen
    known = sorted({one.name for one in receivers})
    meant = difflib.get_close_matches(name, [*known, *(one.id for one in receivers)], n=1)
    hint = f'; did you mean "{meant[0]}"?' if meant else f"; configured: {', '.join(known) or 'none'}"
    raise click.UsageError(f'no receiver "{name}"{hint}')


async def tell(receivers: Sequence[Receiver], plan: Plan, clock: Clock) -> list[Answer]:
    """Tell these receivers at once; one answer each, in their order."""
    test = _notification(receivers, clock)
    kinds = deliverers()
    try:
        async with asyncio.TaskGroup() as group:
            told = payload(test, plan)
            tasks = [group.create_task(_tell(kinds[one.kind], one, told, clock)) for one in receivers]
    finally:
        for deliverer in kinds.values():
            await deliverer.close()
    return [task.result() for task in tasks]


def _notification(receivers: Sequence[Receiver], clock: Clock) -> Notification:
    at = clock.now()
    return Notification(
        key=f"test-{rfc3339(at)}/1/test",
        event=EventName.TEST,
        at=at,
        severity=Severity.INFO,
        scope=Scope.DAEMON,
        incidents=(),
        to=tuple(one.id for one in receivers),
    )


async def _tell(deliverer: Deliverer, receiver: Receiver, told: Mapping[str, Any], clock: Clock) -> Answer:
    began = clock.monotonic()
    try:
        async with asyncio.timeout(DEADLINE):
            sent, said = True, await deliverer.deliver(receiver, told)
    except TimeoutError:
        sent, said = False, "no answer in time"
    except DeliveryError as problem:
        sent, said = False, ": ".join(part for part in (problem.reason, problem.answer) if part)
    return Answer(receiver=receiver.id, sent=sent, said=said, seconds=clock.monotonic() - began)
