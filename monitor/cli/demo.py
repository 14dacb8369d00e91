"""`demo`: simulator, reference, daemon and page in one process, and a two-minute story told on the terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from monitor import log
from monitor.app import ListenError, serve
from monitor.cli.simulated import Show, say_title
from monitor.cli.texts import of_terminal
from monitor.clock import SystemClock
from monitor.config.load import load
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.model import Plan
from monitor.simulator.scenario import find
from monitor.simulator.simulator import Simulator

HEAD_START = 6.0
"""Seconds allowed for the start and the first sweep before the story's clock begins."""


@click.command()
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8036", show_default=True)
@click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    default=None,
    help="Of page and story (default: the terminal's, by $LC_ALL, $LC_MESSAGES, $LANG).",
)
@click.option("--once", is_flag=True, help="End when the story is over.")
def command(listen: str, language: str | None, once: bool) -> int:
    """Watch a story of two minutes: an outage, a disagreement, planned work, and a fault of our own.

    Everything happens on loopback: 36 stand-ins, a reference, the daemon and its page. Exits 0.
    """
    log.configure(level="error", form="console")
    try:
        asyncio.run(_play(listen, language or of_terminal(), once))
    except ListenError as problem:
        raise click.ClickException(f"{problem}; choose another with --listen") from None
    return 0


async def _play(listen: str, language: str, once: bool) -> None:
    stop, swept = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    clock = SystemClock()
    simulator = Simulator(heard=say_title)
    show = Show(simulator, find("demo"), language=language)
    with tempfile.TemporaryDirectory(prefix="fapiao-demo-") as folder:
        async with simulator, asyncio.TaskGroup() as tasks:
            plan = _plan(show, Path(folder), listen, clock.now())
            story = tasks.create_task(_tell(show, stop, swept, once))
            try:
                await serve(
                    plan,
                    registry=load_registry(),
                    knowledge=Knowledge(catalogue=load_catalogue(), words=load_words()),
                    clock=clock,
                    stop=stop,
                    listens=lambda host, port: _say_where(host, port, language),
                    swept=lambda _state: swept.set(),
                )
            finally:
                story.cancel()


def _plan(show: Show, folder: Path, listen: str, now: datetime) -> Plan:
    """What the simulator writes for itself, with its receiver, its reference and the story's planned work."""
    file = folder / "probes.yaml"
    simulator = show.simulator
    file.write_text(
        simulator.config(
            interval="4s", timeout="2s", while_down="3s", slow_after="1500ms", spacing="500ms", group_wait="2s",
            listen=listen, language=show.language, state_dir=str(folder / "state"),
            receivers={"terminal": {"webhook": f"{simulator.control_url}/hook"}}, reference=True,
            windows=show.planned(), begun=now + timedelta(seconds=HEAD_START),
        ),
        encoding="utf-8",
    )  # fmt: skip
    plan = load(file, environ=os.environ, registry=load_registry()).plan
    return replace(plan, vantage="demo", overrun_grace=5.0, notify_before=0.0)


async def _tell(show: Show, stop: asyncio.Event, swept: asyncio.Event, once: bool) -> None:
    """Play the story, counted from the first sweep. Without `once` the page stays up after it."""
    await swept.wait()
    await show.play()
    if once:
        stop.set()
    else:
        zh = show.language == "zh"
        click.echo("页面还开着，按 Ctrl-C 退出。" if zh else "The page stays up; ctrl-C ends it.")


def _say_where(host: str, port: int, language: str) -> None:
    page = f"http://{host}:{port}/"
    click.echo(f"打开 {page} 边看边听。" if language == "zh" else f"Open {page} and watch.")
    click.echo("")
