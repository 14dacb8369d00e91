"""The registry of the 36 authorities: authorities.yaml made into values, each fact with its source and confidence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from monitor.knowledge.files import read_data
from monitor.model import Authority, Fact

ADDRESSES = ("verify", "dppt", "etax", "tpass", "upload_rsa", "upload_gm", "platform", "fpdk")
"""Names of the addresses of one authority; each gives the facts `<name>_url`, `_host`, `_port` and `_scheme`."""

_PORTS = {"https": 443, "http": 80}


@cache
def load_registry() -> Mapping[str, Authority]:
    """Slug → authority, all 36 in the order of their codes. The same value at every call."""
    data = read_data("authorities.yaml")
    sources: Mapping[str, str] = data["sources"]
    authorities = (_authority(record, sources) for record in data["authorities"])
    return MappingProxyType({authority.slug: authority for authority in authorities})


def address_facts(name: str, url: str | None, source: str | None, confidence: str | None) -> dict[str, Fact]:
    """The four facts of one address: its URL as written, and the host, port and scheme that follow from it.

    A `url` of None gives four facts without a value. Raises ValueError where `url` is not an http or https address
    with a host and a sound port.
    """
    parts = {"url": url, **_parts(url)}
    return {
        f"{name}_{part}": Fact(value=value, source=source, confidence=confidence)
        for part, value in parts.items()
    }


def _parts(url: str | None) -> dict[str, str | None]:
    if url is None:
        return dict.fromkeys(("host", "port", "scheme"))
    split = urlsplit(url)
    if split.scheme not in _PORTS or not split.hostname:
        raise ValueError(f"{url!r} is not an http or https address")
    return {"host": split.hostname, "port": str(split.port or _PORTS[split.scheme]), "scheme": split.scheme}


def _authority(record: Mapping[str, Any], sources: Mapping[str, str]) -> Authority:
    return Authority(
        slug=record["slug"],
        code=record["code"],
        name=record["name"],
        name_en=record["name_en"],
        full_name=record["full_name"],
        facts=MappingProxyType(_facts(record, sources)),
    )


def _facts(record: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, Fact]:
    facts = {
        "code": Fact(value=record["code"], source=sources["public_code"], confidence="two_maps"),
        "slug": Fact(value=record["slug"], source=sources["naming"], confidence="two_maps"),
    }
    facts["digital_invoice_prefix"] = _fact(record["digital_invoice_prefix"], "value", sources)
    for name in ADDRESSES:
        url = _fact(record[name], "url", sources)
        facts |= address_facts(name, url.value, url.source, url.confidence)
    return facts


def _fact(entry: Mapping[str, str] | None, key: str, sources: Mapping[str, str]) -> Fact:
    if entry is None:
        return Fact(value=None)
    return Fact(value=entry[key], source=sources[entry["source"]], confidence=entry["confidence"])
