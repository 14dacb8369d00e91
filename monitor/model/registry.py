"""What is known of an authority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact of the registry: its value, where it was found and how sure we are. `value` None: not found."""

    value: str | None
    source: str | None = None
    confidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One of the 36 provincial-level tax authorities (or a pseudo-authority, which has no facts).

    `facts` holds what braces in probes.yaml may name: `verify_url` `verify_host` `verify_port` `verify_scheme`,
    the same for `dppt` and `etax`, `code` and `slug`.
    """

    slug: str
    code: str
    name: str
    """Short Chinese name: 山东."""
    name_en: str
    full_name: str
    """Name on its notices: 国家税务总局山东省税务局."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
