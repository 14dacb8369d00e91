"""Reads an Atom feed as RFC 4287 wants it: what is missing, doubled, out of order or no date is an AssertionError."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"
XHTML = "{http://www.w3.org/1999/xhtml}"
ONCE = ("id", "title", "updated")
IN_FEED = {
    "id",
    "title",
    "subtitle",
    "updated",
    "author",
    "generator",
    "link",
    "category",
    "icon",
    "logo",
    "rights",
    "entry",
}
IN_ENTRY = {
    "id",
    "title",
    "updated",
    "published",
    "link",
    "category",
    "content",
    "summary",
    "author",
    "rights",
}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry."""

    id: str
    title: str
    updated: datetime
    published: datetime
    link: str
    category: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed that is valid."""

    id: str
    title: str
    updated: datetime
    links: dict[str, str]
    items: list[Item]


def read(text: str) -> Feed:
    """The feed in `text`, proved valid on the way."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == f"{ATOM}feed"
    assert {child.tag for child in root} <= {ATOM + name for name in IN_FEED}
    for name in ONCE:
        assert len(root.findall(ATOM + name)) == 1, name
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") in ("zh-CN", "en")
    links = {link.get("rel", "alternate"): link.get("href", "") for link in root.findall(f"{ATOM}link")}
    assert links.keys() >= {"self", "alternate"}
    items = [_item(entry) for entry in root.findall(f"{ATOM}entry")]
    ids = [item.id for item in items]
    assert len(set(ids)) == len(ids), "an id is there twice"
    assert [item.updated for item in items] == sorted((item.updated for item in items), reverse=True)
    updated = instant(root.findtext(f"{ATOM}updated"))
    assert not items or updated == items[0].updated
    return Feed(
        id=iri(root), title=root.findtext(f"{ATOM}title") or "", updated=updated, links=links, items=items
    )


def _item(entry: ElementTree.Element) -> Item:
    assert {child.tag for child in entry} <= {ATOM + name for name in IN_ENTRY}
    for name in (*ONCE, "published", "content", "link"):
        assert len(entry.findall(ATOM + name)) == 1, name
    link, content, category = (entry.find(ATOM + name) for name in ("link", "content", "category"))
    assert link is not None
    assert content is not None
    assert category is not None
    assert (link.get("rel"), content.get("type")) == ("alternate", "xhtml")
    assert [child.tag for child in content] == [f"{XHTML}div"], "xhtml is one div (RFC 4287, 4.1.3.3)"
    return Item(
        id=iri(entry),
        title=entry.findtext(f"{ATOM}title") or "",
        updated=instant(entry.findtext(f"{ATOM}updated")),
        published=instant(entry.findtext(f"{ATOM}published")),
        link=link.get("href", ""),
        category=category.get("term", ""),
        lines=tuple("".join(one.itertext()) for one in content.iter(f"{XHTML}p")),
    )


def iri(element: ElementTree.Element) -> str:
    """The id of a feed or an entry: a whole IRI."""
    found = element.findtext(f"{ATOM}id") or ""
    assert re.fullmatch(r"(urn:uuid:[0-9a-f-]{36}|tag:.+|https?://.+)", found), found
    return found


def instant(text: str | None) -> datetime:
    """A date as RFC 3339 writes it."""
    assert text is not None
    assert RFC_3339.fullmatch(text), text
    return datetime.fromisoformat(text)
