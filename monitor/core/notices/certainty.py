"""Whether windows may count without a person: every clause that matters is made of known pieces, and nothing speaks against them.

A window mutes pages. So it is not looked for words that make a notice doubtful in one clause; the reverse: a clause that
names a service, a time or a stop must be known from end to end. What it does not know, it does not trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitor.core.notices.issuers import Names
from monitor.core.notices.moments import Span
from monitor.core.notices.notice import Doubt, Unclear
from monitor.core.notices.scopes import ALL, NAMES, SERVICES, names
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
)
_DANGER = re.compile(
    r"不会|无需|无须|毋需|不用|不必|不停|并非|并不|而非|非停|不是|不含|不包括|不包含|不涉及|不在|除外|不属|不参与|未停|没有停|独立|无关"
    r"|谣|不实|虚假|诈骗|假冒|冒充|网传|传闻|传言|轻信|误传"
    r"|如|若|倘|假设|可能|或将|或会|必要时|不排除|一旦|万一|视情|是否|吗|[?]|问:|答:"
    r"|曾|回顾|圆满|顺利完成|已完成|已经|已于|此前|上次|上回|去年|昨|往年|历史"
    r"|例:|举例|示例|样例|模板|范本|范例|样本|模拟|演练|测试|试点|草案|征求意见|意见稿|讨论稿|培训用"
    r"|作废|废止|撤回|撤销|取消|不再|暂不|停止(?:执行|实施)|终止|中止|失效|暂缓|推迟|推后|延期|延后|延迟|延长|改[到至为期在]|修改|调整为|变更|更正"
    r"|原定|原计划|原拟|原文|备用"
    r"|保留|改用|依旧|依然|仍|畅通|移步|照旧|部分|分批|分期|分步|分时|陆续|逐步|逐一|轮流|轮换|个别|其中|周末|择机|择日|适时|每次|不超过"
    r"|短暂|间歇|闪断|瞬断|内部|内网|管理端|后台|仅|只|左右|前后|大约|大概|转发|转载|转自|来源:|据[^,;。\n]{0,30}(?:消息|报道|通告|公告|通知|获悉)"
    r"|公司|集团|事务所|协会|商会|小编|编辑"
)
_USUAL = re.compile(
    r"(?<!恢复)(?<!不)正常(?![、稳安]*运行)|照常|不(?:会|受)?[^,;。\n]{0,2}影响|未受影响|不中断|继续|(?<!不)可(?!抗|更正)"
)
_APART = re.compile(r"办税服务厅|办税厅|大厅|窗口|离线|恢复后")
"""What may go on while all that is watched stops."""
_ADVICE = re.compile(r"(?:在?此?期间)?(?:请|敬请|建议|避免|以免|务必|提醒)")
_NUMBER = re.compile(
    r"^(?:[一二三四五六七八九十壹贰叁肆]{1,3}[、.]|第[一二三四五六七八九十][条项]|[(]?[一二三四五六七八九十0-9]{1,3}[)、.]|[①-⑳·•●★※])"
)
_PIECES = re.compile(
    "|".join(
        sorted(
            (
                # who and where
                "国家税务总局 税务局 我局 本局 省局 我省 全省 我市 全市 我区 全区 自治区 全国 各省 (自治区、直辖市和计划单列市) 省 税务 "
                # what
                "增值税发票 增值税 税务数字账户 电子发票 发票 平台 系统 信息系统 软件 服务 功能 业务 模块 开票 用票 手机 (含 含 新 统一 金税三期 "
                "登录 上传 抄报 清卡 查验 勾选 申请 办税 线上 网上 在线 对外 涉税 涉费 税费 缴费 所有 全部 一切 各类 各项 相关 以上 以下 上述 "
                "影响 范围 名称 事项 渠道 等 类 终端 自助 端 纳税人端 纳税人 缴费人 税控设备 设备 "
                # that it stops
                "停机 停服 升级 维护 切换 检修 割接 迁移 扩容 改造 停网 停用 停止 停运 停办 暂停 中断 关闭 下线 更新 优化 无法 不能 访问 使用 "
                "办理 受理 提供 运行 全面 整体 临时 紧急 例行 夜间 机房 搬迁 线路 故障 运营商 台风 网络 统一部署 工作 需要 年终结算 "
                # when, and what joins them
                "拟定 兹定 定于 将于 于 将 已定 自 从 起 止 至 到 后 前 期间 其间 同时 届时 此 在此 在 开始 结束 完成 恢复 开机 开放 时间 时段 日期 安排 具体 "
                "预计 持续 历时 共 约 全天 分别 现 由 因 受 为 是 的 对 给 进行 实施 开展 会 均 都 同步 和 与 及 以及 并 有关 如下 下列 包括 小时 分钟 个 天 "
                "提升 进一步 保障 安全 稳定 做好 效率 能力 质量 性能 需 按照 根据 另行通知 另行公告 另行通告 暂时 "
                # titles and letters
                "关于 通知 公告 通告 提示 提醒 温馨 告知书 预告 公示 说明 尊敬 各位 广大 您 不便 敬请谅解 请谅解 谅解 理解 支持 带来"
            ).split(),
            key=len,
            reverse=True,
        )
    )
    .replace("(含", r"\(含")
    .replace("(自治区、直辖市和计划单列市)", r"\(自治区、直辖市和计划单列市\)")
)
_REST = re.compile(r"[^\w@]|[@_]|^[0-9]+$")


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
    masked = _masked(text.plain, times)
    for danger in _DANGER.finditer(_SAFE.sub(lambda safe: "*" * len(safe[0]), masked)):
        start = max(0, danger.start() - 20)
        yield Unclear(kind=Doubt.CAUTION, text=text.quote(start, min(len(text.plain), danger.end() + 20)))
    own = names_of.pattern(slugs)
    known: set[str] = set()
    for start, end in _clauses(masked):
        clause = masked[start:end]
        doubtful = _is_doubtful(clause, own, muted)
        if doubtful:
            yield Unclear(kind=Doubt.WORDS, text=text.quote(start, end))
        elif not _USUAL.search(clause):
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
    matters = named or ALL.search(clause) or _TIME in clause or mood(clause) is Mood.STOP
    if not matters or _ADVICE.match(clause):
        return False
    rest = _PIECES.sub("", NAMES.sub("", own.sub("", _NUMBER.sub("", clause))))
    return bool(_REST.sub("", rest))


def _is_contrary(clause: str, named: set[str], muted: Muted) -> bool:
    """Whether business as usual is said of what would be muted, or of nothing in particular, or of a time."""
    if _TIME in clause:
        return True
    if _APART.search(clause):
        return False
    if not named:
        return (
            not clause.endswith(("业务", "业务:", "办理", "办理:", "服务", "事项", "事项:"))
            or "各项" in clause
        )
    return bool(named & (SERVICES_SET if muted.is_everything else muted.services))


SERVICES_SET = frozenset(SERVICES)


def _second_title(text: Text, times: Sequence[Span]) -> Iterator[Unclear]:
    """A title that stands below a time begins another notice."""
    first = next((span.end for span in times if span.left.time), len(text.plain))
    for start, end in title_lines(text.plain):
        if start > first:
            yield Unclear(kind=Doubt.MIXED, text=text.quote(start, end))
