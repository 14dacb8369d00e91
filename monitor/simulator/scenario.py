"""A scenario: what breaks when and for how long, written as YAML. Durations are `500ms`, `30s`, `2m`, `1h30m`.

about: {zh: …, en: …}
seed: 7
windows: [{name: …, authorities: [tianjin], services: [verify], from: 50s, to: 70s}]
steps:
  - {at: 30s, authorities: [shandong], services: [verify], fault: hang, share: 30%, for: 2m, reference: ok, say: …}
  - {at: 3m, authorities: local, fault: refuse, for: 10s, every: 30s, times: 5}
  - {at: 5m, sync: {lag: 90000}}
  - {at: 6m, receiver: hang, for: 1m}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

import yaml

from monitor.simulator.authorities import (
    AUTHORITIES,
    CONTROLS,
    DPPT,
    GROUPS,
    NATIONAL,
    PAGE,
    RESOLVER,
    VERIFY,
)
from monitor.simulator.elsewhere import OUTCOMES
from monitor.simulator.faults import parse
from monitor.simulator.kinds import FaultError
from monitor.simulator.receiver import receiver_fault
from monitor.simulator.sync import SyncState
from monitor.simulator.yaml_places import Mistake, Reader, TooManyError, compose

MAX_FILE = 1 << 20
MAX_STEPS = 1000
MAX_TIMES = 1000
MAX_SECONDS = 31 * 86400.0
PLACES = (
    *(authority.slug for authority in AUTHORITIES),
    NATIONAL.slug,
    *(control.slug for control in CONTROLS),
    *GROUPS,
    RESOLVER,
)
SERVICES = (VERIFY, DPPT, PAGE)
LANGUAGES = ("zh", "en")

Words = Mapping[str, str]
"""Language → sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One moment, and how long it lasts. Seconds count from the start."""

    at: float
    line: int
    lasts: float | None = None
    """None: until something else is set there."""
    every: float | None = None
    times: int = 1
    authorities: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    fault: str | None = None
    """None with authorities: mends them."""
    share: float = 1.0
    reference: str | None = None
    """What the reference sees of these authorities meanwhile; None: what is really so."""
    sync: Mapping[str, object] = field(default_factory=dict)
    receiver: str | None = None
    say: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """A maintenance window, for the probes.yaml that watches. Seconds count from the start."""

    name: Words
    authorities: tuple[str, ...]
    services: tuple[str, ...]
    begins: float
    ends: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole one. `steps` are in the order of their times."""

    about: Words
    seed: int
    steps: tuple[Step, ...]
    windows: tuple[PlannedWork, ...] = ()


class ScenarioError(ValueError):
    """A file that is no scenario: `mistakes` holds them all."""

    def __init__(self, name: str, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(f"{name}: {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


def shipped() -> dict[str, str]:
    """Name → text of the scenarios that come with the package."""
    folder = resources.files("monitor.simulator").joinpath("scenarios")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".yaml"): file.read_text("utf-8")
        for file in files
        if file.name.endswith(".yaml")
    }


def find(name: str) -> Scenario:
    """A shipped one by its name, or a file. Raises ScenarioError, and OSError where it cannot be read."""
    texts = shipped()
    if name in texts:
        return read(texts[name], name)
    path = Path(name)
    if not path.exists() and path.suffix == "" and path.name == name:
        raise FileNotFoundError(
            2, f"no such file, and no scenario is called so; there are {', '.join(texts)}", name
        )
    data = path.read_bytes()
    if len(data) > MAX_FILE:
        raise ScenarioError(
            name, [Mistake(line=1, column=1, path="the file", found="more than 1 MiB", meant="less")]
        )
    try:
        return read(data.decode("utf-8"), name)
    except UnicodeDecodeError:
        meant = Mistake(line=1, column=1, path="the file", found="bytes that are no UTF-8", meant="UTF-8")
        raise ScenarioError(name, [meant]) from None


