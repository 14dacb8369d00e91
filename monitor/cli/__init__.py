"""The command line: one file per command, imported only when it is called, so that each starts fast."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from types import ModuleType
from typing import NoReturn

import click

from monitor import __version__

COMMANDS = {
    "run": "Run the daemon.",
    "check": "Check a configuration and show every mistake at once.",
    "init": "Write a commented probes.yaml.",
    "probe": "Look at a target, an authority or a URL once, now.",
    "status": "Show the matrix of all authorities from a running daemon.",
    "incidents": "Show the open incidents of a running daemon.",
    "ack": "Take an incident: no more reminders until it is over or gets worse.",
    "silence": "Add, list and end silences at a running daemon.",
    "windows": "Show the maintenance windows that are open or begin soon.",
    "window": "Add a maintenance window by hand, or end one early.",
    "notice": "Read a Chinese maintenance notice into windows.",
    "report": "Report on availability and incidents, from the history of a running daemon.",
    "drill": "Play an outage, marked, through the real receivers; see who is told.",
    "which": "Find the authority that holds an invoice.",
    "authorities": "Show the registry of the 36 authorities.",
    "codes": "Show the catalogue of error codes.",
    "notify": "Send a marked test notification through one receiver.",
    "simulate": "Run the fault-injecting stand-ins for all 36 authorities on loopback.",
    "demo": "Watch a story of two minutes: simulator, reference, daemon and page.",
}

USAGE_EXIT = {"probe": 3}
"""Commands whose usage errors do not exit 2 because 2 means something else there."""


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What writing to standard output ends with where it is a file on a full disk, or /dev/full."""


LOG_OPTIONS = {"log_level": ["debug", "info", "warning", "error"], "log_format": ["console", "json"]}
"""Options about logs and what they take. They may stand before the command or after it; of both the second counts."""
LOG_DEFAULTS = {"log_level": "info", "log_format": "console"}


class LazyGroup(click.Group):
    """A group whose commands live in modules of the same name, loaded on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return its `command`."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = _import(f"monitor.cli.{cmd_name}").command
        return _with_log_options(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _with_log_options(command: click.Command) -> click.Command:
    """The command, which takes the options about logs itself now, as do the commands below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    for one in (command, *below):
        known = {parameter.name for parameter in one.params}
        one.params += [_log_option(name) for name in LOG_OPTIONS if name not in known]
    return command


def _log_option(name: str) -> click.Option:
    return click.Option(
        [f"--{name.replace('_', '-')}"],
        type=click.Choice(LOG_OPTIONS[name]),
        expose_value=False,
        callback=_keep_log_option,
        help=f"As it may stand before the command.  [default: {LOG_DEFAULTS[name]}]",
    )


def _keep_log_option(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.obj[parameter.name] = value


def _import(name: str) -> ModuleType:
    """Import without the garbage collector: what modules are made of stays, and to look through it takes a tenth of the time."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.enable()


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fapiao-monitor")
@click.option(
    "--log-level",
    type=click.Choice(LOG_OPTIONS["log_level"]),
    default=LOG_DEFAULTS["log_level"],
    show_default=True,
)
@click.option(
    "--log-format",
    type=click.Choice(LOG_OPTIONS["log_format"]),
    default=LOG_DEFAULTS["log_format"],
    show_default=True,
)
@click.pass_context
def group(ctx: click.Context, log_level: str, log_format: str) -> None:
    """Watch China's 36 provincial invoice-verification endpoints; say why one fails and whose fault it is."""
    ctx.obj = {"log_level": log_level, "log_format": log_format}


def main() -> None:
    """Run the command line. Usage errors exit 2 (`probe`: 3), output that cannot be written 3, an interrupt 130."""
    named = next((word for word in sys.argv[1:] if word in COMMANDS), "")
    try:
        code = group.main(standalone_mode=False)
    except click.UsageError as problem:
        problem.show()
        sys.exit(USAGE_EXIT.get(named, 2))
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except OSError as problem:
        if problem.errno not in NO_ROOM or problem.filename is not None:
            raise
        _give_up_output(problem)
    sys.exit(code if isinstance(code, int) else 0)


def _give_up_output(problem: OSError) -> NoReturn:
    """Say that standard output takes nothing, and keep the interpreter from trying again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(f"Error: cannot write the output: {problem.strerror}", err=True)
    sys.exit(3)
