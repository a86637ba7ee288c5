"""From phones to a moving mouth: dominance functions blend the phones' targets.

Each phone pulls jaw, lips and tongue towards its own place, most in its middle and less and less around it.
The mouth is at the mean of all these places, weighted by each phone's dominance: so "s" in "soon" is spoken
with lips already rounded for the vowel. Source: M. Cohen and D. Massaro, "Modeling coarticulation in
synthetic visual speech", in "Models and Techniques in Computer Animation" (1993), Eqs. 1 to 4; here a
dominance falls off as a bell around the middle of its phone, not as a peak, so that the motion has no
corners.

A mean never quite arrives, so lips would never meet in a short "b" between two open vowels. Closure and tuck
are therefore gestures of their own, laid over the blend, which always reach 1 and last at least one frame
(A. Löfqvist and V. Gracco, "Lip and jaw kinematics in bilabial stop consonant production", 1997: lips aim
past each other).

Times. Phones are dated in the sound. Frame t covers t / fps to (t + 1) / fps and shows the mouth in the
middle of that. A lead of n frames, 0 or more, means that lips come before the sound: frame t shows what is
heard n frames later.

Taught in notebooks 04 and 05.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.phones import BILABIALS, LABIODENTALS, PLOSIVES
from lipcourse.corpora.puppet.visemes import SILENCE, VISEMES, Viseme
from lipcourse.media import Segment

Track = NDArray[np.float32]

CLOSING_SECONDS = 0.060
OPENING_SECONDS = 0.055
"""How long the lips take to meet, and to part."""

# The share of a stop during which its lips are shut; the rest is its burst.
_CLOSED_SHARE = 0.6
# Around the middle of a phone, this share of it is as dominant as its middle.
_CORE_SHARE = 0.4
# A diphthong dwells on its first vowel and glides to its second at the end.
_FIRST_OF_DIPHTHONG = 0.62


def track_mouth(
    phones: Sequence[Segment], frames: int, *, fps: float = 25.0, lead_frames: int = 0, effort: float = 1.0
) -> dict[str, Track]:
    """Move a mouth through the phones.

    Args:
        phones: What is said when, ARPABET, in seconds of the sound, in order of time.
        frames: How many frames to make.
        fps: Frames a second.
        lead_frames: How many frames the lips come before the sound; a whole number, so that the track is the
            same, only earlier.
        effort: How clearly the talker speaks: scales all but closure and tuck. 1 is average.

    Returns:
        The channels `jaw`, `spread`, `protrusion`, `closure`, `tuck` and `tongue` of `Pose`, float32 (T,)
        each.
    """
    times = (np.arange(frames) + lead_frames + 0.5) / fps
    blended = _blend(_targets(phones), times)
    channels = {
        "jaw": np.clip(blended[0] * effort, 0.0, 1.0),
        "spread": np.clip(blended[1] * effort, -1.0, 1.0),
        "protrusion": np.clip(blended[2] * effort, 0.0, 1.0),
        "tongue": np.clip(blended[3], 0.0, 1.0),
        "closure": _gesture(phones, BILABIALS, times, 1.0 / fps),
        "tuck": _gesture(phones, LABIODENTALS, times, 1.0 / fps),
    }
    return {name: on_grid(values) for name, values in channels.items()}


def on_grid(values: NDArray[np.float64]) -> Track:
    """Round to 1/4096: what another processor computes differently in the last place comes out the same."""
    return (np.round(values * 4096.0) / 4096.0).astype(np.float32)


def _targets(phones: Sequence[Segment]) -> list[tuple[float, float, Viseme]]:
    """Date every target; silence fills what the phones leave, before, between and after."""
    targets: list[tuple[float, float, Viseme]] = []
    heard = -np.inf
    for start, end, label in phones:
        if start > heard + 0.03:
            targets.append((heard, start, SILENCE))
        shares = [0.0, 1.0] if len(VISEMES[label]) == 1 else [0.0, _FIRST_OF_DIPHTHONG, 1.0]
        edges = [start + (end - start) * share for share in shares]
        targets += [
            (first, last, viseme)
            for first, last, viseme in zip(edges[:-1], edges[1:], VISEMES[label], strict=True)
        ]
        heard = end
    return [*targets, (heard, np.inf, SILENCE)]


def _blend(targets: list[tuple[float, float, Viseme]], times: NDArray[np.floating]) -> NDArray[np.float64]:
    """Blend the targets into jaw, spread, protrusion and tongue: float64 (4, T)."""
    starts, ends = np.array([target[0] for target in targets]), np.array([target[1] for target in targets])
    visemes = [target[2] for target in targets]
    with_end = np.isfinite(starts) & np.isfinite(ends)
    margin = np.where(with_end, (ends - starts) * (1.0 - _CORE_SHARE) / 2.0, 0.05)
    # Seconds from each time to the core of each target: 0 within it, (targets, T).
    distance = np.maximum(starts + margin - times[:, None], times[:, None] - (ends - margin)).clip(min=0.0).T
    places = np.array([viseme[:4] for viseme in visemes])
    strengths = np.array(
        [(v.jaw_strength, v.lips_strength, v.lips_strength, v.tongue_strength) for v in visemes]
    )
    reaches = np.array([(0.055, v.reach, v.reach, 0.045) for v in visemes])
    # A floor keeps the mean defined where no target reaches: there the nearest decides.
    dominance = strengths[..., None] * np.exp(-((distance[:, None] / reaches[..., None]) ** 2)) + 1e-12 / (
        1e-3 + distance[:, None]
    )
    blended = (dominance * places[..., None]).sum(0) / dominance.sum(0)
    return np.asarray(blended, np.float64)


def _gesture(
    phones: Sequence[Segment], makers: frozenset[str], times: NDArray[np.floating], frame_seconds: float
) -> NDArray[np.float64]:
    """Close the lips (or tuck the lower one) during some phones: 1 in at least one frame of each, (T,)."""
    track = np.zeros(len(times))
    for start, end, label in phones:
        if label not in makers:
            continue
        if label in PLOSIVES:
            end = start + (end - start) * _CLOSED_SHARE
        middle, half = (start + end) / 2.0, max((end - start) / 2.0, 0.501 * frame_seconds)
        before = (middle - half - times) / CLOSING_SECONDS
        after = (times - middle - half) / OPENING_SECONDS
        away = np.clip(np.maximum(before, after), 0.0, 1.0)
        track = np.maximum(track, 0.5 + 0.5 * np.cos(np.pi * away))
    return track
