"""Sound of any length cut into windows that a network can hear, and nothing kept that is past.

A convolutional network slides along time. An output frame looks at `reach` frames before and after it, and at
nothing else; so a window that is `reach` frames longer at both ends than what is kept of it gives, inside,
exactly the frames that the whole sound would give at once. Windows overlapped so need no blending: there is
no seam to hide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.errors import OptionError
from lipcourse.signals.audio import COLUMNS_PER_FRAME, log_mel

FPS = 25.0
"""Frames a second of glance's video."""

EDGE = 1
"""Frames by which a window of sound is longer than its spectrogram: there the Fourier windows of the cut ends
look at what is not there."""


class Window(NamedTuple):
    """A stretch of sound as the network hears it.

    Attributes:
        log_mel: (1, 4 T, 128) in decibels, of the frames that are kept and of those around them.
        before: How many frames come before those that are kept.
        frames: How many are kept.
    """

    log_mel: Tensor
    before: int
    frames: int


def windows(
    pieces: Iterable[NDArray[np.floating]], sample_rate: float, frames: int, margin: int
) -> Iterator[Window]:
    """Cut sound into windows, which together keep each of its frames once.

    Args:
        pieces: The waveform, mono in [-1, 1], (n,) each, one after the other.
        sample_rate: Samples a second.
        frames: How many frames each window but the last keeps.
        margin: How many more it hears before and after, where there are so many.

    Yields:
        The windows in order, of at least one frame in all. The last half frame of sound or more is filled up
        with silence, and less than half of one is left out.

    Raises:
        OptionError: `frames` is below 1.
    """
    if frames < 1:
        raise OptionError(f"a window of {frames} frames cannot be", remedy="choose 1 or more")
    source = iter(pieces)
    held = np.zeros(0, np.float32)
    first = start = 0  # the frames at which what is held, and what is kept next, begin
    total: int | None = None
    while total is None or start < total:
        wanted = _sample(start + frames + margin + EDGE + 1, sample_rate) - _sample(first, sample_rate)
        parts = [held]
        while total is None and sum(map(len, parts)) < wanted:
            piece = next(source, None)
            if piece is None:
                samples = _sample(first, sample_rate) + sum(map(len, parts))
                total = max(1, round(samples * FPS / sample_rate))
            else:
                parts.append(np.asarray(piece, np.float32))
        held = np.concatenate(parts)
        known = start + frames + margin + EDGE if total is None else total
        stop = min(start + frames, known)
        outer = max(0, start - margin - EDGE), min(known, stop + margin + EDGE)
        inner = max(0, start - margin), min(known, stop + margin)
        begin, end = (_sample(frame, sample_rate) - _sample(first, sample_rate) for frame in outer)
        heard = held[begin:] if known == total else held[begin:end]
        columns = _columns(heard, sample_rate, outer[1] - outer[0])
        kept = slice(*(COLUMNS_PER_FRAME * (frame - outer[0]) for frame in inner))
        yield Window(columns[:, kept], start - inner[0], stop - start)
        start = stop
        past = max(0, start - margin - EDGE)
        held = held[_sample(past, sample_rate) - _sample(first, sample_rate) :]
        first = past


def _columns(samples: NDArray[np.float32], sample_rate: float, frames: int) -> Tensor:
    """Return the spectrogram of sound that may be a little too short."""
    least = int(np.ceil(sample_rate / FPS))
    padded = np.pad(samples, (0, max(0, least - len(samples))))
    return log_mel(torch.from_numpy(padded)[None], sample_rate, FPS, frames=frames)


def _sample(frame: int, sample_rate: float) -> int:
    """Return the sample at which a frame begins."""
    return round(frame * sample_rate / FPS)
