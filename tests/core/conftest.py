"""The world most tests of deciding begin with."""

from __future__ import annotations

import pytest

from tests.core.notation import World, six


@pytest.fixture
def world() -> World:
    """Six authorities and two controls, all of them up."""
    world = World(six())
    world.warm()
    return world
