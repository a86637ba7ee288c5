"""Videos that need no network: what every method must beat before anything can be said for it.

| video                    | what it shows                                                             |
|--------------------------|---------------------------------------------------------------------------|
| first frame repeated     | a mouth that stands still                                                 |
| mean frame               | the mean of the true frames, which no network can know                    |
| another talker           | a real mouth that says something else                                     |
| right video, wrong audio | the truth, with another clip's sound: only synchrony can tell             |
| blurred truth            | the truth, less sharp: right in all but detail                            |

Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lipcourse.errors import OptionError

Video = NDArray[np.uint8]

BLUR = 1.5
"""Standard deviation of the blur in pixels: mouths of GRID then have a PSNR of 35 dB, and no sharp edge."""


class Baseline(NamedTuple):
    """A video that needs no network.

    Attributes:
        film: Makes it of the true video and another clip's, uint8 (T, H, W, 3) and (S, H, W, 3).
        needs_other: What it needs another clip of: "talker", "clip" or nothing.
        other_sound: Whether it comes with the other clip's sound.
    """

    film: Callable[[Video, Video], Video]
    needs_other: str = ""
    other_sound: bool = False


def first_frame(video: Video) -> Video:
    """Repeat the first frame of a video (T, H, W, 3) to its length."""
    return np.repeat(video[:1], len(video), axis=0)


def mean_frame(video: Video) -> Video:
    """Repeat the mean of all frames of a video (T, H, W, 3) to its length."""
    mean = np.rint(video.mean(axis=0, keepdims=True)).astype(np.uint8)
    return np.repeat(mean, len(video), axis=0)


def blurred(video: Video, deviation: float = BLUR) -> Video:
    """Blur each frame of a video (T, H, W, 3) by a Gaussian of so many pixels."""
    soft = [cv2.GaussianBlur(frame, (0, 0), deviation, borderType=cv2.BORDER_REFLECT) for frame in video]
    return np.stack(soft).astype(np.uint8, copy=False)


def as_long(video: Video, frames: int) -> Video:
    """Cut a video (S, H, W, 3) to so many frames, or hold its last one."""
    if len(video) == frames:
        return video
    return video[np.minimum(np.arange(frames), len(video) - 1)]


FIRST_FRAME = "first frame repeated"
MEAN_FRAME = "mean frame"
ANOTHER_TALKER = "another talker"
WRONG_AUDIO = "right video, wrong audio"
BLURRED_TRUTH = "blurred truth"

BASELINES: Mapping[str, Baseline] = {
    FIRST_FRAME: Baseline(lambda true, _: first_frame(true)),
    MEAN_FRAME: Baseline(lambda true, _: mean_frame(true)),
    ANOTHER_TALKER: Baseline(lambda true, other: as_long(other, len(true)), needs_other="talker"),
    WRONG_AUDIO: Baseline(lambda true, _: true, needs_other="clip", other_sound=True),
    BLURRED_TRUTH: Baseline(lambda true, _: blurred(true)),
}


def find_partners(talkers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Give each clip the next one, around the end: of another "talker", and whichever "clip" comes next.

    The second is the first where there is one, so that a wrong sound is another voice's. Where there is none,
    a kind is empty.
    """
    keys = list(talkers)
    after = dict(zip(keys, [*keys[1:], *keys[:1]], strict=True)) if len(keys) > 1 else {}
    if len(set(talkers.values())) < 2:
        return {"talker": {}, "clip": after}
    strangers = dict[str, str]()
    for place, key in enumerate(keys):
        others = (keys[(place + step) % len(keys)] for step in range(1, len(keys)))
        strangers[key] = next(other for other in others if talkers[other] != talkers[key])
    return {"talker": strangers, "clip": strangers}


def choose_baselines(
    baselines: Iterable[str], methods: Iterable[str], partners: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the baselines that can be made, and why the others cannot.

    Raises:
        OptionError: There is no such baseline, or a method has its name.
    """
    asked = tuple(baselines)
    unknown = [name for name in asked if name not in BASELINES]
    if unknown:
        raise OptionError(
            f"there is no baseline {unknown[0]!r}", remedy=f"choose from {'; '.join(BASELINES)}"
        )
    double = [name for name in methods if name in BASELINES]
    if double:
        raise OptionError(f"{double[0]!r} is the name of a baseline", remedy="give the method another")
    lacking = [
        name for name in asked if BASELINES[name].needs_other and not partners[BASELINES[name].needs_other]
    ]
    notes = tuple(f"no {name!r}: there is no other {BASELINES[name].needs_other}" for name in lacking)
    return tuple(name for name in asked if name not in lacking), notes
