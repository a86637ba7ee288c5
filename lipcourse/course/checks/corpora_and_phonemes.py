"""Checks of notebook 05: a phone for each frame, distance from uniform, rare clips, the best selection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.signals.pronunciation import pronounce
from lipcourse.signals.selection import (
    PHONEMES,
    count_phonemes,
    distance_to_uniform,
    phoneme_shares,
    score_rarity,
    select_clips,
)

Array = NDArray[np.floating]
Counts = NDArray[np.integer]

# Exercise 1: which phone belongs to which frame.


def frame_phones(starts: Array, ends: Array, frames: int) -> Counts:
    """The package's own answer: for each frame the index of the phone at its middle, or -1."""
    return _at(starts, ends, (np.arange(frames) + 0.5) / 25)


def _at(starts: Array, ends: Array, times: Array) -> Counts:
    """The index of the phone at each time, or -1."""
    inside = (starts[:, None] <= times) & (times < ends[:, None])
    return np.where(inside.any(axis=0), inside.argmax(axis=0), -1)


def _phone_cases() -> list[Case]:
    """Phones of 30 to 130 ms, with a pause here and there."""
    cases: list[Case] = []
    for seed, count, frames in ((1, 12, 40), (2, 7, 30)):
        random = np.random.default_rng(seed)
        lengths = random.uniform(0.03, 0.13, count)
        pauses = random.uniform(0.05, 0.2, count) * (random.random(count) < 0.3)
        ends = 0.17 + (lengths + pauses).cumsum()
        cases.append((ends - lengths, ends, frames))
    return cases


FRAMES = Exercise(
    name="frame_phones",
    reference=frame_phones,
    cases=_phone_cases,
    picture="lines",
    mutants=(
        Mutant(
            "the start of the frame",
            lambda starts, ends, frames: _at(starts, ends, np.arange(frames) / 25),
            "You ask at the start of each frame. A frame lasts from t / 25 to (t + 1) / 25 seconds: its "
            "middle is half a frame later.",
        ),
        Mutant(
            "the end of the frame",
            lambda starts, ends, frames: _at(starts, ends, (np.arange(frames) + 1) / 25),
            "You ask at the end of each frame, where the next one begins. Its middle is (t + 0.5) / 25.",
        ),
        Mutant(
            "pauses filled",
            lambda starts, _, frames: (
                np.searchsorted(starts, (np.arange(frames) + 0.5) / 25, side="right") - 1
            ),
            "You look at the starts alone, so that a phone lasts until the next one begins. In a pause "
            "nobody speaks: compare with the ends as well, and give -1.",
        ),
        Mutant(
            "columns of sound",
            lambda starts, ends, frames: _at(starts, ends, (np.arange(frames) + 0.5) / 100),
            "You divide by 100, as if a frame were one of the four columns of the spectrogram. There are 25 "
            "frames a second.",
        ),
        Mutant(
            "silence is phone 0",
            lambda starts, ends, frames: _at(starts, ends, (np.arange(frames) + 0.5) / 25).clip(0),
            "Where nobody speaks you give 0, which is the first phone. `argmax` of nothing but False is 0: "
            "put -1 there.",
        ),
    ),
)


# Exercise 2: how far from uniform.


def uniform_distance(shares: Array) -> float:
    """The package's own answer: KL(shares || uniform) in nats."""
    return float(distance_to_uniform(shares))


def _p_log_p(shares: Array) -> float:
    """The sum of p log p, 0 where p is 0."""
    said = shares[shares > 0]
    return float((said * np.log(said)).sum())


def _backwards(shares: Array) -> float:
    """KL(uniform || shares) over what is said."""
    said, count = shares[shares > 0], len(shares)
    return float((np.log(1 / count / said) / count).sum())


def _log_of_zero(shares: Array) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((shares * np.log(shares * len(shares))).sum())


DISTANCE = Exercise(
    name="uniform_distance",
    reference=uniform_distance,
    cases=lambda: [
        (np.array([0.5, 0.25, 0.25, 0.0]),),
        (np.array([0.7, 0.1, 0.1, 0.1]),),
        (np.full(5, 0.2),),
    ],
    mutants=(
        Mutant(
            "the logarithm of 0",
            _log_of_zero,
            "0 times the logarithm of 0 is not a number for a computer. What is never said adds nothing to "
            "the sum: leave it out.",
        ),
        Mutant(
            "an entropy",
            lambda shares: -_p_log_p(shares),
            "This is the entropy, which is largest for a uniform histogram. The divergence is log K less the "
            "entropy, where K is the number of phonemes.",
        ),
        Mutant(
            "not compared with uniform",
            _p_log_p,
            "You leave out the uniform share 1 / K that p is divided by: the result must be 0 where all "
            "shares are equal.",
        ),
        Mutant(
            "the other way round",
            _backwards,
            "You measure KL(uniform || shares), which weights by the uniform shares (and has no finite value "
            "where a phoneme is never said). Weight by the shares themselves.",
        ),
        Mutant(
            "bits",
            lambda shares: uniform_distance(shares) / np.log(2),
            "You use the logarithm to base 2. Right but for a factor: here the natural one is asked for.",
        ),
        Mutant(
            "only the phonemes that are said",
            lambda shares: uniform_distance(shares[shares > 0]),
            "You leave out phonemes that are never said, and with them their part in K: a corpus that "
            "lacks a phoneme is not uniform. K counts all of them.",
        ),
    ),
)


