"""A probe of kind `sync` → what its targets need: the request, the rules to read the reply by, what must stay hidden.

Facts in braces stand in `url` as everywhere; in texts of `json` and `form` only the names of facts are replaced and any
other brace is what it is, because JSON within JSON is common there. What came from `{env}` or `{file}` is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from monitor.config.facts import NotKnown
from monitor.config.kinds import SyncProbe
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.scalars import plain
from monitor.config.sync import IssuedAt, ItemsFrom, SyncRequest
from monitor.config.tree import Document
from monitor.model import PSEUDO_AUTHORITIES, Authority, CodeTable, Freshness, Success, SyncRules

_BRACES = re.compile(r"\{(\w+)\}", re.ASCII)
_SECRETIVE = re.compile(
    r"(auth|authorization|token|secret|sign|signature|password|passwd|pwd|cookie|session(id)?|credentials?"
    r"|(api|app|access|secret)[-_]?key)$",
    re.IGNORECASE,
)
"""Ends of names whose values are secrets where they stand in the file itself: appSecret and X-Nuonuo-Sign, not signDate."""
_SHORTEST = 4
"""Characters below which a text is too common to be hidden."""

BODIES = ("json", "form", "body")
COMPARED = ("counts", "canary", "items")
"""Keys that bring requests of their own."""


def requests_of(probe: SyncProbe) -> dict[Path, SyncRequest]:
    """Where in the probe each of its requests stands, its own first."""
    counts, canary, items = probe.counts, probe.canary, probe.items
    found: dict[Path, SyncRequest | None] = {("request",): probe.request}
    if counts is not None:
        found |= {("counts", "local"): counts.local, ("counts", "remote"): counts.remote}
    if canary is not None:
        found |= {
            ("canary", "request"): canary.request,
            ("canary", "issued_at", "request"): canary.issued_at.request,
        }
    if items is not None:
        found |= {
            ("items", "local", "request"): items.local.request,
            ("items", "remote", "request"): items.remote.request,
        }
    return {path: request for path, request in found.items() if request is not None}


# --- the request -----------------------------------------------------------------------------------------------------


def method_of(request: SyncRequest) -> str:
    """As written; without a word GET, POST where something is sent."""
    return request.method or ("POST" if _bodies(request) else "GET")


def headers_of(request: SyncRequest) -> tuple[tuple[str, str], ...]:
    """As written, and the Content-Type of what is sent where none is."""
    headers = tuple(request.headers.items())
    kind = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
    usual = next((kind[name] for name in _bodies(request) if name in kind), None)
    if usual is None or any(name.lower() == "content-type" for name, _ in headers):
        return headers
    return (*headers, ("Content-Type", usual))


def body_of(request: SyncRequest, authority: Authority, secrets: Collection[str]) -> bytes | None:
    """What is sent, in UTF-8. Raises NotKnown for a fact that is null for this authority."""
    if request.json_value is not None:
        value = _filled(request.json_value.value, authority, secrets)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if request.form is not None:
        return urlencode(_filled(request.form, authority, secrets)).encode()
    return None if request.body is None else request.body.encode()


def facts_in(request: SyncRequest, known: Collection[str]) -> set[str]:
    """The facts that texts of `json` and `form` name."""
    named = (name for text in _texts(_sent(request)) for name in _BRACES.findall(text))
    return {name for name in named if name in known}


def _bodies(request: SyncRequest) -> list[str]:
    given = {"json": request.json_value, "form": request.form, "body": request.body}
    return [name for name in BODIES if given[name] is not None]


def _sent(request: SyncRequest) -> Any:
    return [request.json_value.value if request.json_value else None, request.form, request.body]


def _texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value, its keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _filled(value: Any, authority: Authority, secrets: Collection[str]) -> Any:
    """The value with facts in place of their names in braces."""
    if isinstance(value, dict):
        return {key: _filled(item, authority, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, authority, secrets) for item in value]
    if not isinstance(value, str) or value in secrets or authority.slug in PSEUDO_AUTHORITIES:
        return value
    own = {"code": authority.code, "slug": authority.slug}

    def known(match: re.Match[str]) -> str:
        if (fact := authority.facts.get(match[1])) is not None and fact.value is None:
            raise NotKnown(match[1])
        return str(fact.value) if fact else own.get(match[1], match[0])

    return _BRACES.sub(known, value)


# --- what must stay hidden -------------------------------------------------------------------------------------------


def hidden_in(
    probe: SyncProbe, headers: Iterable[tuple[str, str]], secrets: Collection[str]
) -> tuple[str, ...]:
    """The secrets of a probe: what came from elsewhere, and what names in the file itself give away.

    `headers` are those that will be sent: a name and password in the URL have become one.
    """
    requests = requests_of(probe).values()
    headers = [*headers, *(pair for request in requests for pair in request.headers.items())]
    sent = [_sent(request) for request in requests]
    texts = [*_texts(sent), *(value for _, value in headers), *_compared_with(probe)]
    found = {text for text in texts if text in secrets}
    for name, text in [*headers, *_pairs(sent)]:
        if _SECRETIVE.search(name):
            found |= {text, text.rpartition(" ")[2]}
    for request in requests:
        found |= set(_hidden_in_url(request.url, whole=request.url in secrets))
    return tuple(sorted(text for text in found if len(text) >= _SHORTEST))


def _compared_with(probe: SyncProbe) -> Iterator[str]:
    """Texts that replies are held against."""
    if probe.success is not None:
        yield from probe.success.any_of
    if probe.canary is not None:
        yield probe.canary.equals


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """(key, text) of all texts that stand directly under a key."""
    if isinstance(value, dict):
        yield from ((key, item) for key, item in value.items() if isinstance(item, str))
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _pairs(item)


def _hidden_in_url(url: str, *, whole: bool) -> Iterator[str]:
    """Name and password, and the values of its query: all where the URL itself is a secret, else the secretive."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if whole:
        yield url
    yield from (unquote(part) for part in (parts.username, parts.password) if part)
    for name, value in parse_qsl(parts.query):
        if whole or _SECRETIVE.search(name):
            yield value


