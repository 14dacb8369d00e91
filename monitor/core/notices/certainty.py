"""Whether windows may count without a person: every clause that matters is made of known pieces, and nothing speaks against them.

A window mutes pages. So it is not looked for words that make a notice doubtful in one clause; the reverse: a clause that
names a service, a time or a stop must be known from end to end. What it does not know, it does not trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from monitor.core.notices.issuers import Names
from monitor.core.notices.moments import Span
from monitor.core.notices.notice import Doubt, Unclear
from monitor.core.notices.scopes import ALL, NAMES, names
from monitor.core.notices.sentences import sentences, title_lines
from monitor.core.notices.text import Text
from monitor.core.notices.words import Mood, mood

MOST = 6
"""Doubts that one notice needs."""
_TIME = "@"
_BREAK = re.compile(r"[,;\t]")
_SAFE = re.compile(
    r"如(?:有|遇)(?:任何)?(?:疑问|问题|疑义|不明|不便|变化|变动|变更|调整)|如下"
    r"|如需延长[^,;。\n]{0,10},?将另行(?:公告|通告|通知)|如提前(?:完成|结束)[^,;。\n]{0,8},?将提前(?:恢复|开放)[^,;。\n]{0,6}"
    r"|(?:恢复)?时间如有(?:变更|变动|变化|调整),?(?:将|请)?(?:另行(?:通知|公告|通告))"
    r"|申报(?:纳税)?期限[^,;。\n]{0,16}(?:延长|顺延)[至到]?|可更正申报|延期申报"
    r"|关于[临时暂停]{0,4}部分(?:涉税|办税)?(?:业务|系统|服务|功能)[^,;。\n]{0,12}(?:通告|公告|通知)"
)
"""Usual sentences that hold words of `_DANGER`."""
_DANGER = re.compile(
    r"不(?!便|受|影响|会[受影]|能|可抗|予|支持|提供|断|足|动产|同|到位)|未(?!来|受)|没有|无(?!法|线|纸)|非(?!常|工作|税)|独立"
    r"|除外|谣|虚假|诈骗|假冒|冒充|网传|传闻|传言|轻信|误传"
    r"|如|若|倘|假设|可能|或将|或会|必要时|一旦|万一|视情|是否|吗|[?]|问:|答:"
    r"|曾|回顾|圆满|顺利完成|已|此前|上次|上回|去年|昨|往年|历史"
    r"|例:|举例|示例|样例|模板|范本|范例|样本|模拟|演练|测试|试点|草案|征求意见|意见稿|讨论稿|培训"
    r"|作废|废止|撤回|撤销|取消|暂不|停止(?:执行|实施)|终止|中止|失效|暂缓|推迟|推后|延期|延后|延迟|延长|改[到至为期在]|修改"
    r"|调整为|变更|更正|原定|原计划|原拟|原文|备用"
    r"|保留|改用|依旧|依然|仍|畅通|移步|照旧|部分|分批|分期|分步|分时|陆续|逐步|逐一|轮流|轮换|个别|其中|周末|择机|择日|适时|每次|超过"
    r"|短暂|间歇|闪断|瞬断|内部|内网|管理端|后台|仅|只|左右|前后|大约|大概"
    r"|转发|转载|转自|来源:(?!国家税务总局|本站)|据[^,;。\n]{0,30}(?:消息|报道|通告|公告|通知|获悉)"
    r"|停止[^,;。\n]{0,14}(?:维护|停机|升级|暂停|检修)|(?:通告|公告|通知)的(?:说明|补充)|解读|补充(?:通告|公告|通知|说明)"
    r"|虚构|玩笑|愚人|娱乐|练习|公司|集团|(?:(?<!服务)中心|工作室|编辑部|代账|记账|财税|传媒|银行)(?:\n|$)|事务所|协会|商会|小编|编辑"
)
"""Not, if, formerly, for example, withdrawn, moved, in part, by others: any of it may turn the sense of a notice round."""
_USUAL = re.compile(
    r"(?<!恢复)(?<!不)正常(?![、稳安]*运行)|照常|不(?:会|受)?[^,;。\n]{0,2}影响|未受影响|不中断|继续|开放|(?<!不)(?<!许)可(?!抗|更正|靠)"
)
_HALL = re.compile(r"办税服务厅|办税厅|大厅|窗口")
_OFFLINE = re.compile(r"离线开|联网即可上传")
"""What the software of taxpayers does without, and after, a service that stops."""
_OVER = re.compile(r"结束|完成")
_REFERS = re.compile(
    r"(?:该|上述|以上|前述|[此本]次)[^,;。\n]{0,6}(?:安排|通告|公告|通知|计划|停机|维护|升级|内容|信息|消息|时间|文字|所述)"
)
_LASTS = re.compile(r"[0-9]{1,3}个?(?:小时|分钟|天)")
_LIST = re.compile(r":$|以下[^,;。\n]{0,8}$|的(?:业务|事项|服务)$")
_ASIDE = re.compile(
    r"咨询|热线|客服|工作时间|办公时间|期限|申报期|征期|^(?:发布|成文|印发|更新|公布)(?:日期|时间)|^来源|^浏览次数"
)
"""Times of other things."""
_ADVICE = re.compile(
    r"(?:[(][一二三四五六七八九十]{1,3}[)]|[0-9一二三四五六七八九十]{1,3}[、.])?(?:在?此?期间)?(?:请|敬请|建议|避免|以免|务必|提醒)"
)
_NUMBER = re.compile(
    r"^(?:[一二三四五六七八九十壹贰叁肆]{1,3}[、.]|第[一二三四五六七八九十][条项]|[(]?[一二三四五六七八九十0-9]{1,3}[)、.]|[①-⑳·•●★※])"
)
_PIECES = re.compile(
    # who and where
    r"国家税务总局|税务局|[我本省]局|[我全][省市区]|自治区|全国|各省(?:[(]自治区、直辖市和计划单列市[)])?|省|税务"
    # what
    r"|自然人电子税务局|增值税(?:发票)?|(?:税务)?数字账户|电子发票|发票|信息系统|系统|平台|软件|服务|功能|业务|开票|用票|开具|票(?!据)|厅(?=小程序)|手机|[(]含"
    r"|新|统一|金税三期|登录|上传|抄报|清卡|查验|勾选|申请|办税厅?|[线网]上|掌上|微信|公众号|小程序|在线|对外|涉[税费]|税费|缴费"
    r"|所有|全部|一切|各[类项]|相关|以[上下]|上述|[本此]次|该|影响|范围|名称|事项|渠道|等|类|(?:自助)?终端|纳税人端?|缴费人|税控设备|设备"
    # that it stops, and for what
    r"|(?:停止|暂停|无法|不能)(?:对外)?(?:提供|使用|运行)|停[机服网用止运办]|升级|维护|切换|检修|割接|迁移|扩容|改造|暂[停时]|中断|关闭|下线|更新|优化|无法|不能|访问|办理|受理|系统运行效率"
    r"|全面|整体|临时|紧急|例行|机房|搬迁|线路|故障|运营商|台风|网络|统一部署|工作|需要?|年终结算|提升|进一步|保障|安全|稳定"
    r"|做好|效率|能力|质量|性能|按照|根据"
    # when, and what joins it
    r"|(?:[0-9]{4}年)?(?:清明|国庆|春节|元旦|五一|中秋|端午)(?:节|假期|长假)?|假期|兹?定于|将于?|于|自|从|起|止|至|到|后|前|[期其]间|同时|届时"
    r"|在?此|在|开始|结束|完成|恢复(?:正常)?|开[机放]|时[间段]|日期|安排|具体|预计|持续|历时|共|约|全天|分别|现|由|因|受|为|是|的|对"
    r"|[0-9]{1,3}个?(?:小时|分钟)|进行|实施|开展|会|均|都|同步|和|与|以?及|并|有关|如下|下列|包括|含|另行(?:通知|公告|通告)"
    # titles and letters
    r"|关于|通知|公告|通告|提[示醒]|温馨|告知书|预告|公示|尊敬|各位|广大|您|不便|敬?请?谅解|理解|支持|带来|给"
)
_REST = re.compile(r"[^\w]+|_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """What the windows of a notice would mute."""

    services: frozenset[str]
    is_everything: bool
    """One is for all services."""


def doubts(
    text: Text, times: Sequence[Span], names_of: Names, slugs: tuple[str, ...], muted: Muted
) -> list[Unclear]:
    """Why windows of a notice wait for a person though they could be read; empty: they do not."""
    found: dict[Unclear, None] = {}
    for one in _every(text, times, names_of, slugs, muted):
        found[one] = None
        if len(found) >= MOST:
            break
    return list(found)


def _every(
    text: Text, times: Sequence[Span], names_of: Names, slugs: tuple[str, ...], muted: Muted
) -> Iterator[Unclear]:
    if text.hides:
        yield Unclear(kind=Doubt.HIDDEN, text="")
    for start, end in names_of.others_in(text.plain, slugs):
        yield Unclear(kind=Doubt.MIXED, text=text.quote(start, end))
    for start, end in names_of.local(text.plain):
        yield Unclear(kind=Doubt.LOCAL, text=text.quote(start, end))
    yield from _second_title(text, times)
    yield from _measured(text, times)
    masked = _masked(text.plain, times)
    masked = _SAFE.sub(lambda safe: "*" * len(safe[0]), masked)
    for danger in _DANGER.finditer(masked):
        start = max(0, danger.start() - 20)
        yield Unclear(kind=Doubt.CAUTION, text=text.quote(start, min(len(text.plain), danger.end() + 20)))
    for start, end in _trailing(masked):
        yield Unclear(kind=Doubt.WORDS, text=text.quote(start, end))
    own = names_of.pattern(slugs)
    known: set[str] = set()
    for start, end in _clauses(masked):
        clause = masked[start:end]
        doubtful = _is_doubtful(clause, own, muted) and not _is_aside(text.plain[start:end])
        if doubtful:
            yield Unclear(kind=Doubt.WORDS, text=text.quote(start, end))
        elif not (_USUAL.search(clause) or _ADVICE.match(clause)):
            known |= names(clause)
            known |= {"all"} if ALL.search(clause) else set()
    if muted.services - known and not muted.is_everything:
        yield Unclear(kind=Doubt.WORDS, text="")


def _masked(plain: str, times: Iterable[Span]) -> str:
    """The text with its times made `@`, one for each letter."""
    parts, place = [], 0
    for span in times:
        parts += [plain[place : span.start], _TIME * (span.end - span.start)]
        place = span.end
    return "".join([*parts, plain[place:]])


def _clauses(masked: str) -> Iterator[tuple[int, int]]:
    """Stretches between commas, of sentences."""
    for sentence in sentences(masked):
        start = sentence.start
        for mark in _BREAK.finditer(sentence.text):
            yield start, sentence.start + mark.start()
            start = sentence.start + mark.end()
        yield start, sentence.end


def _is_doubtful(clause: str, own: re.Pattern[str], muted: Muted) -> bool:
    named = names(clause)
    if _USUAL.search(clause):
        return _is_contrary(clause, named, muted)
    if named and _OVER.search(clause):
        return True
    matters = (
        named or _TIME in clause or mood(clause) is Mood.STOP or ALL.search(clause) or _REFERS.search(clause)
    )
    if not matters or _ADVICE.match(clause):
        return False
    pieces = (own, NAMES, _PIECES, _REST)
    rest = _NUMBER.sub("", clause)
    for known in pieces:
        rest = known.sub(" ", rest)
    rest = "".join(rest.split())
    return bool(rest) and not rest.isdigit()


def _trailing(masked: str) -> Iterator[tuple[int, int]]:
    """Clauses that name a service after one that speaks of a stop, and do not say that it stops too."""
    for sentence in sentences(masked):
        stops, place = False, sentence.start
        waiting: list[tuple[int, int]] = []
        for clause in _BREAK.split(sentence.text):
            end = place + len(clause)
            if mood(clause) is Mood.STOP:
                stops, waiting = True, []
            elif stops and names(clause) and not _USUAL.search(clause) and not _ADVICE.match(clause):
                waiting.append((place, end))
            place = end + 1
        yield from waiting


def _measured(text: Text, times: Sequence[Span]) -> Iterator[Unclear]:
    """A stretch with its length beside it: a short stop within it, it may be."""
    for length in islice(_LASTS.finditer(text.plain), MOST):
        start = max(text.plain.rfind(mark, 0, length.start()) for mark in "。\n") + 1
        if any(start <= span.start < length.start() for span in times if span.right):
            yield Unclear(kind=Doubt.WORDS, text=text.quote(start, length.end()))


def _is_aside(clause: str) -> bool:
    """Whether its time is of something else, and it names no service."""
    return bool(_ASIDE.search(clause)) and not names(clause)


def _is_contrary(clause: str, named: set[str], muted: Muted) -> bool:
    """Whether business as usual is said of what would be muted, or of nothing in particular, or of a time."""
    if _TIME in clause:
        return True
    if _OFFLINE.search(clause):
        return False
    if not named:
        return not (_HALL.search(clause) or _LIST.search(clause))
    return muted.is_everything or bool(named & muted.services)


def _second_title(text: Text, times: Sequence[Span]) -> Iterator[Unclear]:
    """A title that stands below a time begins another notice."""
    first = next((span.end for span in times if span.left.time), len(text.plain))
    for start, end in title_lines(text.plain):
        if start > first:
            yield Unclear(kind=Doubt.MIXED, text=text.quote(start, end))
