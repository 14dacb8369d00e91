"""All mistakes of a file are told in one go, in the order of the file, and none hides another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.load import ConfigError, Mistake, read, shipped_text
from monitor.knowledge import load_registry
from monitor.model import EventName
from tests.config.conftest import ReadText

MANY = """\
version: 1
zone: Asia/Shanghai
limits: {per_host: often}
authorities: {only: [beijing, shandon]}
probes:
  - {name: a, kind: tls, each: authority, host: "{verify_hots}", intervall: 5m}
  - {name: b, kind: tcp, authority: beijing, host: h, port: 1, timeout: 10m, tls: {verify: true}}
  - {name: b, kind: udp, authority: beijing, interval: never}
  - {kind: http, authority: national, url: "http://h/", wake_on: [b]}
  - {name: d, kind: http, authority: national, url: "gopher://h/", wake_on: [a, zz]}
alerts:
  receivers:
    oncall: {webhook: "gopher://h", caps: 3}
  routes:
    - {to: [oncal]}
"""


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(read_text: ReadText):
    with pytest.raises(ConfigError) as caught:
        read_text(MANY)
    found = [f"{mistake.line} {mistake.path}" for mistake in caught.value.mistakes]
    assert found == [
        "2 zone",
        "3 limits.per_host",
        "4 authorities.only[1]",
        "6 probes[0].host",
        "6 probes[0].intervall",
        "7 probes[1].timeout",
        "7 probes[1].tls",
        "8 probes[2].kind",
        "8 probes[2].interval",
        "9 probes[3].name",
        "10 probes[4].url",
        "10 probes[4].wake_on[1]",
        "13 alerts.receivers.oncall.webhook",
        "13 alerts.receivers.oncall.caps",
        "15 alerts.routes[0].to[0]",
    ]


NAMES = """\
version: 1
judgement: {flapping: {high: 20, low: 30}}
probes:
  - {name: a, kind: tcp, authority: beijing, service: verify, host: h, prt: 80}
maintenance:
  - {name: r, authorities: [atlantis], rrule: "FREQ=DAILY;INTERVAL=0", start: 2026-12-01 18:00, duration: 2h}
  - {name: s, authorities: [atlantis], rrule: "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2", start: 2026-12-01 18:00, duration: 2h}
  - {name: t, authorities: al, services: [vrify], schedule: "x", duration: 2h}
alerts:
  receivers: {a: {webhook: "http://h/"}}
  report: {schedule: "0 9 * *", to: [nobody]}
  routes:
    - {when: {evnt: flapping_started, authority: beijng}, to: [c]}
"""


def test_an_unknown_name_is_told_beside_another_mistake_in_the_same_part(read_text: ReadText):
    with pytest.raises(ConfigError) as caught:
        read_text(NAMES)
    assert [f"{mistake.line} {mistake.path}" for mistake in caught.value.mistakes] == [
        "2 judgement.flapping.low",
        "4 probes[0].port",
        "4 probes[0].prt",
        "6 maintenance[0].authorities[0]",
        "6 maintenance[0].rrule",
        "7 maintenance[1].authorities[0]",
        "7 maintenance[1].rrule",
        "8 maintenance[2].authorities",
        "8 maintenance[2].services[0]",
        "8 maintenance[2].schedule",
        "11 alerts.report.schedule",
        "11 alerts.report.to[0]",
        "13 alerts.routes[0].when.evnt",
        "13 alerts.routes[0].when.authority",
        "13 alerts.routes[0].to[0]",
    ]


def test_a_route_may_ask_for_any_event_that_there_is(read_text: ReadText):
    events = ", ".join(EventName)
    text = f"alerts: {{receivers: {{a: {{webhook: 'http://h/'}}}}, routes: [{{when: {{event: [{events}]}}, to: [a]}}]}}\n"
    probe = "version: 1\nprobes: [{name: a, kind: tcp, authority: beijing, host: h, port: 1}]\n"
    assert read_text(probe + text).plan.routes[0].when.event == tuple(EventName)


def test_a_wrong_value_makes_no_second_mistake(read_text: ReadText):
    text = "probes:\n  - {name: a, kind: tcp, authority: beijing, host: h, port: 1, interval: long, timeout: 6m}\n"
    with pytest.raises(ConfigError) as caught:
        read_text(text)
    assert [mistake.path for mistake in caught.value.mistakes] == ["probes[0].interval"]


def test_a_mistake_reads_as_one_line():
    mistake = Mistake(
        file="probes.yaml",
        line=11,
        column=5,
        path="probes[1].intervall",
        found="unknown key",
        meant='did you mean "interval"?',
    )
    assert str(mistake) == 'probes.yaml:11:5: probes[1].intervall: unknown key; did you mean "interval"?'


WORDS = [
    "{}",
    "[]",
    "x",
    "- ",
    "&a ",
    "*a",
    "!t ",
    "<<: x",
    "  ",
    "\t",
    ": ",
    '"',
    "}",
    "{",
    "{env: A}",
    "{a: b}",
    "9",
    "::",
]
MORE = """\
reference:
  - {name: hq, url: "http://h/", interval: 1m, stale_after: 10m}
  - name: board
    file: status.json
    map: {rows: "$.list[*]", authority: $.name, outcome: $.state, at: $.time, values: {正常: ok}}
publish: {file: reference.json}
maintenance:
  - {name: upgrade, authorities: [shandong], services: [verify], start: 2026-12-01 18:00, end: 2026-12-02 08:00}
  - name: nightly
    authorities: all
    schedule: "0 23 * * *"
    duration: 2h
alerts:
  repeat: 4h
  receivers:
    bus: {webhook: "http://h/"}
  routes:
    - when: {severity: critical, hours: 08:00-22:00, weekdays: [mon, sun]}
      to: [bus]
      continue: true
"""
SHIPPED = [line for line in shipped_text().splitlines() if line.strip() and not line.startswith("#")]
LINES = [*SHIPPED, *MORE.splitlines()]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_broken_ends_in_mistakes_never_in_a_traceback(data: st.DataObject):
    """Lines of the shipped file, and of the sections it only shows, with other values, cut, doubled, left out."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        word = data.draw(st.sampled_from(WORDS))
        key, colon, _ = lines[at].partition(": ")
        cut = data.draw(st.integers(0, len(lines[at])))
        changes: tuple[list[str], ...] = (
            [key + colon + word],
            [lines[at][:cut] + word + lines[at][cut:]],
            [lines[at]] * 2,
            [],
        )
        lines[at : at + 1] = data.draw(st.sampled_from(changes))
    for mistake in mistakes_in("\n".join(lines)):
        assert mistake.line >= 1
        assert mistake.column >= 1


def mistakes_in(text: str) -> tuple[Mistake, ...]:
    """What is wrong with the text; nothing, where it can be run."""
    try:
        read(text, file="probes.yaml", directory=Path("/nowhere"), environ={}, registry=load_registry())
    except ConfigError as problem:
        return problem.mistakes
    return ()


def test_what_that_test_starts_from_is_sound():
    assert mistakes_in("\n".join(LINES)) == ()