def read(text: str, name: str = "scenario") -> Scenario:
    """The scenario in `text`. Raises ScenarioError with every mistake, or the first hundred."""
    reader = Reader()
    root = compose(text, reader)
    scenario = None
    with suppress(TooManyError):
        scenario = None if root is None else _scenario(reader, root)
    if reader.mistakes or scenario is None:
        raise ScenarioError(name, reader.mistakes)
    return scenario


def _scenario(reader: Reader, root: yaml.Node) -> Scenario:
    entries = reader.mapping(root, "", ("about", "seed", "windows", "steps"))
    if "steps" not in entries:
        reader.wrong(root, "steps", "a list of steps", "none")
    steps = [_step(reader, node, path) for path, node in _members(reader, entries, "steps")]
    windows = [_window(reader, node, path) for path, node in _members(reader, entries, "windows")]
    return Scenario(
        about=_words(reader, entries["about"], "about") if "about" in entries else {},
        seed=int(_number(reader, entries["seed"], "seed", "a whole number")) if "seed" in entries else 0,
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        windows=tuple(windows),
    )


def _members(reader: Reader, entries: Mapping[str, yaml.Node], key: str) -> list[tuple[str, yaml.Node]]:
    return list(reader.items(entries[key], key, MAX_STEPS)) if key in entries else []


_STEP = (
    "at", "for", "every", "times", "authorities", "services", "fault", "share", "reference", "sync", "receiver", "say",
)  # fmt: skip


def _step(reader: Reader, node: yaml.Node, path: str) -> Step:
    found = reader.mapping(node, path, _STEP)
    if "at" not in found:
        reader.wrong(node, path, "at: 30s", "no at")
    share = _share(reader, found["share"], f"{path}.share") if "share" in found else 1.0
    for key in ("fault", "services", "share", "reference"):
        if key in found and "authorities" not in found:
            reader.wrong(found[key], f"{path}.{key}", "authorities beside it", f"{key} without authorities")
    if "times" in found and "every" not in found:
        reader.wrong(found["times"], f"{path}.times", "every beside it", "times without every")
    return Step(
        at=_seconds(reader, found.get("at"), f"{path}.at") or 0.0,
        line=node.start_mark.line + 1,
        lasts=_seconds(reader, found.get("for"), f"{path}.for"),
        every=_seconds(reader, found.get("every"), f"{path}.every"),
        times=_times(reader, found["times"], f"{path}.times") if "times" in found else 1,
        authorities=_list(reader, found.get("authorities"), f"{path}.authorities", PLACES),
        services=_list(reader, found.get("services"), f"{path}.services", SERVICES),
        fault=_fault(reader, found["fault"], f"{path}.fault", share) if "fault" in found else None,
        share=share,
        reference=_one_of(reader, found.get("reference"), f"{path}.reference", OUTCOMES),
        sync=_sync(reader, found["sync"], f"{path}.sync") if "sync" in found else {},
        receiver=_receiver(reader, found["receiver"], f"{path}.receiver") if "receiver" in found else None,
        say=_words(reader, found["say"], f"{path}.say") if "say" in found else {},
    )


def _window(reader: Reader, node: yaml.Node, path: str) -> PlannedWork:
    found = reader.mapping(node, path, ("name", "authorities", "services", "from", "to"))
    for key in {"name", "authorities", "from", "to"} - set(found):
        reader.wrong(node, path, "name, authorities, from and to", f"no {key}")
    begins, ends = (_seconds(reader, found.get(key), f"{path}.{key}") or 0.0 for key in ("from", "to"))
    if "from" in found and "to" in found and ends <= begins:
        reader.wrong(found["to"], f"{path}.to", "later than from")
    slugs = PLACES[: len(AUTHORITIES)]
    return PlannedWork(
        name=_words(reader, found["name"], f"{path}.name") if "name" in found else {},
        authorities=_list(reader, found.get("authorities"), f"{path}.authorities", slugs),
        services=_list(reader, found.get("services"), f"{path}.services", (VERIFY, DPPT)),
        begins=begins,
        ends=ends,
    )


# --- single values ---------------------------------------------------------------------------------------------------

