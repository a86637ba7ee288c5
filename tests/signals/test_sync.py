"""The delay study: checked against plain loops, planted delays and tracks that do not move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from lipcourse.errors import OptionError, SignalError
from lipcourse.signals.sync import (
    METHODS,
    OFFSETS,
    DelayStudy,
    delay_sound,
    delayed_correlations,
    loudness_steps,
    motion_steps,
    opening_steps,
    sound_and_motion,
    sound_steps,
)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@given(length=st.integers(1, 60), frames=st.integers(-7, 7))
def test_delayed_sound_is_the_same_later_with_silence_before(length: int, frames: int) -> None:
    waveform = np.arange(1, length + 1, dtype=np.float32)
    shift = frames * 4  # samples a frame
    expected = [waveform[n - shift] if 0 <= n - shift < length else 0 for n in range(length)]
    np.testing.assert_array_equal(delay_sound(waveform, frames, sample_rate=100), expected)


@pytest.mark.parametrize("reading", ["absolute", "signed"])
def test_sound_steps_is_the_mean_over_four_columns_and_all_bands(reading: str) -> None:
    log_mel = noise(4 * 5, 8)
    expected = []
    for frame in range(4):
        total = 0.0
        for column in range(4):
            for band in range(8):
                change = log_mel[4 * (frame + 1) + column, band] - log_mel[4 * frame + column, band]
                total += abs(change) if reading == "absolute" else change
        expected.append(total / 32)
    np.testing.assert_allclose(sound_steps(log_mel, reading), expected)


def test_signed_steps_cancel_where_absolute_steps_do_not() -> None:
    up_and_down = np.zeros((8, 2))
    up_and_down[4:, 0], up_and_down[4:, 1] = 1, -1
    assert sound_steps(up_and_down, "signed") == pytest.approx([0])
    assert sound_steps(up_and_down, "absolute") == pytest.approx([1])


def test_batches_are_many_clips() -> None:
    log_mel, flow = noise(3, 24, 8), noise(3, 2, 5, 4, 6)
    np.testing.assert_allclose(sound_steps(log_mel), [sound_steps(clip) for clip in log_mel])
    np.testing.assert_allclose(motion_steps(flow), [motion_steps(clip) for clip in flow])


def test_motion_steps_is_the_mean_length_of_the_vectors() -> None:
    flow = np.zeros((2, 1, 2, 2))
    flow[:, 0, 0, 0] = 3, 4
    assert motion_steps(flow) == pytest.approx([5 / 4])


def test_loudness_steps_are_signed_steps_above_a_floor() -> None:
    log_mel = 40 * noise(24, 8)
    floored = np.maximum(log_mel, log_mel.max() - 20)
    np.testing.assert_allclose(loudness_steps(log_mel, audible=20), sound_steps(floored, "signed"))
    np.testing.assert_allclose(loudness_steps(log_mel, audible=1e6), sound_steps(log_mel, "signed"))


def test_what_cannot_be_heard_is_no_loudness() -> None:
    log_mel = np.zeros((12, 4))
    log_mel[4:8] = -80, -31, -60, -100
    log_mel[8:] = -50, -90, -30.5, -40
    assert loudness_steps(log_mel) == pytest.approx([-30, 0])
    assert loudness_steps(log_mel + 17) == pytest.approx([-30, 0])  # nor does it matter how loud the clip is


def test_each_clip_of_a_batch_has_its_own_floor() -> None:
    log_mel = 30 * noise(2, 24, 8)
    log_mel[1] += 100
    np.testing.assert_allclose(loudness_steps(log_mel), [loudness_steps(clip) for clip in log_mel])


def test_a_mouth_opens_where_its_lower_half_goes_down_from_its_upper() -> None:
    flow = np.zeros((2, 4, 8, 6))
    flow[1, 0, 4:] = 2  # the lower lip drops
    flow[1, 1, :4] = -1  # the upper lip rises
    flow[1, 2] = 3  # the head nods
    flow[0, 3] = 5  # the head turns
    assert opening_steps(flow) == pytest.approx([2, 1, 0, 0])
    assert opening_steps(-flow) == pytest.approx([-2, -1, 0, 0])
    np.testing.assert_allclose(opening_steps(np.stack([flow, -flow])), [[2, 1, 0, 0], [-2, -1, 0, 0]])


@pytest.mark.parametrize("method", METHODS)
def test_each_method_has_its_two_tracks(method: str) -> None:
    log_mel, flow = 40 * noise(3, 24, 8), noise(3, 2, 5, 4, 6)
    sound, motion = sound_and_motion(log_mel, flow, method)
    assert sound.shape == motion.shape == (3, 5)
    if method == "opening":
        expected = loudness_steps(log_mel), opening_steps(flow)
    else:
        expected = sound_steps(log_mel, method), motion_steps(flow)
    np.testing.assert_array_equal(sound, expected[0])
    np.testing.assert_array_equal(motion, expected[1])


def test_there_is_no_other_method() -> None:
    with pytest.raises(OptionError, match="absolute, signed, opening"):
        sound_and_motion(noise(24, 8), noise(2, 5, 4, 6), "guess")


def test_correlations_agree_with_scipy_at_each_offset() -> None:
    sound, motion = noise(74), noise(74, seed=1)
    expected = [pearsonr(sound[k:], motion[: 74 - k]).statistic for k in OFFSETS]
    np.testing.assert_allclose(delayed_correlations(sound, motion), expected)


@given(lead=st.integers(0, 7), seed=st.integers(0, 1000))
def test_a_planted_lead_is_found(lead: int, seed: int) -> None:
    track = noise(90, seed=seed)
    motion, sound = track[7:81], track[7 - lead : 81 - lead]  # the sound does later what the lips did
    correlations = delayed_correlations(sound, motion)
    assert correlations.argmax() == lead
    assert correlations[lead] == pytest.approx(1)


@pytest.mark.parametrize("still", [0.0, 1.0, 0.1, 1e6])
def test_a_still_track_correlates_with_nothing(still: float) -> None:
    correlations = delayed_correlations(np.full(74, still), noise(74))
    np.testing.assert_array_equal(correlations, 0)


def test_correlations_do_not_depend_on_scale_or_level() -> None:
    sound, motion = noise(74), noise(74, seed=1)
    np.testing.assert_allclose(
        delayed_correlations(1e-4 * sound + 3, 1e5 * motion - 7),
        delayed_correlations(sound, motion),
        atol=1e-9,
    )


def test_two_faint_changes_on_a_high_level_still_correlate() -> None:
    sound, motion = np.random.default_rng(6).normal(size=(2, 30))
    np.testing.assert_allclose(
        delayed_correlations(1 + 1e-6 * sound, 1 + 1e-6 * motion),
        delayed_correlations(sound, motion),
        atol=1e-6,
    )


def test_what_cannot_be_correlated_is_said() -> None:
    with pytest.raises(SignalError, match="two of"):
        delayed_correlations(noise(74), noise(73))
    with pytest.raises(SignalError, match="NaN"):
        delayed_correlations(np.full(74, np.nan), noise(74))
    with pytest.raises(SignalError, match="at least 16 frames"):
        delayed_correlations(noise(14), noise(14))
    with pytest.raises(SignalError, match="no steps"):
        sound_steps(noise(7, 128))
    with pytest.raises(SignalError, match="no steps"):
        sound_steps(noise(4, 128))
    with pytest.raises(SignalError, match="no steps"):
        loudness_steps(np.zeros((0, 128)))


def test_a_study_counts_best_offsets_and_hits() -> None:
    correlations = np.zeros((3, 8))
    correlations[[0, 1, 2], [2, 2, 7]] = 0.5
    study = DelayStudy(("a", "b", "c"), correlations, (3, None, 4))
    np.testing.assert_array_equal(study.histogram, [0, 0, 2, 0, 0, 0, 0, 1])
    assert study.found_within(0) == 0
    assert study.found_within(1) == pytest.approx(1 / 2)
    assert DelayStudy(("a",), correlations[:1], (None,)).found_within(1) is None
