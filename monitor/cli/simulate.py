"""`simulate`: the fault-injecting stand-ins for all 36 authorities on loopback, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from monitor.simulator import AUTHORITIES, Simulator
from monitor.simulator.settings import HEAD, PROBES
from monitor.simulator.simulator import SCHEMES, SHAPES

HALF = tuple(authority.slug for authority in AUTHORITIES[::2])
"""The 18 that hang with --half-hanging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One --fault: what is to be broken from the start."""

    slug: str
    service: str | None
    fault: str


def _wish(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> list[Wish]:
    wishes = []
    for value in values:
        place, _, fault = value.partition("=")
        slug, _, service = place.partition("/")
        if not slug or not fault:
            raise click.BadParameter(f"{value}: write SLUG=FAULT or SLUG/SERVICE=FAULT, e.g. shandong=hang")
        wishes.append(Wish(slug=slug, service=service or None, fault=fault))
    return wishes


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
    callback=_wish,
    help="Broken from the start; may be repeated.",
)
@click.option("--half-hanging", is_flag=True, help="18 of the 36 accept and then say nothing.")
@click.option("--scenario", type=click.Path(path_type=Path), metavar="FILE", help="Not yet.")
def command(
    config_out: Path | None, port_base: int, host: str, scheme: str, shape: str, wishes: list[Wish],
    half_hanging: bool, scenario: Path | None,
) -> int:  # fmt: skip
    """Run the fault-injecting stand-ins for all 36 authorities on loopback.

    Exits 0 after SIGTERM or SIGINT.
    """
    if scenario is not None:
        raise click.UsageError("--scenario: not yet; set faults with --fault or over the control API")
    if config_out is not None:
        _check_ours(config_out)
    ca_file = config_out.absolute().with_suffix(".ca.pem") if config_out else None
    halves = [Wish(slug=slug, service=None, fault="hang_accept") for slug in HALF] if half_hanging else []
    try:
        simulator = Simulator(host=host, port_base=port_base, scheme=scheme, shape=shape, ca_file=ca_file)
        asyncio.run(_run(simulator, [*halves, *wishes], config_out))
    except ValueError as problem:  # FaultError among them
        raise click.UsageError(str(problem)) from None
    except OSError as problem:
        raise click.ClickException(f"cannot start: {problem}") from None
    return 0


def _check_ours(file: Path) -> None:
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


async def _run(simulator: Simulator, wishes: Sequence[Wish], config_out: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with simulator:
        for wish in wishes:
            simulator.set_fault(wish.slug, wish.fault, wish.service)
        if config_out is not None:
            _write(simulator, config_out)
        click.echo(_welcome(simulator, config_out))
        await stop.wait()


def _write(simulator: Simulator, config_out: Path) -> None:
    state = config_out.absolute().with_suffix(".state")
    # Patient enough for a small machine on which daemon, stand-ins and a browser share the cores.
    text = simulator.config(
        state_dir=str(state),
        interval="4s",
        timeout="2s",
        while_down="3s",
        slow_after="1200ms",
        probes=(*PROBES, "erp-sync"),
    )
    head, _, rest = text.partition("\n")
    config_out.write_text(f"{head}{_digest(rest)}\n{rest}", "utf-8")


def _broken(simulator: Simulator) -> str:
    """`none`, or what is broken; long lists are cut."""
    places = [
        f"{slug}/{service}={fault}"
        for slug, services in simulator.faults().items()
        for service, fault in services.items()
    ]
    more = f" and {len(places) - 4} more" if len(places) > 4 else ""
    return ", ".join(places[:4]) + more if places else "none"


def _welcome(simulator: Simulator, config_out: Path | None) -> str:
    control = simulator.control_url
    watch = (
        f"fapiao-monitor run -c {config_out}"
        if config_out
        else "start again with --config-out FILE to get a probes.yaml"
    )
    return f"""\
36 stand-ins, a national page and two controls are up (broken: {_broken(simulator)}).

  control    {control}/
  watch      {watch}
  break one  curl -X PUT {control}/authorities/shandong/fault -d '{{"fault": "hang"}}'
  mend it    curl -X DELETE {control}/authorities/shandong/fault
  faults     curl {control}/faults
  lag        curl -X PUT {control}/sync -d '{{"lag": 90000}}'   (the sync interface of Beijing, in seconds)
  who came   curl {control}/hits
  CA         {simulator.ca_path}

Ctrl-C ends it."""
