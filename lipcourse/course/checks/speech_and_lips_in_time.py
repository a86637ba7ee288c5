"""Checks of notebook 04: a moved sound, the delay study's tracks, their correlation, an opening mouth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.signals.sync import (
    delay_sound,
    delayed_correlations,
    motion_steps,
    opening_steps,
    sound_steps,
)

Array = NDArray[np.floating]

# Exercise 1: move a sound.


def _sound(seconds: float, rate: int, seed: int) -> NDArray[np.float32]:
    """A sound that is nowhere silent."""
    noise = np.random.default_rng(seed).normal(size=round(seconds * rate))
    return np.asarray(0.2 * np.sign(noise) + 0.1 * noise, dtype=np.float32)


def _moved_by(waveform: Array, shift: int) -> Array:
    """The waveform `shift` samples later, with silence before it."""
    moved = np.zeros_like(waveform)
    moved[shift:] = waveform[: len(waveform) - shift]
    return moved


def _earlier(waveform: Array, frames: int, sample_rate: int) -> Array:
    shift = frames * sample_rate // 25
    moved = np.zeros_like(waveform)
    moved[: len(waveform) - shift] = waveform[shift:]
    return moved


MOVE = Exercise(
    name="move_sound",
    reference=delay_sound,
    cases=lambda: [
        (_sound(0.5, 800, 1), 2, 800),
        (_sound(0.4, 500, 2), 5, 500),
        (_sound(0.2, 500, 3), 0, 500),
    ],
    picture="lines",
    mutants=(
        Mutant(
            "wrapped around",
            lambda waveform, frames, rate: np.roll(waveform, frames * rate // 25),
            "`np.roll` brings what is pushed out at the end back in at the start: the talker's last word "
            "would be heard first. Fill the start with silence.",
        ),
        Mutant(
            "earlier in place of later",
            _earlier,
            "Your sound comes earlier. What was sample 0 should become sample `shift`.",
        ),
        Mutant(
            "frames taken for samples",
            lambda waveform, frames, _: _moved_by(waveform, frames),
            "You moved by so many samples. A frame lasts a 25th of a second: `sample_rate // 25` samples.",
        ),
        Mutant(
            "columns taken for frames",
            lambda waveform, frames, rate: _moved_by(waveform, frames * rate // 100),
            "You moved by columns of the spectrogram, of which four make a video frame.",
        ),
        Mutant(
            "longer than before",
            lambda waveform, frames, rate: np.pad(waveform, (frames * rate // 25, 0)),
            "The sound grew longer than its pictures: cut off at the end what you put in at the start.",
        ),
    ),
)


# Exercise 2: how much the sound changes.


def sound_track(log_mel: Array) -> Array:
    """The package's own answer: (T - 1,)."""
    return sound_steps(log_mel, "absolute")


def _frames(log_mel: Array) -> Array:
    return log_mel.reshape(-1, 4, log_mel.shape[1])


def _spectrogram(frames: int, bands: int, seed: int) -> Array:
    """Something like a spectrogram, (4 frames, bands), in decibels: it wanders."""
    random = np.random.default_rng(seed)
    return np.asarray(-40 + random.normal(size=(4 * frames, bands)).cumsum(axis=0))


TRACK = Exercise(
    name="sound_track",
    reference=sound_track,
    cases=lambda: [(_spectrogram(20, 12, 1),), (_spectrogram(9, 5, 2),)],
    picture="lines",
    mutants=(
        Mutant(
            "signed",
            lambda log_mel: np.diff(_frames(log_mel), axis=0).mean((1, 2)),
            "This is the signed reading: bands that grow louder cancel those that grow softer. Take absolute "
            "values before the mean.",
        ),
        Mutant(
            "absolute value after the mean",
            lambda log_mel: np.abs(np.diff(_frames(log_mel), axis=0).mean((1, 2))),
            "You take the mean first, and so let louder and softer bands cancel. `np.abs` belongs inside.",
        ),
        Mutant(
            "columns averaged first",
            lambda log_mel: np.abs(np.diff(_frames(log_mel).mean(1), axis=0)).mean(1),
            "You average the four columns of a frame before you take differences: what changes within a "
            "frame is lost. Compare first column with first column, second with second.",
        ),
        Mutant(
            "from column to column",
            lambda log_mel: np.abs(np.diff(log_mel, axis=0)).mean(1),
            "You take differences between neighbouring columns, 10 ms apart. The step is a video frame, four "
            "columns: the motion has one number a frame, too.",
        ),
        Mutant(
            "a sum, not a mean",
            lambda log_mel: np.abs(np.diff(_frames(log_mel), axis=0)).sum((1, 2)),
            "Right but for a factor: you sum over columns and bands where the mean is asked for.",
        ),
        Mutant(
            "the square root of the mean square",
            lambda log_mel: np.sqrt(np.square(np.diff(_frames(log_mel), axis=0)).mean((1, 2))),
            "A root of a mean square lets the largest changes count most. Here the mean of absolute "
            "values is asked for.",
        ),
    ),
)


