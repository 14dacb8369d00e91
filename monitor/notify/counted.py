"""Which services a message about several outages is about, in a few words of its title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from monitor.notify.view import Item
from monitor.notify.words import Vocabulary

MOST_NAMED = 3
"""Services that a title names, those with most outages first."""
SERVICES = {"zh": "服务", "en": "services"}
COUNTED = {"zh": "{services}（{counts}）", "en": "{services} ({counts})"}
MORE = {"zh": " 等", "en": ", …"}


def services_in_words(items: Sequence[Item], language: str, known: Vocabulary) -> str:
    """`发票查验` where all are about that; `服务（发票查验 2、数电票 1）` of several; `服务` where none is named."""
    counts = Counter(item.service for item in items)
    if len(counts) == 1:
        return items[0].service or SERVICES[language]
    is_one_each = max(counts.values(), default=1) == 1
    named = [
        service if is_one_each else f"{service} {count}" for service, count in counts.most_common() if service
    ]
    if not named:
        return SERVICES[language]
    said = known.comma.join(named[:MOST_NAMED]) + MORE[language] * (len(named) > MOST_NAMED)
    return COUNTED[language].format(services=SERVICES[language], counts=said)
