"""`simulate`: the fault-injecting stand-ins for all 36 authorities on loopback, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from monitor.cli.steering import CONTROL_PORT, DEFAULT_CONTROL, Wish, breakage, repair, steer
from monitor.clock import SystemClock
from monitor.simulator import AUTHORITIES, Simulator
from monitor.simulator.settings import HEAD, PROBES
from monitor.simulator.simulator import SCHEMES, SHAPES

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
@click.option("--seed", type=int, default=0, show_default=True, help="Decides everything that is random.")
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
    help="Of the page and the notifications that FILE asks for (default: by $LANG).",
)
@click.option("--scenario", type=click.Path(path_type=Path), metavar="FILE", help="Not yet.")
def command(
    config_out: Path | None, port_base: int, host: str, scheme: str, shape: str, wishes: list[Wish],
    names: bool, seed: int, half_hanging: bool, breaks: list[Wish], mends: list[Wish], control: str, language: str | None, scenario: Path | None,
) -> int:  # fmt: skip
    """Run the fault-injecting stand-ins for all 36 authorities on loopback.

    Exits 0 after SIGTERM or SIGINT. With --break or --mend it steers one that runs already, and exits 0, 1 where
    that cannot be, 3 where none answers.
    """
    if breaks or mends:
        for line in asyncio.run(steer(control, [*breaks, *mends])):
            click.echo(line)
        return 0
    if scenario is not None:
        raise click.UsageError("--scenario: not yet; set faults with --fault or over the control API")
    if config_out is not None:
        _check_ours(config_out)
    ca_file = config_out.absolute().with_suffix(".ca.pem") if config_out else None
    halves = [Wish(slug=slug, service=None, fault="hang_accept") for slug in HALF] if half_hanging else []
    try:
        simulator = Simulator(
            host=host, port_base=port_base, scheme=scheme, shape=shape, ca_file=ca_file,
            control_port=CONTROL_PORT, heard=_say_notification, names=names, seed=seed,
        )  # fmt: skip
        asyncio.run(_run(simulator, [*halves, *wishes], config_out, language or spoken()))
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


async def _run(simulator: Simulator, wishes: Sequence[Wish], config_out: Path | None, language: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with simulator:
        for wish in wishes:
            assert wish.fault is not None
            simulator.set_fault(wish.slug, wish.fault, wish.service)
        if config_out is not None:
            _write(simulator, config_out, language)
        click.echo(_welcome(simulator, config_out))
        await stop.wait()


def _write(simulator: Simulator, config_out: Path, language: str) -> None:
    state = config_out.absolute().with_suffix(".state")
    # Patient enough for a small machine on which daemon, stand-ins and a browser share the cores.
    text = simulator.config(
        state_dir=str(state),
        language=language,
        interval="4s",
        timeout="2s",
        while_down="3s",
        slow_after="1200ms",
        probes=(*PROBES, "erp-sync"),
        receivers={"terminal": {"webhook": f"{simulator.control_url}/hook"}},
    )
    head, _, rest = text.partition("\n")
    config_out.write_text(f"{head}{_digest(rest)}\n{rest}", "utf-8")


def spoken() -> str:
    """`zh` where the environment speaks Chinese, else `en`."""
    return "zh" if os.environ.get("LANG", "").startswith("zh") else "en"


def _say_notification(message: Mapping[str, Any]) -> None:
    """What the daemon told the stand-in for a receiver, as a person would get it."""
    title, text = (str(message.get(key) or "") for key in ("title", "text"))
    good = str(message.get("event")).endswith(("resolved", "ended", "restored", "recovered"))
    now = SystemClock().now().astimezone().strftime("%H:%M:%S")
    click.echo(f"{now}  {click.style(f'✉ {_printable(title)}', fg='green' if good else 'yellow')}")
    for line in text.splitlines():
        click.echo(f"            {_printable(line)}")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


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
    at = "" if control == DEFAULT_CONTROL else f" --control {control}"
    return f"""\
36 stand-ins, a national page and two controls are up (broken: {_broken(simulator)}).

  control    {control}/
  watch      {watch}
  break one  fapiao-monitor simulate --break shandong=hang{at}
  mend it    fapiao-monitor simulate --mend shandong{at}
  faults     curl {control}/faults
  lag        curl -X PUT {control}/sync -d '{{"lag": 90000}}'   (the sync interface of Beijing, in seconds)
  who came   curl {control}/hits
  CA         {simulator.ca_path}

What the daemon tells its receiver `terminal` appears below (✉). Ctrl-C ends it."""
