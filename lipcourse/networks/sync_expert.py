"""The sync expert: does this sound belong to these lips? Two networks that meet in one space.

    lips (B,3,T,64,64) -> grey, contrast -> five convolutions -> (B,T-4,128), each of length 1
    log-mel (B,4T,128)                   -> five convolutions -> (B,T-4,128), each of length 1

One point stands for a window of five video frames, 0.2 s, and another for the 20 columns of sound that go
with it. In both networks a frame costs the same however many windows it is in: two layers look at three
neighbouring frames each and do not pad, so that a window is what a point can see, and a clip goes through
at once.

Source: J. S. Chung and A. Zisserman, "Out of time: automated lip sync in the wild" (ACCV workshops 2016), and
the expert of K. R. Prajwal et al., "A lip sync expert is all you need" (ACM MM 2020): windows of five frames,
two streams, one space. The layers are ours, and hundreds of times cheaper. Taught in notebook 12.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lipcourse.errors import ModelError, SignalError
from lipcourse.metrics.lip_sync import OFFSETS, LipSync, lip_sync
from lipcourse.networks.layers import above_silence, channels, expect, initialise_he
from lipcourse.signals.audio import COLUMNS_PER_FRAME, MEL_BANDS, log_mel
from lipcourse.signals.flow import brightness

WINDOW = 5
"""Video frames of a window, as in both papers."""

POINTS = 128
"""Dimensions of the space in which lips and sound meet."""

LEAST_CONTRAST = 0.05
"""Of a flat picture, so that noise is not enlarged without end."""


class SyncExpert(nn.Module):
    """Points for lips and for sound, near each other where both are of one moment.

    180 000 parameters and 1.8 million multiplications a frame at width 1.

    Source: see the module. Taught in notebook 12.

    Args:
        width: Scales the channels of all layers but the last.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        sixteen, thirty_two, sixty_four = (channels(count, width) for count in (16, 32, 64))
        # Kernels are time, height, width; only the second and the third layer see neighbouring frames.
        self.lips = nn.Sequential(
            *_block(1, sixteen, (1, 8, 8), (1, 4, 4), (0, 2, 2)),
            *_block(sixteen, sixteen, (3, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_block(sixteen, thirty_two, (3, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_block(thirty_two, sixty_four, (1, 3, 3), (1, 2, 2), (0, 1, 1)),
            nn.Conv3d(sixty_four, POINTS, (1, 2, 2)),
        )
        # Kernels are columns, bands; the first layer makes one step of a frame's four columns.
        self.sound = nn.Sequential(
            *_block(1, thirty_two, (COLUMNS_PER_FRAME, 5), (COLUMNS_PER_FRAME, 2), (0, 2)),
            *_block(thirty_two, thirty_two, (3, 3), (1, 2), (0, 1)),
            *_block(thirty_two, sixty_four, (3, 3), (1, 2), (0, 1)),
            *_block(sixty_four, sixty_four, (1, 3), (1, 2), (0, 1)),
            nn.Conv2d(sixty_four, POINTS, (1, MEL_BANDS // 16)),
        )
        initialise_he(self)

    def see(self, video: Tensor) -> Tensor:
        """Return a point for each window of lips.

        Each frame is seen in grey, less its mean and divided by its contrast: light does not matter.

        Args:
            video: (B, 3, T, 64, 64), RGB in [-1, 1].

        Returns:
            (B, T - 4, 128), of length 1: point n is of frames n to n + 4.

        Raises:
            ModelError: The video has another shape, or is shorter than a window.
        """
        expect(video, "video", ("B", 3, "T", 64, 64))
        _check_length(video.shape[2])
        grey = brightness(video).unsqueeze(1)
        grey = grey - grey.mean(dim=(3, 4), keepdim=True)
        contrast = grey.square().mean(dim=(3, 4), keepdim=True).add(LEAST_CONTRAST**2).sqrt()
        return functional.normalize(self.lips(grey / contrast).flatten(2).transpose(1, 2), dim=2)

    def hear(self, log_mel: Tensor) -> Tensor:
        """Return a point for the sound of each window.

        Args:
            log_mel: (B, 4T, 128) in decibels.

        Returns:
            (B, T - 4, 128), of length 1: point n is of columns 4n to 4n + 19.

        Raises:
            ModelError: The spectrogram has another shape, or is shorter than a window.
        """
        heard = above_silence(log_mel)
        _check_length(log_mel.shape[1] // COLUMNS_PER_FRAME)
        return functional.normalize(self.sound(heard).flatten(2).transpose(1, 2), dim=2)

    def forward(self, video: Tensor, log_mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return the points of lips and of sound, (B, T - 4, 128) each; see `see` and `hear`.

        Raises:
            ModelError: A shape is another, or sound and video differ in length.
        """
        seen, heard = self.see(video), self.hear(log_mel)
        if seen.shape != heard.shape:
            raise ModelError(
                f"the video has {video.shape[2]} frames, the sound {log_mel.shape[1] // COLUMNS_PER_FRAME}",
                remedy="give four columns a frame",
            )
        return seen, heard

    @torch.no_grad()
    def judge(
        self,
        video: NDArray[np.uint8],
        waveform: NDArray[np.float32],
        sample_rate: float,
        fps: float = 25.0,
        *,
        offsets: range = OFFSETS,
    ) -> LipSync:
        """Measure how well the lips of a clip go with its sound; for a network in `eval` mode.

        Args:
            video: A mouth crop, uint8 (T, 64, 64, 3), RGB; 15 frames or more for the shifts that are usual.
            waveform: (N,), the sound, which begins with the first frame.
            sample_rate: Samples a second.
            fps: Video frames a second.
            offsets: Shifts in frames, 0 among them.

        Raises:
            SignalError: The video is none of mouths or too short for the shifts, or its sound is unusable.
            OptionError: 0 is not among the shifts.

        Source: `lipcourse.metrics.lip_sync`. Taught in notebook 12.
        """
        if video.ndim != 4 or video.shape[1:] != (64, 64, 3) or video.dtype != np.uint8:
            raise SignalError(
                f"an array of shape {video.shape} and type {video.dtype} is no video of mouths",
                remedy="give RGB levels, uint8 (T, 64, 64, 3)",
            )
        if len(video) < WINDOW:
            raise SignalError(f"{len(video)} frames are less than a window of {WINDOW}")
        device = next(self.parameters()).device
        pictures = torch.from_numpy(np.ascontiguousarray(video)).to(device).permute(3, 0, 1, 2)[None]
        sound = torch.from_numpy(np.ascontiguousarray(waveform))[None].to(device)
        columns = log_mel(sound, sample_rate, fps, frames=len(video))
        seen, heard = self(pictures.float() / 127.5 - 1, columns)
        return lip_sync(seen[0], heard[0], offsets)


def _block(
    inputs: int, outputs: int, kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]
) -> tuple[nn.Module, ...]:
    """Convolution, batch normalisation and ReLU; `lipcourse.networks.layers.convolution` pads time, too."""
    convolve: Any = nn.Conv2d if len(kernel) == 2 else nn.Conv3d
    norm = nn.BatchNorm2d if len(kernel) == 2 else nn.BatchNorm3d
    layer = convolve(inputs, outputs, kernel, stride, padding, bias=False)
    return layer, norm(outputs), nn.ReLU(inplace=True)


def _check_length(frames: int) -> None:
    """Make sure that there is one window at least."""
    if frames < WINDOW:
        raise ModelError(f"{frames} frames are less than a window", remedy=f"give {WINDOW} frames or more")
