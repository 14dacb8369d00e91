"""The names by which people call an authority, and the slug that each stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from monitor.knowledge.registry import load_registry
from monitor.model import LOCAL, NATIONAL, Authority

_PSEUDO = {"全国": NATIONAL, "全国查验平台": NATIONAL, "本机": LOCAL}
_BUREAU = "国家税务总局"
_OFFICE = "税务局"
_SERVICES = {
    "发票查验": "verify", "查验": "verify", "查验平台": "verify",
    "数电票": "dppt", "电子发票": "dppt", "电子发票服务平台": "dppt",
    "电子税务局": "etax",
    "数据同步": "sync", "同步": "sync", "同步接口": "sync",
    "发票勾选平台": "fpdk", "勾选平台": "fpdk", "勾选": "fpdk",
}  # fmt: skip


def slug_of(word: str) -> str | None:
    """The slug that a slug, a code of four digits or a name stands for; None where it stands for none.

    Names are 山东, 山东省, 山东省税务局, 国家税务总局山东省税务局, 山东税务局 and Shandong; 全国 and 本机 are `national` and `local`.
    """
    return _slugs().get("".join(word.split()).casefold())


def slugs_of(words: Iterable[str]) -> list[str]:
    """Each word as its slug; a word that stands for none stays as it is. Nothing twice."""
    return list(dict.fromkeys(slug_of(word) or word for word in words))


def services_of(words: Iterable[str]) -> list[str]:
    """Each word as the service that it stands for, 发票查验 as `verify`; any other stays as it is. Nothing twice."""
    return list(dict.fromkeys(_SERVICES.get(word, word) for word in words))


@cache
def _slugs() -> dict[str, str]:
    known = {**_PSEUDO, NATIONAL: NATIONAL, LOCAL: LOCAL}
    for one in load_registry().values():
        known |= dict.fromkeys(_names(one), one.slug)
    return known


def _names(authority: Authority) -> Iterator[str]:
    place = authority.full_name.removeprefix(_BUREAU).removesuffix(_OFFICE)
    yield from (authority.slug, authority.code, authority.name, place, authority.full_name)
    yield from (place + _OFFICE, authority.name + _OFFICE)
    yield "".join(authority.name_en.split()).casefold()
