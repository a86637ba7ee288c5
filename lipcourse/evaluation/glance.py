"""A glance generator on clips it has not learned from, beside films that need no network at all.

| film                    | what it shows                                                           |
|-------------------------|-------------------------------------------------------------------------|
| generated               | what the network makes of the clip's first frame and its sound          |
| another clip's sound    | the same of its first frame and what someone else says, or at other times |
| first frame repeated    | a mouth that stands still                                               |
| mean frame              | the mean of the true frames, which no network can know                  |
| right video             | the truth: what the measures say when nothing is wrong                  |

A network that listens is nearer to the truth than a mouth that stands still, and farther from it with another
clip's sound. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.errors import SignalError
from lipcourse.evaluation.landmarks import MouthPoints, find_lips
from lipcourse.evaluation.measures import distance, opening_correlation
from lipcourse.evaluation.trivial import FIRST_FRAME, MEAN_FRAME, first_frame, mean_frame
from lipcourse.generation.glance import generate
from lipcourse.metrics.images import psnr, psnr_wrapped, ssim
from lipcourse.networks.lips import LipGenerator
from lipcourse.windows.prepared import PreparedClip

GENERATED = "generated"
OTHER_SOUND = "another clip's sound"
RIGHT_VIDEO = "right video"
FILMS = (GENERATED, OTHER_SOUND, FIRST_FRAME, MEAN_FRAME, RIGHT_VIDEO)

COLUMNS = ("video", "LMD, px", "PSNR, dB", "wrapped PSNR", "SSIM", "opening r", "frames without a face")


@dataclass(frozen=True)
class Score:
    """How near a film is to the truth.

    Attributes:
        lmd: Landmark distance in pixels of the mouth crop, over the frames in which both faces were found;
            NaN where there is none.
        psnr: True peak signal-to-noise ratio in decibels.
        psnr_wrapped: With the published evaluation's slip.
        ssim: Structural similarity.
        opening: Pearson's r of how far the mouth is open with how far it truly is; NaN where it stands still.
        without_face: Frames in which no face was found.
        frames: Of how many.
    """

    lmd: float
    psnr: float
    psnr_wrapped: float
    ssim: float
    opening: float
    without_face: int
    frames: int


@dataclass(frozen=True)
class Evaluation:
    """A network's scores on some clips.

    Attributes:
        keys: The clips.
        scores: For each of FILMS one score a clip, in the order of `keys`.
        noise: For each clip the LMD between the true mouths' points as they are found here and as the clip
            has them: what finding them again changes.
    """

    keys: tuple[str, ...]
    scores: Mapping[str, tuple[Score, ...]]
    noise: tuple[float, ...]

    def mean(self, film: str, measure: str) -> float:
        """Return a measure's mean over the clips that have it; NaN where none has."""
        values = np.array([getattr(score, measure) for score in self.scores[film]], np.float64)
        known = values[~np.isnan(values)]
        return float(known.mean()) if known.size else float("nan")

    @property
    def against_still(self) -> float:
        """LMD over that of the first frame repeated: below 1 the network is better than nothing."""
        return self.mean(GENERATED, "lmd") / self.mean(FIRST_FRAME, "lmd")

    @property
    def listening(self) -> float:
        """LMD with another clip's sound over that with the right sound: above 1 the network listens."""
        return self.mean(OTHER_SOUND, "lmd") / self.mean(GENERATED, "lmd")

    def figure(self, title: str) -> dict[str, object]:
        """Return the scores as a card's table (see `lipcourse.networks.cards`)."""
        rows = []
        for film in FILMS:
            scores = self.scores[film]
            lost, frames = sum(each.without_face for each in scores), sum(each.frames for each in scores)
            means = [self.mean(film, name) for name in ("lmd", "psnr", "psnr_wrapped", "ssim", "opening")]
            shown = [_show(mean, digits) for mean, digits in zip(means, (2, 1, 1, 3, 2), strict=True)]
            rows.append([film, *shown, f"{lost} of {frames}"])
        return {
            "title": title,
            "columns": list(COLUMNS),
            "rows": rows,
            "note": f"{len(self.keys)} clips. LMD of the generated over the first frame's "
            f"{self.against_still:.2f}; with another clip's sound over the right one's {self.listening:.2f}. "
            f"Finding the true lips again moves them by {np.mean(self.noise):.2f} px.",
        }


