"""All hostile servers at once, looked at by the real daemon round after round, beside one healthy server.

They may not end it, hold it up, fill its memory or mislead it. A second daemon that looks at as many healthy servers says how
much memory that many targets take.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from monitor.model import Cause, Outcome
from tests.hostile.table import HOSTILE, Keys
from tests.net.peers import OK, answers, peer
from tests.systemd.process import Daemon, daemon

SECRET = "Bearer S3cret-that-is-echoed-9f2c"
EARLY, LATE = 2, 6
"""Rounds after which memory is looked at."""
MOST_MORE = 40
"""Megabytes that hostile servers may cost beyond as many healthy ones."""
MOST_GROWTH = 8
"""Megabytes that it may grow from the early round to the late one."""
MOST_ANSWER = 300_000
MOST_INCIDENT = 40_000
"""Bytes of any answer about all targets, and about one incident with its evidence."""
ALL = (
    "/",
    "/metrics",
    "/api/v1/status",
    "/api/v1/targets",
    "/api/v1/incidents",
)
WORDY = ("echoes", "huge-subject", "markup-as-code", "many-names", "liars-about-names")
"""Those whose words are shown on their pages."""
_RUNS = re.compile(r'^fapiao_probe_runs_total\{[^}]*probe="([\w.-]+)"[^}]*\} (\d+)', re.MULTILINE)
_CAUSES = re.compile(
    r'^fapiao_probe_failure_causes_total\{probe="([\w.-]+)"[^}]*cause="(\w+)"\} (\d+)', re.MULTILINE
)
_LATENESS = re.compile(r'^fapiao_schedule_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)', re.MULTILINE)
_LAG = re.compile(r"^fapiao_loop_lag_seconds (\S+)", re.MULTILINE)


def configuration(probes: list[Keys]) -> str:
    """A probes.yaml in which each probe runs every 2.5 s; JSON is YAML."""
    common = {"authority": "beijing", "interval": "2500ms", "timeout": "2s", "while_down": "2500ms"}
    whole = {
        "limits": {"per_host": "none"},
        "judgement": {"confirm": {"attempts": 2, "spacing": "300ms"}},
        "probes": [{**common, **probe, "service": probe["name"]} for probe in probes],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


@dataclass
class Watched:
    """One daemon that runs, and what was seen of it."""

    daemon: Daemon
    session: aiohttp.ClientSession
    memory: list[float] = field(default_factory=list)
    lag: float = 0.0

    async def get(self, path: str) -> str:
        """The body of an answer, which must come."""
        async with self.session.get(self.daemon.base + path) as answer:
            assert answer.status == 200, (path, answer.status)
            return await answer.text()

    async def json(self, path: str) -> Any:
        """The same, as JSON."""
        return json.loads(await self.get(path))

    async def until_round(self, number: int) -> None:
        """Wait until each target has had so many runs, and keep how much memory there is then."""
        async with asyncio.timeout(50):
            while min((runs := await self._runs()).values()) < number:
                assert self.daemon.process.returncode is None, self.daemon.log[-20:]
                await asyncio.sleep(0.5)
        assert len(runs) > len(HOSTILE)
        status = Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        self.memory.append(int(status.partition("RssAnon:")[2].split()[0]) / 1000)

    async def _runs(self) -> dict[str, int]:
        assert await self.get("/-/healthy")
        shown = await self.get("/metrics")
        self.lag = max(self.lag, *(float(value) for value in _LAG.findall(shown)))
        return {name: int(count) for name, count in _RUNS.findall(shown)}


@asynccontextmanager
async def watched(probes: list[Keys], folder: Path) -> AsyncIterator[Watched]:
    """A daemon with these probes."""
    folder.mkdir()
    environ = {"HOSTILE_SECRET": SECRET}
    async with daemon(configuration(probes), folder, environ) as running, aiohttp.ClientSession() as session:
        assert running.base, running.log
        yield Watched(running, session)


async def test_hostile_servers_cannot_end_block_bloat_or_mislead_the_daemon(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(peer(answers(OK)))
        well: Keys = {"name": "healthy", "kind": "http", "url": f"http://127.0.0.1:{port}/"}
        probes = [well]
        for name, there, _ in HOSTILE:
            probes.append({"name": name, **await stack.enter_async_context(there())})
        same = [well, *({**well, "name": name} for name, _, _ in HOSTILE)]
        crowd = await stack.enter_async_context(watched(probes, tmp_path / "crowd"))
        quiet = await stack.enter_async_context(watched(same, tmp_path / "quiet"))
        for number in (EARLY, LATE):
            await asyncio.gather(crowd.until_round(number), quiet.until_round(number))
        complaints = [
            *misled(await crowd.get("/metrics")),
            *of_memory(crowd, quiet),
            *await shown_wrongly(crowd),
            *held_up(await crowd.get("/metrics")),
        ]
    assert complaints == [], (crowd.memory, quiet.memory, crowd.lag, quiet.lag)


def misled(metrics: str) -> Iterator[str]:
    """Targets that came out as the contract does not mean it; on a busy machine some run may end at its deadline instead."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, cause, count in _CAUSES.findall(metrics):
        counts[name][cause] += int(count)
    for name, runs in _RUNS.findall(metrics):
        counts[name]["none"] = int(runs) - counts[name].total()
    for name, meant in {"healthy": "none", **{name: causes for name, _, causes in HOSTILE}}.items():
        seen = {cause: count for cause, count in counts[name].items() if count}
        strange = {cause for cause in seen if Cause[cause.upper()].outcome is not Outcome.TIMEOUT} - {
            *meant.split()
        }
        if strange or sum(seen.get(cause, 0) for cause in meant.split()) < sum(seen.values()) / 3:
            yield f"{name}: {seen}, not {meant}"


