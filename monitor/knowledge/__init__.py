"""What is known beforehand, as data with sources: the authorities, the codes in their replies, the words on their pages."""

from __future__ import annotations

from monitor.knowledge.codes import load_catalogue, load_tables, load_words
from monitor.knowledge.holidays import load_calendar
from monitor.knowledge.registry import address_facts, load_registry

__all__ = ["address_facts", "load_calendar", "load_catalogue", "load_registry", "load_tables", "load_words"]
