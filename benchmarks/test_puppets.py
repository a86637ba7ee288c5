"""How many frames of puppets are made in a second: 160x160 with sound, written as MP4."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import cv2
import pytest

from lipcourse.corpora.puppet.cache import CACHE_VARIABLE
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.corpora.puppet.writer import PuppetOptions, write_puppets

CORES, CLIPS, FRAMES_A_CLIP = 2, 10, 75

# 100 clips in 60 s.
LEAST_FRAMES_A_SECOND = 100 * FRAMES_A_CLIP / 60


def test_clips_are_written_quickly(benchmark, tmp_path: Path) -> None:
    """Counts the processor's time of one process: clips are independent, and other work is not ours."""
    folders = itertools.count()
    processor_seconds = []

    def write() -> None:
        start = time.process_time()
        options = PuppetOptions(clips=CLIPS, talkers=2, size=160)
        assert len(list(write_puppets(options, tmp_path / str(next(folders))))) == CLIPS
        processor_seconds.append(time.process_time() - start)

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    benchmark.group = "puppets of 160x160, with sound"
    benchmark.pedantic(write, rounds=3, warmup_rounds=1)
    cv2.setNumThreads(threads)
    frames_a_second = CORES * CLIPS * FRAMES_A_CLIP / min(processor_seconds)
    benchmark.extra_info[f"frames a second on {CORES} cores"] = round(frames_a_second)
    assert frames_a_second >= LEAST_FRAMES_A_SECOND


@pytest.mark.parametrize("keep", [True, False], ids=["from the cache", "drawn"])
def test_a_clip_is_fetched(benchmark, keep: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    corpus = PuppetCorpus(1, 1, keep=keep)
    benchmark.group = "one puppet clip of 160x160"
    benchmark.pedantic(corpus.clip, args=corpus.keys(), rounds=3, warmup_rounds=1)
