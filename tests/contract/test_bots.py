"""WeCom, DingTalk, Feishu, Lark and ServerChan as they are documented, and our messages to them, by their real addresses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import trustme

from monitor.model import EventName
from monitor.notify.apprise import AppriseDeliverer
from monitor.notify.delivery import DeliveryError
from monitor.notify.payload import payload
from monitor.notify.shapes import ANY, SHAPES, fitted, head, in_bytes, in_json, shortened
from tests.notify.examples import a_notification, a_plan, an_incident, by_apprise
from tests.notify.services import KEY, SECRET, TOKEN, Services, Shown, services

PAYLOAD = payload(a_notification(), a_plan())
ADDRESSES = {
    "wecombot": f"wecombot://{KEY}",
    "wechat": "wechat://corp:secret@1000002/@all",
    "dingtalk": f"dingtalk://{TOKEN}/",
    "dingtalk in markdown": f"dingtalk://{TOKEN}/?format=markdown",
    "feishu": f"feishu://{KEY}",
    "lark": f"lark://{KEY}",
    "schan": f"schan://SCT{TOKEN}",
}
everyone = pytest.mark.parametrize("name", ADDRESSES)
Tell = Callable[..., Awaitable[str]]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the imitations."""
    return trustme.CA()


@pytest.fixture
async def groups(clock, authority, monkeypatch) -> AsyncIterator[Services]:
    """The imitations, by their real names."""
    with authority.cert_pem.tempfile() as bundle:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        async with services(clock, authority) as here:
            yield here


@pytest.fixture
async def tell(groups, clock) -> AsyncIterator[Tell]:
    """Tell one of them, by its address."""
    sender = AppriseDeliverer(clock=clock)

    async def deliver(url: str, told=PAYLOAD) -> str:
        return await sender.deliver(replace(by_apprise(url), proxies=groups.proxies), told)

    yield deliver
    await sender.close()


@everyone
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_message_is_shown_line_by_line_with_its_link(tell: Tell, groups: Services, name, language):
    told = payload(a_notification(), a_plan(language=language))
    assert (await tell(ADDRESSES[name], told)).endswith("200")
    (shown,) = groups.shown
    for line in told["text"].splitlines():
        assert line in shown.text.splitlines()
    assert told["title"] in shown.text
    assert shown.links == (told["url"],)
    assert shown.called <= {"@all"}, "a WeCom application writes to all by name, nobody else is called"


def a_long_one(filling: str = "发票查验") -> dict[str, object]:
    """36 outages at once, with far too much to say about them."""
    incidents = [an_incident(f"province{number}") for number in range(36)]
    told = payload(a_notification(*incidents), a_plan())
    lines = told["text"].split("\n")
    return {**told, "text": "\n".join([*lines[:3], filling * 4000, *lines[3:], filling * 4000])}


@everyone
@pytest.mark.parametrize("filling", ["发票查验", "plain ascii", "😀", '"\\<&', "*_[]()#"])
async def test_a_text_that_is_too_long_is_cut_where_one_sees_it_and_keeps_its_link(
    tell: Tell, groups: Services, name, filling
):
    told = a_long_one(filling)
    await tell(ADDRESSES[name], told)
    (shown,) = groups.shown
    *_, missing, link = shown.text.rstrip().splitlines()
    assert missing.endswith("…")
    assert link == f"详情：{told['url']}"
    assert "\ufffd" not in shown.text


@everyone
async def test_each_service_gets_nearly_as_much_as_it_takes(tell: Tell, groups: Services, name):
    await tell(ADDRESSES[name], a_long_one())
    room = {"wecombot": 2048, "wechat": 2048, "schan": 30_000}.get(name)
    size = len(groups.shown[0].text.encode()) if room else groups.sizes[-1]
    assert 0.9 * (room or 20_000) < size <= (room or 20_000)


HOSTILE = (
    '<@all> <@zhang> <at user_id="all">所有人</at> <a href="http://evil.example">x</a> @13800000000 @all '
    "[x](evil.example) ![x](//evil.example) <b>b</b> # h * * * _x_ `c` | a | ~~s~~ &lt; $userName=zhang$"
)


@everyone
async def test_what_a_server_wrote_is_neither_markup_nor_a_mention(tell: Tell, groups: Services, name):
    titled = "【通告待确认】<@all> [x](evil.example)"
    hostile = {**PAYLOAD, "title": titled, "text": f"{HOSTILE}\n# {HOSTILE}\n- {HOSTILE}\n{PAYLOAD['text']}"}
    await tell(ADDRESSES[name], hostile)
    (shown,) = groups.shown
    assert shown.called <= {"@all"}
    assert [link for link in shown.links if link != "http://evil.example"] == [PAYLOAD["url"]]
    assert "@all" in shown.text
    assert "[x](evil.example)" in shown.text, "all of it can be read"


