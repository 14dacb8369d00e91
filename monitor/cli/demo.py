"""`demo`: simulator, reference, daemon and page in one process, and a two-minute story told on the terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from aiohttp import web

from monitor import log
from monitor.app import ListenError, serve
from monitor.clock import Clock, SystemClock
from monitor.config.load import load
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_registry, load_words
from monitor.model import MaintenanceRule, Plan, ReferenceSource, rfc3339
from monitor.simulator.simulator import Simulator
from monitor.simulator.story import CONTROLS, PLANNED, STORY, WINDOW_FROM, WINDOW_TO, Step

HEAD_START = 6.0
"""Seconds allowed for the start and the first sweep before the story's clock begins."""


@click.command()
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8036", show_default=True)
@click.option(
    "--language", type=click.Choice(["zh", "en"]), default=None, help="Of page and story (default: by $LANG)."
)
@click.option("--once", is_flag=True, help="End when the story is over.")
def command(listen: str, language: str | None, once: bool) -> int:
    """Watch a story of two minutes: an outage, a disagreement, planned work, and a fault of our own.

    Everything happens on loopback: 36 stand-ins, a reference, the daemon and its page. Exits 0.
    """
    log.configure(level="error", form="console")
    spoken = language or ("zh" if os.environ.get("LANG", "").startswith("zh") else "en")
    try:
        asyncio.run(_play(listen, spoken, once))
    except ListenError as problem:
        raise click.ClickException(f"{problem}; choose another with --listen") from None
    return 0


async def _play(listen: str, language: str, once: bool) -> None:
    stop, swept = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="fapiao-demo-") as folder:
        async with Simulator(names=True) as sim:
            stage = Stage(sim, clock, language)
            async with stage:
                plan = _plan(sim, stage, Path(folder), listen, language, clock.now())
                story = loop.create_task(_tell(stage, stop, swept, once))
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
                    await asyncio.wait([story])


def _plan(sim: Simulator, stage: Stage, folder: Path, listen: str, language: str, now: datetime) -> Plan:
    """What the simulator writes for itself, with a receiver, a reference and a window of planned work."""
    file = folder / "probes.yaml"
    file.write_text(
        sim.config(
            interval="4s", timeout="2s", while_down="3s", slow_after="1500ms", spacing="500ms", group_wait="2s",
            listen=listen, language=language, state_dir=str(folder / "state"),
            receivers={"terminal": {"webhook": f"{stage.url}/hook"}},
        ),
        encoding="utf-8",
    )  # fmt: skip
    plan = load(file, environ=os.environ, registry=load_registry()).plan
    begun = now + timedelta(seconds=HEAD_START)
    upgrade = MaintenanceRule(
        name="系统升级" if language == "zh" else "upgrade",
        authorities=(PLANNED,),
        start=begun + timedelta(seconds=WINDOW_FROM - 2),
        end=begun + timedelta(seconds=WINDOW_TO),
    )
    reference = ReferenceSource(name="hq", url=f"{stage.url}/reference", interval=3.0, stale_after=60.0)
    return replace(
        plan,
        vantage="demo",
        references=(reference,),
        maintenance=(upgrade,),
        overrun_grace=5.0,
        notify_before=0.0,
    )


class Stage:
    """What the story plays on: the provinces, a reference that sees them from elsewhere, and a receiver."""

    def __init__(self, sim: Simulator, clock: Clock, language: str) -> None:
        self.url = ""
        self._sim = sim
        self._clock = clock
        self._language = language
        self._sees = dict.fromkeys(sim.slugs, "ok")
        app = web.Application()
        app.router.add_post("/hook", self._hear)
        app.router.add_get("/reference", self._refer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)

    async def __aenter__(self) -> Stage:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def play(self, step: Step) -> None:
        """Let one moment of the story happen, and say it."""
        for name, fault in step.faults.items():
            for slug in (*self._sim.slugs, "national", *CONTROLS) if name == "*" else (name,):
                if fault is None:
                    self._sim.clear_fault(slug)
                else:
                    self._sim.set_fault(slug, fault)
        self._sees.update(step.reference)
        self._say("▶", step.zh if self._language == "zh" else step.en, fg="cyan")

    async def _hear(self, request: web.Request) -> web.Response:
        message: Mapping[str, Any] = await request.json()
        ended = message["event"].endswith(("resolved", "ended", "restored"))
        self._say("✉", message["title"], fg="green" if ended else "yellow")
        return web.Response(text="ok")

    async def _refer(self, _request: web.Request) -> web.Response:
        now = rfc3339(self._clock.now())
        rows = {
            slug: {"outcome": outcome, "cause": None, "since": None, "checked_at": now}
            for slug, outcome in self._sees.items()
        }
        return web.json_response(
            {
                "format": "fapiao-reference/1",
                "source": "hq",
                "vantage": "elsewhere",
                "generated_at": now,
                "local_fault": False,
                "authorities": rows,
            }
        )

    def _say(self, sign: str, text: str, *, fg: str) -> None:
        clock = self._clock.now().astimezone().strftime("%H:%M:%S")
        click.echo(f"{clock}  {click.style(f'{sign} {text}', fg=fg)}")


async def _tell(stage: Stage, stop: asyncio.Event, swept: asyncio.Event, once: bool) -> None:
    """Play every step at its time, counted from the first sweep."""
    await swept.wait()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for step in STORY:
        await asyncio.sleep(max(0.0, begun + step.at - loop.time()))
        stage.play(step)
    if once:
        stop.set()


def _say_where(host: str, port: int, language: str) -> None:
    page = f"http://{host}:{port}/"
    click.echo(f"打开 {page} 边看边听。" if language == "zh" else f"Open {page} and watch.")
    click.echo("")
