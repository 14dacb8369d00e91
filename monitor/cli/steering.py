"""`simulate --break` and `--mend`: steers a simulator that runs in another terminal, over its control API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import click

from monitor.cli.called import as_called
from monitor.cli.client import Daemon, Unanswered, change, find_daemon
from monitor.simulator.authorities import BY_ADDRESS, DPPT
from monitor.simulator.faults import FaultError, Stage, parse

CONTROL_PORT = 8037
"""Where a simulator's control API is unless that port is taken or another is asked for."""
DEFAULT_CONTROL = f"http://127.0.0.1:{CONTROL_PORT}"


BEYOND = {
    "tls": frozenset({Stage.WIRE, Stage.REPLY}),
    "tcp": frozenset({Stage.RAW, Stage.CERTIFICATE, Stage.WIRE, Stage.REPLY}),
}
"""Kind of probe → where on the way it does not look any more."""
HINTS = {
    "zh": "{place}：写出的配置只用 kind: {looks} 看它，看不到 {fault}；请弄坏 verify，或自己加一个 kind: http 的探测项",
    "en": "{place} is watched by kind: {looks} only, which does not see {fault}: break verify, or add a probe of kind: http",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be broken (`fault`) or mended (None): a slug or a group, all of its services or one."""

    slug: str
    service: str | None
    fault: str | None = None


def breakage(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> list[Wish]:
    """Reads `SLUG[/SERVICE]=FAULT`. Raises click.BadParameter."""
    wishes = []
    for value in values:
        place, _, fault = value.partition("=")
        slug, _, service = place.partition("/")
        if not slug or not fault:
            raise click.BadParameter(f"{value}: write SLUG=FAULT or SLUG/SERVICE=FAULT, e.g. shandong=hang")
        wishes.append(Wish(slug=slug, service=service or None, fault=fault))
    return wishes


def repair(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> list[Wish]:
    """Reads `SLUG[/SERVICE]`. Raises click.BadParameter."""
    wishes = []
    for value in values:
        slug, _, service = value.partition("/")
        if not slug or "=" in value:
            raise click.BadParameter(f"{value}: write SLUG or SLUG/SERVICE, e.g. shandong")
        wishes.append(Wish(slug=slug, service=service or None))
    return wishes


def unseen(wish: Wish, language: str) -> str:
    """A hint where nothing that the simulator's configuration watches can see what is to be broken; else empty."""
    try:
        fault = parse(wish.fault or "")
    except FaultError:
        return ""  # it is refused, or wishes for nothing
    stage, place = fault.kind.stage, f"{wish.slug}/{wish.service}" if wish.service else wish.slug
    looks = "tls" if wish.service == DPPT else "tcp" if wish.slug == BY_ADDRESS else ""
    if looks and stage in BEYOND[looks]:
        return HINTS[language].format(place=place, looks=looks, fault=fault.text)
    return ""


async def steer(control: str, wishes: Sequence[Wish]) -> list[str]:
    """Have them done by the simulator at `control`; a line for each that says what is so now.

    Raises Unanswered (exit 3) where no simulator answers, Declined (exit 1) with its words where a wish cannot be.
    """
    try:
        simulator = find_daemon(control)
    except click.UsageError:
        raise click.UsageError(f"--control: write an address like {DEFAULT_CONTROL}") from None
    return [await _steer(simulator, wish) for wish in wishes]


async def _steer(simulator: Daemon, wish: Wish) -> str:
    path = f"/authorities/{quote(wish.slug, safe='')}/fault"
    try:
        if wish.fault is None:
            service = f"?service={quote(wish.service, safe='')}" if wish.service else ""
            answer = await change(simulator, "DELETE", path + service)
        else:
            body = {"fault": wish.fault} | ({"service": wish.service} if wish.service else {})
            answer = await change(simulator, "PUT", path, body)
    except Unanswered:
        raise Unanswered(
            f"no simulator at {simulator.shown}. Start one with `{as_called()} simulate`, or name the control "
            "address that it printed with --control"
        ) from None
    return _now(wish, answer)


def _now(wish: Wish, answer: Any) -> str:
    """`shandong: verify hang, dppt hang`; of a group how many are broken."""
    rows = answer.get("stand_ins", [])
    if not rows:
        return f"{wish.slug}: {', '.join(answer['faults'].get(wish.slug, {}).values()) or 'healthy'}"
    if len({row["authority"] for row in rows}) > 1:
        broken = sum(1 for row in rows if row["fault"])
        return f"{wish.slug}: {broken} of {len(rows)} services broken"
    services = [f"{row['service']} {row['fault'] or 'healthy'}" for row in rows]
    return f"{wish.slug}: {', '.join(services)}"
