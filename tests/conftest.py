"""What every test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def grid_root() -> Path:
    """The folder of real GRID clips; the test is skipped where there is none."""
    folder = os.environ.get("LIPCOURSE_GRID")
    if not folder:
        pytest.skip("LIPCOURSE_GRID names no folder of GRID clips")
    return Path(folder)