# Exercise 3: correlation against offset.


def _at_each_offset(
    sound: Array, motion: Array, measure: Callable[[Array, Array], float], *, lag: int = 1, first: int = 0
) -> Array:
    """A measure of the tracks at eight offsets, with the mistakes that this invites."""
    results = []
    for offset in range(first, first + 8):
        kept = len(sound) - offset
        pair = (sound[offset:], motion[:kept]) if lag > 0 else (sound[:kept], motion[offset:])
        results.append(measure(*pair))
    return np.array(results)


def _pearson(a: Array, b: Array) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _track_cases() -> list[Case]:
    """Tracks as of a clip, above 0, whose motion leads by 3 and by 6 steps."""
    cases: list[Case] = []
    for seed, lead in ((1, 3), (2, 6)):
        random = np.random.default_rng(seed)
        track = np.abs(random.normal(size=60)) + 0.5
        sound = track[7 - lead : 57 - lead] + 0.3 * random.random(50)
        cases.append((3 * sound, 0.2 * track[7:57] + 0.1 * random.random(50)))
    return cases


CORRELATE = Exercise(
    name="correlate_shifted",
    reference=delayed_correlations,
    cases=_track_cases,
    picture="lines",
    mutants=(
        Mutant(
            "shifted the other way",
            lambda sound, motion: _at_each_offset(sound, motion, _pearson, lag=-1),
            "You let the sound lead: motion at t + k meets sound at t. Lips come first here: cut the "
            "start of the sound and the end of the motion.",
        ),
        Mutant(
            "wrapped around",
            lambda sound, motion: np.array([_pearson(sound, np.roll(motion, k)) for k in range(8)]),
            "`np.roll` lets the end of the clip meet its start. Leave out the steps that have no partner.",
        ),
        Mutant(
            "means not taken away",
            lambda sound, motion: _at_each_offset(
                sound, motion, lambda a, b: float(a @ b / np.sqrt((a @ a) * (b @ b)))
            ),
            "This is a cosine: it is near 1 for any two tracks above zero. Take each track's mean away "
            "first.",
        ),
        Mutant(
            "a covariance",
            lambda sound, motion: _at_each_offset(
                sound, motion, lambda a, b: float(np.cov(a, b, ddof=0)[0, 1])
            ),
            "This is a covariance, which grows with the size of the tracks. Divide by both standard "
            "deviations.",
        ),
        Mutant(
            "offsets from 1 to 8",
            lambda sound, motion: _at_each_offset(sound, motion, _pearson, first=1),
            "Your first offset is 1. Lips may also move exactly with the sound: begin with 0.",
        ),
    ),
)


# Exercise 4: how fast a mouth opens.