# --- how the reply is read -------------------------------------------------------------------------------------------


def rules_of(probe: SyncProbe, tables: Mapping[str, CodeTable], timezone: str) -> SyncRules:
    """The rules by which replies are read. For a probe of which nothing is refused."""
    success, freshness = probe.success, probe.freshness
    return SyncRules(
        table=probe.codes,
        code_paths=_code_paths(probe, tables),
        success=Success(path=success.path, any_of=success.any_of) if success else None,
        freshness=Freshness(path=freshness.path, warn=freshness.warn, fail=freshness.fail, timezone=timezone)
        if freshness
        else None,
        timezone=timezone,
        asks=probe.request is not None,
    )


def _code_paths(probe: SyncProbe, tables: Mapping[str, CodeTable]) -> tuple[tuple[str, str], ...]:
    """Those of the table; `code_path` stands in place of the outermost."""
    if probe.codes is None or probe.codes not in tables:
        return ()
    table = tables[probe.codes]
    if probe.code_path is None:
        return table.code_paths
    endpoint = table.code_paths[0][0] if table.code_paths else ""
    return ((endpoint, probe.code_path), *table.code_paths[1:])


# --- what cannot be meant --------------------------------------------------------------------------------------------


def refused(
    probe: SyncProbe, path: Path, tables: Mapping[str, CodeTable], document: Document
) -> Iterator[Mistake]:
    """What is wrong between the keys of one probe."""
    for keys, request in requests_of(probe).items():
        several = _bodies(request)
        if len(several) > 1:
            at, found = (*path, *keys, several[1]), f"both {several[0]} and {several[1]}"
            yield document.mistake(at, found, "one of json, form and body is meant", at_key=True)
    yield from _wrong_asking(probe, path, document)
    yield from _wrong_table(probe, path, tables, document)
    for key, limits in (("freshness", probe.freshness), ("canary", probe.canary)):
        if limits is not None and limits.warn >= limits.fail:
            found = f"warn {plain(limits.warn)} is not shorter than fail {plain(limits.fail)}"
            name = "warn" if "warn" in limits.model_fields_set else "fail"
            yield document.mistake((*path, key, name), found, "the warning comes before the failure")
    if probe.canary is not None:
        yield from _wrong_issue(probe.canary.issued_at, (*path, "canary", "issued_at"), document)
    for side in ("local", "remote") if probe.items is not None else ():
        yield from _wrong_list(getattr(probe.items, side), (*path, "items", side), document)


def _wrong_asking(probe: SyncProbe, path: Path, document: Document) -> Iterator[Mistake]:
    """A request without anything to judge it by, or the reverse."""
    judged = [key for key in ("codes", "success", "freshness") if getattr(probe, key) is not None]
    compared = any(document.holds((*path, key)) for key in COMPARED)
    if not compared and not document.holds((*path, "request")):
        yield document.mistake((*path, "request"), "missing", "`request` must be given")
    if probe.request is not None and not judged and not compared:
        meant = "one of codes, success, freshness, counts, canary and items must be given"
        yield document.mistake(path, "nothing to judge the reply by", meant)
    for key in ("success", "freshness"):
        if getattr(probe, key) is not None and compared and not document.holds((*path, "request")):
            yield document.mistake(
                (*path, key), f"{key} without request", "it reads the reply to `request`", at_key=True
            )


def _wrong_issue(written: IssuedAt, path: Path, document: Document) -> Iterator[Mistake]:
    given = [key for key in ("path", "file") if getattr(written, key) is not None]
    if len(given) != 1:
        found = "both path and file" if given else "neither path nor file"
        yield document.mistake(path, found, "one of them says when the canary was issued")
    elif written.request is not None and given == ["file"]:
        yield document.mistake(
            (*path, "request"), "a request beside file", "only `path` reads a reply", at_key=True
        )


def _wrong_list(written: ItemsFrom, path: Path, document: Document) -> Iterator[Mistake]:
    if (written.request is None) == (written.file is None):
        found = "neither request nor file" if written.request is None else "both request and file"
        yield document.mistake(path, found, "one of them says where the list comes from")


def _wrong_table(
    probe: SyncProbe, path: Path, tables: Mapping[str, CodeTable], document: Document
) -> Iterator[Mistake]:
    usable = [name for name, table in tables.items() if table.code_paths]
    if probe.codes is None:
        if probe.code_path is not None:
            meant = "it says where the code of a table stands: name one with `codes`"
            yield document.mistake((*path, "code_path"), "code_path without codes", meant, at_key=True)
    elif probe.codes not in tables:
        found = f"unknown table {quoted(probe.codes)}"
        yield document.mistake((*path, "codes"), found, did_you_mean(probe.codes, usable))
    elif not _code_paths(probe, tables):
        meant = "say with `code_path` where the code stands"
        yield document.mistake((*path, "codes"), f'the table "{probe.codes}" has no code_path', meant)
