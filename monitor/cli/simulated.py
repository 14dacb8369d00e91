"""A simulator on a terminal: writes the probes.yaml that watches it, plays its scenario, says what happens."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from monitor.cli.steering import Wish, unseen
from monitor.cli.welcome import welcome
from monitor.clock import SystemClock
from monitor.simulator import Simulator
from monitor.simulator.director import Director
from monitor.simulator.scenario import PlannedWork, Scenario, Words
from monitor.simulator.settings import HEAD, PROBES, ZONE

MAX_LINES = 14
"""Of a notification on the terminal."""


class Show:
    """A simulator, what is played on it, and in which language that is said."""

    def __init__(
        self, simulator: Simulator, scenario: Scenario | None, *, speed: float = 1.0, language: str = "en"
    ) -> None:
        """Raises FaultError for a step that cannot be played on this simulator."""
        self.simulator = simulator
        self.language = language
        self._speed = speed
        self._scenario = scenario
        self._director = (
            None if scenario is None else Director(simulator, scenario, speed=speed, say=self._say)
        )

    async def play(self) -> None:
        """The scenario, from now on; nothing without one."""
        if self._director is not None:
            await self._director.play()

    def planned(self) -> list[tuple[str, PlannedWork]]:
        """The scenario's windows with their names, in real seconds from its beginning."""
        windows = self._scenario.windows if self._scenario else ()
        return [
            (
                work.name[self.language],
                replace(work, begins=work.begins / self._speed, ends=work.ends / self._speed),
            )
            for work in windows
        ]

    def _say(self, words: Words) -> None:
        say("▶", words[self.language], fg="cyan")


async def run(show: Show, wishes: Sequence[Wish], config_out: Path | None) -> None:
    """Start, break what is wished for, write the configuration, play, and go on until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with show.simulator as simulator:
        for wish in wishes:
            assert wish.fault is not None
            simulator.set_fault(wish.slug, wish.fault, wish.service)
        if config_out is not None:
            _write(show, config_out)
        click.echo(welcome(simulator, config_out, show.language))
        for hint in filter(None, (unseen(wish, show.language) for wish in wishes)):
            say("!", hint, fg="yellow")
        async with asyncio.TaskGroup() as tasks:
            playing = tasks.create_task(show.play())
            await stop.wait()
            playing.cancel()


# --- the configuration -----------------------------------------------------------------------------------------------


def check_ours(file: Path) -> None:
    """Refuse to write over a probes.yaml that somebody made by hand, or changed since it was written."""
    if not file.exists():
        return
    head, _, rest = file.read_text("utf-8", errors="replace").partition("\n")
    if not head.startswith(HEAD):
        raise click.UsageError(
            f"--config-out: {file} exists and was not written by simulate; it is left alone"
        )
    if not head.endswith(_digest(rest)):
        raise click.UsageError(
            f"--config-out: {file} was changed since simulate wrote it; it is left alone. Keep what you changed "
            "and remove the file (its ports and CA are of the last start), or name another one"
        )


def _digest(text: str) -> str:
    """What stands at the end of the first line, made of the others."""
    return f" sha256:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def ca_beside(config_out: Path | None) -> Path | None:
    """Where the CA is written that the configuration names."""
    return config_out.absolute().with_suffix(".ca.pem") if config_out else None


def _write(show: Show, config_out: Path) -> None:
    # Patient enough for a small machine on which daemon, stand-ins and a browser share the cores.
    text = show.simulator.config(
        state_dir=str(config_out.absolute().with_suffix(".state")),
        language=show.language,
        interval="4s",
        timeout="3s",
        while_down="3s",
        slow_after="2s",
        probes=(*PROBES, "erp-sync"),
        receivers={"terminal": {"webhook": f"{show.simulator.control_url}/hook"}},
        reference=True,
        windows=show.planned(),
        begun=SystemClock().now(),
    )
    head, _, rest = text.partition("\n")
    config_out.write_text(f"{head}{_digest(rest)}\n{rest}", "utf-8")


# --- what is said ----------------------------------------------------------------------------------------------------


def say(sign: str, text: str, *, fg: str) -> None:
    """One line with the time, by the clock that the configuration of a simulator names: that of the texts."""
    now = SystemClock().now().astimezone(ZONE).strftime("%H:%M:%S")
    click.echo(f"{now}  {click.style(f'{sign} {_printable(text)}', fg=fg)}")


def say_title(message: Mapping[str, Any]) -> None:
    """The title of what the daemon told its receiver."""
    good = str(message.get("event")).endswith(("resolved", "ended", "restored", "recovered"))
    say("✉", str(message.get("title") or ""), fg="green" if good else "yellow")


def say_notification(message: Mapping[str, Any]) -> None:
    """All of it, as a person would get it; long lists are cut."""
    say_title(message)
    lines = str(message.get("text") or "").splitlines()
    for line in lines[:MAX_LINES]:
        click.echo(f"            {_printable(line)}")
    if len(lines) > MAX_LINES:
        click.echo(f"            … {len(lines) - MAX_LINES} more")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
