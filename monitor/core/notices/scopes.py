"""Which services the words of a notice name. Sources: domain facts §4, and the notices S48 to S52."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.core.notices.words import ADVICE, Mood, mood

SERVICES = ("verify", "dppt", "etax", "sync", "fpdk")

NAMES = re.compile(
    r"(?P<verify>查验)"
    r"|(?P<dppt>电子发票服务平台|数字账户|数字化电子发票|数电|全电|乐企)"
    r"|(?P<etax>(?<!自然人)电子税务局|(?<!所得税)(?<!个税)(?:手机)?[Aa][Pp][Pp]|自助(?:办税)?终端|自助办税|移动办税|掌上办税"
    r"|网上办税|网上税务局)"
    r"|(?P<sync>增值税发票(?:管理|升级)?系统|发票管理系统|发票系统升级版|上传|开票软件|税控|抄报|抄税|清卡|逾期报税|UK[Ee][Yy]|Ukey)"
    r"|(?P<fpdk>综合服务平台|选择确认平台|勾选)"
)
ALL = re.compile(
    r"(?:所有|全部|一切|各类|各项)的?(?:涉税费?|涉费|税费|税务|办税|缴费|网上|线上|在线|对外|信息|应用|相关|办税缴费){0,3}"
    r"(?:业务|系统|服务|功能|平台|事项|渠道)(?!厅)|(?:全面|整体)停机|全系统"
)
_HALL = re.compile(r"办税服务厅|办税厅|大厅|窗口")
_EXCEPT = re.compile(
    r"除[^,;。\n]{1,60}?(?:以外|之外|外)|(?<=\()[^(),;。\n]{1,60}除外|^[^(),;。\n]{1,60}除外"
)


@dataclass(slots=True, kw_only=True)
class Scope:
    """What is stopped, gathered piece by piece."""

    named: set[str] = field(default_factory=set)
    everything: bool = False
    excepted: set[str] | None = None
    """Services that are said to go on while the others stop; None: nothing of the kind is said."""

    def __bool__(self) -> bool:
        return bool(self.named or self.everything or self.excepted is not None)

    def add(self, other: Scope) -> None:
        """Take in another one."""
        self.named |= other.named
        self.everything |= other.everything
        if other.excepted is not None:
            self.excepted = (self.excepted or set()) | other.excepted

    def services(self) -> tuple[str, ...] | None:
        """In the order of `SERVICES`; None: all. Where services are named, 所有业务 means all of theirs."""
        named = set(self.named)
        if self.excepted is not None and not named:
            named = set(SERVICES) - self.excepted
        return tuple(service for service in SERVICES if service in named) or None


def names(text: str) -> set[str]:
    """The services that a text names."""
    return {match.lastgroup for match in NAMES.finditer(text) if match.lastgroup}


def scope(clause: str) -> Scope:
    """What a clause that speaks of a stop names."""
    found = Scope()
    for excepted in _EXCEPT.finditer(clause):
        found.excepted = (found.excepted or set()) | names(excepted[0])
    rest = _EXCEPT.sub("", clause)
    found.named = names(rest)
    found.everything = not found.named and bool(ALL.search(rest)) and not _HALL.search(rest)
    return found


def stopped(clauses: Sequence[str], own: int | None = None) -> Scope:
    """What clauses that follow each other say is stopped. One that says nothing goes with the next that does.

    `own` is the one with the time of the stop: it speaks of the stop even where it does not say so.
    """
    found = Scope()
    moods = [mood(clause) for clause in clauses]
    if own is not None and moods[own] is None:
        moods[own] = Mood.STOP
    told = next(filter(None, reversed(moods)), Mood.STOP)
    for clause, said in zip(reversed(clauses), reversed(moods), strict=True):
        told = said or told
        if told is Mood.STOP and (said or not ADVICE.search(clause)):
            found.add(scope(clause))
    return found
