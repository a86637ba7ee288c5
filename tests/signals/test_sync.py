"""The delay study: checked against plain loops, planted delays and tracks that do not move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from lipcourse.errors import SignalError
from lipcourse.signals.sync import (
    OFFSETS,
    DelayStudy,
    delayed_correlations,
    motion_steps,
    sound_steps,
)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


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


def test_a_study_counts_best_offsets_and_hits() -> None:
    correlations = np.zeros((3, 8))
    correlations[[0, 1, 2], [2, 2, 7]] = 0.5
    study = DelayStudy(("a", "b", "c"), correlations, (3, None, 4))
    np.testing.assert_array_equal(study.histogram, [0, 0, 2, 0, 0, 0, 0, 1])
    assert study.found_within(0) == 0
    assert study.found_within(1) == pytest.approx(1 / 2)
    assert DelayStudy(("a",), correlations[:1], (None,)).found_within(1) is None
