"""Synchrony finds planted shifts, on tracks and on a puppet, and says how much they stand out."""

from __future__ import annotations

import numpy as np
import pytest

from lipcourse.errors import OptionError, SignalError
from lipcourse.media import Clip
from lipcourse.metrics.synchrony import Synchrony, synchrony, track_synchrony
from lipcourse.signals.alignment import crop_mouths
from lipcourse.signals.sync import delay_sound


def noise(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=length)


@pytest.mark.parametrize("shift", range(-7, 8))
def test_a_planted_shift_is_found_in_either_direction(shift: int) -> None:
    track = noise(80)
    sound, motion = track[7 : 7 + 60], track[7 + shift : 7 + shift + 60]
    found = track_synchrony(sound + 0.3 * noise(60, 1), motion)
    assert found.offset == shift
    assert found.correlation > 0.9
    assert found.margin > 0.4


def test_numbers_are_those_of_plain_correlations() -> None:
    sound, motion = noise(40), noise(40, 1)
    r = {}
    for k in range(-7, 8):
        heard = sound[k:] if k >= 0 else sound[: 40 + k]
        seen = motion[: 40 - k] if k >= 0 else motion[-k:]
        r[k] = np.corrcoef(heard, seen)[0, 1]
    best = max(r, key=r.__getitem__)
    margin = r[best] - max(value for k, value in r.items() if abs(k - best) > 1)
    found = track_synchrony(sound, motion)
    assert found.offset == best
    assert (found.correlation, found.margin) == pytest.approx((r[best], margin))


def test_tracks_that_know_nothing_of_each_other_have_little_margin() -> None:
    strangers = [track_synchrony(noise(74, seed), noise(74, 100 + seed)).margin for seed in range(20)]
    friends = [track_synchrony(noise(74, seed), noise(74, seed)).margin for seed in range(20)]
    assert max(strangers) < min(friends)


def test_it_follows_a_puppets_sound_as_that_is_delayed(puppet: Clip) -> None:
    mouths, _ = crop_mouths(puppet.frames, puppet.landmarks)

    def measure(frames: int) -> Synchrony:
        late = delay_sound(puppet.waveform, frames, puppet.sample_rate, puppet.fps)
        return synchrony(mouths, late, puppet.sample_rate, puppet.fps, offsets=range(-2, 13))

    first = measure(0)
    assert abs(first.offset - puppet.metadata["lead_frames"]) <= 1
    for frames in range(1, 8):
        later = measure(frames)
        assert later.offset == first.offset + frames
        assert later.correlation > 0.3
        assert later.margin > 0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(SignalError, match="does not change"):
        track_synchrony(noise(40), np.zeros(40))
    with pytest.raises(SignalError, match="too few"):
        track_synchrony(noise(14), noise(14))
    with pytest.raises(OptionError, match="none to compare"):
        track_synchrony(noise(40), noise(40), [0, 1])
    with pytest.raises(SignalError, match="no video"):
        synchrony(np.zeros((20, 32, 32), np.uint8), np.zeros(35280, np.float32), 44_100)
