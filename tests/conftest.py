"""What every test shares: a cache of its own, and clips of a talker, drawn and real."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import torch
from hypothesis import settings

from lipcourse.cache import CACHE_VARIABLE
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.corpora.registry import GRID_VARIABLE
from lipcourse.media import Clip, write_video

PUPPET_SIZE = 240
"""Side of the tests' puppet in pixels: its face is as large as those of GRID."""

# Each worker of pytest-xdist has its share of the processors, and so has what it starts, such as notebooks:
# threads of one that wait for those of another cost both more than they bring.
if "PYTEST_XDIST_WORKER" in os.environ:
    SHARE = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ.setdefault("OMP_NUM_THREADS", str(SHARE))
    torch.set_num_threads(SHARE)
    cv2.setNumThreads(SHARE)

# No test is timed: on a busy machine an example may take long.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep puppets in a folder of the test run, never in the user's; all workers of pytest-xdist share it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder / "cache"))
        yield


@pytest.fixture(scope="session")
def grid_root() -> Path:
    """The folder of real GRID clips; the test is skipped where there is none."""
    folder = os.environ.get(GRID_VARIABLE)
    if not folder:
        pytest.skip(f"{GRID_VARIABLE} names no folder of GRID clips")
    return Path(folder)


@pytest.fixture(scope="session")
def puppet(own_cache: None) -> Clip:
    """A clip of a puppet, as it was drawn."""
    corpus = PuppetCorpus(1, 1, size=PUPPET_SIZE)
    return corpus.clip(corpus.keys()[0])


@pytest.fixture(scope="session")
def puppet_file(puppet: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The puppet's clip as a file that anybody could have made."""
    path = tmp_path_factory.mktemp("puppet") / "puppet.mp4"
    write_video(path, puppet.frames, fps=puppet.fps, waveform=puppet.waveform, sample_rate=puppet.sample_rate)
    return path


@pytest.fixture(scope="session", params=["puppet", pytest.param("grid", marks=pytest.mark.grid)])
def talker_file(request: pytest.FixtureRequest) -> Path:
    """A file that shows one talker: a puppet, and a real one where there is GRID."""
    if request.param == "puppet":
        return request.getfixturevalue("puppet_file")
    return sorted(request.getfixturevalue("grid_root").glob("s1/*.mpg"))[0]
