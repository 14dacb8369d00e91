"""Which authorities publish a notice: 国家税务总局<X>税务局, a city's bureau by its province where that is named, the whole country's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.core.notices.letters import READ_AS
from monitor.model import NATIONAL, Authority

_BUREAU = "国家税务总局"
_OFFICE = "税务局"
_MENTION = re.compile(r"国家税务总局(?P<place>[^国,。;:、()《》\n0-9]{1,15}?[省市区县州盟旗])税务局")
_QUOTED = re.compile(r"《[^《》\n]{0,100}》")
_PLATFORM = re.compile(r"全国(?:增值税)?发票查验平台")
_COUNTRY = re.compile(r"国家税务总局(?:办公厅|[^国,。;:()《》\n]{1,9}司)?(?:$|\n|关于|[0-9]{4}年)")
_EACH = re.compile(r"各(?:省|自治区|地区?税务)|全国(?:所有|全部|各|范围)")
_MOST_TOGETHER = 5
"""Authorities that publish a notice together; more are the whole country."""
_CITIES = ("大连", "宁波", "厦门", "青岛", "深圳")
"""Those with an authority of their own: 辽宁省大连市 is Dalian."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """Slugs of those who publish; `stranger` is a bureau that is none of the 36 and whose province is not named."""

    slugs: tuple[str, ...]
    stranger: str = ""


class Names:
    """The names of the authorities, ready to be looked for."""

    def __init__(self, authorities: Mapping[str, Authority]) -> None:
        self._every = tuple(authorities)
        self._slugs: dict[str, str] = {}
        for slug, one in authorities.items():
            place = one.full_name.translate(READ_AS).removeprefix(_BUREAU).removesuffix(_OFFICE)
            self._slugs |= {place: slug, one.name.translate(READ_AS): slug}
        places = sorted(filter(None, self._slugs), key=len, reverse=True)
        either = "|".join(map(re.escape, places)) or "(?!)"
        self._place = re.compile(either)
        self._office = re.compile(
            rf"(?P<place>{either})(?:国家|地方)?税务(?:局|[Aa][Pp][Pp]|公众号|微信|掌上)"
        )
        self._portal = re.compile(rf"(?P<place>{either})(?:新)?(?:电子|网上)税务局")

    def issuers(self, title: str, body: str) -> Issuers:
        """Who publishes a notice: its title before its signature before what else it says."""
        body = _QUOTED.sub("", body)
        strangers: list[str] = []
        for text in (title, body[-300:], body):
            slugs, others = self._bureaus(text)
            strangers += others
            if slugs:
                return Issuers(slugs=slugs)
            if others:
                return self._province_of(others[0], title + "\n" + body)
        return Issuers(slugs=self._others(title) or self._others(body) or self._country(title + "\n" + body))

    def _country(self, text: str) -> tuple[str, ...]:
        """The whole country's bureau, where no other is named: for its own platform, or for each province it speaks of."""
        if _PLATFORM.search(text):
            return (NATIONAL,)
        if not _COUNTRY.search(text):
            return ()
        return self._every if _EACH.search(text) else (NATIONAL,)

    def within(self, sentence: str, issuers: tuple[str, ...]) -> tuple[str, ...]:
        """Those of several publishers whom a sentence names; all where it names none."""
        if len(issuers) < 2:
            return issuers
        named = {self._slugs[match[0]] for match in self._place.finditer(sentence)}
        return tuple(slug for slug in issuers if slug in named) or issuers

    def others_in(self, text: str, slugs: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        """Where a text speaks of places of other authorities than these."""
        if NATIONAL in slugs or len(slugs) > _MOST_TOGETHER:
            return
        cities = {place for place, slug in self._slugs.items() if slug not in slugs and place}
        for place in self._place.finditer(text):
            if place[0] in cities:
                yield place.span()

    def local(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a bureau below those of provinces is named: what it says holds for a part."""
        for mention in _MENTION.finditer(text):
            slug = self._of_place(mention["place"])
            if mention["place"] not in self._slugs and not (slug and self._is_city(mention["place"], slug)):
                yield mention.span()

    def _is_city(self, place: str, slug: str) -> bool:
        """Whether it is 辽宁省大连市, which has an authority of its own, and no part of it."""
        return any(place.endswith(name) for name, of in self._slugs.items() if of == slug and name)

    def pattern(self, slugs: tuple[str, ...]) -> re.Pattern[str]:
        """The names of these authorities, of their bureaus and places."""
        own = sorted(
            (name for name, slug in self._slugs.items() if slug in slugs and name), key=len, reverse=True
        )
        return re.compile("|".join(map(re.escape, own)) or "(?!)")

    def _bureaus(self, text: str) -> tuple[tuple[str, ...], list[str]]:
        """Slugs of the bureaus of a text, and the places of those that are none of the 36."""
        slugs: list[str] = []
        others: list[str] = []
        for mention in _MENTION.finditer(text):
            slug = self._of_place(mention["place"])
            slugs.append(slug) if slug else others.append(mention["place"])
        return tuple(dict.fromkeys(slugs)), others

    def _of_place(self, place: str) -> str | None:
        """The authority of 湖北省, of 湖北省武汉市 and of 辽宁省大连市."""
        if place in self._slugs:
            return self._slugs[place]
        found = self._place.match(place)
        if found is None:
            return None
        rest = self._place.match(place, found.end())
        if rest and rest[0].removesuffix("市") in _CITIES:
            return self._slugs[rest[0]]
        return self._slugs[found[0]]

    def _province_of(self, place: str, text: str) -> Issuers:
        found = dict.fromkeys([*self._bureaus(text)[0], *self._others(text)])
        if len(found) == 1:
            return Issuers(slugs=tuple(found))
        return Issuers(slugs=(), stranger=_BUREAU + place + _OFFICE)

    def _others(self, text: str) -> tuple[str, ...]:
        """By 湖北省税务局, else by 湖北省电子税务局."""
        for form in (self._office, self._portal):
            found = dict.fromkeys(self._slugs[match["place"]] for match in form.finditer(text))
            if found:
                return tuple(found)
        return ()
