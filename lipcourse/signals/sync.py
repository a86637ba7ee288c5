"""Speech and lips in time: how far the lips lead the sound, in video frames.

The delay study of glance ("Lip Movements Generation at a Glance", ECCV 2018, Fig. 4) reduces a clip to two
tracks, how much the sound changes and how much the mouth moves from each frame to the next, shifts one
against the other, and takes the shift at which they correlate best. Taught in notebook 04.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lipcourse.errors import SignalError

COLUMNS_A_FRAME = 4
OFFSETS = range(8)
"""The shifts that the paper tries, in frames: the lips lead the sound by none to seven."""

LEAST_OVERLAP = 8
"""Fewer steps than this in common give a correlation that means nothing."""

Reading = Literal["absolute", "signed"]


def sound_steps(log_mel: ArrayLike, reading: Reading = "absolute") -> NDArray[np.float64]:
    """How much the sound changes from each video frame to the next: the mean of each log-mel derivative.

    "The mean of a derivative" can be read two ways. Of signed derivatives, louder bands cancel softer ones
    and little is left but noise; of absolute ones, every change counts.

    Args:
        log_mel: (..., 4T, bands), four columns a video frame.
        reading: "absolute", or "signed" as the paper's words say.

    Returns:
        (..., T - 1), in units of log amplitude a frame.

    Raises:
        SignalError: The columns are not four a frame, or of fewer than two frames.

    Source: glance, section 3.2 and Fig. 4. Taught in notebook 04.
    """
    columns = np.asarray(log_mel, dtype=np.float64)
    if columns.ndim < 2 or columns.shape[-2] % COLUMNS_A_FRAME or columns.shape[-2] < 2 * COLUMNS_A_FRAME:
        raise SignalError(
            f"a log-mel spectrogram of shape {columns.shape} has no steps between video frames",
            remedy="give (..., 4T, bands) with T of 2 or more",
        )
    *batch, length, bands = columns.shape
    frames = columns.reshape(*batch, length // COLUMNS_A_FRAME, COLUMNS_A_FRAME * bands)
    steps = np.diff(frames, axis=-2)
    return np.asarray((np.abs(steps) if reading == "absolute" else steps).mean(axis=-1))


def motion_steps(flow: ArrayLike) -> NDArray[np.float64]:
    """How much the mouth moves from each video frame to the next: the mean length of each flow field.

    Args:
        flow: (..., 2, T - 1, H, W), pixels a frame.

    Returns:
        (..., T - 1), pixels a frame.

    Source: glance, Fig. 4. Taught in notebook 04.
    """
    fields = np.asarray(flow, dtype=np.float64)
    return np.asarray(np.hypot(fields[..., 0, :, :, :], fields[..., 1, :, :, :]).mean(axis=(-1, -2)))


def delayed_correlations(
    sound: ArrayLike, motion: ArrayLike, offsets: Iterable[int] = OFFSETS
) -> NDArray[np.float64]:
    """Pearson's r of sound with motion shifted forward in time, for each offset.

    At offset k, motion at step t is set against sound at step t + k, over the steps that both have: r is
    highest where k is the number of frames by which the lips lead the sound. A track that does not change
    correlates with nothing: its r is 0.

    Args:
        sound: (T - 1,), such as from `sound_steps`.
        motion: (T - 1,), such as from `motion_steps`.
        offsets: Frames, each 0 or more.

    Returns:
        float64 (offsets,), each in [-1, 1].

    Raises:
        SignalError: The tracks differ in length, hold NaN, or are too short for the largest offset.

    Source: glance, Fig. 4. Taught in notebook 04.
    """
    heard, seen = np.asarray(sound, dtype=np.float64), np.asarray(motion, dtype=np.float64)
    tried = list(offsets)
    if heard.ndim != 1 or heard.shape != seen.shape:
        raise SignalError(f"tracks of shape {heard.shape} and {seen.shape} where two of (T - 1,) are needed")
    if not (np.isfinite(heard).all() and np.isfinite(seen).all()):
        raise SignalError("a track holds NaN or infinity", remedy="leave out frames without a face")
    if len(heard) - max(tried) < LEAST_OVERLAP:
        raise SignalError(
            f"{len(heard)} steps are too few to shift by {max(tried)}",
            remedy=f"give a clip of at least {LEAST_OVERLAP + max(tried) + 1} frames",
        )
    return np.array([_pearson(heard[offset:], seen[: len(seen) - offset]) for offset in tried])


def _pearson(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Pearson's r, and 0 where one of the two is constant (its differences are rounding)."""
    a, b = first - first.mean(), second - second.mean()
    still = min(np.ptp(first) / (np.abs(first).max() or 1), np.ptp(second) / (np.abs(second).max() or 1))
    return 0.0 if still < 1e-9 else float(a @ b / np.sqrt((a @ a) * (b @ b)))


@dataclass(frozen=True)
class DelayStudy:
    """The study over a corpus: both panels of Fig. 4.

    Attributes:
        keys: Of the clips.
        correlations: float64 (clips, offsets).
        leads: The true lead of each clip in frames where the corpus knows it, else None.
    """

    keys: tuple[str, ...]
    correlations: NDArray[np.float64]
    leads: tuple[int | None, ...]

    @property
    def best_offsets(self) -> NDArray[np.int64]:
        """The offset of highest correlation for each clip, (clips,); the smallest where several tie."""
        return np.asarray(self.correlations.argmax(axis=1))

    @property
    def histogram(self) -> NDArray[np.int64]:
        """How many clips have each offset as their best, (offsets,)."""
        return np.bincount(self.best_offsets, minlength=self.correlations.shape[1])

    def found_within(self, frames: int) -> float | None:
        """Share of the clips with a known lead whose best offset lies within `frames` of it, or None."""
        known = [
            abs(int(best) - lead)
            for best, lead in zip(self.best_offsets, self.leads, strict=True)
            if lead is not None
        ]
        return sum(miss <= frames for miss in known) / len(known) if known else None
