"""Every parser of hostile bytes keeps its promises: on the corpus, on damaged examples, on arbitrary bytes and trees."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config.kinds import KINDS
from monitor.config.schema import Configuration
from tests.fuzz.calls import call
from tests.fuzz.inputs import CORPUS, damaged, kept, samples
from tests.fuzz.parsers import PARSERS

KEPT = [(parser, name) for parser in PARSERS for name in kept(parser)]
MOST_MEMORY = 64 << 20
quickly = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)
"""The same inputs in every run: a red run speaks of the change. `python -m tests.fuzz` looks for new ones."""


def test_every_input_that_is_kept_has_a_parser() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} <= {*PARSERS}


@pytest.mark.parametrize(("parser", "name"), KEPT, ids=[f"{parser}/{name}" for parser, name in KEPT])
def test_an_input_that_is_kept(parser: str, name: str) -> None:
    call(parser, kept(parser)[name])


@pytest.mark.parametrize("parser", PARSERS)
def test_sound_inputs_and_what_they_cost(parser: str) -> None:
    found = samples(parser)
    call(parser, b"")
    for data in found:
        call(parser, data)
    tracemalloc.start()
    try:
        call(parser, max(found, key=len))
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("parser", PARSERS)
@settings(quickly, max_examples=60)
@given(dice=st.randoms(use_true_random=False))
def test_damaged_inputs(parser: str, dice: random.Random) -> None:
    others = samples(parser)
    call(parser, damaged(dice.choice(others), dice, others))


@pytest.mark.parametrize("parser", PARSERS)
@settings(quickly, max_examples=30)
@given(
    data=st.one_of(
        st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_arbitrary_bytes(parser: str, data: bytes) -> None:
    call(parser, data)


WORDS = sorted(
    {*Configuration.model_fields}
    | {key for kind in KINDS.values() for key in kind.model_fields}
    | {
        "receivers",
        "routes",
        "apprise",
        "webhook",
        "only",
        "override",
        "verify",
        "path",
        "status",
        "json",
        "env",
        "file",
    }
)
VALUES = [
    "all",
    "none",
    "environment",
    "5m",
    "0s",
    "12/m",
    "1MiB",
    "true",
    "~",
    "beijing",
    "{verify_host}",
    "http://h/",
    "$.a",
    "[",
    "22:00",
]
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(VALUES)
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)), inner, max_size=5),
    ),
    max_leaves=25,
)


@settings(quickly, max_examples=80)
@given(tree=st.dictionaries(st.sampled_from(WORDS), trees, max_size=6))
def test_arbitrary_trees_are_configurations_or_mistakes(tree: dict[str, Any]) -> None:
    call("configuration", yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))


@settings(quickly, max_examples=60)
@given(probe=st.dictionaries(st.sampled_from(WORDS), trees, max_size=8), kind=st.sampled_from([*KINDS]))
def test_arbitrary_probes_are_probes_or_mistakes(probe: dict[str, Any], kind: str) -> None:
    tree = {"probes": [{"name": "one", "authority": "beijing", **probe, "kind": kind}]}
    call("configuration", yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))
