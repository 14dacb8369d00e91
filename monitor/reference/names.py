"""Which authority a reference means: by slug, 4-digit code, Chinese or English name, with or without 省 and 市."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from monitor.model import Authority

LONGEST = 60
_BLANKS = re.compile(r"[\s_.\-]+")
_FRAME = re.compile(r"^国家税务总局|税务局$")
_RANK = re.compile(
    r"(?:维吾尔自治区|壮族自治区|回族自治区|自治区|省|市|autonomousregion|municipality|province|city)$"
)


def index(authorities: Iterable[Authority]) -> Mapping[str, str]:
    """Every way to name one of `authorities`, made plain → its slug. Look up with `plain`."""
    return {
        plain(name): authority.slug
        for authority in authorities
        for name in (
            *re.split(r"[()]", authority.name_en),
            authority.name_en,
            authority.full_name,
            authority.name,
            authority.code,
            authority.slug,
        )
        if plain(name)
    }


def plain(name: str) -> str:
    """`国家税务总局山东省税务局`, `山东省` and ` 山东` are one; full-width letters and digits are narrow ones."""
    if len(name) > LONGEST:
        return ""
    text = _BLANKS.sub("", unicodedata.normalize("NFKC", name).casefold())
    return _RANK.sub("", _FRAME.sub("", text))
