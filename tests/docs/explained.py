"""Writes docs/explain.md: what `probe --explain` says to typical faults, each really broken in the simulator.

.venv/bin/python -m tests.docs.explained
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from monitor.cli.explain_words import texts
from monitor.cli.probe import command
from monitor.notify.words import words
from monitor.simulator import Simulator
from tests.docs.markdown import ROOT

DOCUMENT = Path("docs/explain.md")
WIDTH = "100"
LOG = {"log_level": "error", "log_format": "console"}
INTRODUCTION = """\
# Is it me?

`fapiao-monitor probe TARGET --explain` looks once, now, and says what it saw: what was tried, where it stopped, whose it most likely is,
what finance and engineers do, when to try again. It needs neither a daemon nor a configuration. Where something is wrong it looks closer
(each name server, each address, the routers on the way) and, beside it, at the controls and at three other authorities, all within
`limits`; it asks the references of the configuration, one named by `--reference URL`, and a daemon that runs here (`--url`). What cannot be told is
said so. The same as JSON: `--json`, under `explanation`, see [command line](command-line.md#probe).

A few looks are no count: how many of all fail is asked of a daemon, or said to be unknown. An address at which no authority is watched is
nobody's here. A log is followed by a daemon alone, so that one look at it cannot tell.

These answers are real: each fault is broken in the [simulator](simulator.md) and the command is run, in the language of its
configuration. `python -m tests.docs.explained` writes this page; a test holds every word of it, apart from numbers, to what the program says.

To see them yourself: `simulate --config-out probes.yaml` writes the configuration. These here were asked without its `reference`, with a
`timeout` of 2 s, and with one control more, by which the simulator's second name server is known too (ports of `--port-base 8037`):
`{name: second-resolver, kind: tls, role: control, host: page.internet.test, port: 8111, resolver: ["127.0.0.1:8115"]}`. Without it only one
name server is asked, and what that one alone says of a name is told as undetermined. `URL` is `http://127.0.0.1:8037/reference`, which
`PUT` tells what to say.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault, and who is asked about it."""

    title: str
    broken: Mapping[str, str]
    """`shandong/verify` → the fault of the simulator."""
    language: str
    what: str = "captcha/shandong"
    reference: Mapping[str, str] | None = None
    """What another monitor says; None: none is asked."""

    @property
    def line(self) -> str:
        """What is typed."""
        return f"fapiao-monitor probe {self.what} --explain" + (
            " --reference URL" if self.reference is not None else ""
        )


CASES = (
    Case(title="A gate without anybody at the counter", broken={"shandong/verify": "hang"}, language="zh"),
    Case(title="The service is not running", broken={"shandong/verify": "refuse"}, language="en", what="shandong"),
    Case(title="A certificate that has expired", broken={"shandong/verify": "expired"}, language="zh"),
    Case(title="A reset in the handshake", broken={"shandong/verify": "reset_tls"}, language="zh"),
    Case(title="A reset after the request: the same cause, another story", broken={"shandong/verify": "reset_request"}, language="en"),
    Case(title="A name that does not exist", broken={"shandong/verify": "nxdomain"}, language="en"),
    Case(title="A name server of ours that lies: the same cause, another story", broken={"resolver": "nxdomain"}, language="zh"),
    Case(title="An overloaded platform", broken={"shandong/verify": "004"}, language="zh"),
    Case(title="Shut out for a day", broken={"shandong/verify": "020"}, language="en"),
    Case(title="A page that announces maintenance", broken={"shandong/verify": "maintenance"}, language="zh"),
    Case(title="Our own network", broken={"all": "refuse", "local": "refuse"}, language="en"),
    Case(
        title="It works for others",
        broken={"shandong/verify": "hang"},
        language="en",
        reference={"shandong": "ok"},
    ),
    Case(title="All is well", broken={}, language="zh"),
)  # fmt: skip


@contextlib.asynccontextmanager
async def simulated(folder: Path) -> AsyncIterator[Simulator]:
    """All stand-ins, by names."""
    async with Simulator(scheme="https", shape="key1", names=True, ca_file=folder / "ca.pem") as sim:
        yield sim


async def answer(sim: Simulator, case: Case, folder: Path) -> str:
    """What is printed."""
    sim.clear_fault()
    for where, fault in case.broken.items():
        slug, _, service = where.partition("/")
        sim.set_fault(slug, fault, service or None)
    file = folder / "probes.yaml"
    file.write_text(_configuration(sim, case.language), encoding="utf-8")
    words_typed = [case.what, "-c", str(file), "--explain"]
    if case.reference is not None:
        sim.elsewhere.see(dict.fromkeys(sim.slugs) | dict(case.reference))
        words_typed += ["--reference", f"{sim.control_url}/reference"]
    with _environment(COLUMNS=WIDTH):
        result = await asyncio.to_thread(
            CliRunner().invoke, command, words_typed, obj=LOG, standalone_mode=False
        )
    if result.exception is not None:
        raise result.exception
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


def _configuration(sim: Simulator, language: str) -> str:
    """The simulator's own, with a control that is resolved by the second name server: then its word is known too."""
    text: str = sim.config(timeout="2s", interval="60s", language=language)
    other = sim.endpoints("internet")[0]
    second = f'  - {{name: second-resolver, kind: tls, role: control, host: {other.host}, port: {other.port}, resolver: ["{sim.names.addresses[1]}"]}}\n'
    return text.replace("judgement:\n", f"{second}judgement:\n", 1)


@contextlib.contextmanager
def _environment(**settings: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def document(answers: Mapping[str, str]) -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for number, case in enumerate(CASES, 1):
        broken = ", ".join(f"`{where}` = `{fault}`" for where, fault in case.broken.items()) or "nothing"
        parts.append(
            f"## {number}. {case.title}\n\nBroken in the simulator: {broken}.\n\n"
            f"```console\n$ {case.line}\n{answers[case.title]}\n```\n"
        )
    return "\n".join(parts)


def essence(text: str, language: str) -> str:
    """What of an answer must stay: no numbers, no line breaks, no bars; nothing that depends on the day or on how busy we are."""
    bare = re.sub(r"\s|━", "", text)
    bare = re.sub(r"\d+(\.\d+)*", "0", bare)
    for template, stands_for in _changing(language):
        pattern = re.sub(r"\\\{[^}]*\\\}", ".*?", re.escape(re.sub(r"\s", "", template)))
        bare = re.sub(re.sub(r"\d+", "0", pattern), stands_for, bare)
    return bare


def _changing(language: str) -> Iterator[tuple[str, str]]:
    said = texts(language)
    yield said["busy_us"], "<ourselves>"
    yield said["late_us"], "<ourselves>"
    yield said["not_us"], "<ourselves>"
    yield said["again"]["peak"], "<again>"
    yield said["again"]["later"], "<again>"
    yield f"- {words(language).facts['filing_deadline'].replace('{value}', '0-0-0')}", ""


async def main() -> None:
    """Run all and write the page."""
    with tempfile.TemporaryDirectory() as name:
        async with simulated(Path(name)) as sim:
            answers = {case.title: await answer(sim, case, Path(name)) for case in CASES}
    (ROOT / DOCUMENT).write_text(document(answers), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT}\n")


if __name__ == "__main__":
    asyncio.run(main())
