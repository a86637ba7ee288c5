"""Every metric of a pair of videos, and what cannot be measured."""

import math

import numpy as np
import pytest

from lipcourse.errors import SignalError
from lipcourse.evaluation.film import Sound
from lipcourse.evaluation.landmarks import MouthPoints
from lipcourse.evaluation.measures import MEASURES, Lips, measure_clip
from lipcourse.evaluation.trivial import blurred, first_frame
from lipcourse.signals.alignment import crop_mouths

FRAMES = 30


@pytest.fixture(scope="module")
def video(puppet):
    return crop_mouths(puppet.frames, puppet.landmarks)[0][20 : 20 + FRAMES]


@pytest.fixture(scope="module")
def sound(puppet):
    start, end = (round(frame * puppet.sample_rate / puppet.fps) for frame in (20, 20 + FRAMES))
    return Sound(puppet.waveform[start:end], puppet.sample_rate)


def found(points) -> MouthPoints:
    return MouthPoints(points.astype(np.float32), np.ones(len(points), bool))


def test_all_metrics_have_a_value(video, sound) -> None:
    points = np.random.default_rng(0).uniform(10, 50, (FRAMES, 20, 2))
    lips = Lips(found(points + np.random.default_rng(1).normal(0, 1, points.shape)), found(points), points)
    values = measure_clip(blurred(video), video, landmarks=lips, sound=sound)
    assert values.keys() == MEASURES.keys()
    unknown = {name for name, value in values.items() if math.isnan(value)}
    assert unknown == {"sync_distance", "sync_confidence"}, "the experts were not asked"


def test_identical_videos_are_infinitely_near(video, sound) -> None:
    values = measure_clip(video.copy(), video, sound=sound)
    assert values["psnr"] == values["psnr_wrapped"] == math.inf
    assert values["ssim"] == pytest.approx(1)
    assert values["sync_error"] == 0


def test_a_still_mouth_goes_with_no_sound(video, sound) -> None:
    values = measure_clip(first_frame(video), video, sound=sound)
    assert values["movement"] == 0
    assert math.isnan(values["sync_offset"])
    assert values["cpbd"] == measure_clip(first_frame(video[:1]), video[:1])["cpbd"]


def test_black_frames_can_be_measured(video, sound) -> None:
    black = np.zeros_like(video)
    values = measure_clip(black, video, sound=sound)
    assert values["psnr"] < 15
    assert values["ssim"] < 0.3
    assert values["cpbd"] == 0
    both = measure_clip(black, black, sound=sound)
    assert both["psnr"] == math.inf
    assert both["ssim"] == 1


def test_one_frame_does_not_move(video, sound) -> None:
    values = measure_clip(blurred(video[:1]), video[:1], sound=sound)
    assert math.isfinite(values["psnr"])
    assert math.isnan(values["movement"])
    assert math.isnan(values["sync_offset"])


def test_silence_goes_with_no_lips(video, sound) -> None:
    silent = Sound(np.zeros_like(sound.waveform), sound.sample_rate)
    assert math.isnan(measure_clip(video, video, sound=silent)["sync_offset"])
    assert math.isnan(measure_clip(video, video)["sync_offset"])


def test_frames_without_a_face_are_counted_and_left_out(video) -> None:
    points = np.random.default_rng(0).uniform(10, 50, (FRAMES, 20, 2))
    made = points.copy()
    made[:6] += np.random.default_rng(1).normal(0, 9, (6, 20, 2))
    seen = np.arange(FRAMES) >= 6
    lips = Lips(MouthPoints(made.astype(np.float32), seen), found(points))
    values = measure_clip(video, video, landmarks=lips)
    assert values["without_face"] == pytest.approx(6 / FRAMES)
    assert values["lmd"] == pytest.approx(0, abs=1e-5)
    nowhere = Lips(MouthPoints(np.full_like(points, np.nan), np.zeros(FRAMES, bool)), found(points))
    values = measure_clip(video, video, landmarks=nowhere)
    assert values["without_face"] == 1
    assert math.isnan(values["lmd"])


def test_true_points_are_used_where_the_corpus_has_them(video) -> None:
    points = np.random.default_rng(0).uniform(10, 50, (FRAMES, 20, 2))
    shape = np.random.default_rng(2).normal(0, 2, (20, 2))
    true = (points + shape).astype(np.float32)
    values = measure_clip(video, video, landmarks=Lips(found(points), found(points), true))
    off = shape - shape.mean(axis=0)
    assert values["lmd"] == 0
    assert values["lmd_true"] == pytest.approx(np.linalg.norm(off, axis=1).mean(), abs=1e-4)


@pytest.mark.parametrize("part", [np.s_[:9], np.s_[:, :32], np.s_[:, :, :32]])
def test_videos_of_different_length_or_size_are_refused(video, part) -> None:
    with pytest.raises(SignalError, match=rf"where the reference has {FRAMES} frames of 64 x 64"):
        measure_clip(video[part], video)


@pytest.mark.parametrize("bad", [np.zeros((3, 64, 64, 3)), np.zeros((0, 64, 64, 3), np.uint8)])
def test_what_is_no_video_is_refused(video, bad) -> None:
    with pytest.raises(SignalError, match="no video"):
        measure_clip(bad, video)
