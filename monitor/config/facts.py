"""Facts of the registry as probes use them: overridden by the operator, and filled into what stands in braces."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.tree import Document
from monitor.knowledge.naming import slug_of
from monitor.knowledge.registry import address_facts
from monitor.model import Authority, Fact

SERVICES = ("verify", "dppt", "etax", "sync", "fpdk")
"""Services of an authority that a window or a route may name even where no probe watches them."""

_PARTS = ("url", "host", "port", "scheme")
_BRACES = re.compile(r"\{([^{}]*)\}")
_OVERRIDE: Path = ("authorities", "override")


class NotKnown(Exception):  # noqa: N818 - it says what is so, as LookupError does
    """A fact that is null for this authority. Its text is the name of the fact."""


# --- braces ----------------------------------------------------------------------------------------------------------


def names_in(text: str) -> list[str]:
    """The names that stand in braces. Raises ValueError where a brace stands alone."""
    if re.search(r"[{}]", _BRACES.sub("", text)):
        raise ValueError
    return _BRACES.findall(text)


def fill(text: str, authority: Authority) -> str:
    """The text with facts of `authority` in place of the braces. Raises NotKnown."""
    own = {"code": authority.code, "slug": authority.slug}

    def value(match: re.Match[str]) -> str:
        fact = authority.facts.get(match[1])
        known = fact.value if fact else own.get(match[1])
        if known is None:
            raise NotKnown(match[1])
        return known

    return _BRACES.sub(value, text)


def fact_names(registry: Mapping[str, Authority]) -> frozenset[str]:
    """All names that may stand in braces."""
    return frozenset({"code", "slug"}.union(*(authority.facts for authority in registry.values())))


# --- overrides -------------------------------------------------------------------------------------------------------


def override(
    registry: Mapping[str, Authority], overrides: Mapping[str, Mapping[str, str]], document: Document
) -> tuple[dict[str, Authority], list[Mistake]]:
    """The registry with the operator's facts in it, and what is wrong with them."""
    authorities = dict(registry)
    mistakes: list[Mistake] = []
    known = fact_names(registry)
    for slug, facts in overrides.items():
        found = list(_refused(slug, facts, registry, known, document))
        mistakes += found
        if not found:
            authorities[slug] = _overridden(registry[slug], facts)
    return authorities, mistakes


def unknown_authority(slug: str, registry: Collection[str]) -> tuple[str, str]:
    """What to say of a slug that is none of the 36; its Chinese name or code leads to it."""
    meant = slug_of(slug)
    if meant in registry:
        return f"unknown authority {quoted(slug)}", f'did you mean "{meant}"?'
    return f"unknown authority {quoted(slug)}", did_you_mean(slug, registry)


def _refused(
    slug: str,
    facts: Mapping[str, str],
    registry: Mapping[str, Authority],
    known: frozenset[str],
    document: Document,
) -> Iterator[Mistake]:
    path = (*_OVERRIDE, slug)
    if slug not in registry:
        yield document.mistake(path, *unknown_authority(slug, registry), at_key=True)
        return
    for name, value in facts.items():
        if name in ("code", "slug"):
            yield document.mistake(
                (*path, name), "code and slug", "they name the authority and stay", at_key=True
            )
        elif name not in known:
            found, meant = f"unknown fact {quoted(name)}", did_you_mean(name, known)
            yield document.mistake((*path, name), found, meant, at_key=True)
        elif fit := _unfit(name, value):
            yield document.mistake((*path, name), "a value that does not fit", fit)


def _unfit(name: str, value: str) -> str | None:
    """Why a value cannot be this fact, or None."""
    _, _, part = name.rpartition("_")
    if part == "url":
        try:
            address_facts("any", value, None, None)
        except ValueError:
            return "an http or https address with a host is meant"
        return "an address without query is meant" if urlsplit(value).query or " " in value else None
    if part == "port" and not (re.fullmatch(r"[0-9]{1,5}", value) and 1 <= int(value) <= 65535):
        return "a port from 1 to 65535 is meant"
    if part == "scheme" and value not in ("http", "https"):
        return "http | https"
    if part == "host" and not re.fullmatch(r"[^\s/:@?#]+|[0-9A-Fa-f:.]+", value):
        return "a host name or an address is meant"
    return None


def _overridden(authority: Authority, given: Mapping[str, str]) -> Authority:
    facts = dict(authority.facts)
    families = dict.fromkeys(name.rpartition("_")[0] for name in given if name.rpartition("_")[2] in _PARTS)
    for family in families:
        url = given.get(f"{family}_url") or _composed(family, facts, given)
        if url is not None:
            facts |= address_facts(family, url, "the configuration", "configured")
    facts |= {
        name: Fact(value=value, source="the configuration", confidence="configured")
        for name, value in given.items()
    }
    return replace(authority, facts=facts)


def _composed(family: str, facts: Mapping[str, Fact], given: Mapping[str, str]) -> str | None:
    """The address that follows from overridden parts of a known one; None where none was known."""
    old = facts.get(f"{family}_url")
    if old is None or old.value is None:
        return None
    parts = {part: given.get(f"{family}_{part}") or facts[f"{family}_{part}"].value for part in _PARTS[1:]}
    host = f"[{parts['host']}]" if ":" in str(parts["host"]) else parts["host"]
    return f"{parts['scheme']}://{host}:{parts['port']}{urlsplit(old.value).path}"
