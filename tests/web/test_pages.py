"""The pages: the sentence on top, the matrix, incidents in words, both languages, nothing a hostile reply could inject."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from monitor.model import (
    Authority,
    Cause,
    Certificate,
    Confirmed,
    Diagnosis,
    Flag,
    MaintenanceRule,
    Outcome,
    Phase,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Scope,
)
from monitor.web.texts import SUBJECTS, TEXTS, span
from tests.web.conftest import AT, World, make_incident, make_plan, make_result


class Cells(HTMLParser):
    """Reads the matrix: slug → (classes, text)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, tuple[str, str]] = {}
        self._slug: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (slug := given.get("data-authority")) is not None:
            self._slug = slug
            self.found[slug] = (given.get("class") or "", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "li":
            self._slug = None

    def handle_data(self, data: str) -> None:
        if self._slug is not None:
            classes, text = self.found[self._slug]
            self.found[self._slug] = (classes, f"{text} {data.strip()}".strip())


def sentence(html: str) -> str:
    """The headline without its tags."""
    inside = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert inside
    return re.sub(r"<[^>]+>", "", inside.group(1)).strip()


async def test_all_fine_says_so_and_shows_36_cells_with_sign_and_word(world, ask):
    world.see_all_up()
    answer = await ask("/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert sentence(answer.text) == "✓ 全部正常：36 个税务机关的发票查验都可用。"
    cells = Cells(answer.text).found
    assert len(cells.keys() - {"national", "local"}) == 36
    assert all("✓ 正常" in text for _, text in cells.values())
    assert "没有进行中的故障" in answer.text


async def test_what_is_down_is_named_with_cause_since_and_next_step(world, ask):
    world.see_all_up()
    world.see(make_result("captcha/shandong", Cause.CONNECTION_REFUSED, phase=Phase.CONNECT))
    world.open(make_incident("shandong", Cause.CONNECTION_REFUSED))
    html = (await ask("/")).text
    assert sentence(html) == "✗ 1 个税务机关的发票查验不可用：山东。"
    classes, text = Cells(html).found["shandong"]
    assert {"own-error", "is-down"} <= set(classes.split())
    assert "✗ 异常" in text
    assert "连接被拒绝" in text
    assert "15:50:00 +08:00" in html
    assert "已持续 10 分钟" in html
    assert "12366" in html


async def test_one_failing_run_colours_the_cell_but_is_not_yet_down(world, ask):
    world.see_all_up()
    world.see(make_result("captcha/shandong", Cause.RESPONSE_TIMEOUT, phase=Phase.PROCESSING), Confirmed.UP)
    html = (await ask("/")).text
    classes, text = Cells(html).found["shandong"]
    assert "own-timeout" in classes
    assert "is-down" not in classes
    assert "◷ 超时" in text
    assert sentence(html).startswith("✓ 全部正常")


async def test_a_local_fault_says_it_is_us_and_blames_no_province(world, ask):
    for name in world.plan.targets:
        world.see(make_result(name, Cause.UNREACHABLE, phase=Phase.CONNECT))
    world.open(
        make_incident(
            "local", id="l-1", scope=Scope.LOCAL, service="", diagnosis=Diagnosis.LOCAL_NETWORK, targets=()
        )
    )
    chinese = (await ask("/")).text
    assert sentence(chinese).startswith("✗ 是我们这边的问题：")
    assert "不要联系税务局" in chinese
    english = (await ask("/?lang=en")).text
    assert sentence(english).startswith("✗ It is us:")
    assert "is down at" not in english


async def test_a_nationwide_outage_is_one_incident_that_counts_its_members(world, ask):
    world.see_all_up()
    slugs = sorted(world.plan.authorities)[:18]
    for slug in slugs:
        world.see(make_result(f"captcha/{slug}", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
        world.open(make_incident(slug, parent="n-1"))
    world.open(make_incident("tianjin", parent="n-1", resolved_at=AT))
    world.open(make_incident("tianjin", id="t-2", service="dppt", parent="n-1"))
    world.open(make_incident("national", id="n-1", scope=Scope.NATIONAL, diagnosis=Diagnosis.NATIONAL_OUTAGE))
    html = (await ask("/?lang=en")).text
    assert "18 authorities together" in sentence(html)
    assert "further services: Tianjin e-invoice platform" in html
    assert html.count("<article") == 2, "and one that is over"
    assert "covers 18 authorities" in html


async def test_what_never_answered_asks_to_check_the_address_and_cries_no_outage(world, ask):
    world.see_all_up()
    world.see(make_result("captcha/shandong", Cause.DNS_NXDOMAIN, phase=Phase.RESOLVE), seen_up=False)
    html = (await ask("/?lang=en")).text
    assert sentence(html) == "? 1 never answered since configured: Shandong."
    assert "authorities.override" in html
    world.see(make_result("captcha/beijing", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
    html = (await ask("/?lang=en")).text
    assert sentence(html).startswith("✗ Invoice verification is down at 1: Beijing.")
    assert "1 more never answered" in sentence(html)


async def test_the_first_sweep_tells_how_far_it_is(world, ask):
    world.see(make_result("captcha/shandong"))
    html = (await ask("/?lang=en")).text
    assert sentence(html) == "◷ First sweep under way: results from 1 of 36 authorities."
    assert "? pending" in Cells(html).found["beijing"][1]


async def test_language_is_the_configured_one_unless_asked_for(world, ask):
    assert 'lang="zh-CN"' in (await ask("/")).text
    english = await ask("/?lang=en")
    assert '<html lang="en">' in english.text
    assert "Shandong" in english.text
    assert 'href="/authorities/shandong?lang=en"' in english.text
    assert (await ask("/?lang=de")).status == 400


async def test_an_authority_s_page_shows_its_targets_phase_by_phase(world, ask):
    phases = {Phase.CONNECT: 0.02, Phase.TLS: 0.03, Phase.PROCESSING: 0.45}
    world.see(
        make_result("captcha/shandong", phases=phases, flags=frozenset({Flag.SLOW}), address="192.0.2.7")
    )
    html = (await ask("/authorities/shandong")).text
    assert "国家税务总局山东省税务局" in html
    assert "192.0.2.7" in html
    assert 'class="phase-processing" x="10.0" y="0" width="90.0"' in html
    assert "450 ms" in html
    assert "响应缓慢" in html
    assert "16:00:30 +08:00" in html


async def test_the_controls_and_the_national_page_have_pages_too(world, ask):
    world.see_all_up()
    assert "internet" in (await ask("/authorities/local")).text
    assert "national-page" in (await ask("/authorities/national")).text


async def test_an_incident_s_page_tells_its_story_after_it_is_over(world, ask):
    world.see(make_result("captcha/shandong"))
    world.open(make_incident("shandong", resolved_at=AT - timedelta(minutes=2)))
    html = (await ask("/incidents/shandong-1")).text
    assert "持续 8 分钟" in html
    assert html.index("首次失败") < html.index("确认故障") < html.index("恢复")


async def test_what_a_hostile_endpoint_says_stays_text(world, ask):
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    world.see(make_result("captcha/shandong", Cause.HTTP_STATUS, detail=hostile, address=hostile))
    html = (await ask("/authorities/shandong")).text
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("path", ["/", "/?lang=en", "/authorities/shandong", "/incidents/shandong-1"])
async def test_pages_need_no_inline_script_or_style(world, ask, path):
    world.see_all_up()
    world.open(make_incident("shandong"))
    html = (await ask(path)).text
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|<style|javascript:", html)
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in html


async def test_static_files_are_the_three_that_exist(ask):
    for name, kind in (
        ("page.css", "text/css"),
        ("page.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ):
        answer = await ask(f"/static/{name}")
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, kind)
    assert (await ask("/static/..%2Fserver.py")).status == 404


async def test_a_missing_page_is_a_page_for_a_browser_and_json_for_the_rest(ask):
    browser = await ask("/authorities/atlantis", headers={"Accept": "text/html,*/*"})
    assert (browser.status, "没有这个页面" in browser.text) == (404, True)
    assert "atlantis" in (await ask("/authorities/atlantis")).json["error"]


def test_both_languages_have_the_same_texts_with_the_same_gaps():
    chinese, english = TEXTS["zh"], TEXTS["en"]
    assert chinese.keys() == english.keys()
    for name in chinese:
        gaps = [set(re.findall(r"{(\w+)}", text)) for text in (chinese[name], english[name])]
        assert gaps[1] - {"names"} == gaps[0] - {"names"}, name


def test_no_two_subjects_have_a_text_of_the_same_name():
    names = [name for subject in SUBJECTS for name in subject.TEXTS["zh"]]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 0 min"), (90061, "1 d 1 h")],
)
def test_spans_are_said_in_the_two_largest_units(seconds, said):
    assert span("en", seconds) == said


class TestAuthorityOfOneself:
    """A plan that watches few, under names of its own."""

    @pytest.fixture
    def world(self) -> World:
        own = Authority(slug="a<b", code="9999", name="<甲>", name_en="<A>", full_name="<甲局>")
        return World(plan=make_plan({"a<b": own}))

    async def test_names_from_a_configuration_are_escaped(self, world, ask):
        html = (await ask("/")).text
        assert "&lt;甲&gt;" in html
        assert "<甲>" not in html
        assert 'href="/authorities/a%3Cb"' in html


class TestReferences:
    """A plan with two references and some maintenance."""

    @pytest.fixture
    def world(self) -> World:
        sources = (ReferenceSource(name="hq<1>", url="http://x"), ReferenceSource(name="board", file="/x"))
        rules = (
            MaintenanceRule(name="nightly<b>", schedule="0 23 * * *", duration=7200.0),
            MaintenanceRule(
                name="upgrade",
                authorities=("hebei",),
                start=AT - timedelta(hours=1),
                end=AT + timedelta(hours=1),
            ),
        )
        world = World(plan=make_plan(references=sources, maintenance=rules))
        world.see_all_up()
        return world

    def hear(self, world: World, source: str, *, age: float = 10.0, **said: Outcome) -> None:
        """What a reference says, `age` seconds ago."""
        rows = tuple(
            ReferenceRow(authority=slug, outcome=outcome, checked_at=AT - timedelta(seconds=age))
            for slug, outcome in said.items()
        )
        world.state.references[source] = ReferenceReading(source=source, read_at=AT, up=True, rows=rows)

    async def test_a_cell_has_the_reference_as_background(self, world, ask):
        ok, error, timeout = Outcome.OK, Outcome.ERROR, Outcome.TIMEOUT
        self.hear(world, "hq<1>", beijing=ok, tianjin=error, hebei=ok, shanxi=error, jilin=timeout)
        self.hear(world, "board", beijing=ok, hebei=error, shanxi=timeout)
        found = Cells((await ask("/")).text).found
        drawn = {slug: classes.split()[1:] for slug, (classes, _) in found.items()}
        assert drawn["beijing"] == ["ref-ok", "own-ok", "is-up", "agrees"]
        assert drawn["tianjin"] == ["ref-error", "own-ok", "is-up"]
        assert drawn["hebei"][0] == "ref-split"
        assert drawn["shanxi"][0] == "ref-error"
        assert drawn["jilin"][0] == "ref-timeout"
        assert drawn["liaoning"][0] == "ref-none"
        assert "参考 异常" in found["tianjin"][1]
        assert "参考" not in found["beijing"][1]

    async def test_a_stale_reference_is_drawn_as_such(self, world, ask):
        self.hear(world, "hq<1>", age=3600, beijing=Outcome.OK)
        html = (await ask("/?lang=en")).text
        classes, text = Cells(html).found["beijing"]
        assert ("ref-stale" in classes, "reference stale" in text) == (True, True)
        assert "the reference is out of date" in html

    async def test_verdicts_are_counted_and_sources_told(self, world, ask):
        self.hear(world, "hq<1>", beijing=Outcome.ERROR, tianjin=Outcome.OK)
        html = (await ask("/?lang=en")).text
        assert '<li class="verdict-only_reference_down">' in html
        assert "it works here; the reference says it is down" in html
        assert "hq&lt;1&gt;" in html
        assert "not read yet" in html
        assert "<1>" not in html

    async def test_an_authority_s_page_tells_what_each_reference_says_and_how_old_it_is(self, world, ask):
        self.hear(world, "board", age=90, beijing=Outcome.TIMEOUT)
        html = (await ask("/authorities/beijing?lang=en")).text
        assert "timeout, 1 min ago" in html
        assert "it works here; the reference says it is down" in html

    async def test_windows_of_now_and_to_come_are_listed_a_rule_once(self, world, ask):
        html = (await ask("/?lang=en")).text
        assert html.count('class="window is-active"') == 1
        assert html.count('class="window is-upcoming"') == 1
        assert "nightly&lt;b&gt;" in html
        assert "13 more within two weeks" in html
        assert "in maintenance" in Cells(html).found["hebei"][1]

    async def test_planned_maintenance_is_no_alarm(self, world, ask):
        world.see(make_result("captcha/hebei", Cause.MAINTENANCE_PAGE, phase=Phase.PROCESSING))
        html = (await ask("/?lang=en")).text
        assert sentence(html) == "⚙ Invoice verification works everywhere; 1 in planned maintenance: Hebei."


async def test_an_incident_s_page_says_whom_it_was_escalated_to(world, ask):
    steps = (
        "told=incident_opened",
        "told=incident_escalated",
        "to=boss, <值班>",
        "told=incident_resolved",
        "to=",
    )
    timeline = tuple((AT - timedelta(minutes=9), step) for step in steps)
    world.open(make_incident("shandong", timeline=timeline))
    html = (await ask("/incidents/shandong-1")).text
    assert "已通知 boss、&lt;值班&gt;：升级</li>" in html
    assert html.count("已通知") == 3
    assert "to=" not in html


async def test_an_incident_s_page_tells_who_took_it_what_changed_and_what_it_belongs_to(world, ask):
    steps = (
        "opened",
        "cause=connect_timeout",
        "told=incident_opened",
        "cause=tls_expired",
        "acked=<王>",
        "new=1",
    )
    world.open(make_incident("national", id="n-1", scope=Scope.NATIONAL, diagnosis=Diagnosis.NATIONAL_OUTAGE))
    world.open(
        make_incident(
            "shandong",
            parent="n-1",
            acknowledged_at=AT,
            acknowledged_by="<王>",
            comment="<b>",
            timeline=tuple((AT - timedelta(minutes=9), step) for step in steps),
        )
    )
    html = (await ask("/incidents/shandong-1?lang=en")).text
    told = [
        re.sub("<[^>]*>", "", line).strip() for line in re.findall(r"<li>(<time.*?)</li>", html, re.DOTALL)
    ]
    assert [line.split("+08:00 ")[1] for line in told] == [
        "First failure", "Confirmed", "told: opened", "cause became: certificate has expired",
        "taken by &lt;王&gt;", "new=1",
    ]  # fmt: skip
    assert 'href="/incidents/n-1?lang=en"' in html
    assert "&lt;b&gt;" in html
    members = (await ask("/incidents/n-1?lang=en")).text
    assert 'href="/incidents/shandong-1?lang=en"' in members


async def test_a_target_s_page_shows_its_last_run_and_certificate_as_text(world, ask):
    hostile = "CN=<script>alert(1)</script>"
    certificate = Certificate(
        subject=hostile, issuer=hostile, not_before=AT, not_after=AT, names=(hostile,) * 30, fingerprint="",
        chain_length=1, verified=True,
    )  # fmt: skip
    world.see(make_result("captcha/shandong", certificate=certificate, code=hostile, tls_version=hostile))
    page = await ask("/targets/captcha%2Fshandong")
    assert (page.status, "<script>" in page.text) == (200, False)
    assert page.text.count("&lt;script&gt;") == 24
    assert (await ask("/targets/captcha/atlantis")).status == 404
