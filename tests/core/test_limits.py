"""What of a run is beyond its limit, named as it is told, kind by kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.core.limits import called, limits, passed
from monitor.knowledge import load_tables
from monitor.model import (
    CountRules,
    DiskRule,
    Exchange,
    FileRules,
    HostRules,
    ItemRules,
    ItemSource,
    LogCodes,
    LogPattern,
    LogRules,
    Reading,
    Room,
    SyncRules,
    Target,
)
from tests.core.notation import target

HERE = Exchange(host="h", port=1, url="http://h:1/")
HOST = HostRules(
    disks=(DiskRule(path="/", free=Room(share=0.1)), DiskRule(path="/tmp", free=Room(size=900 << 30))),
    load=4.0,
    clock_offset=60.0,
)
LOG = LogRules(
    path="/x.log",
    patterns=(LogPattern(name="timeout", regex="x"), LogPattern(name="lost", regex="y", at_least=1)),
    codes=LogCodes(table="client"),
)
SYNC = SyncRules(
    counts=CountRules(local=HERE, local_path="$", remote=HERE, remote_path="$", grace=60.0),
    items=ItemRules(
        local=ItemSource(number=("n",), file="/a"), remote=ItemSource(number=("n",), file="/b"), tolerance=1
    ),
)


def of(kind: str, **rules: Any) -> Target:
    return replace(target("x", "local", kind=kind), **rules)


def reading(name: str, value: float, what: str = "") -> Reading:
    return Reading(name=name, of=what, value=value)


CASES = {
    "enough of all": (of("host", machine=HOST), [reading("disk_free", 0.2, "/"), reading("clock_offset", -59)], []),
    "one disk of two": (
        of("host", machine=HOST),
        [reading("disk_free", 0.09, "/"), reading("disk_free_bytes", 1e12, "/tmp"), reading("disk_free", 0.01, "/tmp")],
        ["disk_free:/"],
    ),
    "a size, and the clock behind": (
        of("host", machine=HOST), [reading("disk_free_bytes", 1e9, "/tmp"), reading("clock_offset", -61)],
        ["disk_free:/tmp", "clock_offset"],
    ),
    "both patterns, and a code": (
        of("log", log=LOG, codes=load_tables()["client"].codes),
        [reading("matches", 6, "timeout"), reading("matches", 1, "lost"), reading("codes", 5, "ERROR@97"), reading("lines", 99)],
        ["timeout", "lost", "ERROR@97"],
    ),
    "a pattern that is rare, and a code that is none of theirs": (
        of("log", log=LOG, codes=load_tables()["client"].codes), [reading("matches", 4, "timeout"), reading("codes", 99, "E007")], [],
    ),
    "an old file": (of("file", file=FileRules(glob="*", max_age=60.0, min_size=9)), [reading("age", 61), reading("size", 9)], ["age"]),
    "counts that differ for too long": (
        of("sync", sync=SYNC), [reading("missing", 1, "counts"), reading("differs_for", 60), reading("overdue_missing", 1, "items")], ["differs_for"],
    ),
    "lists that differ": (of("sync", sync=SYNC), [reading("differs_for", 59), reading("overdue_missing", 2, "items")], ["overdue_missing:items"]),
}  # fmt: skip


@pytest.mark.parametrize(("given", "readings", "beyond"), CASES.values(), ids=CASES)
def test_what_is_beyond_its_limit_is_named(given: Target, readings: list[Reading], beyond: list[str]) -> None:
    assert [called(given, one) for one in passed(given, readings)] == beyond


def test_a_target_that_asks_others_has_no_limits_of_readings() -> None:
    assert limits(target("captcha", "anhui")) == {}
