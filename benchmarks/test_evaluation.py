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


@pytest.fixture(scope="module")
def clips() -> list[PreparedClip]:
    """96 windows of 6 talkers, one of each and again."""
    corpus = PuppetCorpus(24, 6, size=240)
    talkers = zip(*(corpus.keys(talker) for talker in corpus.talkers()), strict=True)
    whole = [prepare_clip(corpus.clip(key), "test") for keys in talkers for key in keys]
    return [window for group in zip(*map(windows, whole), strict=True) for window in group][:CLIPS]


def seconds(clips: list[PreparedClip], *, landmarks: bool) -> float:
    """Return the processor seconds in which clips are measured, one method and all baselines."""
    soft = {clip.key: blurred(clip.mouths, 2) for clip in clips}
    start = time.process_time()
    found = compare({"soft": soft}, clips, landmarks=landmarks)
    found.as_json()
    taken = time.process_time() - start
    assert len(found.scores) == 1 + len(BASELINES)
    return taken


def test_a_thousand_clips_without_lips(benchmark, clips: list[PreparedClip]) -> None:
    """Told, not asserted: processor seconds grow with whatever else runs. The aim is 120."""
    seconds(clips[:4], landmarks=False)
    taken = benchmark.pedantic(seconds, (clips,), {"landmarks": False}, rounds=1) * 1000 / len(clips)
    benchmark.extra_info["processor seconds for 1000 clips"] = round(taken)
    print(f"\n1000 clips of {FRAMES} frames: {taken:.0f} processor seconds, {taken / 2:.0f} s on two cores")


def test_finding_lips_takes_most_of_the_time(clips: list[PreparedClip]) -> None:
    few = clips[:8]
    seconds(few[:2], landmarks=True)
    with_lips, without = (seconds(few, landmarks=landmarks) / len(few) for landmarks in (True, False))
    print(f"\n{with_lips:.2f} processor seconds a clip with lips found, {without:.2f} without")
    assert with_lips > 3 * without
