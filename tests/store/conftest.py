"""What the tests of the stores share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import StillClock
from tests.store.histories import Open, opener


@pytest.fixture
def opened(tmp_path: Path, clock: StillClock) -> Open:
    """Opens a history at `tmp_path/state/history.sqlite3`, as often as the test likes."""
    return opener(tmp_path, clock)
