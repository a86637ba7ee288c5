"""PSNR and SSIM against plain loops and a reference of few lines."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from torchmetrics.functional.image import structural_similarity_index_measure

from lipcourse.errors import SignalError
from lipcourse.metrics.images import psnr, psnr_wrapped, ssim


def videos(*shape: int, seed: int = 0, noise: int = 30) -> tuple[torch.Tensor, torch.Tensor]:
    """Two videos of smooth pictures, the second noisier."""
    random = np.random.default_rng(seed)
    ramp = np.add.outer(np.linspace(0, 120, shape[-3]), np.linspace(0, 80, shape[-2]))[..., None]
    first = np.broadcast_to(ramp, shape) + random.integers(0, 30, shape)
    second = np.clip(first + random.normal(0, noise, shape), 0, 255)
    return torch.from_numpy(first.astype(np.uint8)), torch.from_numpy(second.astype(np.uint8))


def test_psnr_is_what_a_plain_loop_gives() -> None:
    reference, generated = videos(2, 3, 5, 4, 3)
    for clip in range(2):
        total = 0.0
        for a, b in zip(reference[clip].flatten().tolist(), generated[clip].flatten().tolist(), strict=True):
            total += (a - b) ** 2
        expected = 20 * math.log10(255 / math.sqrt(total / reference[clip].numel()))
        assert psnr(reference, generated)[clip].item() == pytest.approx(expected, abs=1e-4)


def test_wrapped_psnr_is_what_eight_bits_give() -> None:
    reference, generated = videos(2, 3, 8, 8, 3, noise=80)
    for clip in range(2):
        first, second = reference[clip].numpy(), generated[clip].numpy()
        expected = 20 * np.log10(
            255 / np.sqrt(np.mean((first - second) ** 2))
        )  # as released, uint8 throughout
        assert psnr_wrapped(reference, generated)[clip].item() == pytest.approx(expected, abs=1e-4)


def test_bytes_are_summed_as_exactly_however_long_the_video() -> None:
    random = np.random.default_rng(0)
    first, second = (random.integers(0, 256, (40, 90, 100, 3), dtype=np.uint8) for _ in "ab")
    expected = np.mean((first.astype(np.int64) - second) ** 2)
    found = psnr(*map(torch.from_numpy, (first, second))).double()
    torch.testing.assert_close(found, torch.tensor(10 * np.log10(255**2 / expected)), atol=1e-6, rtol=0)
    white = torch.full((400, 90, 100, 3), 255, dtype=torch.uint8)
    assert psnr(white, white * 0).item() == pytest.approx(0, abs=1e-12)
    assert psnr_wrapped(white, white * 0) == psnr_wrapped(white[:1], white[:1] * 0)


def test_noise_is_the_floor_of_wrapped_psnr() -> None:
    random = np.random.default_rng(0)
    noise, other = (torch.from_numpy(random.integers(0, 256, (1, 64, 64, 3)).astype(np.uint8)) for _ in "ab")
    assert psnr_wrapped(noise, other).item() == pytest.approx(27.9, abs=0.1)
    assert psnr(noise, other).item() == pytest.approx(7.8, abs=0.1)


@given(step=st.sampled_from([0, 16, 32, 48, 128]))
def test_differences_that_wrap_to_nothing_count_as_none(step: int) -> None:
    black = torch.zeros(1, 4, 4, 3, dtype=torch.uint8)
    assert psnr_wrapped(black, black + step).isinf()
    assert psnr(black, black + step).isinf() == (step == 0)


def test_identical_videos_are_infinitely_near_and_wholly_alike() -> None:
    video, _ = videos(2, 3, 16, 16, 3)
    assert psnr(video, video).isposinf().all()
    torch.testing.assert_close(ssim(video, video), torch.ones(2))


def test_one_right_frame_does_not_make_a_video_right() -> None:
    reference, generated = videos(3, 16, 16, 3)
    generated[0] = reference[0]
    assert psnr(reference, generated).isfinite()


@pytest.mark.parametrize(("difference", "expected"), [(1, 48.13), (255, 0.0)])
def test_known_psnr(difference: int, expected: float) -> None:
    black = torch.zeros(1, 4, 4, 3)
    assert psnr(black, black + difference).item() == pytest.approx(expected, abs=0.01)


def test_ssim_is_that_of_wang_and_others() -> None:
    """The reference is scikit-image's formula: Gaussian windows, population covariance."""
    reference, generated = videos(2, 2, 24, 20, 3)

    def smooth(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, radius=5, mode="mirror")

    small, large = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    for clip in range(2):
        scores = []
        for a, b in zip(
            reference[clip].numpy().astype(float), generated[clip].numpy().astype(float), strict=True
        ):
            for x, y in zip(np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0), strict=True):
                mean_x, mean_y = smooth(x), smooth(y)
                spread = smooth(x * x) - mean_x**2 + smooth(y * y) - mean_y**2
                shared = smooth(x * y) - mean_x * mean_y
                likeness = (2 * mean_x * mean_y + small) * (2 * shared + large)
                scores.append((likeness / ((mean_x**2 + mean_y**2 + small) * (spread + large))).mean())
        assert ssim(reference, generated)[clip].item() == pytest.approx(np.mean(scores), abs=2e-4)


@pytest.mark.parametrize("measure", [psnr, psnr_wrapped, ssim])
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_there_is_one_number_a_video(measure, batch: tuple[int, ...]) -> None:
    scores = measure(*videos(*batch, 3, 12, 14, 3))
    assert scores.shape == batch
    assert scores.dtype == torch.float32
    one = measure(*(video[1:2] if batch else video for video in videos(*batch, 3, 12, 14, 3)))
    torch.testing.assert_close(one, scores[1:2] if batch else scores)


@pytest.mark.parametrize("measure", [psnr, psnr_wrapped, ssim])
@pytest.mark.parametrize(
    "shapes", [((1, 12, 12, 3), (2, 12, 12, 3)), ((12, 12, 3),) * 2, ((1, 12, 12, 4),) * 2]
)
def test_what_cannot_be_compared_is_refused(measure, shapes) -> None:
    with pytest.raises(SignalError, match="cannot be compared"):
        measure(*(torch.zeros(shape, dtype=torch.uint8) for shape in shapes))


def test_wrapping_needs_eight_bits_and_similarity_room() -> None:
    with pytest.raises(SignalError, match="8-bit"):
        psnr_wrapped(torch.zeros(1, 4, 4, 3), torch.zeros(1, 4, 4, 3))
    with pytest.raises(SignalError, match="11 pixels"):
        ssim(torch.zeros(1, 10, 20, 3), torch.zeros(1, 10, 20, 3))


def test_ssim_is_that_of_torchmetrics() -> None:
    reference, generated = videos(3, 4, 40, 64, 3, noise=40)
    pair = (each.flatten(0, 1).permute(0, 3, 1, 2).float() for each in (generated, reference))
    expected = structural_similarity_index_measure(*pair, data_range=255.0, reduction="none")
    torch.testing.assert_close(ssim(reference, generated), expected.reshape(3, 4).mean(1), atol=1e-5, rtol=0)