@pytest.mark.parametrize("name", ADDRESSES)
async def test_no_tag_reaches_a_service_that_reads_tags(name):
    shape = SHAPES.get(name.split()[0], ANY)
    if name in ("wecombot", "wechat", "feishu", "lark"):
        assert "<" not in "".join(fitted(shape, HOSTILE, HOSTILE))


# --- mentions --------------------------------------------------------------------------------------------------------

NAMED = "?mention=@all,13800000000,zhangsan"
CALLED = {
    "wecombot": {"@all", "13800000000", "zhangsan"},
    "dingtalk": {"all", "13800000000", "zhangsan"},
    "feishu": {"all", "zhangsan"},
    "lark": {"all", "zhangsan"},
}


def of(event: EventName, severity: str = "critical") -> dict[str, object]:
    return {**PAYLOAD, "event": event, "severity": severity}


@pytest.mark.parametrize("name", CALLED)
async def test_people_are_called_for_what_is_critical_and_asks_for_them(tell: Tell, groups: Services, name):
    for told in (
        of(EventName.INCIDENT_OPENED),
        of(EventName.INCIDENT_ESCALATED),
        of(EventName.TEST, "info"),
        a_long_one(),
    ):
        await tell(ADDRESSES[name] + NAMED, told)
    assert [shown.called for shown in groups.shown] == [CALLED[name]] * 4


@pytest.mark.parametrize("name", CALLED)
async def test_nobody_is_called_for_what_can_wait(tell: Tell, groups: Services, name):
    for told in (
        of(EventName.INCIDENT_OPENED, "warning"),
        of(EventName.INCIDENT_RESOLVED),
        of(EventName.REPORT, "info"),
        of(EventName.MAINTENANCE_STARTED, "info"),
    ):
        await tell(ADDRESSES[name] + NAMED, told)
    assert [shown.called for shown in groups.shown] == [set()] * 4


async def test_numbers_in_the_path_of_dingtalk_are_called_like_those_of_mention(tell: Tell, groups: Services):
    url = f"dingtalk://{TOKEN}/13800000000/13900000000"
    await tell(url)
    await tell(url, of(EventName.INCIDENT_RESOLVED))
    assert [shown.called for shown in groups.shown] == [{"13800000000", "13900000000"}, set()]


@pytest.mark.parametrize("name", ["wecombot", "dingtalk", "feishu"])
@pytest.mark.parametrize("asked", ["", "?mention=", "?mention=%3Cat%3E,a%20b", "?other=1"])
async def test_an_address_that_names_nobody_well_still_delivers(tell: Tell, groups: Services, name, asked):
    await tell(ADDRESSES[name] + asked)
    assert [shown.called for shown in groups.shown] == [set()]


# --- signatures and keywords -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed", "unsigned"),
    [
        (f"dingtalk://{SECRET}@{TOKEN}/", f"dingtalk://{TOKEN}/"),
        (f"feishu://{SECRET}@{KEY}", f"feishu://{KEY}"),
        (f"lark://{SECRET}@{KEY}", f"lark://wrong@{KEY}"),
    ],
)
async def test_a_robot_that_asks_for_a_signature_gets_one(tell: Tell, groups: Services, signed, unsigned):
    groups.signed = True
    await tell(signed)
    with pytest.raises(DeliveryError, match=r"310000|19021") as problem:
        await tell(unsigned)
    assert problem.value.permanent
    assert len(groups.shown) == 1


@pytest.mark.parametrize("name", ["dingtalk", "feishu", "lark"])
async def test_a_keyword_that_stands_in_every_message_is_the_name_of_the_vantage(
    tell: Tell, groups: Services, name
):
    groups.keyword = "shanghai-office"
    await tell(ADDRESSES[name])
    groups.keyword = "other"
    with pytest.raises(DeliveryError, match=r"310000|19024"):
        await tell(ADDRESSES[name])


# --- what they answer ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in ADDRESSES if name != "wechat"])
async def test_too_often_is_for_later_and_works_then(tell: Tell, groups: Services, name):
    groups.per_minute = 0
    with pytest.raises(DeliveryError, match="too often") as problem:
        await tell(ADDRESSES[name])
    assert not problem.value.permanent
    groups.per_minute = 20
    await tell(ADDRESSES[name])


@pytest.mark.parametrize(
    "url",
    [
        "wecombot://another-key",
        "dingtalk://ffffffff/",
        "feishu://another-token",
        "lark://another-token",
        "schan://SCTanother",
    ],
)
async def test_a_wrong_key_is_for_good_and_said_in_words_without_the_key(tell: Tell, groups: Services, url):
    with pytest.raises(DeliveryError, match=r"no such|wrong SendKey") as problem:
        await tell(url)
    assert problem.value.permanent
    assert "another" not in problem.value.reason
    assert groups.shown == []


