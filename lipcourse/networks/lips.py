"""What every maker of lip frames is called with, and what it returns: glance, and those it is compared with.

Taught in notebook 06.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class Generated(NamedTuple):
    """What a maker of lip frames returns.

    Attributes:
        video: (B, 3, T, H, W) in [-1, 1].
        audio_features: f_s, (B, C, T, F): F numbers a frame in each of C channels. The correlation loss looks
            at glance's, (B, C, T, 16), too.
    """

    video: Tensor
    audio_features: Tensor


class LipGenerator(nn.Module):
    """Speech and one lip image in, all lip frames out.

    Training, generation and evaluation know no more of a network than this. It is called with

    - `log_mel`, (B, 4T, 128) in decibels, four columns a frame, of any T, and
    - `image`, (B, 3, 64, 64) in [-1, 1]: one lip image of the target,

    refuses inputs of another shape by a ModelError, and returns `Generated`.

    Attributes:
        reach: How many frames of sound before and after its own a frame of video looks at.
    """

    reach: int
