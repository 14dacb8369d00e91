"""The picture that `status` draws: colours, signs, widths, times, and what does not fit."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from monitor.cli.drawing import GREEN, NEUTRAL, PALE_GREEN, PALE_RED, PALE_YELLOW, RED, WHITE, YELLOW
from monitor.cli.matrix import cell_style, draw_status, reference_outcome
from monitor.cli.status import cut
from monitor.knowledge import load_registry
from tests.cli.statuses import DOWN, INCIDENT, drawn, row, says, status


@pytest.mark.parametrize("width", [40, 80, 100, 120, 140, 200])
def test_the_picture_fits_the_terminal(width: int) -> None:
    some = [
        row(slug, "down", "timeout", cause="response_timeout")
        for slug in ("neimenggu", "heilongjiang", "hunan")
    ]
    chain = row("henan", "down", "error", cause="tls_incomplete_chain", reference=[says("ok")])
    lines = drawn(status(*some, chain), INCIDENT, width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    cells = "\n".join(lines)
    assert all(authority.name in cells for authority in load_registry().values())


def test_a_wide_terminal_shows_slug_and_cause() -> None:
    picture = drawn(status(row("henan", "down", "error", cause="tls_incomplete_chain"), DOWN), width=140)
    assert "✗ 河南   henan" in picture
    assert "tls_incomplete_chain" in picture
    assert "◷ 山东   shandong" in picture
    assert "response_timeout" in picture


@pytest.mark.parametrize(
    ("own", "reference", "style"),
    [
        pytest.param("ok", None, f"{PALE_GREEN} on {NEUTRAL}", id="no reference: neutral"),
        pytest.param("error", None, f"{PALE_RED} on {NEUTRAL}", id="no reference, error"),
        pytest.param("ok", "ok", f"{WHITE} on {GREEN}", id="they agree: white"),
        pytest.param("timeout", "timeout", f"{WHITE} on {YELLOW}", id="they agree on a timeout"),
        pytest.param("error", "ok", f"{PALE_RED} on {GREEN}", id="only we see an error"),
        pytest.param("ok", "error", f"{PALE_GREEN} on {RED}", id="only the reference does"),
        pytest.param(
            "timeout", "error", f"{PALE_YELLOW} on {RED}", id="timeout and error are not drawn as equal"
        ),
    ],
)
def test_background_is_the_reference_and_text_our_own(own: str, reference: str | None, style: str) -> None:
    assert cell_style(own, reference) == style


@pytest.mark.parametrize(
    ("references", "outcome"),
    [
        pytest.param([], None, id="none"),
        pytest.param([says("ok", stale=True)], None, id="only a stale one"),
        pytest.param([says("ok"), says("error")], None, id="split"),
        pytest.param([says("ok"), says("error"), says("ok")], "ok", id="a majority"),
        pytest.param([says("timeout"), says("ok", stale=True)], "timeout", id="the fresh one counts"),
    ],
)
def test_each_fresh_reference_has_one_vote(references: list[dict[str, Any]], outcome: str | None) -> None:
    assert reference_outcome(row(reference=references)) == outcome


def test_a_difference_from_the_reference_is_marked_without_colour_too() -> None:
    picture = drawn(status(row("henan", "down", "error", reference=[says("ok")])))
    assert "✗ 河南   error   !" in picture
    assert "! where they differ" in picture
    assert "! where they differ" not in drawn(status(DOWN))


def test_colours_are_those_of_the_page() -> None:
    picture = drawn(status(row("henan", "down", "error", reference=[says("error")])), colour=True)
    assert "38;2;255;255;255;48;2;127;29;29m" in picture


def test_a_fault_of_our_own_network_comes_first() -> None:
    rows = [row(slug, "unknown", "error", cause="dns_servfail") for slug in load_registry()]
    local = {"state": "down", "diagnosis": "local_dns", "facts": []}
    first = drawn(status(*rows, local=local)).splitlines()[0]
    assert first == "✗ our own network fails (local_dns): nothing is known of the authorities"


def test_an_incident_that_explains_others_stands_for_them() -> None:
    parent = {**INCIDENT, "id": "n-1", "scope": "national", "authority": "national", "members": ["i-1"]}
    picture = drawn(status(DOWN), parent, {**INCIDENT, "parent": "n-1"})
    assert "explains 1 more" in picture
    assert "shandong verify" not in picture


@pytest.mark.parametrize(
    ("terminal", "outage", "ours", "page"),
    [
        ("en_US.UTF-8", "nationwide outage", "our own network", "national page"),
        ("zh_CN.UTF-8", "全国性故障", "本机网络", "全国查验平台"),
    ],
)
def test_a_nationwide_outage_is_told_from_one_of_the_national_page(
    terminal: str, outage: str, ours: str, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", terminal)
    of_all = {**INCIDENT, "scope": "national", "authority": "national", "service": ""}
    of_us = {**INCIDENT, "scope": "local", "authority": "local", "service": ""}
    store = {**INCIDENT, "scope": "daemon", "authority": "local", "service": "state"}
    of_page = {**INCIDENT, "authority": "national", "service": ""}
    picture = drawn(status(), of_all, of_us, store, of_page)
    signs = [line.split(",")[0] for line in picture.splitlines() if line.startswith("✗ ")]
    assert signs[0] == f"✗ {outage}"
    assert signs[1] == f"✗ {ours}"
    assert signs[2].endswith(" state")
    assert signs[3] == f"✗ {page}"


def test_many_incidents_do_not_push_the_matrix_away() -> None:
    picture = drawn(status(DOWN), *({**INCIDENT, "id": f"i-{number}"} for number in range(30)))
    assert "and 18 more" in picture


def test_text_from_the_network_cannot_move_the_cursor() -> None:
    evil = row("henan", "down", "error", cause="\x1b[2J\x07\u202eevil")
    picture = drawn(status(evil, vantage="\x1b]0;title\x07"), {**INCIDENT, "cause": "a\nb\x1b[H"}, width=140)
    assert not set(picture) & {"\x1b", "\x07", "\u202e", "\r"}


def test_times_are_by_the_wall_clock_of_the_daemon_with_its_offset() -> None:
    picture = drawn(status(DOWN, timezone="Asia/Shanghai"), INCIDENT)
    assert "seen from shanghai-office at 16:12:00 +08:00" in picture
    assert "since 16:00:00 +08:00 (12 min)" in picture
    assert "at 13:42:00 +05:30" in drawn(status(timezone="Asia/Kolkata"))


@pytest.mark.parametrize("zone", [None, 3, "No/Where", "../../etc/passwd", "\0", ""])
def test_a_daemon_that_names_no_zone_is_shown_by_the_time_of_this_machine(
    zone: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        picture = drawn(status(DOWN, timezone=zone), INCIDENT)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "at 16:12:00 +08:00" in picture


@pytest.mark.parametrize("width", [*range(74, 90), 120])
def test_an_incident_is_broken_only_between_its_facts(width: int) -> None:
    long = {**INCIDENT, "id": "guangdong-dppt-20261121T080000Z", "authority": "guangdong", "service": "dppt"}
    picture = drawn(status(DOWN, timezone="Asia/Shanghai"), long, width=width)
    assert "since 16:00:00 +08:00 (12 min)" in picture
    assert picture.splitlines()[-1].endswith("guangdong-dppt-20261121T080000Z")
    assert max(cell_len(line) for line in picture.splitlines()) <= width


@pytest.mark.parametrize(("height", "hidden"), [(60, 0), (10, 1), (3, 1)])
def test_a_terminal_of_few_rows_says_what_it_cannot_show(height: int, hidden: int) -> None:
    console = Console(file=io.StringIO(), width=80, height=height, legacy_windows=False)
    many = [{**INCIDENT, "id": f"i-{number}"} for number in range(8)]
    footer = Text("the daemon went away")
    whole = console.render_lines(draw_status(status(DOWN), many, 80), pad=False)
    console.print(cut(console, draw_status(status(DOWN), many, 80), footer, height))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) <= height
    assert lines[-1] == "the daemon went away"
    if hidden:
        left_out = len(whole) - (len(lines) - 2)
        assert lines[-2] == f"... and {left_out} more lines"


def test_where_no_authority_is_watched_this_machine_is_shown() -> None:
    picture = drawn({**status(), "authorities": []})
    assert "✓ this machine and its network up; no authority is watched" in picture
    assert "0 of 0" not in picture
    with_page = drawn({**status(), "authorities": [], "national": row(authority="national")})
    assert "✓ national page up" in with_page
    assert "0 of 0" not in with_page
