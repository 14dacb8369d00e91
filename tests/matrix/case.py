"""What one line of the table is made of: how somebody looks, what is there, and what has to come out.

`looks` makes a target; `There` sets up real servers on loopback and says where they are. Nothing between the two is patched:
the run goes through `probes.run`, with the client of the daemon.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_words
from monitor.model import Cause, Flag, Outcome, Phase, Repeat, Result, Target, TlsOptions, TlsProfile, Verify
from monitor.net import Net
from monitor.probes import run
from tests.matrix.certificates import Authority

KNOWN = Knowledge(catalogue=load_catalogue(), words=load_words())
DEADLINE = 0.3
"""Seconds of a run that has to end as a timeout."""
PATIENT = 20.0
"""Seconds of any other run: none of them may depend on how busy this machine is."""
_CAUSES = {str(cause): cause for cause in Cause}
ONCE = Repeat(attempts=1, spacing=1.0)
_numbers = count(1)
"""What is remembered from run to run is remembered by target: each case has one of its own."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all cases of a session share: who signs certificates, and the programs that run beside."""

    ca: Authority
    net: Net
    """The one client: a client of its own for each line would read the roots of this machine each time."""
    ports: dict[str, int] = field(default_factory=dict)
    """Where nginx answers in which way, and the name server of Debian."""


Where = dict[str, Any]
"""What of a target says where to look: `host`, `port`, `resolver`, `proxies`, `path` …

`meanwhile`: what happens between a first look, which does not count, and the one that does.
"""
There = Callable[[Surroundings], AbstractAsyncContextManager[Where]]
Look = Callable[[Surroundings, Where], Target]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How a run has to end."""

    outcome: Outcome
    cause: Cause
    phases: frozenset[Phase | None]
    flags: frozenset[Flag]
    code: str | None


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    look: Look
    there: There
    comes_out: str

    @property
    def expected(self) -> Expected:
        """`error tls_expired tls`, `ok +slow`, `error blocked processing =020`, in values."""
        words = self.comes_out.split()
        plain = [word for word in words if word[0] not in "+="]
        outcome, cause, where = plain if len(plain) == 3 else (*plain, "none", "")
        return Expected(
            outcome=Outcome(outcome),
            cause=_CAUSES[cause],
            phases=frozenset(Phase(phase) for phase in where.split("|")) if where else frozenset({None}),
            flags=frozenset(Flag(word[1:]) for word in words if word[0] == "+"),
            code=next((word[1:] for word in words if word[0] == "="), None),
        )


def looks(
    kind: str,
    scheme: str = "http",
    *,
    verify: str = "true",
    profile: str = "modern",
    ca: str = "",
    **more: Any,
) -> Look:
    """A look of that kind, which trusts the roots of the matrix. `more`: what of the target is not as usual."""

    def target(around: Surroundings, where: Where) -> Target:
        it = {"host": "127.0.0.1", "port": 0, "path": "/", **where, **more}
        tls = TlsOptions(verify=Verify(verify), ca=ca or str(around.ca.roots), profile=TlsProfile(profile))
        path, name = it.pop("path"), f"[{it['host']}]" if ":" in it["host"] else it["host"]
        return replace(
            Target(
                id=f"{kind}/{next(_numbers)}", probe=kind, kind=kind, authority="shandong", service="verify", interval=300.0,
                timeout=PATIENT, while_down=60.0, confirm=ONCE, recover=ONCE, host="", port=0, tls=tls,
                url=f"{scheme}://{name}:{it['port']}{path}", user_agent="matrix",
            ),
            **it,
        )  # fmt: skip

    return target


async def judged(case: Case, around: Surroundings) -> Result:
    """Set up what is there, and look at it."""
    async with case.there(around) as where:
        meanwhile = where.pop("meanwhile", None)
        target = case.look(around, where)
        if case.expected.outcome is Outcome.TIMEOUT and target.timeout == PATIENT:
            target = replace(target, timeout=DEADLINE)
        if meanwhile is not None:
            await run(target, around.net, KNOWN, admit=lambda _: True)
            meanwhile()
        return await run(target, around.net, KNOWN, admit=lambda _: True)


def differs(case: Case, result: Result) -> str:
    """In what the result is not what the line says; empty where it is."""
    meant = case.expected
    alike = (
        (result.outcome, result.cause, result.flags, result.code)
        == (meant.outcome, meant.cause, meant.flags, meant.code)
        and result.phase in meant.phases
        and (result.is_ok or _is_told(result.detail))
    )
    return "" if alike else f"meant `{case.comes_out}`, came `{in_words(result)}` ({result.detail!r})"


def in_words(result: Result) -> str:
    """How a run did end, as the table writes it."""
    words: list[str] = [result.outcome, *([] if result.is_ok else [result.cause, result.phase or "nowhere"])]
    words += [f"+{flag}" for flag in sorted(result.flags)]
    return " ".join(words + [f"={result.code}"] * (result.code is not None))


def _is_told(detail: str) -> bool:
    """Whether it is one line for people, with no repr of ours in it."""
    return bool(detail) and re.search(r"0x[0-9a-f]{6,}|object at", detail) is None and "\n" not in detail


REPLIES = Path(__file__).parents[1] / "data" / "replies"
