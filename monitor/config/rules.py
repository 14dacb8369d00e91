"""Rules between parts of a configuration that are each sound: times, names, limits, files."""

from __future__ import annotations

import ssl
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath

from monitor.config.expand import Expansion
from monitor.config.kinds import Probe
from monitor.config.mistakes import Mistake, Path, did_you_mean, quoted
from monitor.config.scalars import Rate, plain
from monitor.config.schema import Configuration
from monitor.config.tree import Document, Mapping, Scalar, Sequence
from monitor.config.understand import Understood
from monitor.model import Target


def refused(understood: Understood, document: Document, directory: FilePath) -> Iterator[Mistake]:
    """What is wrong between the parts, before anything is expanded."""
    configuration = understood.configuration
    assert configuration is not None
    written = document.root.entries.get("probes")
    if written is None or (
        not configuration.probes and ("probes",) not in understood.broken and not understood.mistakes
    ):
        yield document.mistake(("probes",), "no probes", "at least one probe is meant")
    named: list[tuple[int, Probe]] = list(zip(understood.probes, configuration.probes, strict=True))
    yield from _double_names(named, document)
    names = set(_names_written(document))
    if any(probe.interval is None and probe.timeout is None for _, probe in named):
        yield from _wrong_default_times(understood, document)
    for position, probe in named:
        yield from _wrong_times(("probes", position), probe, understood, document)
        yield from _unknown_wakers(("probes", position), probe, names, document)
    yield from _unreadable_roots(configuration, named, document, directory)
    yield from _crossed_thresholds(configuration, document)


def nothing_to_look_at(
    expansion: Expansion, configuration: Configuration, document: Document
) -> Iterator[Mistake]:
    """A plan that can never say anything: no target at all, or a main service that no target watches."""
    if not expansion.targets:
        yield document.mistake(
            ("probes",),
            "no target",
            "each probe is skipped: its facts are not known for the authorities watched",
        )
    main, written = configuration.judgement.main_service, ("judgement", "main_service")
    services = sorted({target.service for target in expansion.targets.values() if target.service})
    if "main_service" in configuration.judgement.model_fields_set and services and main not in services:
        yield document.mistake(written, f'"{main}"', f"no probe watches it; {did_you_mean(main, services)}")


def _crossed_thresholds(configuration: Configuration, document: Document) -> Iterator[Mistake]:
    """Flapping that would begin below where it ends."""
    rules = configuration.judgement.flapping
    if rules.low > rules.high:
        path: Path = ("judgement", "flapping", "low" if "low" in rules.model_fields_set else "high")
        found = f"low ({rules.low:g}) is above high ({rules.high:g})"
        yield document.mistake(path, found, "flapping ends below low and begins at high")


def _names_written(document: Document) -> Iterator[str]:
    """Names of all probes in the file, also of those in which something else is wrong."""
    written = document.root.entries.get("probes")
    for item in written[1].items if written and isinstance(written[1], Sequence) else ():
        name = item.entries.get("name") if isinstance(item, Mapping) else None
        if name and isinstance(name[1], Scalar):
            yield name[1].text


def _double_names(named: list[tuple[int, Probe]], document: Document) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for position, probe in named:
        if probe.name in first:
            found = f'the name "{probe.name}" again'
            meant = f"probes[{first[probe.name]}] has it already; each target needs an id of its own"
            yield document.mistake(("probes", position, "name"), found, meant)
        first.setdefault(probe.name, position)


def _wrong_times(path: Path, probe: Probe, understood: Understood, document: Document) -> Iterator[Mistake]:
    """A run must be over before the next is due. Where both times are defaults it is said of these, once."""
    configuration = understood.configuration
    assert configuration is not None
    if probe.interval is None and probe.timeout is None:
        return
    interval = probe.interval or configuration.defaults.interval
    timeout = probe.timeout or configuration.defaults.timeout
    unsure = {
        (*path, "interval"),
        (*path, "timeout"),
        ("defaults", "interval"),
        ("defaults", "timeout"),
        ("defaults",),
    }
    if timeout >= interval and not unsure & understood.broken:
        key = "timeout" if probe.timeout is not None else "interval"
        yield document.mistake((*path, key), *_too_long(timeout, interval))


