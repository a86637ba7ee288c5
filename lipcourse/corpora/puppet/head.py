"""What a puppet's head, eyelids and brows do while it speaks: small, slow and drawn from a seed.

Taught in notebook 02, where landmarks are freed from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.mouth import Track, on_grid
from lipcourse.media import Segment

LARGEST_YAW = 25.0
"""How far a head is turned at most, in degrees."""

# Half the widths of the head's motion about its mean place: degrees, and face widths.
_SWINGS = {"yaw": 2.5, "pitch": 2.0, "roll": 1.5, "shift_x": 0.012, "shift_y": 0.008}
_BLINK_CLOSING, _BLINK_OPENING = 0.09, 0.14


def track_head(
    words: Sequence[Segment], frames: int, random: np.random.Generator, *, fps: float = 25.0, yaw: float = 0.0
) -> dict[str, Track]:
    """Move a head, blink, and raise the brows.

    Args:
        words: What is said when: brows rise with some words.
        frames: How many frames to make.
        random: Draws it all.
        fps: Frames a second.
        yaw: How far the head is turned on the whole, in degrees; it sways about that, within `LARGEST_YAW`.

    Returns:
        The channels `yaw`, `pitch`, `roll`, `shift_x`, `shift_y`, `blink` and `brow` of `Pose`, float32 (T,)
        each.
    """
    times = (np.arange(frames) + 0.5) / fps
    channels = {name: size * _sway(times, random) for name, size in _SWINGS.items()}
    channels["yaw"] = np.clip(channels["yaw"] + yaw, -LARGEST_YAW, LARGEST_YAW)
    channels["blink"] = _blinks(times, 1.0 / fps, random)
    channels["brow"] = _brows(words, times, random)
    return {name: on_grid(values) for name, values in channels.items()}


def _sway(times: NDArray[np.floating], random: np.random.Generator) -> NDArray[np.float64]:
    """A slow wander within [-1, 1]: three waves of 0.1 to 0.7 Hz."""
    wander = np.zeros(len(times))
    for share, slowest, fastest in ((0.5, 0.1, 0.25), (0.3, 0.25, 0.45), (0.2, 0.45, 0.7)):
        frequency, phase = random.uniform(slowest, fastest), random.uniform(0.0, 2.0 * np.pi)
        wander += share * np.sin(2.0 * np.pi * frequency * times + phase)
    return wander


def _bump(
    times: NDArray[np.floating], start: float, end: float, rise: float, fall: float
) -> NDArray[np.float64]:
    """1 from start to end, eased in before and out after."""
    away = np.clip(np.maximum((start - times) / rise, (times - end) / fall), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * away), np.float64)


def _blinks(
    times: NDArray[np.floating], frame_seconds: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Blink every 1.5 to 5 seconds; each shuts the eyes in at least one frame."""
    track = np.zeros(len(times))
    at = random.uniform(0.2, 3.0)
    while at < times[-1] + 1.0:
        track = np.maximum(
            track, _bump(times, at, at + 1.002 * frame_seconds, _BLINK_CLOSING, _BLINK_OPENING)
        )
        at += random.uniform(1.5, 5.0)
    return track


def _brows(
    words: Sequence[Segment], times: NDArray[np.floating], random: np.random.Generator
) -> NDArray[np.float64]:
    """Raise the brows, more or less, with about one word in four."""
    track = np.zeros(len(times))
    for start, end, _ in words:
        raised, height = random.random() < 0.25, random.uniform(0.3, 0.8)
        if raised:
            track = np.maximum(track, height * _bump(times, start, end, 0.2, 0.35))
    return track
