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

from lipcourse.errors import OptionError, SignalError

COLUMNS_A_FRAME = 4
OFFSETS = range(8)
"""The shifts that the paper tries, in frames: the lips lead the sound by none to seven."""

LEAST_OVERLAP = 8
"""Fewer steps than this in common give a correlation that means nothing."""

Reading = Literal["absolute", "signed"]
Method = Literal["absolute", "signed", "opening"]
METHODS: tuple[Method, ...] = ("absolute", "signed", "opening")
"""The paper's study in both readings, and ours."""

AUDIBLE_DECIBELS = 30.0
"""What lies further below the loudest moment of a clip is taken for silence by `loudness_steps`."""


def delay_sound(
    waveform: ArrayLike, frames: int, sample_rate: float, fps: float = 25.0
) -> NDArray[np.float32]:
    """Let a sound come later against its pictures, by a whole number of video frames; silence fills the gap.

    Args:
        waveform: (N,).
        frames: How much later; negative for earlier.
        sample_rate: Samples a second.
        fps: Video frames a second.

    Returns:
        float32 (N,): what is pushed out at the end (or, earlier, at the start) is lost.

    Taught in notebook 04.
    """
    samples = np.asarray(waveform, dtype=np.float32)
    moved = np.zeros_like(samples)
    shift = min(round(abs(frames) / fps * sample_rate), len(samples))
    kept = len(samples) - shift
    if frames >= 0:
        moved[shift:] = samples[:kept]
    else:
        moved[:kept] = samples[shift:]
    return moved


def sound_steps(log_mel: ArrayLike, reading: Reading = "absolute") -> NDArray[np.float64]:
    """How much the sound changes from each video frame to the next: the mean of each log-mel derivative.

    "The mean of a derivative" can be read two ways. Of signed derivatives, louder bands cancel softer ones
    and little is left but noise; of absolute ones, every change counts.

    Args:
        log_mel: (..., 4T, bands), four columns a video frame.
        reading: "absolute", or "signed" as the paper's words say.

    Returns:
        (..., T - 1), decibels a frame.

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


def loudness_steps(log_mel: ArrayLike, audible: float = AUDIBLE_DECIBELS) -> NDArray[np.float64]:
    """How much louder the sound grows from each video frame to the next, as far as it can be heard.

    Decibels measure ratios: between two sounds that nobody hears they change as much as between a whisper and
    a shout. So all that lies `audible` decibels below the loudest moment of the clip is set to that level
    first. Then louder means more speech, and the mean of signed derivatives is a measure of it.

    Args:
        log_mel: (..., 4T, bands), decibels, four columns a video frame.
        audible: Decibels below the loudest value of the clip, above 0.

    Returns:
        (..., T - 1), decibels a frame, negative where it grows softer.

    Raises:
        SignalError: The columns are not four a frame, or of fewer than two frames.

    Taught in notebook 04.
    """
    columns = np.asarray(log_mel, dtype=np.float64)
    if columns.ndim >= 2 and columns.size:
        columns = np.maximum(columns, columns.max(axis=(-1, -2), keepdims=True) - audible)
    return sound_steps(columns, "signed")


def opening_steps(flow: ArrayLike) -> NDArray[np.float64]:
    """How fast the mouth opens from each video frame to the next: its lower half downwards from its upper.

    A head that nods moves both halves alike and adds nothing.

    Args:
        flow: (..., 2, T - 1, H, W) of a mouth crop, pixels a frame, dx then dy, y down.

    Returns:
        (..., T - 1), pixels a frame, negative where it closes.

    Taught in notebook 04.
    """
    downwards = np.asarray(flow, dtype=np.float64)[..., 1, :, :, :]
    middle = downwards.shape[-2] // 2
    upper, lower = downwards[..., :middle, :], downwards[..., middle:, :]
    return np.asarray(lower.mean(axis=(-1, -2)) - upper.mean(axis=(-1, -2)))


def sound_and_motion(
    log_mel: ArrayLike, flow: ArrayLike, method: Method
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two tracks of a clip that a method sets against each other.

    Args:
        log_mel: (..., 4T, bands), decibels, four columns a video frame.
        flow: (..., 2, T - 1, H, W) of the mouth, pixels a frame.
        method: "absolute" or "signed", the two readings of the paper's study: how much the sound changes
            and how much the mouth moves. Or "opening": how much louder it grows and how fast the mouth opens.

    Returns:
        Sound and motion, (..., T - 1) each.

    Raises:
        SignalError: The columns are not four a frame, or of fewer than two frames.
        OptionError: There is no such method.

    Taught in notebook 04.
    """
    if method not in METHODS:
        raise OptionError(f"there is no method {method!r}", remedy=f"choose from {', '.join(METHODS)}")
    if method == "opening":
        return loudness_steps(log_mel), opening_steps(flow)
    return sound_steps(log_mel, method), motion_steps(flow)


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
    shifts, steps = np.array(tried)[:, None], np.arange(len(heard))
    shared = steps >= shifts
    return _pearson(np.where(shared, heard, 0), np.where(shared, seen[steps - shifts], 0), shared)


def _pearson(
    first: NDArray[np.float64], second: NDArray[np.float64], shared: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Pearson's r of rows over what both have, and 0 where one is constant (its differences are rounding).

    Args:
        first: (N, T), 0 where it is not shared.
        second: The same shape.
        shared: The same shape.
    """
    count = shared.sum(axis=1, keepdims=True)
    a, b = ((rows - rows.sum(axis=1, keepdims=True) / count) * shared for rows in (first, second))
    power_a, power_b, product = (a * a).sum(axis=1), (b * b).sum(axis=1), (a * b).sum(axis=1)
    changes = (power_a > 1e-18 * (first * first).sum(axis=1)) & (
        power_b > 1e-18 * (second * second).sum(axis=1)
    )
    scale = np.sqrt(power_a * power_b)
    return np.asarray(np.divide(product, scale, out=np.zeros(len(product)), where=changes))


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
