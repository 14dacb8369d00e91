"""The feed is valid Atom whatever happened, tells what messages would tell, and its entries keep their ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor.core.incidents import noted, resolved
from monitor.core.state import Flap, Group, WindowRecord
from monitor.model import Cause, Diagnosis, Early, Incident, MaintenanceRule, Scope, Window
from tests.web.atom import Feed, Item, read
from tests.web.conftest import AT, Ask, World, make_incident

Told = Callable[..., Awaitable[Feed]]
HOUR = timedelta(hours=1)


@pytest.fixture
def told(ask: Ask) -> Told:
    """`await told("?lang=en")`: the feed, valid."""

    async def told(query: str = "?lang=en") -> Feed:
        answer = await ask(f"/feed.xml{query}")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
        return read(answer.text)

    return told


def kinds(feed: Feed) -> list[str]:
    """The categories of its entries, in order."""
    return [item.category for item in feed.items]


def only(feed: Feed) -> Item:
    """The one entry."""
    (item,) = feed.items
    return item


def window_of(name: str = "upgrade", **more: object) -> Window:
    """Maintenance of Shandong from in an hour on, by hand."""
    given: dict[str, object] = {
        "id": "w", "name": name, "authorities": ("shandong",), "services": ("verify",),
        "start": AT + HOUR, "end": AT + 3 * HOUR, "by_hand": True,
    }  # fmt: skip
    return Window(**{**given, **more})  # type: ignore[arg-type]


# --- what it tells -----------------------------------------------------------------------------------------------------


async def test_where_nothing_happened_it_is_valid_and_empty(told: Told) -> None:
    feed = await told()
    assert (feed.items, feed.title) == ([], "Invoice verification monitor · shanghai-office")
    assert feed == await told()


async def test_an_outage_is_an_entry_and_its_end_another(world: World, told: Told) -> None:
    outage = make_incident("shandong", Cause.RESPONSE_TIMEOUT)
    world.open(outage)
    opened = only(await told())
    assert (
        opened.title
        == "[DOWN] Shandong · invoice verification: connected, but no answer within the time limit"
    )
    assert (opened.published, opened.link) == (outage.opened_at, "/incidents/shandong-1?lang=en")
    assert opened.lines[0] == "Since 2026-11-21 15:50:00 (China time)"
    assert "call 12366" in opened.lines[2]
    world.open(resolved(outage, AT))
    feed = await told()
    assert kinds(feed) == ["incident_resolved", "incident_opened"]
    assert feed.items[0].title == "[RESOLVED] Shandong · invoice verification: lasted 10 min"
    assert feed.items[1].id == opened.id


async def test_ids_stay_over_restarts_and_languages(world: World, told: Told) -> None:
    world.open(make_incident("shandong"))
    world.state.windows["w"] = WindowRecord(window=window_of())
    before = await told("?lang=zh")
    assert before.items[0].title.startswith("【故障】山东 · 发票查验：")
    world.plan = replace(world.plan, language="en", external_url="https://fapiao.example.cn/monitor/")
    after = await told("")
    assert [item.id for item in after.items] == [item.id for item in before.items]
    assert after.items[0].link == "https://fapiao.example.cn/monitor/incidents/shandong-1"
    assert after.links["self"] == "https://fapiao.example.cn/monitor/feed.xml"


async def test_two_monitors_have_ids_of_their_own(world: World, told: Told) -> None:
    world.open(make_incident("shandong"))
    here = only(await told()).id
    world.plan = replace(world.plan, vantage="beijing-office")
    assert only(await told()).id != here


async def test_what_is_judged_anew_is_updated_and_stays_one_entry(world: World, told: Told) -> None:
    world.open(make_incident("shandong"))
    before = only(await told())
    world.open(make_incident("shandong", Cause.TLS_EXPIRED, changed_at=AT))
    after = only(await told())
    assert (after.id, after.published, after.updated) == (before.id, before.published, AT)


async def test_what_is_down_again_is_an_entry_of_its_own(world: World, told: Told) -> None:
    outage = make_incident("shandong")
    world.open(outage)
    first = only(await told())
    world.open(replace(outage, reopened=1, fell_at=AT))
    again = only(await told())
    assert (again.id != first.id, again.published) == (True, AT)


# --- what it does not tell ---------------------------------------------------------------------------------------------


async def test_a_nationwide_outage_speaks_for_its_members_until_it_is_over(world: World, told: Told) -> None:
    parent = make_incident(
        "national", id="n", scope=Scope.NATIONAL, service="", diagnosis=Diagnosis.NATIONAL_OUTAGE
    )
    world.open(parent)
    for slug in ("shandong", "beijing"):
        world.open(make_incident(slug, parent="n"))
    told_of = only(await told())
    assert told_of.title.startswith("[DOWN] nationwide outage")
    assert "Beijing" in told_of.lines[-1]
    world.open(resolved(make_incident("beijing", parent="n"), AT - timedelta(minutes=2)))
    world.open(resolved(parent, AT - timedelta(minutes=1)))
    feed = await told()
    assert sorted(kinds(feed)) == ["incident_opened", "incident_opened", "incident_resolved"]
    assert [item.link for item in feed.items].count("/incidents/shandong-1?lang=en") == 1
    world.open(resolved(make_incident("shandong", parent="n"), AT))
    assert (await told()).items[0].title.startswith("[RESOLVED] Shandong")


@pytest.mark.parametrize("by", ["nightly-20261121T070000Z", "silence-1"])
async def test_what_a_window_or_a_silence_keeps_quiet_is_quiet_for_good(
    world: World, told: Told, by: str
) -> None:
    outage = make_incident("shandong")
    quiet = replace(noted(outage, f"muted={by}", AT - HOUR), muted_by=by)
    for one in (quiet, resolved(quiet, AT)):
        world.open(one)
        assert (await told()).items == []
    world.open(replace(noted(quiet, "unmuted", AT), muted_by=None))
    assert only(await told()).updated == AT


async def test_what_was_quiet_to_its_end_and_is_down_again_is_told(world: World, told: Told) -> None:
    quiet = noted(make_incident("shandong"), "muted=w", AT - HOUR)
    world.open(replace(noted(quiet, "reopened", AT), reopened=1, fell_at=AT))
    assert only(await told()).published == AT


async def test_a_drill_is_nowhere_and_what_is_waited_with_comes_later(world: World, told: Told) -> None:
    world.open(make_incident("shandong"))
    world.state.group = Group(incidents=("shandong-1",), release_at=AT)
    assert (await told()).items == []
    world.state.group = None
    assert kinds(await told()) == ["incident_opened"]
    world.open(make_incident("shandong", drill=True))
    assert (await told()).items == []


async def test_a_service_that_comes_and_goes_is_one_entry(world: World, told: Told) -> None:
    world.open(resolved(make_incident("shandong"), AT))
    flap = Flap(
        id="f", authority="shandong", service="verify", targets=("captcha/shandong",), began_at=AT,
        fact="flapping=9/20", cause=Cause.RESPONSE_TIMEOUT,
    )  # fmt: skip
    world.state.flaps[flap.key] = flap
    item = only(await told())
    assert (item.category, item.link) == ("flapping_started", "/authorities/shandong?lang=en")
    assert item.title == "[FLAPPING] Shandong · invoice verification comes and goes"


# --- maintenance -------------------------------------------------------------------------------------------------------


async def test_a_window_is_announced_as_messages_announce_it(world: World, told: Told) -> None:
    world.state.windows["w"] = WindowRecord(window=window_of())
    item = only(await told())
    assert item.title == "[MAINTENANCE ANNOUNCED] Shandong: invoice verification from 2026-11-21 17:00"
    assert item.lines == ("2026-11-21 17:00 to 19:00 (China time)", "upgrade")
    assert item.updated == AT + HOUR - timedelta(days=1)
    for later in (window_of(start=AT + 25 * HOUR, end=AT + 26 * HOUR), window_of(announce=False)):
        world.state.windows["w"] = WindowRecord(window=later)
        assert (await told()).items == []


async def test_one_that_ended_early_says_so_and_one_of_a_rule_comes_with_its_time(
    world: World, told: Told
) -> None:
    early = window_of(start=AT - HOUR, end=AT - timedelta(minutes=5), early=Early.BACK, planned_end=AT + HOUR)
    world.state.windows["w"] = WindowRecord(window=early, planned_end=AT + HOUR)
    item = only(await told())
    assert (item.category, item.updated) == ("maintenance_ended", AT - timedelta(minutes=5))
    assert item.lines[0] == "2026-11-21 15:00 to 17:00 (China time)"
    rule = MaintenanceRule(name="nightly", schedule="0 23 * * *", duration=7200.0)
    world.plan = replace(world.plan, maintenance=(rule,))
    assert kinds(await told()) == ["maintenance_ended", "maintenance_announced"]


# --- hostile and many --------------------------------------------------------------------------------------------------


async def test_strange_words_are_escaped_and_control_characters_are_none(world: World, told: Told) -> None:
    strange = "<b>&amp;\"' ]]> \x00\x0b\ufffe\udc80 升级 " + "x" * 5000
    world.state.windows["w"] = WindowRecord(window=window_of(strange))
    world.open(make_incident("shandong", id="a b/../<c>?d=#e", service="<i>\x1b[31m"))
    feed = await told()
    line = next(item for item in feed.items if item.category == "maintenance_announced").lines[1]
    assert (line[:9], len(line)) == ('<b>&amp;"', 2000)
    outage = next(item for item in feed.items if item.category == "incident_opened")
    assert outage.link == "/incidents/a%20b/../%3Cc%3E%3Fd%3D%23e?lang=en"
    assert "<i>" in outage.title


async def test_it_is_bounded_and_has_the_newest(world: World, told: Told) -> None:
    def outage(number: int) -> Incident:
        at = AT - timedelta(minutes=number)
        return resolved(make_incident("shandong", id=f"i{number:04}", opened_at=at, first_failure_at=at), at)

    for number in range(500):
        world.open(outage(number))
    feed = await told()
    assert (len(feed.items), feed.items[0].updated) == (50, AT)
    assert feed.items[-1].updated > AT - timedelta(minutes=30)


async def test_it_is_not_sent_again_to_who_has_it_until_something_happens(world: World, ask: Ask) -> None:
    world.open(make_incident("shandong"))
    tag = {"If-None-Match": (await ask("/feed.xml")).headers["ETag"]}
    assert (await ask("/feed.xml", headers=tag)).status == 304
    assert (await ask("/feed.xml", headers={"If-None-Match": 'W/"x", "y"'})).status == 200
    world.open(make_incident("beijing"))
    assert (await ask("/feed.xml", headers=tag)).status == 200
    assert (await ask("/feed.xml?page=2")).status == 400


async def test_every_page_leads_to_it(ask: Ask) -> None:
    for page in ("/", "/authorities/shandong", "/targets/captcha/shandong"):
        html = (await ask(page)).text
        assert '<link rel="alternate" href="/feed.xml" type="application/atom+xml"' in html, page


def test_the_validator_finds_what_is_wrong() -> None:
    with pytest.raises(AssertionError):
        read('<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id></feed>')
    assert datetime.fromisoformat("2026-11-21T08:00:00+00:00") == AT
