"""Probes × authorities → targets. What has no address is skipped and said; what cannot be meant is a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path as FilePath

from monitor.config import interface, on_machine
from monitor.config.catalogue import Catalogue
from monitor.config.facts import NotKnown, names_in, unknown_authority
from monitor.config.kinds import CaptchaProbe, DnsProbe, Probe, SyncProbe, WebProbe
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.scalars import header_name, plain
from monitor.config.schema import Configuration
from monitor.config.target import UnusableError, prototype_of, target_of
from monitor.config.tree import Document
from monitor.model import LOCAL, PSEUDO_AUTHORITIES, Authority, Target

MOST_RESOLVERS = 8
"""Name servers of one probe of kind `dns`."""
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "accept-encoding"})


@dataclass(slots=True, kw_only=True)
class Expansion:
    """What came of the probes: targets by id, what was left out, what is wrong."""

    targets: dict[str, Target] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    origins: dict[str, int] = field(default_factory=dict)
    """Target id → position of its probe in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What probes are expanded on."""

    configuration: Configuration
    document: Document
    registry: Mapping[str, Authority]
    selected: tuple[str, ...]
    """Slugs that `authorities.only` leaves."""
    facts: frozenset[str]
    catalogue: Catalogue
    secrets: Collection[str]
    user_agent: str
    directory: FilePath
    """Where relative paths in the file start."""


def expand(ground: Ground, positions: list[int]) -> Expansion:
    """All targets of all probes. `positions` are the places of the probes in the file."""
    expansion = Expansion()
    for position, probe in zip(positions, ground.configuration.probes, strict=True):
        wrong = list(_refused(probe, ("probes", position), ground))
        expansion.mistakes += wrong
        if not wrong:
            _expand(probe, position, ground, expansion)
    return expansion


def _expand(probe: Probe, position: int, ground: Ground, expansion: Expansion) -> None:
    prototype = prototype_of(
        probe,
        ground.configuration,
        ground.catalogue,
        authority=_authority(probe),
        user_agent=ground.user_agent,
        directory=ground.directory,
    )
    unknown: dict[str, list[str]] = {}
    by_tcp: list[str] = []
    for authority in _bearers(probe, ground):
        try:
            target = target_of(
                prototype, probe, authority, ground.secrets, ground.catalogue, ground.directory
            )
        except NotKnown as fact:
            unknown.setdefault(str(fact), []).append(authority.slug)
            continue
        except UnusableError as problem:
            hidden = "@" in problem.text or "?" in problem.text or problem.text in ground.secrets
            found = f"{'a value not shown here' if hidden else quoted(problem.text)} for {authority.slug}"
            path = ("probes", position, *problem.keys)
            expansion.mistakes.append(ground.document.mistake(path, found, problem.meant))
            break
        if target.kind != prototype.kind:
            by_tcp.append(authority.slug)
        expansion.targets.setdefault(target.id, target)
        expansion.origins[target.id] = position
    expansion.notes += _notes(probe, unknown, by_tcp, ground)


def _notes(
    probe: Probe, unknown: Mapping[str, list[str]], by_tcp: list[str], ground: Ground
) -> Iterator[str]:
    written = probe.while_down or ground.configuration.defaults.while_down
    timeout = probe.timeout or ground.configuration.defaults.timeout
    if written < timeout:
        yield f"{probe.name}: while down looked at every {plain(timeout)} (its timeout), not every {plain(written)}"
    if probe.authority in ground.registry and probe.authority not in ground.selected:
        yield f"{probe.name}: skipped, authorities.only leaves {probe.authority} out"
    for fact, slugs in unknown.items():
        yield f"{probe.name}: skipped for {', '.join(slugs)}: {fact} is not known there"
    if by_tcp:
        yield f"{probe.name}: by plain tcp for {', '.join(by_tcp)}: their scheme is http"


def _bearers(probe: Probe, ground: Ground) -> Iterator[Authority]:
    """The authorities that a probe expands to: all selected ones, or its one."""
    if probe.each:
        yield from (ground.registry[slug] for slug in ground.selected)
    elif (slug := _authority(probe)) in PSEUDO_AUTHORITIES:
        yield Authority(slug=slug, code="", name="", name_en="", full_name="")
    elif slug in ground.selected:
        yield ground.registry[slug]


def _authority(probe: Probe) -> str:
    return LOCAL if probe.role else probe.authority or ""


# --- what cannot be meant --------------------------------------------------------------------------------------------


def _refused(probe: Probe, path: Path, ground: Ground) -> Iterator[Mistake]:
    yield from _wrong_bearer(probe, path, ground)
    yield from _wrong_braces(probe, path, ground)
    if isinstance(probe, CaptchaProbe) and _authority(probe) in PSEUDO_AUTHORITIES:
        meant = "kind captcha asks for an invoice code of one of the 36 authorities"
        yield ground.document.mistake((*path, "kind"), f'kind captcha for "{_authority(probe)}"', meant)
    if isinstance(probe, WebProbe):
        yield from _wrong_headers(probe.headers, (*path, "headers"), ground)
    if isinstance(probe, SyncProbe):
        for keys, request in interface.requests_of(probe).items():
            yield from _wrong_headers(request.headers, (*path, *keys, "headers"), ground)
        yield from interface.refused(probe, path, ground.catalogue.tables, ground.document)
    if isinstance(probe, DnsProbe):
        yield from _wrong_names(probe, path, ground)
    yield from on_machine.refused(
        probe,
        path,
        ground.catalogue.tables,
        ground.document,
        authority=_authority(probe),
        interval=probe.interval or ground.configuration.defaults.interval,
    )


def _wrong_names(probe: DnsProbe, path: Path, ground: Ground) -> Iterator[Mistake]:
    if probe.resolvers and len(probe.resolvers) > MOST_RESOLVERS:
        found, meant = f"{len(probe.resolvers)} name servers", f"at most {MOST_RESOLVERS} are meant"
        yield ground.document.mistake((*path, "resolvers"), found, meant)
    if probe.expect_networks and probe.record not in ("A", "AAAA"):
        found = f"networks for the record {probe.record}"
        meant = "only records A and AAAA hold addresses"
        yield ground.document.mistake((*path, "expect_networks"), found, meant)
    of = {"A": 4, "AAAA": 6}.get(probe.record)
    if of and probe.expect_networks and all(ip_network(one).version != of for one in probe.expect_networks):
        found = f"networks of IPv{10 - of} alone for the record {probe.record}"
        meant = f"every answer would lie outside: name networks of IPv{of}"
        yield ground.document.mistake((*path, "expect_networks"), found, meant)


def _wrong_bearer(probe: Probe, path: Path, ground: Ground) -> Iterator[Mistake]:
    given = [key for key in ("each", "authority", "role") if getattr(probe, key)]
    if given == ["authority", "role"] and probe.authority == LOCAL:
        return
    if len(given) > 1:
        yield ground.document.mistake(
            (*path, given[1]), f"both {given[0]} and {given[1]}", "one of them is meant", at_key=True
        )
    elif not given:
        meant = "`each: authority`, `authority: SLUG`, `authority: national` or `role: control` is meant"
        yield ground.document.mistake(path, "nobody this probe speaks of", meant)
    elif probe.authority and probe.authority not in (*ground.registry, *PSEUDO_AUTHORITIES):
        known = (*ground.registry, *PSEUDO_AUTHORITIES)
        yield ground.document.mistake((*path, "authority"), *unknown_authority(probe.authority, known))


def _wrong_braces(probe: Probe, path: Path, ground: Ground) -> Iterator[Mistake]:
    requests = interface.requests_of(probe).values() if isinstance(probe, SyncProbe) else ()
    named = sum(len(interface.facts_in(request, ground.facts)) for request in requests)
    for keys, text in _templates(probe):
        try:
            names = names_in(text)
        except ValueError:
            yield ground.document.mistake(
                (*path, *keys), "a brace that stands alone", "a fact in braces is meant: {verify_host}"
            )
            return
        named += len(names)
        for name in names:
            if name not in ground.facts:
                found = f"unknown fact {quoted(name)}"
                yield ground.document.mistake((*path, *keys), found, did_you_mean(name, ground.facts))
            elif _authority(probe) in PSEUDO_AUTHORITIES:
                found = f'the fact {{{name}}} for "{_authority(probe)}"'
                yield ground.document.mistake(
                    (*path, *keys), found, "facts belong to one of the 36 authorities"
                )
    if probe.each and not named:
        meant = "name a fact in braces, such as {verify_host}, or give one `authority`"
        yield ground.document.mistake(
            (*path, *_address_key(probe)), "the same address for each authority", meant
        )


def _wrong_headers(headers: Iterable[str], path: Path, ground: Ground) -> Iterator[Mistake]:
    for name in headers:
        if not header_name(name) or name.lower() in _OWN_HEADERS:
            meant = "a header name is meant" if not header_name(name) else "the monitor sets this one itself"
            yield ground.document.mistake((*path, name), "this header", meant, at_key=True)


def _templates(probe: Probe) -> list[tuple[Path, str]]:
    if isinstance(probe, SyncProbe):
        return [((*keys, "url"), one.url) for keys, one in interface.requests_of(probe).items()]
    keys = ("host", "port", "server_name", "url", "path", "glob")
    return [((key,), text) for key in keys if (text := getattr(probe, key, None)) is not None]


def _address_key(probe: Probe) -> Path:
    if isinstance(probe, SyncProbe):
        return ("request", "url")
    keys = ("url", "host", "path", "glob")
    return next(((key,) for key in keys if hasattr(probe, key)), ("kind",))