def score(
    network: LipGenerator,
    clips: Sequence[PreparedClip],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure a network on clips, and films that need no network beside it.

    The person's lips are shown to the network as they are in the clip's first frame. The other sound is that
    of the next clip, the last one's that of the first.

    Args:
        network: A trained generator in `eval` mode, on any device.
        clips: Two or more that it has not learned from, at 25 frames a second.
        progress: Called with how many clips are done, and of how many.

    Raises:
        SignalError: There are fewer than two clips.
        ModelError: dlib's predictor is missing.
    """
    if len(clips) < 2:
        raise SignalError("one clip has no other's sound", remedy="evaluate two clips or more")
    scores: dict[str, list[Score]] = {film: [] for film in FILMS}
    noise = []
    for number, clip in enumerate(clips):
        truth = find_lips(clip, clip.mouths)
        noise.append(distance(MouthPoints(clip.mouth_landmarks, clip.found), truth))
        for film, mouths in make_films(network, clip, clips[(number + 1) % len(clips)]).items():
            lips = truth if film == RIGHT_VIDEO else find_lips(clip, mouths)
            scores[film].append(compare(clip.mouths, mouths, truth, lips))
        if progress is not None:
            progress(number + 1, len(clips))
    return Evaluation(
        tuple(clip.key for clip in clips), {film: tuple(each) for film, each in scores.items()}, tuple(noise)
    )


def make_films(
    network: LipGenerator, clip: PreparedClip, other: PreparedClip
) -> dict[str, NDArray[np.uint8]]:
    """Return each of FILMS for a clip, uint8 (T, 64, 64, 3), as long as the clip."""
    count = len(clip.mouths)
    return {
        GENERATED: speak(network, clip.mouths[0], clip, count),
        OTHER_SOUND: speak(network, clip.mouths[0], other, count),
        FIRST_FRAME: first_frame(clip.mouths),
        MEAN_FRAME: mean_frame(clip.mouths),
        RIGHT_VIDEO: clip.mouths,
    }


def speak(
    network: LipGenerator, lips: NDArray[np.uint8], sound: PreparedClip, frames: int
) -> NDArray[np.uint8]:
    """Make so many frames of lips (64, 64, 3) that say what is heard in a clip, and then nothing."""
    samples = round(frames * sound.sample_rate / sound.fps)
    waveform = np.pad(sound.waveform[:samples], (0, max(0, samples - len(sound.waveform))))
    return np.concatenate(list(generate(network, waveform, sound.sample_rate, lips)))


def compare(
    true_mouths: NDArray[np.uint8], mouths: NDArray[np.uint8], truth: MouthPoints, lips: MouthPoints
) -> Score:
    """Score a film of mouths (T, 64, 64, 3) against the true one; points as `find_lips` gives them."""
    pair = torch.from_numpy(true_mouths), torch.from_numpy(mouths)
    return Score(
        lmd=distance(truth, lips),
        psnr=float(psnr(*pair)),
        psnr_wrapped=float(psnr_wrapped(*pair)),
        ssim=float(ssim(*pair)),
        opening=opening_correlation(truth, lips),
        without_face=int((~lips.found).sum()),
        frames=len(mouths),
    )


def _show(value: float, digits: int) -> str:
    """Say a number; nothing where there is none."""
    return "–" if np.isnan(value) else "∞" if np.isinf(value) else f"{value:.{digits}f}"