LATER, NEVER = False, True


@pytest.mark.parametrize(
    ("name", "status", "said", "permanent"),
    [
        ("wecombot", 200, {"errcode": -1, "errmsg": "system busy"}, LATER),
        ("wecombot", 200, {"errcode": 45009, "errmsg": "api freq out of limit"}, LATER),
        ("wecombot", 200, {"errcode": 45033, "errmsg": "api concurrent out of limit"}, LATER),
        ("wecombot", 200, {"errcode": 93000, "errmsg": "invalid webhook url"}, NEVER),
        ("wecombot", 200, {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}, NEVER),
        ("wecombot", 200, {}, LATER),
        ("wechat", 200, {"errcode": 40014, "errmsg": "invalid access_token"}, LATER),
        ("wechat", 200, {"errcode": 60020, "errmsg": "not allow to access from your ip"}, NEVER),
        ("dingtalk", 200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, LATER),
        ("dingtalk", 200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "ff"}, LATER),
        ("dingtalk", 200, {"errcode": 410100, "errmsg": "发送速度太快而限流"}, LATER),
        ("dingtalk", 200, {"errcode": 310000, "errmsg": "ip 10.0.0.1 not in whitelist"}, NEVER),
        ("dingtalk", 200, {"errcode": 400102, "errmsg": "bot is stopped"}, NEVER),
        ("feishu", 200, {"code": 11232, "msg": "frequency limited psm[lark.oapi]appID[1500]"}, LATER),
        ("feishu", 400, {"code": 9499, "msg": "too many request", "data": {}}, LATER),
        ("feishu", 400, {"code": 9499, "msg": "Bad Request", "data": {}}, NEVER),
        ("feishu", 400, {"code": 99991400, "msg": "request trigger frequency limit"}, LATER),
        ("feishu", 429, {"code": 19001, "msg": "whatever"}, LATER),
        ("feishu", 500, {"code": 55001, "msg": "internal"}, LATER),
        ("feishu", 200, {"code": 19022, "msg": "Ip Not Allowed"}, NEVER),
        ("schan", 400, {"code": 40001, "message": "[AUTH]超过当天的发送次数限制[5]"}, LATER),
        ("schan", 400, {"code": 40001, "message": "[AUTH]错误的Key"}, NEVER),
        ("schan", 400, {"code": 20001, "message": "[INPUT]title 不能为空"}, NEVER),
        ("schan", 200, {"errno": 1024, "errmsg": "bad pushtoken"}, NEVER),
    ],
)
async def test_what_they_answer_decides_whether_it_is_tried_again(
    tell: Tell, groups: Services, name, status, said, permanent
):
    groups.refusal = (status, said)
    with pytest.raises(DeliveryError) as problem:
        await tell(ADDRESSES[name])
    assert problem.value.permanent is permanent
    assert not any(len(str(value)) > 8 and str(value) in problem.value.reason for value in said.values())


async def test_an_application_of_wecom_fetches_a_new_token_when_the_old_one_has_expired(
    tell: Tell, groups: Services
):
    url = ADDRESSES["wechat"]
    await tell(url)
    groups.tokens += 1  # whoever else used the secret made ours worthless
    with pytest.raises(DeliveryError, match="42001") as problem:
        await tell(url)
    assert not problem.value.permanent
    await tell(url)
    assert len(groups.shown) == 2


# --- the imitations themselves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wecombot", "dingtalk", "feishu", "schan"])
async def test_the_imitations_refuse_what_is_too_long(tell: Tell, groups: Services, name, monkeypatch):
    monkeypatch.setitem(SHAPES, name, replace(SHAPES[name], room=100_000, title=None))
    with pytest.raises(DeliveryError, match=r"40058|460101|9499|20001|20002"):
        await tell(ADDRESSES[name], a_long_one())
    assert groups.shown == []


def test_a_shown_message_knows_who_is_called():
    assert Shown("x") == Shown("x", frozenset(), ())


# --- cutting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", range(3, 40))
@pytest.mark.parametrize("measure", [in_bytes, in_json])
def test_a_cut_never_splits_a_character_nor_exceeds_its_room(limit, measure):
    text = "发a票😀验\n详情：http://m"
    short = shortened(text, limit, measure, "http://m")
    assert measure(short) <= max(limit, measure("…"))
    assert short.encode().decode() == short
    assert head(text, limit, measure) in text


def test_what_fits_is_not_touched():
    assert shortened("发票", 6) == "发票"
    assert shortened("发票查", 8) == "发…"
    assert json.loads(f'"{"发" * 3}"') == "发发发"
