"""Checks of notebook 12: LMD where faces are lost, a PSNR that does not wrap, means of drawn talkers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.evaluation.intervals import bootstrap
from lipcourse.metrics.images import psnr, psnr_wrapped
from lipcourse.metrics.lmd import landmark_distance

Points = NDArray[np.floating]
Video = NDArray[np.uint8]
Distance = Callable[[Points], float]


# Exercise 1: LMD, and the frames without a face.


def score_lips(reference: Points, generated: Points, found: NDArray[np.bool_]) -> Points:
    """Return LMD over the frames in which a face was found, and the share of those in which none was."""
    return np.array([float(landmark_distance(reference[found], generated[found])), 1 - found.mean()])


def _mouths() -> list[Case]:
    """Two mouths that differ in shape and place, with frames that were lost and hold nonsense."""
    cases: list[Case] = []
    for seed, frames, lost in ((0, 9, (2, 3)), (1, 14, (0, 5, 6, 13))):
        random = np.random.default_rng(seed)
        reference = random.uniform(15, 50, (frames, 20, 2))
        generated = reference + random.normal(0, 1.5, reference.shape)
        generated += random.normal(0, 4, (frames, 1, 2))  # the face moves, which is no fault of its lips
        found = np.ones(frames, bool)
        found[list(lost)] = False
        generated[~found] = random.uniform(0, 64, (len(lost), 20, 2))
        cases.append((reference, generated, found))
    return cases


def _centred(points: Points) -> Points:
    return np.asarray(points - points.mean(axis=1, keepdims=True))


def _with(measure: Distance) -> Callable[[Points, Points, NDArray[np.bool_]], Points]:
    """Exercise 1 with another distance of what is left once both mouths are centred."""

    def answer(reference: Points, generated: Points, found: NDArray[np.bool_]) -> Points:
        rest = _centred(generated[found]) - _centred(reference[found])
        return np.array([measure(rest), 1 - found.mean()])

    return answer


def _not_centred(reference: Points, generated: Points, found: NDArray[np.bool_]) -> Points:
    rest = (generated - reference)[found]
    return np.array([np.linalg.norm(rest, axis=-1).mean(), 1 - found.mean()])


def _centred_once(reference: Points, generated: Points, found: NDArray[np.bool_]) -> Points:
    rest = (generated - reference)[found]
    rest = rest - rest.mean(axis=(0, 1))
    return np.array([np.linalg.norm(rest, axis=-1).mean(), 1 - found.mean()])


LMD = Exercise(
    name="distance_and_loss",
    reference=score_lips,
    cases=_mouths,
    picture="numbers",
    mutants=(
        Mutant(
            "not centred",
            _not_centred,
            "Eq. 5 takes each mouth's mean point away first. You count where the face stands as well as how "
            "the lips are shaped.",
        ),
        Mutant(
            "centred once a clip",
            _centred_once,
            "You take away one mean of all frames. The face moves from frame to frame: each frame has its "
            "own mean point, `mean(axis=1, keepdims=True)`.",
        ),
        Mutant(
            "lost frames counted as if seen",
            lambda reference, generated, found: np.array(
                [landmark_distance(reference, generated), 1 - found.mean()]
            ),
            "Where no face was found there are no points, only guesses. Use the frames in `found` alone for "
            "the distance.",
        ),
        Mutant(
            "lost frames counted as right",
            lambda reference, generated, found: score_lips(reference, generated, found) * [found.mean(), 1],
            "You divide by all frames, so that a lost one counts as distance 0: the worse the mouth, the "
            "better the score. Divide by the frames in which a face was found.",
        ),
        Mutant(
            "steps along x and y added",
            _with(lambda rest: float(np.abs(rest).sum(axis=-1).mean())),
            "You add |dx| and |dy|, the way a taxi drives. The distance of two points is the root of "
            "dx² + dy².",
        ),
        Mutant(
            "root of the mean square",
            _with(lambda rest: float(np.sqrt(np.square(rest).sum(axis=-1).mean()))),
            "You average squares and take the root at the end, which gives far points more weight. First the "
            "distance of each point, then the mean.",
        ),
        Mutant(
            "sum over the points",
            _with(lambda rest: float(np.linalg.norm(rest, axis=-1).sum(axis=-1).mean())),
            "You add the distances of the 20 points of a frame. Eq. 5 is their mean.",
        ),
        Mutant(
            "the share that was found",
            lambda reference, generated, found: np.array(
                [score_lips(reference, generated, found)[0], found.mean()]
            ),
            "The second number is to be the share that was *lost*: you give the share that was found.",
        ),
    ),
)


# Exercise 2: a PSNR that does not wrap around.


def true_psnr(reference: Video, generated: Video) -> float:
    """Return the true PSNR of two videos (T, H, W, 3), in decibels."""
    return float(psnr(torch.from_numpy(reference), torch.from_numpy(generated)))


def published_psnr(reference: Video, generated: Video) -> float:
    """Return what the published evaluation prints: differences and squares in eight bits."""
    return float(psnr_wrapped(torch.from_numpy(reference), torch.from_numpy(generated)))


def _videos() -> list[Case]:
    """Pairs of videos: one frame better than the others, differences of all sizes."""
    cases: list[Case] = []
    for seed, spread in ((0, 30), (1, 90)):
        random = np.random.default_rng(seed)
        reference = random.integers(0, 240, (3, 12, 12, 3))
        off = random.normal(0, spread, reference.shape) * np.array([0.2, 1, 1.5])[:, None, None, None]
        cases.append((reference.astype(np.uint8), np.clip(reference + off, 0, 255).astype(np.uint8)))
    return cases


def _decibels(error: float, peak: float = 255.0) -> float:
    return float(10 * np.log10(peak**2 / error))


def _error(reference: Video, generated: Video) -> float:
    return float(np.mean((reference.astype(float) - generated) ** 2))


def _small_integers(reference: Video, generated: Video) -> float:
    difference = reference.astype(np.int16) - generated.astype(np.int16)
    return _decibels(float(np.mean(difference * difference)))


PSNR = Exercise(
    name="honest_psnr",
    reference=true_psnr,
    cases=_videos,
    picture="numbers",
    mutants=(
        Mutant(
            "wraps around",
            published_psnr,
            "The bug is still there: 8-bit numbers are subtracted and squared in 8 bits. Turn both videos "
            "into floats *before* you subtract.",
        ),
        Mutant(
            "widened after the difference",
            lambda reference, generated: _decibels(
                float(np.mean((reference - generated).astype(float) ** 2))
            ),
            "You widen the difference, but it has wrapped around by then: 10 - 20 is 246 already. Widen both "
            "videos first.",
        ),
        Mutant(
            "sixteen bits",
            _small_integers,
            "16 bits hold the differences, but not their squares: above 181² = 32761 they wrap around again. "
            "Use floats.",
        ),
        Mutant(
            "mean of the frames' decibels",
            lambda reference, generated: float(
                np.mean([_decibels(_error(a, b)) for a, b in zip(reference, generated, strict=True)])
            ),
            "You average decibels over frames. A single frame that is right would make the mean infinite: "
            "average the squares over the whole video, then take the logarithm.",
        ),
        Mutant(
            "natural logarithm",
            lambda reference, generated: float(10 * np.log(255**2 / _error(reference, generated))),
            "`np.log` is the natural logarithm. Decibels are ten times the logarithm to base 10.",
        ),
        Mutant(
            "white not squared",
            lambda reference, generated: float(10 * np.log10(255 / _error(reference, generated))),
            "Above the line stands 255², a power, as below it. Yours lacks the square.",
        ),
        Mutant(
            "the video's own peak",
            lambda reference, generated: _decibels(_error(reference, generated), float(reference.max())),
            "You take the largest level of this video as peak. It is 255 for all 8-bit videos, or dark clips "
            "would score lower for the same error.",
        ),
    ),
)


# Exercise 3: the mean of a draw.


def draw_mean(values: Sequence[float], talkers: Sequence[str], drawn: Sequence[str]) -> float:
    """Return the mean over all clips of the talkers drawn; one drawn twice counts twice."""
    return float(np.mean([v for name in drawn for v, t in zip(values, talkers, strict=True) if t == name]))


def _draws() -> list[Case]:
    values = [1.5, 2.0, 3.5, 8.0, 4.0, 6.5]
    talkers = ["s1", "s1", "s1", "s2", "s3", "s3"]
    return [(values, talkers, ["s2", "s1", "s2"]), (values, talkers, ["s3", "s3", "s1"])]


def _of(values: Sequence[float], talkers: Sequence[str], name: str) -> list[float]:
    return [value for value, talker in zip(values, talkers, strict=True) if talker == name]


DRAW = Exercise(
    name="mean_of_draw",
    reference=draw_mean,
    cases=_draws,
    picture="numbers",
    mutants=(
        Mutant(
            "each talker once",
            lambda values, talkers, drawn: float(
                np.mean([v for v, t in zip(values, talkers, strict=True) if t in drawn])
            ),
            "`in drawn` asks whether a talker is there at all. One who was drawn twice counts twice: go "
            "through `drawn`.",
        ),
        Mutant(
            "mean of the talkers' means",
            lambda values, talkers, drawn: float(np.mean([np.mean(_of(values, talkers, t)) for t in drawn])),
            "You average each talker first, so that one with a single clip weighs as much as one with three. "
            "The figure in the table is a mean over *clips*: so must this one be.",
        ),
        Mutant(
            "the draw not used",
            lambda values, _talkers, _drawn: float(np.mean(values)),
            "That is the mean of all clips, the same in each draw: its interval has no width. Take the clips "
            "of those in `drawn`.",
        ),
        Mutant(
            "one clip a talker",
            lambda values, talkers, drawn: float(np.mean([_of(values, talkers, t)[0] for t in drawn])),
            "You take the first clip of each talker drawn. A talker comes with *all* clips.",
        ),
    ),
)

EXERCISES = (LMD, PSNR, DRAW)


# The quiz.


def _eight_bits() -> int:
    """(10 - 20)² in eight bits."""
    difference = np.array([10], np.uint8) - np.array([20], np.uint8)
    return int((difference * difference)[0])


def _noise() -> float:
    """The wrapped PSNR of noise against other noise."""
    random = np.random.default_rng(0)
    first, second = random.integers(0, 256, (2, 20, 64, 64, 3)).astype(np.uint8)
    return round(published_psnr(first, second), 1)


def _wrong_sound() -> float:
    """The PSNR of the right video with a wrong sound: the sound is not asked."""
    video = np.full((2, 4, 4, 3), 90, np.uint8)
    return true_psnr(video, video)


def _wider() -> bool:
    """Whether the interval of clips that differ by talker alone is wider where talkers are drawn."""
    values = np.repeat([1.0, 2.0, 3.0, 4.0], 25)
    talkers = bootstrap(values, np.repeat(["a", "b", "c", "d"], 25).tolist())
    clips = bootstrap(values, [str(number) for number in range(100)])
    return talkers.high - talkers.low > clips.high - clips.low


QUIZZES = (
    Quiz(
        "evaluation",
        (
            Question(
                "In 8 bits, what is (10 - 20)²?",
                (
                    Choice("100", 100, "Of all things: 10 - 20 is 246, and 246² = 60516 leaves 100."),
                    Choice("60516", 60516, "That is 246², which 8 bits cannot hold."),
                    Choice("0", 0, "So it is for a difference of 16: 256 wraps to 0."),
                ),
                _eight_bits,
            ),
            Question(
                "Noise against other noise: what does the PSNR that wraps around say?",
                (
                    Choice("7.8 dB", 7.8, "That is the true one."),
                    Choice("27.9 dB", 27.9, "The floor: squares modulo 256 are spread over 0 to 255."),
                    Choice("0 dB", 0.0, "That is black against white, and true."),
                ),
                _noise,
            ),
            Question(
                "The right video, with the sound of somebody else. What is its PSNR?",
                (
                    Choice("Infinite", math.inf, "No pixel differs, and no sound is asked."),
                    Choice("About 20 dB, as for another talker", 20.0, "Its pixels are the truth."),
                    Choice("It has none", math.nan, "It has one: it looks at pixels only."),
                ),
                _wrong_sound,
            ),
            Question(
                "100 clips of 4 talkers, who differ. Which interval is wider: clips drawn, or talkers drawn?",
                (
                    Choice("Clips drawn", False, "It believes in 100 independent facts. There are 4."),
                    Choice("Talkers drawn", True, "4 talkers say little of a fifth, and it knows that."),
                ),
                _wider,
            ),
        ),
    ),
)