# Exercise 3: which clips are rare.


def rarity(counts: Counts) -> Array:
    """The package's own answer: for each clip the mean of 1 / share over its phones."""
    return score_rarity(counts)


def _rate(counts: Counts, value: Callable[[Array], Array], *, mean: bool = True, once: bool = False) -> Array:
    """A value of each phoneme's share, added up over a clip's phones, with the mistakes that this invites."""
    totals = counts.sum(axis=0)
    said = totals > 0
    own = counts[:, said].astype(float)
    if once:
        own = (own > 0).astype(float)
    score = own @ value(totals[said] / totals.sum())
    return np.asarray(score / own.sum(axis=1) if mean else score)


def _by_own_share(counts: Counts) -> Array:
    shares = counts / counts.sum(axis=1, keepdims=True)
    inverse = np.divide(1, shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray((counts * inverse).sum(axis=1) / counts.sum(axis=1))


def _divided_by_nothing(counts: Counts) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(counts @ (counts.sum() / counts.sum(axis=0)) / counts.sum(axis=1))


def _count_cases() -> list[Case]:
    """Clips of different lengths; one phoneme is never said."""
    random = np.random.default_rng(5)
    usual = np.array([8, 5, 3, 2, 1, 0.3, 0])
    return [(random.poisson(usual * factor) + (usual > 7),) for factor in (np.ones((6, 1)), np.ones((9, 1)))]


RARITY = Exercise(
    name="rarity",
    reference=rarity,
    cases=_count_cases,
    picture="lines",
    mutants=(
        Mutant(
            "a sum, not a mean",
            lambda counts: _rate(counts, lambda shares: 1 / shares, mean=False),
            "You sum over a clip's phones, so that a long clip counts as rare. Divide by how many phones it "
            "says.",
        ),
        Mutant(
            "frequent, not rare",
            lambda counts: _rate(counts, lambda shares: shares),
            "You average the shares themselves: that is highest for the commonest clips. Average 1 / share.",
        ),
        Mutant(
            "each phoneme once",
            lambda counts: _rate(counts, lambda shares: 1 / shares, once=True),
            "You ask whether a clip says a phoneme, not how often. One that says it twice counts it twice.",
        ),
        Mutant(
            "shares of the clip",
            _by_own_share,
            "You take each clip's own shares. What is rare is decided by all clips together: sum the counts "
            "over the clips first.",
        ),
        Mutant(
            "inverse counts",
            lambda counts: rarity(counts) / counts.sum(),
            "Right but for a factor: you divide by how often a phoneme occurs, not by its share. The ranking "
            "is the same, but the number then depends on the size of the corpus.",
        ),
        Mutant(
            "divided by nothing",
            _divided_by_nothing,
            "A phoneme that no clip says has a share of 0, and 0 times infinity is not a number. Leave "
            "its column out.",
        ),
    ),
)


# Exercise 4: the loop of Algorithm 1.


def best_size(ranked: Counts, sizes: Counts) -> int:
    """The package's own answer: how many of the clips, the rarest first, come nearest to uniform."""
    return _nearest(sizes, lambda size: _distance(ranked[:size]))


def _distance(clips: Counts) -> float:
    return float(distance_to_uniform(phoneme_shares(clips)))


def _nearest(sizes: Counts, distance: Callable[[int], float]) -> int:
    """The size whose distance is the smallest."""
    best: int = min(sizes.tolist(), key=distance)
    return best


def _ranked_cases() -> list[Case]:
    """Clips of which the first say little but rare phonemes, and sizes in no order."""
    cases: list[Case] = []
    for seed in (1, 2, 3):
        random = np.random.default_rng(seed)
        # From left to right the phonemes grow rarer, and each clip says its own part of them most.
        favourite = np.linspace(5, 0, 40)[:, None] + random.normal(size=(40, 1)) / 2
        often = 12 * np.exp(-np.square(np.arange(6) - favourite)) + np.array([3, 2, 1.5, 1, 0.5, 0.2])
        cases.append((random.poisson(often), random.permutation(np.arange(3, 40))[:12]))
    return cases


SIZE = Exercise(
    name="best_size",
    reference=best_size,
    cases=_ranked_cases,
    mutants=(
        Mutant(
            "the farthest",
            lambda ranked, sizes: _nearest(sizes, lambda size: -_distance(ranked[:size])),
            "You keep the size whose histogram is *farthest* from uniform: take the smallest distance.",
        ),
        Mutant(
            "the commonest clips",
            lambda ranked, sizes: _nearest(sizes, lambda size: _distance(ranked[-size:])),
            "You take clips from the end. The ranking has the rarest first: `ranked[:size]`.",
        ),
        Mutant(
            "which draw, not which size",
            lambda ranked, sizes: int(np.argmin([_distance(ranked[:size]) for size in sizes])),
            "You return the number of the draw. Asked for is the size that was drawn: `sizes[...]`.",
        ),
        Mutant(
            "each clip by itself",
            lambda ranked, sizes: _nearest(
                sizes, lambda size: float(np.mean([_distance(clip[None]) for clip in ranked[:size]]))
            ),
            "You measure each clip by itself and average. No single clip need be uniform: what counts is the "
            "histogram of all kept clips together.",
        ),
        Mutant(
            "the smallest size",
            lambda _, sizes: int(sizes.min()),
            "You take the smallest size whatever its histogram. Compute the distance for each size.",
        ),
    ),
)

EXERCISES = (FRAMES, DISTANCE, RARITY, SIZE)


# The quiz: each key is computed with the package.


def _one_phoneme() -> float:
    """How far a corpus of nothing but "aaa" is from uniform."""
    return round(float(distance_to_uniform(np.eye(len(PHONEMES))[0])), 2)


def _talkers_shared() -> int:
    """How many of the puppets' talkers are both in training and in test clips."""
    corpus = PuppetCorpus(400, 40)
    train, test = ({key.split("/")[1] for key in corpus.keys(split=split)} for split in ("train", "test"))
    return len(train & test)


def _unknown_word() -> str:
    """What becomes of a word that the dictionary does not have."""
    readings, guessed = pronounce(("bin", "blorp"))
    return "guessed" if "blorp" in guessed and "bin" not in guessed and readings["blorp"] else "refused"


def _never_said() -> int:
    """How often a phoneme that no clip says is said in a selection."""
    clips = [("AH", "T"), ("AH", "AH"), ("T", "S"), ("S", "AH", "M")]
    selection = select_clips(count_phonemes(clips))
    return int(selection.after[PHONEMES.index("ZH")] > 0)


QUIZZES = (
    Quiz(
        "corpora_and_phonemes",
        (
            Question(
                "A corpus says nothing but “aaa”. How far is its histogram of 39 phonemes from uniform, as a "
                "KL divergence in nats?",
                (
                    Choice("0", 0.0, "0 is for equal shares; these could not be less equal."),
                    Choice("3.66", 3.66, "log 39: no histogram is farther away."),
                    Choice("5.29", 5.29, "That is log 39 in bits."),
                    Choice("Infinite", float("inf"), "Zeros cost nothing in this direction of the KL."),
                ),
                _one_phoneme,
            ),
            Question(
                "400 clips of 40 puppets are split as the corpus does by default. How many talkers are in "
                "both the training and the test clips?",
                (
                    Choice("None", 0, "Talkers are split, and all their clips go with them."),
                    Choice("About four", 4, "That is how many are tested; none of them trains."),
                    Choice("All 40", 40, "So it would be if clips were split, not talkers."),
                ),
                _talkers_shared,
            ),
            Question(
                "A transcript reads “bin blorp at f two now”, and no dictionary knows “blorp”. What does the "
                "package's aligner do?",
                (
                    Choice("It refuses the clip", "refused", "One name would then cost a whole clip."),
                    Choice("It leaves the word out", "left out", "Its sound would go to the neighbours."),
                    Choice(
                        "It reads it as a synthesiser would, and says so",
                        "guessed",
                        "eSpeak reads any spelling; what was guessed is in the result.",
                    ),
                ),
                _unknown_word,
            ),
            Question(
                "No clip of a corpus says ZH, the middle of “measure”. Can Algorithm 1 choose clips in which "
                "it is as frequent as the others?",
                (
                    Choice("Yes, with a small enough selection", 1, "It chooses; it invents nothing."),
                    Choice(
                        "No", 0, "A selection only weighs what is there. Write other sentences, record more."
                    ),
                ),
                _never_said,
            ),
        ),
    ),
)