def of_memory(crowd: Watched, quiet: Watched) -> Iterator[str]:
    """What it takes beyond the quiet one, and how it grows."""
    figures = f"hostile {crowd.memory}, quiet {quiet.memory} MB"
    if crowd.memory[1] > quiet.memory[1] + MOST_MORE:
        yield f"too much memory: {figures}"
    if crowd.memory[1] > crowd.memory[0] + MOST_GROWTH:
        yield f"it grows: {figures}"


async def shown_wrongly(crowd: Watched) -> list[str]:
    """Answers that are too long, or that show a secret, or a server's text as markup."""
    incidents = (await crowd.json("/api/v1/incidents?limit=500"))["incidents"]
    assert len(incidents) > len(HOSTILE) / 2
    found: list[str] = []
    bundles = 0
    for path in (*ALL, *(f"/targets/{name}" for name in WORDY)):
        found += wrong(path, await crowd.get(path), MOST_ANSWER)
    for one in incidents:
        found += wrong(one["id"], shown := await crowd.get(f"/api/v1/incidents/{one['id']}"), MOST_INCIDENT)
        bundles += json.loads(shown)["bundle"] is not None
        if one["service"] in WORDY:
            found += wrong(one["id"], await crowd.get(f"/incidents/{one['id']}"), MOST_ANSWER)
    assert bundles > 5
    found += [
        line for line in crowd.daemon.log if SECRET in line or "Traceback" in line or is_our_mistake(line)
    ]
    return found


def is_our_mistake(line: str) -> bool:
    """Whether this line of the log tells of a bug; that the machine held the program up is none."""
    return "internal" in line and "daemon-probing" not in line


def wrong(what: str, text: str, most: int) -> Iterator[str]:
    """What one answer may not be."""
    if len(text) > most:
        yield f"{what}: {len(text)} characters"
    if SECRET.split()[1] in text:
        yield f"{what} shows the secret"
    if "<script>alert" in text and not text.startswith("{"):
        yield f"{what} has a server's markup"


def held_up(metrics: str) -> Iterator[str]:
    """Runs that began late."""
    buckets = _LATENESS.findall(metrics)
    total = max(int(count) for _, count in buckets)
    late = total - max(int(count) for bound, count in buckets if float(bound) <= 1)
    if late > total / 10:
        yield f"{late} of {total} runs more than a second late"
