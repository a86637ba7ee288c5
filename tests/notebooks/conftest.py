"""What the notebooks of the course need to be tested: clips, and a kernel without a network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lipcourse.corpora.registry import open_corpus
from lipcourse.errors import CorpusError

OFFLINE = Path(__file__).parent / "offline"


@pytest.fixture
def corpus() -> str:
    """The name of the clips that notebooks run on; the test is skipped where there are none."""
    try:
        return open_corpus().name
    except CorpusError as nowhere:
        pytest.skip(str(nowhere))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the network in every Python that is started from here on, kernels included."""
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(OFFLINE), *([before] if before else [])]))
