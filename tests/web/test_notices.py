"""`/api/v1/notices`: listed, approved, rejected; and how the page shows those that wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from monitor.core.decide import decide
from monitor.core.feeds import posted
from monitor.core.notices import Doubt, Notice, NoticeWindow, Unclear
from monitor.core.state import apply
from monitor.model import TakeNotice, Tick
from tests.web.conftest import AT, Answer, Ask, World, make_plan

TOKEN = "s3cret-t0ken"
WINDOW = NoticeWindow(
    start=AT + timedelta(hours=2),
    end=AT + timedelta(hours=16),
    services=("verify",),
    authorities=("shandong",),
    quote="12月1日18:00至次日8:00",
)
NOBODY = NoticeWindow(
    start=WINDOW.start, end=WINDOW.end, services=None, authorities=(), quote="12月1日<b>18:00"
)
DOUBT = Unclear(kind=Doubt.NO_AUTHORITY, text="大冶市")


@pytest.fixture
def world() -> World:
    """All 36, well."""
    world = World(plan=make_plan(token=TOKEN))
    world.see_all_up()
    return world


@pytest.fixture
def call(ask: Ask) -> Callable[..., Awaitable[Answer]]:
    """`await call("POST", "/a1/approve", {...})` by one who knows the token."""

    async def call(method: str, path: str = "", body: object = None) -> Answer:
        sent = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return await ask(f"/api/v1/notices{path}", method=method, headers=headers, **sent)

    return call


def post(world: World, *windows: NoticeWindow, id_: str = "a1", unclear: tuple[Unclear, ...] = ()) -> None:
    """A notice is found in the feed."""
    read = Notice(
        title="关于<i>停机</i>的通告",
        authorities=(),
        windows=windows,
        unclear=unclear,
        published=date(2026, 11, 20),
    )
    found = posted(read, id_=id_, feed="board", file=f"{id_}.txt", now=AT)
    for event in (TakeNotice(notice=found), Tick()):
        apply(world.state, decide(event, world.state, AT, world.plan))


async def test_a_notice_is_listed_with_what_was_read_and_what_is_unclear(world, ask):
    post(world, NOBODY, unclear=(DOUBT,))
    answer = await ask("/api/v1/notices?lang=en")
    (row,) = answer.json["notices"]
    assert (row["id"], row["feed"], row["file"], row["status"]) == ("a1", "board", "a1.txt", "waiting")
    assert (row["published"], row["decided_by"], row["replaces"]) == ("2026-11-20", "", None)
    (window,) = row["windows"]
    assert (window["start"], window["authorities"], window["quote"]) == (
        "2026-11-21T10:00:00Z",
        [],
        "12月1日<b>18:00",
    )
    (unclear,) = row["unclear"]
    assert (unclear["kind"], unclear["text"]) == ("no_authority", "大冶市")
    assert "authorities" in unclear["explained"]
    chinese = await ask("/api/v1/notices?lang=zh&status=waiting")
    assert "税务机关" in chinese.json["notices"][0]["unclear"][0]["explained"]
    assert (await ask("/api/v1/notices?status=approved")).json == {"notices": [], "next": None}
    assert (await ask("/api/v1/notices?status=perhaps")).status == 400


async def test_one_that_changes_another_says_which_it_may_be(world, call, ask):
    post(world, WINDOW)
    await call("POST", "/a1/approve")
    post(world, id_="b2", unclear=(Unclear(kind=Doubt.CHANGE, text="取消"),))
    (window,) = (await ask("/api/v1/windows")).json["windows"]
    newest, first = (await ask("/api/v1/notices")).json["notices"]
    assert [(one["kind"], one["id"]) for one in newest["affects"]] == [("window", window["id"])]
    assert first["affects"] == []


async def test_the_page_offers_to_approve_only_what_can_be(world, ask):
    post(world, unclear=(Unclear(kind=Doubt.CHANGE, text="取消"),))
    page = (await ask("/")).text
    assert "notice reject a1" in page
    assert "notice approve a1" not in page


async def test_one_that_is_approved_makes_its_windows(world, call, ask):
    post(world, WINDOW)
    answer = await call("POST", "/a1/approve", {"author": "wang"})
    assert (answer.status, answer.json["status"], answer.json["decided_by"]) == (200, "approved", "wang")
    (window,) = (await ask("/api/v1/windows")).json["windows"]
    assert (window["notice"], window["by_hand"], window["services"]) == ("a1", False, ["verify"])
    again = await call("POST", "/a1/approve")
    assert (again.status, again.json["error"]) == (409, "notice a1 is approved already")


async def test_a_body_is_not_needed(world, call):
    post(world, WINDOW)
    assert (await call("POST", "/a1/approve")).json["status"] == "approved"


async def test_whom_it_is_about_may_be_named_where_it_does_not_say(world, call):
    post(world, NOBODY, unclear=(DOUBT,))
    silent = await call("POST", "/a1/approve")
    assert (silent.status, "which authority" in silent.json["error"]) == (409, True)
    named = await call("POST", "/a1/approve", {"authorities": "hubei"})
    assert named.json["windows"][0]["authorities"] == ["hubei"]


WRONG: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/zz/approve", None, 404, "no notice 'zz'"),
    ("DELETE", "/zz", None, 404, "no notice 'zz'"),
    ("POST", "/a1/approve", {"authorities": ["hube"]}, 400, "did you mean hubei?"),
    ("POST", "/a1/approve", {"authorities": ["hubei"]}, 400, "says itself"),
    ("POST", "/a1/approve", {"by": "wang"}, 400, "unknown key"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "said"), WRONG)
async def test_what_is_wrong_is_said(world, call, method, path, body, status, said):
    post(world, WINDOW)
    answer = await call(method, path, body)
    assert answer.status == status
    assert said in answer.json["error"]


async def test_one_that_is_rejected_counts_no_more(world, call, ask):
    post(world, WINDOW)
    await call("POST", "/a1/approve")
    assert (await call("DELETE", "/a1")).json["status"] == "rejected"
    assert (await ask("/api/v1/windows")).json["windows"] == []
    assert (await call("DELETE", "/a1")).status == 409


async def test_the_page_shows_what_waits_and_escapes_it(world, ask):
    assert "待确认的通告" not in (await ask("/")).text
    post(world, NOBODY, unclear=(DOUBT,))
    page = (await ask("/")).text
    assert "待确认的通告" in page
    assert "关于&lt;i&gt;停机&lt;/i&gt;的通告" in page
    assert "12月1日&lt;b&gt;18:00" in page
    assert "fapiao-monitor notice approve a1" in page
    english = (await ask("/?lang=en")).text
    assert "Notices to approve" in english


async def test_the_page_says_that_a_window_is_of_a_notice(world, call, ask):
    post(world, WINDOW)
    await call("POST", "/a1/approve")
    page = (await ask("/?lang=en")).text
    assert "Notices to approve" not in page
    assert "from a notice" in page
