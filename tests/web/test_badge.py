"""The badge: what it says of whom, how long it may be kept, who may show it, and that its words can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import bcrypt
import pytest

from monitor.core.state import WindowRecord
from monitor.model import AuthorityState, Cause, Window
from monitor.web.badge import COLOURS, draw
from monitor.web.lens import Lens
from tests.web.conftest import AT, REGISTRY, Ask, World, make_plan, make_result

SVG = "{http://www.w3.org/2000/svg}"


def words(text: str) -> list[str]:
    """What a badge shows: the name, then the state."""
    return [one.text or "" for one in ElementTree.fromstring(text).iter(f"{SVG}text")]


async def test_it_says_name_and_state_in_the_configured_language_or_as_asked(world: World, ask: Ask) -> None:
    world.see_all_up()
    world.see(make_result("captcha/shandong", Cause.RESPONSE_TIMEOUT))
    answer = await ask("/badge/shandong.svg")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert words(answer.text) == ["山东", "不可用"]
    assert words((await ask("/badge/beijing.svg?lang=en")).text) == ["Beijing", "up"]
    assert (await ask("/badge/beijing.svg?lang=fr")).status == 400


async def test_it_has_a_title_for_those_who_do_not_see_it(world: World, ask: Ask) -> None:
    world.see_all_up()
    picture = ElementTree.fromstring((await ask("/badge/beijing.svg")).text)
    assert (picture.get("role"), picture.get("aria-label")) == ("img", "发票查验监测 · 北京：正常")
    assert picture.findtext(f"{SVG}title") == picture.get("aria-label")


async def test_the_national_page_and_this_machine_have_one_and_strangers_have_none(
    world: World, ask: Ask
) -> None:
    world.see_all_up()
    assert words((await ask("/badge/national.svg")).text) == ["全国查验平台", "正常"]
    assert words((await ask("/badge/local.svg")).text) == ["本机", "正常"]
    for stranger in ("atlantis", "%3Cscript%3E", "captcha%2Fshandong", "shandong.svg"):
        answer = await ask(f"/badge/{stranger}.svg")
        assert answer.status == 404, stranger
        assert answer.headers["Content-Type"].startswith("application/json")
    assert (await ask("/badge/shandong")).status == 404


async def test_an_authority_that_is_not_watched_has_none(world: World, ask: Ask) -> None:
    world.plan = make_plan({"shandong": REGISTRY["shandong"]})
    world.see_all_up()
    assert (await ask("/badge/shandong.svg")).status == 200
    assert (await ask("/badge/beijing.svg")).status == 404


async def test_before_the_first_run_and_in_maintenance_it_says_so(world: World, ask: Ask) -> None:
    assert words((await ask("/badge/shandong.svg?lang=en")).text)[1] == "unknown"
    window = Window(
        id="w", name="upgrade", authorities=("shandong",), services=None, start=AT, end=AT + timedelta(hours=1), by_hand=True,
    )  # fmt: skip
    world.state.windows["w"] = WindowRecord(window=window)
    world.see_all_up()
    world.see(make_result("captcha/shandong", Cause.RESPONSE_TIMEOUT))
    assert words((await ask("/badge/shandong.svg?lang=en")).text)[1] == "maintenance"


async def test_it_may_be_kept_for_a_moment_and_is_not_sent_again_to_who_has_it(
    world: World, ask: Ask
) -> None:
    world.see_all_up()
    first = await ask("/badge/shandong.svg")
    assert first.headers["Cache-Control"] == "max-age=30"
    known = {"If-None-Match": first.headers["ETag"]}
    again = await ask("/badge/shandong.svg", headers=known)
    assert (again.status, again.text, again.headers["ETag"]) == (304, "", first.headers["ETag"])
    world.see(make_result("captcha/shandong", Cause.RESPONSE_TIMEOUT))
    assert (await ask("/badge/shandong.svg", headers=known)).status == 200


async def test_pages_of_others_may_show_it_unless_users_are_configured(world: World, ask: Ask) -> None:
    world.see_all_up()
    policy = "Cross-Origin-Resource-Policy"
    assert (await ask("/badge/shandong.svg")).headers[policy] == "cross-origin"
    assert (await ask("/feed.xml")).headers[policy] == "same-origin"
    world.plan = replace(
        world.plan, basic_auth={"alice": bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()}
    )
    assert (await ask("/badge/shandong.svg")).status == 401
    headers = {"Authorization": "Basic YWxpY2U6cmlnaHQ="}
    answer = await ask("/badge/shandong.svg", headers=headers)
    assert (answer.status, answer.headers[policy]) == (200, "same-origin")
    assert answer.headers["Cache-Control"] == "private, max-age=30"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>&\"'", "x" * 500, "\x00\x08\u202e山", "]]>"])
def test_a_strange_name_is_escaped_and_bounded(name: str) -> None:
    plan = make_plan({"odd": replace(REGISTRY["shandong"], slug="odd", name=name)})
    text = draw(Lens(language="zh", plan=plan, now=AT), "odd", AuthorityState.UP)
    picture = ElementTree.fromstring(text)
    assert int(picture.get("width") or 0) < 500
    assert "<script" not in text
    assert not any(ord(letter) < 32 for letter in text.replace("\n", ""))


def luminance(colour: str) -> float:
    """Of `#rrggbb`, as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("state", AuthorityState)
def test_white_can_be_read_on_every_colour(state: AuthorityState) -> None:
    assert 1.05 / (luminance(COLOURS[state]) + 0.05) >= 4.5
