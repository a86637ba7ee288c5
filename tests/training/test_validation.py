from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lipcourse.networks.glance import Generated
from lipcourse.training.validation import Validation, _strangers, opening, peak_signal_to_noise, validate
from lipcourse.windows.dataset import WindowLoader


class Liar(nn.Module):
    """Knows each window by its sound: makes what it is told to for it."""

    def __init__(self, batch, videos):
        super().__init__()
        self.batch, self.videos = batch, videos

    def forward(self, log_mel, image):
        which = [int((self.batch.log_mel - one).abs().sum((1, 2)).argmin()) for one in log_mel]
        return Generated(self.videos[which], log_mel)


@pytest.fixture(scope="module")
def batch(shards):
    return next(iter(WindowLoader(shards, "glance", batch=4, frames=6, stride=3))).to("cpu")


def test_a_copy_of_the_truth_is_perfect_and_listens(batch):
    measured, film = validate(Liar(batch, batch.video), [batch])
    assert measured.pixel == 0
    assert measured.psnr == pytest.approx(100)
    assert measured.right == pytest.approx(1)
    assert measured.wrong < 0.9
    assert measured.psnr_first_frame < 40
    assert film.shape == (3, 4 * 3 * 64, 6 * 64)
    assert 0 <= film.min() < film.max() <= 1
    torch.testing.assert_close(film[:, :64, :64], (batch.video[0, :, 0] + 1) / 2)


def test_the_first_frame_repeated_listens_to_nothing(batch):
    still = batch.video[:, :, :1].expand_as(batch.video)
    measured, _ = validate(Liar(batch, still), [batch])
    assert measured.right == measured.wrong == 0
    assert measured.psnr == pytest.approx(measured.psnr_first_frame)


def test_batches_are_measured_together(batch):
    halves = [
        replace(
            batch,
            **{name: getattr(batch, name)[part] for name in ("keys", "video", "log_mel", "image")},
        )
        for part in (slice(0, 2), slice(2, 4))
    ]
    noisy = Liar(batch, (batch.video + 0.1 * torch.randn_like(batch.video)).clamp(-1, 1))
    whole, parts = validate(noisy, [batch])[0], validate(noisy, halves)[0]
    for name in ("pixel", "psnr", "psnr_first_frame", "right"):
        assert getattr(whole, name) == pytest.approx(getattr(parts, name))


def test_peak_signal_to_noise_is_the_textbooks(batch):
    worse = batch.video * 0.9
    error = ((worse - batch.video).double() * 127.5).square().mean(dim=(1, 2, 3, 4))
    torch.testing.assert_close(
        peak_signal_to_noise(worse, batch.video).double(), 10 * torch.log10(255**2 / error), rtol=1e-5, atol=0
    )


def test_a_mouth_is_open_where_it_is_dark():
    video = torch.ones(1, 3, 4, 64, 64)
    for frame, reach in enumerate((1, 5, 9, 3)):
        video[:, :, frame, 32 - reach : 32 + reach, 20:44] = -1
    track = opening(video)
    assert track.argsort().tolist() == [[0, 3, 1, 2]]
    assert track.mean().item() == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(opening(video - 0.2), track)


def test_a_correlation_loss_is_measured_with_the_right_sound_and_with_a_wrong_one(batch):
    halves = [
        replace(
            batch,
            **{name: getattr(batch, name)[part] for name in ("keys", "video", "log_mel", "image")},
        )
        for part in (slice(0, 3), slice(3, 4))
    ]

    def distance(heard, video):
        """Knows each video's sound."""
        own = torch.stack([batch.log_mel[(batch.video == one).flatten(1).all(1)][0] for one in video])
        return (heard - own).abs().sum((1, 2)).gt(0).float().mean()

    measured, _ = validate(Liar(batch, batch.video), [batch], distance)
    assert (measured.matched, measured.mismatched) == (0, 1)
    assert str(measured).endswith("l_corr 0.000 (wrong sound 1.000)")
    parts, _ = validate(Liar(batch, batch.video), halves, distance)
    assert (parts.matched, parts.mismatched) == (0, 0.75)  # a window alone has no stranger
    collapsed, _ = validate(Liar(batch, batch.video), [batch], lambda heard, video: torch.tensor(0.25))
    assert collapsed.matched == collapsed.mismatched == 0.25
    assert "l_corr" not in str(validate(Liar(batch, batch.video), [batch])[0])


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
def test_strangers_are_of_other_clips(keys):
    for index, other in enumerate(_strangers(keys)):
        assert keys[other] != keys[index] or set(keys) == {keys[index]}


@pytest.mark.parametrize(("measure", "score"), [("pixel", -0.1), ("psnr", 30.0), ("listening", 0.5)])
def test_a_score_grows_with_quality(measure, score):
    assert Validation(0.1, 30.0, 26.0, 0.7, 0.2).score(measure) == pytest.approx(score)
