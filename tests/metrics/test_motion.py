"""Movement intensity is the mean square of flow, bright where it moves and dark where it does not."""

from __future__ import annotations

import pytest
import torch

from lipcourse.errors import OptionError, SignalError
from lipcourse.metrics.motion import movement_intensity
from lipcourse.signals.flow import estimate_flow


def waves(shift: float, frames: int = 5, height: int = 24, width: int = 32) -> torch.Tensor:
    """A texture (1, 3, T, H, W) that moves to the right by `shift` pixels a frame in its lower half only."""
    y, x = torch.meshgrid(torch.arange(height).double(), torch.arange(width).double(), indexing="ij")
    pictures = []
    for frame in range(frames):
        place = x - shift * frame * (y >= height / 2)
        pictures.append(torch.sin(0.7 * place) * 0.5 + torch.sin(0.45 * y + 0.3 * place) * 0.3)
    return torch.stack(pictures).expand(1, 3, frames, height, width)


@pytest.mark.parametrize("method", ["lucas_kanade", "farneback"])
def test_it_is_the_mean_of_squares_by_loops(method: str) -> None:
    video = torch.cat([waves(0.5), waves(1.0)])
    flow = estimate_flow(video, method)
    expected = torch.zeros(2, 24, 32, dtype=torch.float64)
    for clip in range(2):
        for pair in range(4):
            for y in range(24):
                for x in range(32):
                    u, v = flow[clip, :, pair, y, x]
                    expected[clip, y, x] += (u * u + v * v) / 4
    torch.testing.assert_close(movement_intensity(video, method), expected)


def test_it_is_bright_where_things_move() -> None:
    intensity = movement_intensity(waves(1.0))[0]
    assert intensity.shape == (24, 32)
    assert intensity[17:, 6:-6].median().item() == pytest.approx(1.0, rel=0.2)
    assert intensity[:7].max() < 0.1


def test_what_stands_still_is_dark() -> None:
    assert movement_intensity(waves(0.0)).max() < 1e-12


def test_what_has_no_motion_is_refused() -> None:
    with pytest.raises(SignalError, match="has no flow"):
        movement_intensity(waves(1.0, frames=1))
    with pytest.raises(OptionError, match="no flow"):
        movement_intensity(waves(1.0), "guess")
