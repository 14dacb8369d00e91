"""What was measured or counted, in words: name and value of one reading."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.limits import Limit
from monitor.core.machine import bytes_in_words
from monitor.core.spans import span
from monitor.model import Reading
from monitor.notify.words import span_words, words

SHARES = frozenset({"disk_free", "inodes_free", "memory_free", "files_used"})
SIZES = frozenset({"disk_free_bytes", "memory_free_bytes", "size", "skipped_bytes", "behind_bytes"})
SPANS = frozenset({"age", "differs_for", "canary_waiting", "canary_lag"})


def in_words(reading: Reading, language: str) -> tuple[str, str] | None:
    """`("disk free /var", "34 %")`; None for one that has no words."""
    known = words(language)
    name = known.readings.get(reading.name)
    if name is None:
        return None
    of = known.ofs.get(reading.of, reading.of)
    return f"{name} {of}".rstrip(), " ".join(filter(None, (_value(reading, language), reading.text)))


def limit_words(limit: Limit, reading: Reading, language: str) -> str:
    """`limit ≥ 10 %`; "" where the value itself says what it must be."""
    if reading.name == "checksum" or (limit.sign, limit.value) == ("<", 0.0):
        return ""
    said = f"{limit.sign} {_value(replace(reading, value=limit.value), language)}"
    said += "" if limit.within is None else f" / {span_words(span(limit.within), language)}"
    return words(language).limit.replace("{value}", said)


def _value(reading: Reading, language: str) -> str:
    value = reading.value
    if value is None:
        return ""
    if reading.name in SHARES:
        return f"{value * 100:.1f}".removesuffix(".0") + " %"
    if reading.name in SIZES:
        return bytes_in_words(value)
    if reading.name in SPANS:
        return span_words(span(value), language) if value >= 0 else f"-{span_words(span(-value), language)}"
    if reading.name == "checksum":
        return "✓" if value else "✗"
    return f"{value:g} s" if reading.name == "clock_offset" else f"{value:g}"
