"""How long `lipcourse evaluate` measures: clips of 16 frames, with all videos that need no network beside.

Told in processor seconds, as one core needs them: 1000 clips in 60 s on two cores are 120. What finding
the lips takes as well is told beside it.
"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.evaluation.comparison import compare
from lipcourse.evaluation.trivial import BASELINES, blurred
from lipcourse.windows.prepare import prepare_clip
from lipcourse.windows.prepared import PreparedClip

FRAMES, CLIPS = 16, 96
PER_FRAME = ("faces", "mouths", "mouth_landmarks", "face_landmarks", "mouth_transforms", "face_transforms")


def windows(clip: PreparedClip) -> list[PreparedClip]:
    """Cut a clip into windows of 16 frames, each a clip of its own."""
    cut = []
    for start in range(0, len(clip.mouths) - FRAMES, FRAMES):
        parts = {name: getattr(clip, name)[start : start + FRAMES] for name in (*PER_FRAME, "found")}
        samples = [round(frame * clip.sample_rate / clip.fps) for frame in (start, start + FRAMES)]
        cut.append(replace(clip, key=f"{clip.key}/{start}", waveform=clip.waveform[slice(*samples)], **parts))
    return cut


def cut_corpus(clips: int, talkers: int) -> list[PreparedClip]:
    """Windows of so many clips, one of each talker and again."""
    corpus = PuppetCorpus(clips, talkers, size=240)
    each = zip(*(corpus.keys(talker) for talker in corpus.talkers()), strict=True)
    whole = [prepare_clip(corpus.clip(key), "test") for keys in each for key in keys]
    return [window for group in zip(*map(windows, whole), strict=True) for window in group]


@pytest.fixture(scope="module")
def clips() -> list[PreparedClip]:
    """96 windows of 6 talkers."""
    return cut_corpus(24, 6)[:CLIPS]


@pytest.fixture(scope="module")
def few() -> list[PreparedClip]:
    """4 windows of 2 talkers: finding lips takes seconds a window."""
    return cut_corpus(2, 2)[:4]


def seconds(clips: list[PreparedClip], *, landmarks: bool) -> float:
    """Return the processor seconds in which clips are measured, one method and all baselines."""
    soft = {clip.key: blurred(clip.mouths, 2) for clip in clips}
    start = time.process_time()
    found = compare({"soft": soft}, clips, landmarks=landmarks)
    found.as_json()
    taken = time.process_time() - start
    assert len(found.scores) == 1 + len(BASELINES)
    return taken


def tell(benchmark, taken: float) -> None:
    """Keep and print what 1000 clips take."""
    benchmark.extra_info["processor seconds for 1000 clips"] = round(taken)
    print(f"\n1000 clips of {FRAMES} frames: {taken:.0f} processor seconds, {taken / 2:.0f} s on two cores")


def test_a_thousand_clips_without_lips(benchmark, clips: list[PreparedClip]) -> None:
    """Told, not asserted: processor seconds grow with whatever else runs. The aim is 120."""
    seconds(clips[:4], landmarks=False)
    taken = benchmark.pedantic(seconds, (clips,), {"landmarks": False}, rounds=1)
    tell(benchmark, taken * 1000 / len(clips))


def test_a_thousand_clips_with_lips(benchmark, few: list[PreparedClip]) -> None:
    """Finding lips in every video is most of the time."""
    seconds(few[:2], landmarks=True)
    with_lips = benchmark.pedantic(seconds, (few,), {"landmarks": True}, rounds=1)
    tell(benchmark, with_lips * 1000 / len(few))
    assert with_lips > 3 * seconds(few, landmarks=False)