_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h))+|0", re.ASCII)
_PART = re.compile(r"([\d.]+)(ms|s|m|h)", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(reader: Reader, node: yaml.Node | None, path: str) -> float | None:
    if node is None:
        return None
    text = reader.word(node, path, "a duration like 30s or 2m")
    if text is None:
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if not _DURATION.fullmatch(text) or total > MAX_SECONDS:
        reader.wrong(node, path, "a duration like 30s or 2m, at most 31 days")
        return None
    return total


def _number(reader: Reader, node: yaml.Node, path: str, meant: str) -> float:
    text = reader.word(node, path, meant)
    if text is not None and re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return float(text)
    if text is not None:
        reader.wrong(node, path, meant)
    return 0.0


def _times(reader: Reader, node: yaml.Node, path: str) -> int:
    times = int(_number(reader, node, path, f"a whole number from 1 to {MAX_TIMES}"))
    if not 1 <= times <= MAX_TIMES:
        reader.wrong(node, path, f"a whole number from 1 to {MAX_TIMES}")
        return 1
    return times


def _share(reader: Reader, node: yaml.Node, path: str) -> float:
    meant = "a percentage above 0 % and at most 100 %, like 30%"
    text = reader.word(node, path, meant)
    if text is None:
        return 1.0
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?%", text, re.ASCII) or not 0 < float(text[:-1]) <= 100:
        reader.wrong(node, path, meant)
        return 1.0
    return float(text[:-1]) / 100


def _list(reader: Reader, node: yaml.Node | None, path: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Words of `known`, as a list or as one word."""
    if node is None:
        return ()
    if isinstance(node, yaml.ScalarNode):
        word = _one_of(reader, node, path, known)
        return (word,) if word else ()
    members = reader.items(node, path, len(known))
    found = [_one_of(reader, member, place, known) for place, member in members]
    return tuple(word for word in found if word)


def _one_of(reader: Reader, node: yaml.Node | None, path: str, known: tuple[str, ...]) -> str | None:
    if node is None:
        return None
    short = (
        ", ".join(known)
        if len(known) < 8
        else f"one of the {len(AUTHORITIES)} slugs or {', '.join(known[36:])}"
    )
    text = reader.word(node, path, short)
    if text is None or text in known:
        return text
    near = get_close_matches(text, known, 1)
    reader.wrong(node, path, f"did you mean {near[0]}?" if near else short)
    return None


def _fault(reader: Reader, node: yaml.Node, path: str, share: float) -> str | None:
    text = reader.word(node, path, "a fault of docs/simulator.md")
    if text is None:
        return None
    try:
        parse(text, share)
    except FaultError as problem:
        reader.wrong(node, path, "a fault of docs/simulator.md", f"{text!r}: {problem}")
    return text


def _receiver(reader: Reader, node: yaml.Node, path: str) -> str | None:
    text = reader.word(node, path, "hang, slow:SECONDS or status_NNN")
    try:
        receiver_fault(text or "hang")
    except FaultError:
        reader.wrong(node, path, "hang, slow:SECONDS or status_NNN")
    return text


def _sync(reader: Reader, node: yaml.Node, path: str) -> Mapping[str, object]:
    """Settings of the sync interface, checked by trying them."""
    try:
        settings = yaml.safe_load(yaml.serialize(node))
        SyncState(**settings).check()
    except (TypeError, ValueError, yaml.YAMLError) as problem:
        reader.wrong(node, path, "settings of the sync interface, like {lag: 90000}", str(problem))
        return {}
    return dict(settings)


def _words(reader: Reader, node: yaml.Node, path: str) -> Words:
    """A sentence, or one for each language."""
    if isinstance(node, yaml.ScalarNode):
        text = reader.word(node, path, "a sentence")
        return dict.fromkeys(LANGUAGES, text or "")
    found = reader.mapping(node, path, LANGUAGES)
    said = {key: reader.word(value, f"{path}.{key}", "a sentence") or "" for key, value in found.items()}
    if set(said) != set(LANGUAGES):
        reader.wrong(node, path, "a sentence, or one each for zh and en")
    return said
