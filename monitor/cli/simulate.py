"""`simulate`: the fault-injecting stand-ins for all 36 authorities on loopback, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from monitor.cli.called import as_called
from monitor.cli.simulated import Show, ca_beside, check_ours, run, say_notification
from monitor.cli.steering import CONTROL_PORT, DEFAULT_CONTROL, Wish, breakage, repair, steer, unseen
from monitor.cli.texts import of_terminal
from monitor.simulator import AUTHORITIES, Simulator
from monitor.simulator.making import SCHEMES, SHAPES
from monitor.simulator.scenario import Scenario, find, read, shipped

HALF = tuple(authority.slug for authority in AUTHORITIES[::2])
"""The 18 that hang with --half-hanging."""


def _port(ctx: click.Context, param: click.Parameter, value: str) -> int:
    if value == "random":
        return 0
    if value.isascii() and value.isdecimal() and 1024 <= int(value) <= 65000:
        return int(value)
    raise click.BadParameter(f"{value}: write a port from 1024 to 65000, or random")


@click.command()
@click.option(
    "--config-out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a probes.yaml that watches the stand-ins.",
)
@click.option(
    "--port-base",
    default="random",
    show_default=True,
    metavar="N|random",
    callback=_port,
    help="Port of the control API; the stand-ins take those behind it.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option(
    "--scheme",
    type=click.Choice(SCHEMES),
    default="mixed",
    show_default=True,
    help="Of the verify services; mixed: four of them plain.",
)
@click.option(
    "--shape",
    type=click.Choice(SHAPES),
    default="mixed",
    show_default=True,
    help="Of captcha replies: until 2020, since then, or by turns.",
)
@click.option(
    "--fault",
    "wishes",
    multiple=True,
    metavar="SLUG[/SERVICE]=FAULT",
    callback=breakage,
    help="Broken from the start; may be repeated.",
)
@click.option(
    "--names/--no-names",
    default=True,
    show_default=True,
    help="Call the stand-ins by names that a name server of their own is asked for.",
)
@click.option(
    "--scenario",
    metavar="FILE|NAME",
    help="Play a scenario: a file, or one of those that --list shows.",
)
@click.option("--list", "lists", is_flag=True, help="Show the scenarios that come along, and end.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 100),
    default=1.0,
    show_default=True,
    help="Play the scenario so many times as fast.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=None,
    help="Decides everything that is random (default: the scenario's, else 0).",
)
@click.option("--half-hanging", is_flag=True, help="18 of the 36 accept and then say nothing.")
@click.option(
    "--break",
    "breaks",
    multiple=True,
    metavar="SLUG[/SERVICE]=FAULT",
    callback=breakage,
    help="Break something in the simulator that runs, and end.",
)
@click.option(
    "--mend",
    "mends",
    multiple=True,
    metavar="SLUG[/SERVICE]",
    callback=repair,
    help="Mend something in the simulator that runs, and end.",
)
@click.option(
    "--control",
    envvar="FAPIAO_SIMULATOR",
    default=DEFAULT_CONTROL,
    show_default=True,
    metavar="URL",
    help="The simulator that --break and --mend speak to.  [env: FAPIAO_SIMULATOR]",
)
@click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    default=None,
    help="Of what is said here, of the page and of the notifications that FILE asks for (default: the terminal's, by $LC_ALL, $LC_MESSAGES, $LANG).",
)
def command(
    config_out: Path | None, port_base: int, host: str, scheme: str, shape: str, wishes: list[Wish], names: bool,
    scenario: str | None, lists: bool, speed: float, seed: int | None, half_hanging: bool, breaks: list[Wish],
    mends: list[Wish], control: str, language: str | None,
) -> int:  # fmt: skip
    """Run the fault-injecting stand-ins for all 36 authorities on loopback.

    Exits 0 after SIGTERM or SIGINT. With --break or --mend it steers one that runs already, and exits 0, 1 where
    that cannot be, 3 where none answers.
    """
    chosen = language or of_terminal()
    if lists:
        _list(chosen)
        return 0
    if breaks or mends:
        for line in asyncio.run(steer(control, [*breaks, *mends])):
            click.echo(line)
        for hint in filter(None, (unseen(wish, chosen) for wish in breaks)):
            click.echo(hint, err=True)
        return 0
    if config_out is not None:
        check_ours(config_out)
    halves = [Wish(slug=slug, service=None, fault="hang_accept") for slug in HALF] if half_hanging else []
    try:
        played = _scenario(scenario)
        simulator = Simulator(
            host=host, port_base=port_base, scheme=scheme, shape=shape, names=names, ca_file=ca_beside(config_out),
            control_port=CONTROL_PORT, heard=say_notification,
            seed=seed if seed is not None else played.seed if played else 0,
        )  # fmt: skip
        show = Show(simulator, played, speed=speed, language=chosen)
        asyncio.run(run(show, [*halves, *wishes], config_out))
    except ValueError as problem:  # FaultError and ScenarioError among them
        raise click.UsageError(str(problem)) from None
    except OSError as problem:
        raise click.ClickException(f"cannot start: {problem}") from None
    return 0


def _scenario(name: str | None) -> Scenario | None:
    """Raises ScenarioError, and click.UsageError where there is no such file."""
    if name is None:
        return None
    try:
        return find(name)
    except OSError as problem:
        raise click.UsageError(f"--scenario {name}: {problem.strerror}") from None


def _list(language: str) -> None:
    texts = shipped()
    for name, text in texts.items():
        click.echo(f"{name:<{max(map(len, texts))}}  {read(text, name).about[language]}")
    click.echo(f"\nPlay one with `{as_called()} simulate --scenario NAME --config-out sim.yaml`.")
