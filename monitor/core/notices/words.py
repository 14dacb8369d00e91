"""What the words around a time say of it: a stop, business as usual, or something that is no maintenance."""

from __future__ import annotations

import re
from enum import StrEnum

_WORK = "停机|停服|升级|维护|切换|检修|割接|迁移|演练|扩容|改造"


class Mood(StrEnum):
    """What a clause says of what it names."""

    STOP = "stop"
    GOOD = "good"
    OTHER = "other"
    """A filing period, a rule that comes into force, office hours."""


_NEUTRAL = re.compile(
    rf"(?:系统|平台|此次|本次|上述)?(?:{_WORK}|暂停)(?:{_WORK}|更新|服务|操作|工作){{0,4}}"
    r"(?:期间(?![为:是自从于将0-9(])|过程中?|之?前|之?后|时(?![间段长刻])|(?:完成|结束|完毕)(?:之?后)?)"
    r"|除[^,;。\n]{1,60}?(?:以外|之外|外)"
    r"|(?:正常|稳定|平稳|安全|高效)(?:、?(?:稳定|平稳|安全|高效))*、?运行|运行维护费|敬请.{0,4}谅解|(?:不便|影响),?敬请"
)
_MOODS = re.compile(
    r"(?P<good>(?:暂)?不(?:会|受|致)?[^,;。\n]{0,4}影响|未受影响|正常|照常|恢复|不停机|不中断|开放|仍可"
    r"|(?<!不)可(?:以)?(?:继续|离线|使用|通过|选择|办理|登录|前往|到|在))"
    r"|(?P<other>申报期|征期|征收期|征税期|申报纳税期|纳税期限|缴费期|缴款期|缴纳期|期限|顺延|工作时间|办公时间|上班|服务时间"
    r"|受理时间|咨询|客服|热线|接听|放假|值班|培训|直播|讲座|报名|公示|征求意见|汇算清缴期|施行|执行|生效|实施|启用|上线|推广|推行|有效期|所属期"
    r"|试运行|开通|开展|修订|废止|截止(?:日期|时间)?)"
    rf"|(?P<stop>{_WORK}|停网|停电|停办|停用|停止|停运|暂停|暂缓|暂不|中断|关闭|下线|关停|无法|不能|不可(?!抗)|不支持|不再|不予"
    r"|不提供|更新|受限|将(?:会)?影响|会影响|影响范围|受影响)"
)

BEFORE = re.compile(r"[)]?(?:之前|以前|前(?!后))(?!恢复|开放)")
SINCE = re.compile(r"[)]?(?:起(?![草诉])|开始|后|之后|以后)")
WHOLE_DAYS = re.compile(r"[)]?(?:全天|整天|全日)")
ALREADY = re.compile(r"已经?(?:顺利)?[于在自]?$")
_UNTIL_LABEL = re.compile(
    r"(?:结束|恢复|完成|截止|开放)(?:服务|使用|办理|业务)?(?:的)?(?:时间|日期)?(?:预计)?[为:是于在]{0,2}(?:预计)?$"
)
_OVER = re.compile(
    r"(?!起?[至到])[)]?(?:左右|前后|起|后|之后|以后|前)?,?[^,;。\n0-9]{0,16}?(?:结束|完成|完毕|恢复|开放|开机|开启)"
)
_LATER = re.compile(
    r"(?:恢复|开放|开通|结束|完成|办理|上线|启用)[^,;。\n]{0,8}(?:时间)?[^,;。\n]{0,6}另行|另行(?:通知|公告|通告)"
)
_LASTS = re.compile(
    r"(?:预计|历时|持续|时长|用时|停机|升级|维护|耗时|为期|共)(?:时间|时长)?[约为:]{0,2}(?:需要?)?(?P<count>[0-9]{1,3})个?(?P<unit>小时|分钟|天)"
)
_UNIT = {"小时": 3600.0, "分钟": 60.0, "天": 86400.0}
_EXAMPLE = re.compile(r"(?:[例比譬]?如|诸如|类似)[:]?$")
ADVICE = re.compile(r"请|建议|务必|尽量|尽早|避开|错峰|提醒|应当?于")
OTHER_TIMES = re.compile(r"其[他它余]时[间段]")

