"""Every message as it appears on a phone: the examples are complete, short where it matters, and the page shows them whole."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import pytest

from docs.pictures.phone import SHEETS, message, sheet
from monitor.model import EventName
from monitor.notify.payload import payload
from monitor.notify.words import LANGUAGES
from tests.browser.chromium import chromium
from tests.notify.scenes import PLAN, SCENES

SHOWN_LOCKED = 32
"""Characters of which a locked phone shows all, or nearly; ServerChan takes no more."""


def test_the_examples_cover_every_event_and_each_has_its_picture():
    assert {told.event for told in SCENES.values()} == set(EventName)
    assert sorted(name for names in SHEETS.values() for name in names) == sorted(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_a_message_is_short_enough_for_a_locked_phone_and_whole_for_wecom(name):
    title, text, url = message(name)
    told = payload(SCENES[name], PLAN)

    assert len(title) <= SHOWN_LOCKED
    assert (title, text) == (told["title"], told["text"]), "nothing is cut"
    assert text.endswith(url)
    assert "None" not in title + text


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_says_what_to_do_and_where_it_was_seen_from(name, language):
    text = payload(SCENES[name], replace(PLAN, language=language))["text"]
    lines = text.splitlines()

    nothing = {"zh": "无需处理", "en": "nothing to do"}[language]
    assert any(line.startswith(("下一步", "Next step")) for line in lines) or nothing in text
    assert sum(line.startswith(("观测点", "Seen from")) for line in lines) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_drill_says_so_first_in_title_and_text(language):
    told = payload(SCENES["演练"], replace(PLAN, language=language))

    assert told["title"].startswith(("【演练】", "[DRILL]"))
    assert told["text"].startswith(("演练", "Drill"))


def test_a_page_shows_each_message_with_its_link_and_nothing_as_markup():
    for names in SHEETS.values():
        page = sheet(names)
        assert page.count("<figure") == len(names)
        for name in names:
            title, text, url = message(name)
            plain = page.replace(f"<a>{escape(url)}</a>", escape(url))
            assert escape(f"{title}\n{text}") in plain


@pytest.mark.peer("chromium")
async def test_a_phone_shows_every_line_within_its_width(tmp_path):
    async with chromium(tmp_path / "profile") as page:
        for name, names in SHEETS.items():
            source = tmp_path / f"{name}.html"
            source.write_text(sheet(names, columns=1), encoding="utf-8")
            await page.look(width=392, dark=name == "more")
            await page.open(source.as_uri())
            wide = await page.value(
                "[...document.querySelectorAll('.bubble')].filter(b => b.scrollWidth > b.clientWidth"
                " || b.getBoundingClientRect().right > b.closest('figure').getBoundingClientRect().right).length"
            )
            assert wide == 0
            assert await page.value("document.querySelectorAll('.bubble a').length") == len(names)
        assert page.logged == []
