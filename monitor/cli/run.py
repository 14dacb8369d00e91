"""`run`: the daemon in the foreground, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import structlog

from monitor import log
from monitor.app import ListenError, serve
from monitor.clock import Clock, SystemClock
from monitor.config.certificate import UnfitCertificateError
from monitor.config.load import ConfigError, Loaded, load
from monitor.core.classify import Knowledge
from monitor.core.state import State
from monitor.core.status import status_rows
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.model import Authority, Plan, as_json
from monitor.store.errors import StateRefused
from monitor.systemd import ServiceManager

GARBAGE = 2_500
"""Objects made, net, before the youngest are searched for cycles. Python's own 700, with everything searched, cost a run a
sixth of its CPU time (measured with 1,000 targets); 10,000 costs 4 MB and saves nothing more."""
FILES = 16_384
"""File descriptors asked for: every probe in flight, client and receiver takes one."""


@click.command()
@click.option(
    "-c",
    "--config",
    "file",
    envvar="FAPIAO_CONFIG",
    default="probes.yaml",
    show_default=True,
    type=click.Path(path_type=Path),
)
@click.option(
    "--listen", metavar="HOST:PORT", help="Where to serve the page and /metrics, in place of server.listen."
)
@click.pass_context
def command(ctx: click.Context, file: Path, listen: str | None) -> int:
    """Run the daemon.

    Exits 0 after SIGTERM or SIGINT, 2 when the configuration is wrong.
    """
    log.configure(level=ctx.obj["log_level"], form=ctx.obj["log_format"])
    registry = load_registry()
    address = None if listen is None else _address(listen)

    def read() -> Loaded:
        """The configuration as it stands in the file now. Raises ConfigError."""
        loaded = load(file, environ=os.environ, registry=registry)
        log.REDACTION.add(loaded.secrets)
        return loaded if address is None else replace(loaded, plan=replace(loaded.plan, listen=address))

    try:
        loaded = read()
    except ConfigError as problem:
        click.echo(str(problem), err=True)
        return 2
    for note in loaded.notes:
        structlog.get_logger().info("config.note", note=note)
    return _run(loaded.plan, lambda: read().plan, registry)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f'--listen {text}: write HOST:PORT, for example "127.0.0.1:8036"')
    return host.strip("[]"), int(port)


def _run(plan: Plan, reread: Callable[[], Plan], registry: Mapping[str, Authority]) -> int:
    """Run the event loop until a signal says stop."""
    faulthandler.enable()  # a watchdog ends us by SIGABRT: the journal then shows what every thread was doing
    try:
        asyncio.run(_serve(plan, reread, registry))
    except ListenError as problem:
        raise click.ClickException(f"{problem}; choose another with --listen") from None
    except (StateRefused, UnfitCertificateError) as problem:
        raise click.ClickException(str(problem)) from None
    return 0


async def _serve(plan: Plan, reread: Callable[[], Plan], registry: Mapping[str, Authority]) -> None:
    _raise_file_limit()
    _spare_searches()
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    clock = SystemClock()
    await serve(
        plan,
        registry=registry,
        knowledge=Knowledge(catalogue=load_catalogue(), words=load_words()),
        clock=clock,
        stop=stop,
        again=again,
        reread=reread,
        listens=partial(_say_where, "http" if plan.tls is None else "https"),
        swept=lambda state: _draw(plan, state, clock),
        manager=ServiceManager(os.environ, os.getpid()),
    )


def _raise_file_limit() -> None:
    """Let probes and receivers have the file descriptors that the system grants when asked: 1,024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _spare_searches() -> None:
    """Search for garbage less often, and never in what was imported and configured: that stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 10, 10)


def _say_where(scheme: str, host: str, port: int) -> None:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    shown = f"[{shown}]" if ":" in shown else shown
    page = f"{scheme}://{shown}:{port}/"
    structlog.get_logger().info("daemon.listens", page=page, metrics=f"{page}metrics")


def _draw(plan: Plan, state: State, clock: Clock) -> None:
    """On a terminal: the matrix once, as soon as everything has been looked at. A log has its own line for it."""
    if not sys.stderr.isatty():
        return
    from monitor.cli.drawing import make_console
    from monitor.cli.matrix import draw_status

    console = make_console(sys.stderr)
    status = as_json(status_rows(plan, state, clock.now()))
    console.print(draw_status(status, (), console.width))