_IF = re.compile(r"如(?!下)|若|倘|视|可能|必要时|不排除|一旦|遇")
_MOVED = (
    "取消|撤销|推迟|推后|延期|延后|延迟|延长|延至|延到|暂缓|改期|改为|改至|改在|调整[为至到]|变更[为至到]?|更正为|更改为|顺延"
    "|提前(?:至|到|结束|完成|恢复|开放)"
)
_LATER_THAN = "(?:推迟|推后|延期|延后|延迟|延长|延至|延到|顺延|暂缓)(?!申报|缴)"
_CHANGES = re.compile(
    rf"原(?:定|计划|拟|通告|公告|通知|安排)[^。\n]{{0,60}}(?:{_WORK}|暂停)"
    rf"|原(?:定|计划|拟)[^。\n]{{0,60}}恢复|恢复[^,;。\n]{{0,30}}(?:{_LATER_THAN}|提前|[调变更]\w[为至到]|改[为至到])"
    rf"|(?:{_LATER_THAN})[^,;。\n]{{0,24}}恢复"
    rf"|(?:{_WORK}|暂停服务|暂停办理)[^,;。\n]{{0,14}}(?:{_MOVED})"
    rf"|(?:取消|撤销|推迟|延期|延后|暂缓|延长|更正|提前结束|提前完成|终止)[^,;。\n]{{0,24}}(?:{_WORK}|暂停服务|停机时间)"
    rf"|(?:调整|变更|更改)[^,;。\n]{{0,24}}(?:{_WORK})[^,;。\n]{{0,6}}(?:时间|安排|公告|通告)"
    r"|更正(?:通知|公告|说明|启事)|更正$|提前(?:恢复|开放)|(?:时间|安排)(?:调整|变更|更改)[为至到]"
    rf"|(?:{_WORK}|暂停|恢复)[^,;。\n]{{0,8}}(?:时间|安排)?由[^,;。\n]{{0,40}}(?:调整|变更|更改|更正|改|推迟|延长|提前)[为至到]"
)
_CLAUSE_END = re.compile(r"[,;:]")
_FILING = re.compile(r"申报期|征期|纳税期限|申报期限|缴纳期限|缴费期|期限")
_FOR_GOOD = re.compile(r"停止使用|停用|下线|关停|不再|退出|废止|停止支持|停止运行|停止服务|取消")
_STRONG = re.compile(
    rf"停机|停服|暂停(?:服务|办理|使用|受理|对外)|系统(?:{_WORK})|(?:{_WORK})(?:通告|公告|通知|停机)|无法(?:办理|登录|使用|访问)"
    rf"|(?:系统|平台|电子税务局)[^,;。\n]{{0,10}}(?:进行|开展|实施)[^,;。\n]{{0,6}}(?:{_WORK})"
)
_VAGUE = re.compile(
    r"近期|近日|本周|下周|周末|月底|月初|年底|上旬|中旬|下旬|择机|择日|适时|节假日|春节|国庆|五一|元旦|中秋|端午|清明"
    r"|晚间|夜间|凌晨|另行通知"
)


def mood(text: str) -> Mood | None:
    """What the first word that says anything says."""
    found = _MOODS.search(_NEUTRAL.sub(lambda match: "*" * len(match[0]), text))
    return Mood(found.lastgroup) if found and found.lastgroup else None


def last_word(text: str) -> int:
    """Where the last word that says anything ends; -1 where none does."""
    return max((match.end() for match in _MOODS.finditer(text)), default=-1)


def is_over(before: str, after: str) -> bool:
    """Whether a time is the one at which a stop ends."""
    return bool(_UNTIL_LABEL.search(before[-20:]) or _OVER.match(after))


def is_left_open(text: str) -> bool:
    """Whether it is said that the end will be told later."""
    return bool(_LATER.search(text))


def is_example(before: str) -> bool:
    """Whether what follows is only an example."""
    return bool(_EXAMPLE.search(before[-6:]))


def lasts(text: str) -> float | None:
    """Seconds that a stop is said to last."""
    found = _LASTS.search(text)
    return int(found["count"]) * _UNIT[found["unit"]] if found else None


def changes(sentence: str) -> bool:
    """Whether it changes what another notice announced. `如需延长…` is no change, nor is a longer filing period."""
    for found in _CHANGES.finditer(sentence):
        clause = _CLAUSE_END.split(sentence[max(0, found.start() - 60) : found.start()])[-1] + found[0]
        clause += _CLAUSE_END.split(sentence[found.end() : found.end() + 60])[0]
        earlier = sentence[max(0, found.start() - 40) : found.end()]
        if not (_IF.search(earlier) or ADVICE.search(clause) or _FILING.search(clause)):
            return True
    return False


def is_for_good(text: str) -> bool:
    """Whether something is given up for ever."""
    return bool(_FOR_GOOD.search(text))


def speaks_of_stop(text: str) -> bool:
    """Whether it announces a stop, as far as its words say."""
    return bool(_STRONG.search(text))


def vague_words(text: str) -> re.Match[str] | None:
    """The first word for a time that is no time: 近期, 本周末."""
    return _VAGUE.search(text)
