"""Is it any good? A generator on windows it has not learned from, with the right sound and with a wrong one.

A low pixel loss alone says little: to repeat the first frame has a low one, and says nothing. What counts is
whether the mouth does what *this* sound says, and something else at another. Taught in notebook 11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lipcourse.networks.lips import LipGenerator
from lipcourse.windows.dataset import GlanceBatch

WINDOWS_SHOWN = 4


class Validation(NamedTuple):
    """What was measured.

    Attributes:
        pixel: Mean absolute difference from the truth, of values in [-1, 1].
        psnr: Peak signal-to-noise ratio in dB, mean over windows; higher is better.
        psnr_first_frame: Of the window's own first frame repeated: the baseline to beat.
        right: How the opening of the mouth follows the truth with the right sound: Pearson's r.
        wrong: The same with another clip's sound: near 0 for a network that listens.
        matched: The correlation loss (Eq. 1) of the true videos and their own sound, where it is trained.
        mismatched: The same with another clip's sound. As long as phi_s and phi_v tell one movement from
            another it is the larger of the two; where both have fallen to constants, they are equal.
    """

    pixel: float
    psnr: float
    psnr_first_frame: float
    right: float
    wrong: float
    matched: float | None = None
    mismatched: float | None = None

    def __str__(self) -> str:
        told = (
            f"pixel {self.pixel:.4f}  PSNR {self.psnr:.2f} dB (first frame {self.psnr_first_frame:.2f})"
            f"  r {self.right:.2f} (wrong sound {self.wrong:.2f})"
        )
        if self.matched is None:
            return told
        return f"{told}  l_corr {self.matched:.3f} (wrong sound {self.mismatched:.3f})"

    def score(self, measure: str) -> float:
        """Return one number, larger for a better network, by "pixel", "psnr" or "listening"."""
        return {"pixel": -self.pixel, "psnr": self.psnr, "listening": self.right - self.wrong}[measure]


@torch.no_grad()
def validate(
    generator: LipGenerator,
    batches: Iterable[GlanceBatch],
    correlation_loss: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> tuple[Validation, Tensor]:
    """Measure a generator, in `eval` mode, on batches that are on its device.

    Args:
        generator: What makes the frames.
        batches: Of clips that it has not learned from.
        correlation_loss: What Eq. 1 makes of audio features and a video, (), where it is trained.

    Returns:
        What was measured, and film strips (3, H, W) in [0, 1]: of some windows the truth, what the right
        sound makes, and what the wrong sound makes of the same face.
    """
    pixel, psnr, first, right, wrong = [], [], [], [], []
    correlation: list[Tensor] = []
    strips: list[Tensor] = []
    for batch in batches:
        true = batch.video
        own = generator(batch.log_mel, batch.image)
        strange = generator(batch.log_mel[_strangers(batch.keys)], batch.image)
        made, other = own.video.float(), strange.video.float()
        if correlation_loss is not None:
            losses = [correlation_loss(heard.audio_features, true) for heard in (own, strange)]
            correlation.append(torch.stack(losses).float() * len(true))
        pixel.append((made - true).abs().mean(dim=(1, 2, 3, 4)))
        psnr.append(peak_signal_to_noise(made, true))
        first.append(peak_signal_to_noise(true[:, :, :1].expand_as(true), true))
        openings = [opening(video) for video in (true, made, other)]
        right.append(torch.stack([openings[0], openings[1]]))
        wrong.append(torch.stack([openings[0], openings[2]]))
        strips.extend(torch.stack(same, 1) for same in zip(true, made, other, strict=True))
    measured = Validation(
        torch.cat(pixel).mean().item(),
        torch.cat(psnr).mean().item(),
        torch.cat(first).mean().item(),
        _correlation(torch.cat(right, dim=1)),
        _correlation(torch.cat(wrong, dim=1)),
        *(torch.stack(correlation).sum(0) / len(strips)).tolist() if correlation else (),
    )
    shown = torch.stack(strips[:WINDOWS_SHOWN])  # (N, 3 colours, 3 kinds, T, H, W)
    film = shown.permute(1, 0, 2, 4, 3, 5).flatten(1, 3).flatten(2, 3)
    return measured, (film + 1) / 2


def opening(video: Tensor) -> Tensor:
    """Tell how far a mouth is open, without a detector: how dark the middle half of the picture is.

    An open mouth shows the dark between the lips. On prepared clips this follows the distance of the inner
    lips' points with r of 0.8 to 0.95 within a clip.

    Args:
        video: (B, 3, T, H, W) in [-1, 1].

    Returns:
        (B, T), less its mean over time, so that a dark face counts as much as a light one.
    """
    height, width = video.shape[-2:]
    middle = video[..., height // 4 : -(height // 4), width // 4 : -(width // 4)]
    dark = -middle.mean(dim=(1, 3, 4))
    return dark - dark.mean(dim=1, keepdim=True)


def peak_signal_to_noise(video: Tensor, truth: Tensor) -> Tensor:
    """Return the PSNR of each window, (B,), in dB: of floating-point values over the range [-1, 1].

    At most 100 dB, for a copy.
    """
    error = (video - truth).square().mean(dim=(1, 2, 3, 4))
    return 10 * torch.log10(4 / error.clamp(min=4e-10))


def _correlation(tracks: Tensor) -> float:
    """Pearson's r of two sets of tracks (2, N, T), each of mean 0; 0 where one of them does not move."""
    first, second = tracks.flatten(1).double()
    size = (first.norm() * second.norm()).item()
    return (first @ second).item() / size if size > 0 else 0.0


def _strangers(keys: Sequence[str]) -> list[int]:
    """For each window of a batch the next that is of another clip; itself where all are of one."""
    count = len(keys)
    after = ([(index + step) % count for step in range(1, count)] for index in range(count))
    return [
        next((each for each in others if keys[each] != keys[index]), index)
        for index, others in enumerate(after)
    ]
