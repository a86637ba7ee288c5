"""How fast a corpus is prepared, how that grows with processes and clips, and how much memory it takes.

GRID where LIPCOURSE_GRID is set; else a puppet's film under many names. Ratios within one run, and seconds of
the processors, which hardly depend on what else the machine does.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from lipcourse.corpora.folder import FolderCorpus
from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.media import write_video
from lipcourse.windows.corpus import prepare

MOST_MEMORY = 1.5e9
MOST_PROCESSOR_SECONDS_FOR_GRID = 240
"""Two minutes on two processors."""

FEW, MANY = 50, 200


@dataclass
class Run:
    """What a preparation took; memory is that of the whole tree of processes at its highest, in bytes."""

    clips: int
    frames: int
    seconds: float
    processor_seconds: float
    memory: int
    memory_here: int


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    if os.environ.get("LIPCOURSE_GRID"):
        return GridCorpus(Path(os.environ["LIPCOURSE_GRID"]))
    root = tmp_path_factory.mktemp("films")
    puppets = PuppetCorpus(1, 1, size=240)
    clip = puppets.clip(puppets.keys()[0])
    write_video(root / "0.mp4", clip.frames, fps=25, waveform=clip.waveform, sample_rate=clip.sample_rate)
    for number in range(1, MANY):
        shutil.copy(root / "0.mp4", root / f"{number}.mp4")
    return FolderCorpus(root)


def measure(corpus, out, *, jobs, limit):
    """Prepare clips and watch the processes that do it."""
    here = psutil.Process()
    spent: dict[int, float] = {}
    most = [0, 0]
    done = threading.Event()

    def watch():
        while not done.wait(0.05):
            total = own = here.memory_info().rss
            for process in here.children(recursive=True):
                try:
                    total += process.memory_info().rss
                    spent[process.pid] = sum(process.cpu_times()[:2])
                except psutil.NoSuchProcess:
                    continue
            most[0], most[1] = max(most[0], total), max(most[1], own)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start, started = time.perf_counter(), time.process_time()
    made = prepare(corpus, out, jobs=jobs, limit=limit)
    seconds, own = time.perf_counter() - start, time.process_time() - started
    done.set()
    watcher.join()
    frames = sum(clip["frames"] for clip in made.index["clips"])
    return Run(made.done, frames, seconds, own + sum(spent.values()), most[0], most[1])


def test_preparing_grows_with_processes_and_clips(benchmark, corpus, tmp_path):
    # In one process first: it also warms the disk's cache and dlib's models.
    one = measure(corpus, tmp_path / "one", jobs=1, limit=FEW)
    few = measure(corpus, tmp_path / "few", jobs=2, limit=FEW)
    many = measure(corpus, tmp_path / "many", jobs=2, limit=MANY)
    again = measure(corpus, tmp_path / "many", jobs=2, limit=MANY)
    a_clip = many.processor_seconds / many.clips
    told = {
        "frames a second of a processor": many.frames / many.processor_seconds,
        "processor seconds a clip": a_clip,
        "times as fast with two processes": one.seconds / few.seconds,
        "processor seconds of two processes to one's": few.processor_seconds / one.processor_seconds,
        "times as long for four times the clips": many.seconds / few.seconds,
        "peak memory of all processes, MB": many.memory / 1e6,
        "more memory for four times the clips, MB": (many.memory - few.memory) / 1e6,
        "share of the time when there is nothing to do": again.seconds / many.seconds,
    }
    benchmark.extra_info.update({name: round(value, 3) for name, value in told.items()})
    print("\n" + "\n".join(f"{name:<48}{value:10.3f}" for name, value in told.items()))
    benchmark.pedantic(prepare, (corpus, tmp_path / "many"), {"limit": MANY}, rounds=3)
    assert many.memory < MOST_MEMORY
    assert many.memory - few.memory < 100e6
    assert many.processor_seconds < 5 * few.processor_seconds
    assert again.clips == 0
    assert again.seconds < 0.2 * many.seconds
    if isinstance(corpus, GridCorpus):
        assert a_clip * len(corpus) < MOST_PROCESSOR_SECONDS_FOR_GRID
