"""A probe of kind `sync` as it is written, and the target that it becomes."""

from __future__ import annotations

import pytest

from monitor.config.load import ConfigError
from monitor.model import Target
from tests.config.conftest import HEAD, ReadText

SECRET = "Zq9-hunter-22"
REQUEST = 'request: {url: "http://h/"}'


def one(read_text: ReadText, written: str, **environ: str) -> Target:
    """The target of a sync probe for Beijing with these further keys."""
    text = f"{HEAD}  - {{name: erp, kind: sync, authority: beijing, {written}}}\n"
    [target] = read_text(text, environ).plan.targets.values()
    return target


def request(read_text: ReadText, written: str, **environ: str) -> Target:
    return one(read_text, f'codes: nuonuo, request: {{url: "https://erp.example/api", {written}}}', **environ)


def refused(read_text: ReadText, written: str, **environ: str) -> list[str]:
    """`path: found; meant` of every mistake."""
    with pytest.raises(ConfigError) as caught:
        one(read_text, written, **environ)
    return [str(mistake).split(": ", 1)[1] for mistake in caught.value.mistakes]
