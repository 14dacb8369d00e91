"""Scenario files: what they may say, every mistake with its place, and that they are played as written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.simulator import FaultError, Simulator
from monitor.simulator.director import Director
from monitor.simulator.scenario import ScenarioError, find, read, shipped
from tests.simulator.client import look


def mistakes(text: str) -> list[tuple[int, int, str, str]]:
    """Line, column, path and what is found, of each."""
    with pytest.raises(ScenarioError) as caught:
        read(text)
    return [(one.line, one.column, one.path, one.found) for one in caught.value.mistakes]


def test_a_step_is_read_as_it_is_written():
    (step,) = read(
        "seed: 7\nsteps:\n"
        "  - {at: 1m30s, for: 500ms, every: 2s, times: 3, authorities: shandong, services: [verify], fault: 'slow:2', share: 30%, reference: ok, say: hello}\n"
    ).steps
    assert (step.at, step.lasts, step.every, step.times, step.line) == (90.0, 0.5, 2.0, 3, 3)
    assert (step.authorities, step.services, step.fault, step.share) == (
        ("shandong",),
        ("verify",),
        "slow:2",
        0.3,
    )
    assert (step.reference, step.say) == ("ok", {"zh": "hello", "en": "hello"})


def test_all_mistakes_are_said_at_once_with_their_places():
    text = """\
abuot: x
steps:
  - {at: soon, authorities: [shandnog], fault: hnag}
  - {authorities: [shandong], fault: refuse, share: 30%}
  - {at: 1s, fault: hang, colour: red}
  - {at: 1s, at: 2s}
  - {at: 1s, times: 0}
  - {at: 1s, sync: {lagg: 3}, receiver: refuse}
"""
    assert mistakes(text) == [
        (1, 1, "the file", "the unknown key 'abuot'"),
        (3, 10, "steps[0].at", "'soon'"),
        (3, 30, "steps[0].authorities[0]", "'shandnog'"),
        (3, 48, "steps[0].fault", "'hnag': no fault is called 'hnag'; did you mean 'hang'?"),
        (4, 5, "steps[1]", "no at"),
        (4, 38, "steps[1].fault", "'refuse': refuse strikes every connection or none: it has no share"),
        (5, 27, "steps[2]", "the unknown key 'colour'"),
        (5, 21, "steps[2].fault", "fault without authorities"),
        (6, 14, "steps[3]", "at a second time"),
        (7, 21, "steps[4].times", "times without every"),
        (7, 21, "steps[4].times", "'0'"),
        (8, 20, "steps[5].sync", "SyncState.__init__() got an unexpected keyword argument 'lagg'"),
        (8, 41, "steps[5].receiver", "'refuse'"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "steps",
        "{",
        "steps: 3",
        "a: &a [*a]",
        "steps: " + "[" * 500,
        "\t- x",
        "steps: [" + "{at: 0}," * 1001 + "]",
    ],
)
def test_what_is_no_scenario_is_refused_with_a_place(text: str):
    assert all(line >= 1 and column >= 1 for line, column, _, _ in mistakes(text))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[" * 500_000, "more than 6 levels"),
        ("steps: " + "{a: " * 200_000, "more than 6 levels"),
        ("steps: [" + "a, " * 300_000 + "a]", "more than 50000 values"),
        ("steps: []\n" + "".join(f"k{number}: 1\n" for number in range(20_000)), "the unknown key 'k0'"),
        ("steps: [" + "a, " * 20_000 + "a]", "20001 entries"),
        ("? " + "x" * 1_000_000 + "\n: 1", "the unknown key '" + "x" * 60 + "'"),
        ("steps: [{at: 0, sync: {lag: " + "9" * 5000 + "}}]", "Exceeds the limit"),
    ],
)
def test_a_file_made_to_be_slow_is_refused_at_once(text: str, found: str):
    all_found = [one[3] for one in mistakes(text)]
    assert all_found[0].startswith(found)
    assert len(all_found) <= 100


def test_a_window_ends_after_it_begins():
    text = "steps: []\nwindows: [{name: x, authorities: [tianjin], from: 9s, to: 3s}]"
    assert mistakes(text) == [(2, 59, "windows[0].to", "'3s'")]


@pytest.mark.parametrize("name", shipped())
def test_each_that_is_shipped_can_be_played_and_tells_what_it_is_about(name: str):
    scenario = find(name)
    assert set(scenario.about) == {"zh", "en"}
    director = Director(Simulator(names=True, scheme="mixed"), scenario)
    assert director.moments[-1].at <= 600
    assert all(step.lasts for step in scenario.steps if step.fault or step.receiver or step.sync)


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(OSError, match="month-end"):
        find("monthend")


def test_a_step_that_cannot_be_played_is_refused_with_its_line():
    scenario = read("steps:\n  - {at: 0, authorities: [yunnan], services: [verify], fault: expired}")
    with pytest.raises(FaultError, match="line 2: yunnan/verify speaks plain HTTP"):
        Director(Simulator(scheme="mixed"), scenario)
    with pytest.raises(FaultError, match="line 2: shandong/verify is not asked of a name server"):
        Director(Simulator(), read("steps:\n  - {at: 0, authorities: shandong, fault: nxdomain}"))


async def test_each_step_begins_and_ends_at_its_time_and_is_said(sim: Simulator):
    said: list[str] = []
    seen: list[tuple[float, Mapping[str, object]]] = []
    scenario = read(
        """\