def _flow_cases() -> list[Case]:
    """Flow of a mouth that opens and closes on a head that nods and turns, (2, T - 1, H, W)."""
    cases: list[Case] = []
    for seed, steps, height, width in ((1, 12, 8, 10), (2, 7, 6, 6)):
        random = np.random.default_rng(seed)
        flow = 0.1 * random.normal(size=(2, steps, height, width))
        flow += random.normal(size=(2, steps, 1, 1))
        opening = random.normal(size=(steps, 1, 1))
        flow[1, :, height // 2 :] += 1.5 * opening
        flow[1, :, : height // 2] -= 0.5 * opening
        cases.append((flow,))
    return cases


def _halves(flow: Array, component: int = 1, axis: int = 1) -> tuple[Array, Array]:
    """The mean of one component in both halves, each (T - 1,)."""
    first, second = np.split(flow[component], 2, axis=axis)
    return first.mean((1, 2)), second.mean((1, 2))


def _difference(first: Array, second: Array) -> Array:
    return np.asarray(second - first)


OPENING = Exercise(
    name="opening_track",
    reference=opening_steps,
    cases=_flow_cases,
    picture="lines",
    mutants=(
        Mutant(
            "upper minus lower",
            lambda flow: -_difference(*_halves(flow)),
            "Your sign says how fast the mouth closes. y points down: when the lower lip drops, its dy is "
            "above 0, and this should count as opening.",
        ),
        Mutant(
            "sideways",
            lambda flow: _difference(*_halves(flow, component=0)),
            "You took dx, how far pixels go to the right. The flow is (dx, dy): dy is `flow[1]`.",
        ),
        Mutant(
            "left and right halves",
            lambda flow: _difference(*_halves(flow, axis=2)),
            "You cut the crop into left and right. The axes of `flow[1]` are step, y, x.",
        ),
        Mutant(
            "only the lower half",
            lambda flow: _halves(flow)[1],
            "You look at the lower half alone, so a nod of the head counts as an opening mouth. Take away "
            "what the upper half does.",
        ),
        Mutant(
            "length of the arrows",
            lambda flow: motion_steps(flow),
            "The length of an arrow is the same for opening and closing. Keep the sign of dy.",
        ),
        Mutant(
            "halves added",
            lambda flow: sum(_halves(flow)),
            "You add the halves. Then a nod counts twice, and lips that part cancel: subtract.",
        ),
    ),
)

EXERCISES = (MOVE, TRACK, CORRELATE, OPENING)


def _samples_of_three_frames() -> int:
    """By how many samples a click at the start moves when the sound is delayed by three frames."""
    click = np.zeros(44100)
    click[0] = 1
    return int(delay_sound(click, 3, 44100).argmax())


def _silence() -> float:
    """The correlation of a sound that never changes with a mouth that does."""
    return float(delayed_correlations(np.zeros(74), np.random.default_rng(0).random(74)).max())


def _half_louder() -> tuple[float, float]:
    """Signed and absolute change where half of the bands grow by 6 dB and the others fall by 6 dB."""
    log_mel = np.zeros((8, 128))
    log_mel[4:, ::2], log_mel[4:, 1::2] = 6, -6
    return float(sound_steps(log_mel, "signed")[0]), float(sound_steps(log_mel, "absolute")[0])


def _nod() -> tuple[float, float]:
    """What motion_steps and opening_steps say of a head that nods by two pixels."""
    flow = np.zeros((2, 1, 64, 64))
    flow[1] = 2
    return float(motion_steps(flow)[0]), float(opening_steps(flow)[0])


QUIZZES = (
    Quiz(
        "speech_and_lips_in_time",
        (
            Question(
                "A clip has 25 frames and 44 100 samples a second. By how many samples is its sound moved "
                "when it comes three frames later?",
                (
                    Choice("3", 3, "Those would be samples, not frames."),
                    Choice("1323", 1323, "That is three columns of the spectrogram, 30 ms."),
                    Choice("5292", 5292, "A frame lasts 1764 samples: 40 ms."),
                ),
                _samples_of_three_frames,
            ),
            Question(
                "A clip was recorded with the microphone switched off. What correlation does the study "
                "give it?",
                (
                    Choice("0 at every offset", 0.0, "A track that never changes goes along with nothing."),
                    Choice("1 at every offset", 1.0, "Nothing about a constant agrees with a moving mouth."),
                    Choice(
                        "Not a number",
                        "nan",
                        "The formula alone divides 0 by 0; the package decides for 0 there, so that one "
                        "silent clip does not spoil a corpus.",
                    ),
                ),
                _silence,
            ),
            Question(
                "From one frame to the next half of the bands grow by 6 dB, the others fall by 6 dB. What "
                "do the two readings of the mean derivative say, signed and absolute?",
                (
                    Choice(
                        "0 and 6", (0.0, 6.0), "Signed changes cancel. The sound is quite another one now."
                    ),
                    Choice("6 and 0", (6.0, 0.0), "It is the signed ones that cancel."),
                    Choice("0 and 0", (0.0, 0.0), "Absolute changes cannot cancel."),
                    Choice("6 and 6", (6.0, 6.0), "Six up and six down have a signed mean of nothing."),
                ),
                _half_louder,
            ),
            Question(
                "A head nods: all pixels go down by two, the mouth stays shut. What do motion_steps and "
                "opening_steps say?",
                (
                    Choice("2 and 2", (2.0, 2.0), "Both halves go down: their difference is nothing."),
                    Choice(
                        "2 and 0",
                        (2.0, 0.0),
                        "Motion counts every arrow; opening only what tells lips apart.",
                    ),
                    Choice("0 and 0", (0.0, 0.0), "The arrows are two pixels long, whoever moves them."),
                ),
                _nod,
            ),
        ),
    ),
)
