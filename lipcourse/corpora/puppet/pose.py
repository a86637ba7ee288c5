"""What a puppet's face does in each frame: the thin neck between speech (which sets it) and drawing."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pose:
    """One value a frame for everything that moves; each array is float32 (T,).

    Attributes:
        jaw: Drop of the lower jaw: 0 teeth together, 1 as wide as in a clear "ah".
        spread: Corners of the mouth: -1 drawn in ("oo"), 0 at rest, 1 drawn out ("ee").
        protrusion: Lips pushed forward: 0 flat, 1 as in "sh" or "oo".
        closure: Lips pressed together whatever the jaw does: 1 in "p", "b", "m", else 0.
        tuck: Lower lip under the upper teeth: 1 in "f", "v", else 0.
        tongue: Tip of the tongue: 0 lying low, 1 at the upper teeth ("th", "l", "n").
        blink: Eyelids: 0 open, 1 shut.
        brow: Eyebrows: 0 at rest, 1 raised.
        yaw: Head turned, degrees, positive to the viewer's right.
        pitch: Head nodded, degrees, positive downwards.
        roll: Head tilted, degrees, positive clockwise for the viewer.
        shift_x: Head moved sideways, in face widths, positive to the viewer's right.
        shift_y: Head moved up and down, in face widths, positive downwards.
    """

    jaw: NDArray[np.float32]
    spread: NDArray[np.float32]
    protrusion: NDArray[np.float32]
    closure: NDArray[np.float32]
    tuck: NDArray[np.float32]
    tongue: NDArray[np.float32]
    blink: NDArray[np.float32]
    brow: NDArray[np.float32]
    yaw: NDArray[np.float32]
    pitch: NDArray[np.float32]
    roll: NDArray[np.float32]
    shift_x: NDArray[np.float32]
    shift_y: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.jaw)

    @classmethod
    def rest(cls, frames: int, **channels: NDArray[np.float32]) -> Pose:
        """A face at rest for `frames` frames, but for the channels given."""
        still = {channel.name: np.zeros(frames, np.float32) for channel in fields(cls)}
        return cls(**(still | channels))