steps:
  - {at: 2s, for: 4s, authorities: [shandong], services: [verify], fault: hang, reference: ok, say: one}
  - {at: 3s, for: 2s, every: 4s, times: 2, authorities: local, fault: refuse, say: two}
  - {at: 4s, for: 9s, authorities: [shandong], fault: close}
  - {at: 5s, for: 1s, sync: {lag: 90000}, receiver: hang}
"""
    )
    director = Director(sim, scenario, say=lambda words: said.append(words["en"]))
    for moment in director.moments:
        director.do(moment)
        seen.append((moment.at, {slug: dict(faults) for slug, faults in sim.faults().items()}))
        if moment.at == 5 and moment.begins:
            assert (sim.sync.state.lag, str(sim.receiver.fault and sim.receiver.fault.text)) == (
                90000,
                "hang",
            )
            assert sim.elsewhere.document()["authorities"]["shandong"]["outcome"] == "ok"
    both = {"internet": {"page": "refuse"}, "gateway": {"page": "refuse"}}
    closed = {"shandong": {"verify": "close", "dppt": "close"}}
    assert seen == [
        (2, {"shandong": {"verify": "hang"}}),
        (3, {"shandong": {"verify": "hang"}, **both}),
        (4, closed | both),
        (5, closed),
        (5, closed),
        (6, closed),  # the hang that ends here was replaced at 4
        (6, closed),
        (7, closed | both),
        (9, closed),
        (13, {}),
    ]
    assert said == ["one", "two", "two"]
    assert (sim.sync.state.lag, sim.receiver.fault) == (60, None)


async def test_it_is_played_in_real_time_so_many_times_as_fast(sim: Simulator):
    loop = asyncio.get_running_loop()
    scenario = read("steps: [{at: 1s, for: 2s, authorities: shandong, fault: hang}]")
    began = loop.time()
    await Director(sim, scenario, speed=10).play()
    assert 0.3 <= loop.time() - began < 2
    assert sim.faults() == {}


async def struck(seed: int) -> list[bool]:
    """Which of forty connections a fault with a share strikes."""
    async with Simulator(only=["yunnan"], scheme="mixed", seed=seed) as sim:
        sim.set_fault("yunnan", "close", "verify", share=0.5)
        return [(await look(sim, "yunnan")).status == 0 for _ in range(40)]


async def test_the_same_seed_strikes_the_same_connections():
    once, again, other = await struck(3), await struck(3), await struck(4)
    assert once == again
    assert once != other
    assert 8 < sum(once) < 32


async def test_the_same_seed_gives_the_same_bodies():
    async def bodies(seed: int) -> list[bytes]:
        async with Simulator(only=["yunnan"], scheme="mixed", shape="data", seed=seed) as sim:
            return [(await look(sim, "yunnan")).body for _ in range(2)]

    once, again, other = await bodies(1), await bodies(1), await bodies(2)
    assert once == again
    assert once[0] not in (once[1], other[0])


def test_the_example_of_the_document_can_be_played():
    document = Path(__file__).parents[2].joinpath("docs/simulator.md").read_text("utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    director = Director(Simulator(names=True, scheme="mixed"), read(text))
    assert len(director.moments) == 24
    assert all(f"| `{name}` |" in document for name in shipped())
