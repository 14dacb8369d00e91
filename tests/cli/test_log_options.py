"""The options about logs: before the command or after it, for every command."""

from __future__ import annotations

import click
import pytest

from monitor.cli import COMMANDS, group


def heard(before: str, path: str, after: str) -> dict[str, str]:
    """What the options say once every word is read; nothing is run."""
    first, *further = path.split()
    root = group.make_context("fapiao-monitor", [*before.split(), first])
    settings = {name: root.params[name] for name in ("log_level", "log_format")}
    command = group.get_command(root, first)
    for name in further:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert command is not None
    command.make_context(path, after.split(), obj=settings)
    return settings


@pytest.mark.parametrize(
    ("before", "path", "after", "level", "form"),
    [
        ("", "run", "", "info", "console"),
        ("--log-level debug", "run", "", "debug", "console"),
        ("", "run", "--log-level debug --log-format json", "debug", "json"),
        ("--log-level debug --log-format json", "run", "--log-level error", "error", "json"),
        ("", "notice list", "--log-format json", "info", "json"),
        ("", "silence", "--log-level debug list", "debug", "console"),
    ],
)
def test_they_may_stand_before_and_after_the_command(
    before: str, path: str, after: str, level: str, form: str
) -> None:
    assert heard(before, path, after) == {"log_level": level, "log_format": form}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_them_once_however_often_it_is_looked_up(name: str) -> None:
    context = click.Context(group)
    for _ in range(2):
        command = group.get_command(context, name)
        assert command is not None
        options = [option for parameter in command.params for option in parameter.opts]
        assert (options.count("--log-level"), options.count("--log-format")) == (1, 1)