def _wrong_default_times(understood: Understood, document: Document) -> Iterator[Mistake]:
    configuration = understood.configuration
    assert configuration is not None
    defaults = configuration.defaults
    unsure = {("defaults", "interval"), ("defaults", "timeout"), ("defaults",)}
    if defaults.timeout >= defaults.interval and not unsure & understood.broken:
        key = "timeout" if "timeout" in defaults.model_fields_set else "interval"
        yield document.mistake(("defaults", key), *_too_long(defaults.timeout, defaults.interval))


def _too_long(timeout: float, interval: float) -> tuple[str, str]:
    found = f"timeout {plain(timeout)} is not shorter than interval {plain(interval)}"
    return found, "a run must be over before the next is due"


def _unknown_wakers(path: Path, probe: Probe, names: set[str], document: Document) -> Iterator[Mistake]:
    for index, name in enumerate(probe.wake_on):
        if name == probe.name:
            yield document.mistake((*path, "wake_on", index), "the probe itself", "another probe is meant")
        elif name not in names:
            found = f"unknown probe {quoted(name)}"
            yield document.mistake((*path, "wake_on", index), found, did_you_mean(name, names - {probe.name}))


def _unreadable_roots(
    configuration: Configuration, named: list[tuple[int, Probe]], document: Document, directory: FilePath
) -> Iterator[Mistake]:
    places: list[tuple[Path, str | None]] = [(("defaults", "tls", "ca"), configuration.defaults.tls.ca)]
    for position, probe in named:
        tls = getattr(probe, "tls", None)
        places.append((("probes", position, "tls", "ca"), tls.ca if tls else None))
    for path, ca in places:
        if ca not in (None, "system", "certifi") and (reason := _unfit_roots(directory / str(ca))):
            yield document.mistake(path, reason, "system, certifi or the path of a PEM file is meant")


@cache
def _unfit_roots(path: FilePath) -> str | None:
    """Why a file cannot be used as roots, or None."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return "a file without certificates in PEM form"
    except OSError as problem:
        return f"a file that cannot be read: {problem.strerror}"
    return None


# --- limits ----------------------------------------------------------------------------------------------------------


def beyond_limits(expansion: Expansion, understood: Understood, document: Document) -> Iterator[Mistake]:
    """Hosts that the plan connects to more often than `limits.per_host` allows, when everything there is down.

    A target then connects once per `while_down`, or per `interval` where that is shorter. Re-runs and redirects come
    on top and are held back by the limit itself.
    """
    configuration = understood.configuration
    assert configuration is not None
    limit = configuration.limits.per_host
    unsure = any(path[-1:] in (("interval",), ("while_down",), ("per_host",)) for path in understood.broken)
    if limit is None or unsure:
        return
    hosts: defaultdict[str, list[Target]] = defaultdict(list)
    for target in expansion.targets.values():
        for host_key in _asked(target):
            hosts[host_key].append(target)
    worst: dict[int, tuple[float, str]] = {}
    for host, targets in hosts.items():
        demand: defaultdict[str, float] = defaultdict(float)
        for target in targets:
            demand[target.id] += limit.window / min(target.interval, target.while_down)
        total = sum(demand.values())
        if total > limit.connections * 1.000001:
            position = expansion.origins[max(demand, key=lambda key: demand[key])]
            worst[position] = max(worst.get(position, (0.0, "")), (total, host))
    for position, (total, host) in worst.items():
        yield _too_many(position, host, total, limit, hosts[host], document)


def _asked(target: Target) -> Iterator[str]:
    """The host of each connection of a run; without a port nothing is connected to."""
    if target.port and (target.sync is None or target.sync.asks):
        yield target.host_key
    if target.sync is not None:
        yield from (exchange.host_key for exchange in target.sync.exchanges().values())


def _too_many(
    position: int, host: str, total: float, limit: Rate, targets: list[Target], document: Document
) -> Mistake:
    probes = Counter(target.probe for target in targets)
    sharing = ", ".join(f"{name} × {count}" if count > 1 else name for name, count in probes.items())
    found = f"{host} is connected to up to {total:.4g} times in {plain(limit.window)} ({sharing})"
    meant = (
        f"limits.per_host allows {limit.connections:g}; look less often (interval, while_down) or raise it"
    )
    return document.mistake(("probes", position), found, meant)
