"""Frames of any length: the windows must not be seen, nor cost memory."""

import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import noise
from torch import Tensor, nn

from lipcourse.errors import OptionError, SignalError
from lipcourse.generation.glance import generate, to_frames, to_network
from lipcourse.generation.listening import windows
from lipcourse.networks.glance import Generator
from lipcourse.networks.lips import Generated, LipGenerator
from lipcourse.signals.audio import log_mel


def joined(*arguments, **options):
    return np.concatenate(list(generate(*arguments, **options)))


@pytest.mark.parametrize(("block_kernel", "expected"), [("1x3x3", 9), ("3x3x3", 27)])
def test_the_reach_is_what_gradients_reach(make_generator, block_kernel, expected) -> None:
    network = make_generator(block_kernel)
    middle, frames = expected + 2, 2 * expected + 5
    heard = (torch.randn(1, 4 * frames, 128) * 20 - 50).requires_grad_()
    network(heard, torch.zeros(1, 3, 64, 64)).video[:, :, middle].square().sum().backward()
    looked_at = heard.grad.abs().sum(dim=(0, 2)).reshape(frames, 4).sum(dim=1).nonzero()[:, 0] - middle
    assert network.reach == expected == -looked_at.min()
    assert looked_at.max() <= expected


@settings(deadline=None, max_examples=40)
@given(
    frames=st.integers(1, 7),
    margin=st.integers(0, 5),
    samples=st.integers(1, 20_000),
    cuts=st.lists(st.integers(0, 20_000), max_size=6),
    rate=st.sampled_from([16_000, 44_100]),
)
def test_windows_keep_each_frame_once_and_hear_what_the_whole_sounds_like(
    frames: int, margin: int, samples: int, cuts: list[int], rate: int
) -> None:
    sound = noise(1.25, 16_000)[:samples]
    cut = list(windows(np.split(sound, sorted(cuts)), rate, frames, margin))
    total = max(1, round(samples * 25 / rate))
    assert [window.frames for window in cut[:-1]] == [frames] * (len(cut) - 1)
    assert sum(window.frames for window in cut) == total
    padded = np.pad(sound, (0, max(0, rate // 25 - samples)))
    whole = log_mel(torch.from_numpy(padded)[None], rate, frames=total)
    start = 0
    for window in cut:
        first, last = max(0, start - margin), min(total, start + window.frames + margin)
        assert window.before == start - first
        torch.testing.assert_close(window.log_mel, whole[:, 4 * first : 4 * last], atol=2e-3, rtol=0)
        start += window.frames


@pytest.mark.parametrize(
    ("block_kernel", "sample_rate"), [("1x3x3", 44_100), ("1x3x3", 16_000), ("3x3x3", 22_050)]
)
def test_windows_give_the_frames_of_the_whole(make_generator, lips, sample_rate: int, block_kernel) -> None:
    network = make_generator(block_kernel)
    sound = noise(2.2, sample_rate)
    whole = joined(network, sound, sample_rate, lips, window=1000)
    pieces = joined(network, iter(np.array_split(sound, 13)), sample_rate, lips, window=16)
    assert whole.shape == pieces.shape == (55, 64, 64, 3)
    assert np.abs(whole.astype(int) - pieces).max() <= 1  # the last digit of a float can turn a rounding


def test_no_seam_is_larger_than_what_changes_between_any_two_frames(generator: Generator, lips) -> None:
    seconds = np.arange(5 * 44_100) / 44_100
    speech = noise(5.0) * np.sin(2 * np.pi * 1.7 * seconds).astype(np.float32) ** 2
    bare = [joined(generator, part, 44_100, lips) for part in np.split(speech[: 112 * 1764], 7)]

    def seams(frames) -> float:
        """Return how much larger changes are at the windows' borders than elsewhere, ends left out."""
        change = np.abs(np.diff(frames.astype(float), axis=0)).mean(axis=(1, 2, 3))
        at_border = np.arange(len(change)) % 16 == 15
        inside = slice(12, -12)
        return change[inside][at_border[inside]].mean() / change[inside][~at_border[inside]].mean()

    assert seams(joined(generator, speech, 44_100, lips, window=16)) < 1.1
    assert seams(np.concatenate(bare)) > 1.5  # windows that do not overlap show what a seam would be


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (900, 1), (5000, 3), (16 * 1764, 16)])
def test_sound_shorter_than_a_window_gives_as_many_frames_as_it_lasts(
    generator: Generator, lips, samples: int, frames: int
) -> None:
    assert joined(generator, noise(1.0)[:samples], 44_100, lips).shape == (frames, 64, 64, 3)


def test_silence_gives_frames_that_all_look_alike_away_from_the_ends(generator: Generator, lips) -> None:
    frames = joined(generator, np.zeros(3 * 44_100, np.float32), 44_100, lips)
    middle = frames[10:-10].astype(int)
    assert np.abs(middle - middle[0]).max() <= 1


def test_frames_come_while_sound_is_still_to_come(generator: Generator, lips) -> None:
    heard = []

    def speech():
        for number in range(100):
            heard.append(number)
            yield noise(0.4, seed=number)

    making = generate(generator, speech(), 44_100, lips, window=16)
    assert next(making).shape == (16, 64, 64, 3)
    assert len(heard) <= 4


def test_the_network_is_left_as_it_was_and_gradients_are_on_outside(generator: Generator, lips) -> None:
    for _ in generate(generator, noise(1.0), 44_100, lips, window=10):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
    assert all(weight.grad is None for weight in generator.parameters())


def test_half_the_digits_give_nearly_the_same_frames(generator: Generator, lips) -> None:
    exact = joined(generator, noise(0.6), 44_100, lips).astype(float)
    short = joined(generator, noise(0.6), 44_100, lips, precision=torch.bfloat16)
    assert np.abs(exact - short).mean() < 3


def test_frames_and_video_are_each_others_inverse(lips) -> None:
    assert np.array_equal(to_frames(to_network(lips[None])), lips[None])
    assert to_frames(torch.full((1, 3, 2, 4, 4), 1.7)).max() == 255


@pytest.mark.parametrize("image", [np.zeros((64, 60, 3), np.uint8), np.zeros((64, 64, 3), np.float32)])
def test_another_image_is_refused(generator: Generator, image) -> None:
    with pytest.raises(SignalError, match="no lip image"):
        next(generate(generator, noise(1.0), 44_100, image))


def test_impossible_windows_and_sound_are_refused(generator: Generator, lips) -> None:
    with pytest.raises(OptionError, match="window"):
        next(generate(generator, noise(1.0), 44_100, lips, window=0))
    with pytest.raises(SignalError, match="NaN"):
        next(generate(generator, np.array([0, np.nan], np.float32), 44_100, lips))


class Mouthpiece(LipGenerator):
    """Shows how loud it is: a network that takes no time, so that hours of sound can be tried."""

    reach = 9

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1 / 100))

    def forward(self, log_mel: Tensor, image: Tensor) -> Generated:
        loudness = log_mel.unflatten(1, (-1, 4)).mean(dim=(2, 3)) * self.gain
        return Generated(loudness[:, None, :, None, None].expand(-1, 3, -1, 64, 64), log_mel)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells a process's memory so")
def test_twenty_minutes_of_sound_take_no_more_memory_than_two(lips) -> None:
    minute, rate = 60 * 25, 16_000
    second = noise(1.0, rate)
    sound = (second * (0.1 + number % 7 / 10) for number in range(20 * 60))
    frames, held = 0, {}
    for made in generate(Mouthpiece().eval(), sound, rate, lips):
        frames += len(made)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        held[frames] = pages * resource.getpagesize() / 1e6
    assert frames == 20 * minute
    early = max(size for frame, size in held.items() if frame <= 2 * minute)
    late = max(size for frame, size in held.items() if frame > 2 * minute)
    # In MB. The other 18 minutes are 69 of sound, 55 of spectrogram, and 332 of frames.
    assert late - early < 30
