"""A window of maintenance for one of six authorities, and how long it has lasted."""

from __future__ import annotations

from datetime import timedelta

from monitor.core.windows import window_id
from monitor.model import MaintenanceRule
from tests.core.notation import START, World, six

MINUTE = timedelta(minutes=1)
NIGHT = MaintenanceRule(
    name="upgrade", authorities=("anhui",), start=START + 10 * MINUTE, end=START + 40 * MINUTE, announce=False
)
"""Half an hour for anhui, ten minutes after the start; not announced."""
NIGHT_ID = window_id("upgrade", START + 10 * MINUTE)


def world_with(*rules: MaintenanceRule, **more: object) -> World:
    """Six authorities, all up; the rules in force; nobody is told of windows ahead."""
    world = World(six(maintenance=rules, **{"notify_before": 0.0, **more}))
    world.warm()
    return world


def until(world: World, minutes: float) -> None:
    """Let time pass until so many minutes after the start."""
    world.pass_time((START + timedelta(minutes=minutes) - world.now).total_seconds())
