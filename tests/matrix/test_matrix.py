"""The matrix: each line of the table is a real fault on a real socket, and one run has to say what it is.

Read `table.py` first. A line that fails says what was meant, what came out, and what the run said of it.
"""

from __future__ import annotations

import pytest

from monitor.knowledge import load_catalogue
from monitor.model import Cause, Flag
from tests.matrix import sheet_codes
from tests.matrix.case import Surroundings, differs, judged
from tests.matrix.table import ALL, CASES

LEAST = 120
"""Cases that the matrix must have."""
NEVER = {Cause.INTERNAL}
"""A mistake of our own: no server can provoke it, so that none may. tests/probes/test_run.py makes one."""


def _line(name: str) -> object:
    """A line that needs a real program says which."""
    needs = [program for program in ("nginx", "dnsmasq") if f"{program}: " in name]
    return pytest.param(name, marks=[pytest.mark.peer(program) for program in needs])


@pytest.mark.parametrize("name", [_line(name) for name in CASES])
async def test_what_comes_out(name: str, around: Surroundings) -> None:
    case = CASES[name]
    assert differs(case, await judged(case, around)) == ""


def test_every_cause_and_every_flag_occurs() -> None:
    expected = [case.expected for case in CASES.values()]
    assert {one.cause for one in expected} == set(Cause) - NEVER
    assert {flag for one in expected for flag in one.flags} == set(Flag)


def test_every_code_of_the_catalogue_occurs_on_its_endpoint() -> None:
    assert {row[:3] for row in sheet_codes.rows()} == set(load_catalogue())


def test_there_are_enough_lines_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) == len(CASES) >= LEAST
