"""What a scrape costs: 50,000 series rendered by this product and by prometheus-client's own renderer, in one run.

    python -m bench.metrics [targets]

Prints CPU per series of both, their ratio, and the longest the event loop is held during a
scrape (CPU time: what other programs take is not counted). Goals (design §7): 1/20 of the stock renderer, never more than 10 ms.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from monitor.metrics import Metrics
from monitor.metrics.family import Family
from monitor.metrics.series import TARGET_FAMILIES
from monitor.model import Cause, Confirmed, Phase, Plan, Repeat, Result, Target, TargetState

ROUNDS = 5
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def make_plan(targets: int) -> Plan:
    """So many targets of one probe."""
    repeat = Repeat(attempts=3, spacing=5.0)
    made = [
        Target(
            id=f"captcha/authority-{number}",
            probe="captcha",
            kind="captcha",
            authority=f"authority-{number}",
            service="verify",
            interval=60.0,
            timeout=5.0,
            while_down=60.0,
            confirm=repeat,
            recover=repeat,
            host="127.0.0.1",
            port=443,
        )
        for number in range(targets)
    ]
    return Plan(
        vantage="bench",
        language="en",
        timezone="UTC",
        targets={target.id: target for target in made},
        authorities={},
    )


def fill(metrics: Metrics, plan: Plan) -> None:
    """One ok and one failing run of every target."""
    for name in plan.targets:
        for cause in (Cause.RESPONSE_TIMEOUT, Cause.NONE):
            result = Result(
                target=name,
                started_at=AT,
                duration=0.2345678,
                cause=cause,
                phases=dict.fromkeys(Phase, 0.0123456),
                status_code=200,
            )
            metrics.observe(result, TargetState(id=name, confirmed=Confirmed.UP, last=result))


def stock(metrics: Metrics, plan: Plan) -> tuple[CollectorRegistry, int]:
    """The same samples in prometheus-client's own metrics, as a plain daemon would hold them; and their number."""
    registry = CollectorRegistry()
    held = {family.name: _stock_family(family, registry) for family in TARGET_FAMILIES}
    body = metrics.render()[0].decode()
    series = 0
    for line in body.splitlines():
        if line.startswith(("fapiao_probe", "fapiao_tls")):
            series += 1
            name, _, rest = line.partition("{")
            labels = dict(pair.split("=", 1) for pair in rest.partition("}")[0].split(","))
            if (family := held.get(name)) is not None and not isinstance(family, Histogram):
                child = family.labels(**{key: value.strip('"') for key, value in labels.items()})
                child.inc(0.0123456)
    for target in plan.targets.values():
        histogram = held["fapiao_probe_duration_seconds"]
        assert isinstance(histogram, Histogram)
        histogram.labels(target.probe, target.authority, target.service).observe(0.2345678)
    return registry, series


def _stock_family(family: Family, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if family.kind == "counter":
        return Counter(family.name, family.text, family.labels, registry=registry)
    if family.kind == "gauge":
        return Gauge(family.name, family.text, family.labels, registry=registry)
    return Histogram(family.name, family.text, family.labels, buckets=family.buckets, registry=registry)


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


async def longest_hold(metrics: Metrics) -> float:
    """CPU seconds between two turns of the loop, at the worst, while a scrape is written."""
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            worst = max(worst, now - last)
            last = now

    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(watch())
        async for _ in metrics.stream(openmetrics=False):
            pass
        watcher.cancel()
    return worst


def main() -> None:
    """Measure and print."""
    targets = int(sys.argv[1]) if len(sys.argv) > 1 else 1400
    plan = make_plan(targets)
    metrics = Metrics(plan)
    fill(metrics, plan)
    registry, series = stock(metrics, plan)
    gc.collect()
    gc.freeze()
    pairs = [(cpu(metrics.render), cpu(lambda: generate_latest(registry))) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    holds = [asyncio.run(longest_hold(metrics)) for _ in range(ROUNDS)]
    print(f"{series} series of {targets} targets")
    print(f"rendered here:       {ours * 1e3:8.1f} ms  {ours / series * 1e6:6.2f} us per series")
    print(f"prometheus-client:   {theirs * 1e3:8.1f} ms  {theirs / series * 1e6:6.2f} us per series")
    print(f"ratio: 1/{statistics.median(b / a for a, b in pairs):.0f}")
    print(
        f"longest hold of the loop: median {statistics.median(holds) * 1e3:.1f} ms, worst {max(holds) * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
