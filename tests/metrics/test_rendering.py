"""All series as text: both formats by strict parsers, promtool and docs/metrics.md, and a large one in pieces."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.metrics import Metrics
from monitor.metrics.series import FAMILIES
from tests.metrics.conftest import make_plan, make_target
from tests.metrics.readout import OPENMETRICS, busy, value


def test_the_strict_openmetrics_parser_reads_every_family_and_finds_no_created_series():
    body, kind = busy().render(OPENMETRICS)
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    found = {family.name: family for family in parse_openmetrics(body.decode())}
    for family in FAMILIES:
        parsed = found[family.name.removesuffix("_total") if family.kind == "counter" else family.name]
        assert parsed.type == family.kind
        assert parsed.samples
    assert b"_created" not in body


def test_both_formats_carry_the_same_samples():
    metrics = busy()
    text = parse_text(metrics.render()[0].decode())
    modern = parse_openmetrics(metrics.render(OPENMETRICS)[0].decode())

    def lines(families):
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
            if not sample.name.startswith("process_")
        }

    assert lines(text) == lines(modern)


def test_a_name_full_of_quotes_and_line_ends_stays_one_label():
    odd = 'a"b\\c\nd{}'
    metrics = Metrics(make_plan(make_target(odd, id="odd")))
    assert value(metrics, "fapiao_probe_runs_total", probe=odd, authority="shandong", service="verify") == 0
    assert list(parse_openmetrics(metrics.render(OPENMETRICS)[0].decode()))


@pytest.mark.peer("promtool")
def test_promtool_has_nothing_to_say():
    promtool = shutil.which("promtool")
    assert promtool
    body, _ = busy().render()
    checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


async def test_a_large_exposition_lets_the_loop_go_on_and_is_the_same_text():
    targets = [make_target("captcha", f"a{number}", id=f"captcha/a{number}") for number in range(1000)]
    metrics = Metrics(make_plan(*targets))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        other = group.create_task(others())
        pieces = [piece async for piece in metrics.stream(openmetrics=False)]
        other.cancel()
    stamped = b"process_"
    streamed = [line for line in b"".join(pieces).split(b"\n") if stamped not in line]
    rendered = [line for line in metrics.render()[0].split(b"\n") if stamped not in line]
    assert streamed == rendered
    assert turns > 10
    assert max(map(len, pieces)) < 400_000


def test_the_reference_lists_every_series_with_its_type_and_labels():
    rows = {}
    for line in Path("docs/metrics.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `fapiao_"):
            rows[cells[0].strip("`")] = (
                cells[1],
                tuple(label.strip(" `") for label in cells[2].split(",") if label.strip()),
            )
    assert rows == {family.name: (family.kind, family.labels) for family in FAMILIES}
