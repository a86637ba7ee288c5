"""Lip sync as an expert network sees it: how far what is seen is from what is heard, and how sure that is.

A network that has learned which lips go with which sound (`lipcourse.networks.sync_expert`) turns each window
of five frames, and the sound of each, into points. Points of one moment should lie together. Their mean
distance, at each shift of the sound against the lips, is a curve with a valley where both are in sync.

    LSE-D  = the curve's lowest value          LSE-C = its median less its lowest value

are what Wav2Lip's authors print. Both look for the best shift first, and so forgive lips that are late
throughout: a video shifted by five frames has the same LSE-D and LSE-C as before. Here they are
`best_distance` and `best_confidence`. `distance` and `confidence` are the same two numbers at no shift at
all, which is how a viewer watches: they suffer from every frame of delay. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lipcourse.errors import OptionError, SignalError

OFFSETS = range(-7, 8)
"""Shifts tried, in frames, as in `lipcourse.metrics.synchrony`; SyncNet's authors try 15 either way."""

LEAST_WINDOWS = 4
"""The fewest windows that a mean distance is taken over."""


@dataclass(frozen=True)
class LipSync:
    """How far lips and sound are apart.

    Attributes:
        distance: At no shift: 0 for points that are the same, 1.41 for ones that have nothing in common.
        confidence: The median distance over all shifts less that at none: 0 or less says that this moment's
            sound fits no better than any other.
        offset: Frames by which the lips lead the sound: the shift with the least distance.
        best_distance: There; defined as LSE-D.
        best_confidence: The median less that; defined as LSE-C.
        curve: The mean distance at each shift, in their order.
    """

    distance: float
    confidence: float
    offset: int
    best_distance: float
    best_confidence: float
    curve: tuple[float, ...]


def lip_sync(seen: Tensor, heard: Tensor, offsets: Sequence[int] = OFFSETS) -> LipSync:
    """Measure the sync of one clip.

    Args:
        seen: (N, D), a point for each window of lips, of length 1.
        heard: (N, D), a point for the sound of each.
        offsets: Shifts in frames, 0 among them.

    Raises:
        SignalError: The shapes differ, a number is not finite, or the clip is too short for the shifts.
        OptionError: 0 is not among the shifts.

    Source: J. S. Chung and A. Zisserman, "Out of time: automated lip sync in the wild" (ACCV workshops 2016),
    section 4.1; K. R. Prajwal et al., "A lip sync expert is all you need" (ACM MM 2020), section 4.2, for the
    names. Distances depend on the network: they compare with no other network's. Taught in notebook 12.
    """
    tried = list(offsets)
    if 0 not in tried:
        raise OptionError(
            f"the shifts {tried} lack 0", remedy="confidence and distance are those at no shift"
        )
    curve = distance_curve(seen, heard, tried)
    median, best = curve.median(), int(curve.argmin())
    unshifted = curve[tried.index(0)]
    return LipSync(
        distance=float(unshifted),
        confidence=float(median - unshifted),
        offset=tried[best],
        best_distance=float(curve[best]),
        best_confidence=float(median - curve[best]),
        curve=tuple(curve.tolist()),
    )


def distance_curve(seen: Tensor, heard: Tensor, offsets: Sequence[int] = OFFSETS) -> Tensor:
    """Return the mean distance of lips from the sound that comes so many frames later, for each shift.

    Only windows that have a partner count. SyncNet's authors fill up with zeros, which adds distance to large
    shifts: it looks like confidence and comes from the clip's ends.

    Args:
        seen: (N, D), a point for each window of lips.
        heard: (N, D), a point for the sound of each.
        offsets: Shifts in frames: at k, lips at t are set against sound at t + k.

    Returns:
        float64 (offsets,), on the CPU.

    Raises:
        SignalError: As for `lip_sync`.

    Source: as for `lip_sync`. Taught in notebook 12.
    """
    if seen.ndim != 2 or seen.shape != heard.shape:
        raise SignalError(f"points of shape {tuple(seen.shape)} and {tuple(heard.shape)}, not two of (N, D)")
    if not (torch.isfinite(seen).all() and torch.isfinite(heard).all()):
        raise SignalError("a point holds NaN or infinity")
    count, furthest = len(seen), max(map(abs, offsets), default=0)
    if count - furthest < LEAST_WINDOWS:
        raise SignalError(
            f"{count} windows are too few to shift by {furthest}",
            remedy=f"give a clip of {furthest + LEAST_WINDOWS} windows or more, or smaller shifts",
        )
    pairs = torch.cdist(seen.double(), heard.double(), compute_mode="donot_use_mm_for_euclid_dist")
    distances = pairs.cpu().numpy()
    return torch.tensor([distances.diagonal(offset).mean() for offset in offsets], dtype=torch.float64)
