"""Checks of notebook 02: the gap between lips, frames without a face, back to the frame, Eq. 5 of glance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.metrics.lmd import landmark_distance
from lipcourse.signals.alignment import (
    JAW,
    MEAN_FACE,
    MOUTH,
    STEADY,
    crop_mouths,
    fit_similarity,
    invert_transforms,
    mouth_opening,
    transform_points,
)

Points = NDArray[np.floating]


def talk(seed: int, frames: int) -> Points:
    """A drawn face that talks with its head tilted, (T, 68, 2) in pixels."""
    generator = np.random.default_rng(seed)
    shapes = np.repeat(150 * (MEAN_FACE - 0.5)[None], frames, axis=0)
    shapes[:, [55, 56, 57, 58, 59, 65, 66, 67], 1] += generator.uniform(0, 14, (frames, 1))
    shapes += generator.normal(0, 0.6, shapes.shape)
    turn = generator.uniform(0.15, 0.5)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    drift = np.cumsum(generator.normal(0, 2, (frames, 1, 2)), axis=0)
    return np.asarray(shapes @ rotation + drift + (180, 144))


# Exercise 1: the gap between the lips.


def _gap(landmarks: Points, upper: list[int], lower: list[int]) -> Points:
    return np.asarray(np.linalg.norm(landmarks[:, lower] - landmarks[:, upper], axis=-1).mean(axis=-1))


GAP = Exercise(
    name="lip_gap",
    reference=mouth_opening,
    cases=lambda: [(talk(1, 40),), (talk(2, 7),)],
    picture="lines",
    mutants=(
        Mutant(
            "the outer lips",
            lambda landmarks: _gap(landmarks, [50, 51, 52], [58, 57, 56]),
            "You measured between the outer edges of the lips (50 to 58), so a closed mouth is as far open "
            "as its lips are thick. The inner lips are 60 to 67.",
        ),
        Mutant(
            "pairs that lie crosswise",
            lambda landmarks: _gap(landmarks, [61, 62, 63], [65, 66, 67]),
            "The numbers run round the mouth: above from the right corner to the left, below back again. So "
            "the point under 61 is 67, not 65, and the point under 63 is 65.",
        ),
        Mutant(
            "up and down only",
            lambda landmarks: np.abs(landmarks[:, [67, 66, 65], 1] - landmarks[:, [61, 62, 63], 1]).mean(-1),
            "You took the difference in y alone. On a tilted head lips also part sideways: take the "
            "Euclidean distance.",
        ),
        Mutant(
            "one pair of three",
            lambda landmarks: _gap(landmarks, [62], [66]),
            "You used the middle pair alone. Its points are whole pixels and tremble: average the pairs "
            "61-67, 62-66 and 63-65.",
        ),
        Mutant(
            "the sum of the pairs",
            lambda landmarks: 3 * mouth_opening(landmarks),
            "You added the three distances up. Their mean is the gap in pixels.",
        ),
    ),
)


# Exercise 2: frames without a face.


def fill_gaps(landmarks: Points, found: NDArray[np.bool_]) -> Points:
    """The package's own answer: straight lines in time across frames without a face, ends held."""
    times = np.arange(len(landmarks))
    rows = landmarks.reshape(len(landmarks), -1)
    columns = [np.interp(times, times[found], column[found]) for column in rows.T]
    return np.stack(columns, axis=1).reshape(landmarks.shape)


def _held(landmarks: Points, found: NDArray[np.bool_]) -> Points:
    """Repeat the last frame that had a face (before the first one: that one)."""
    last = np.maximum.accumulate(np.where(found, np.arange(len(found)), found.argmax()))
    return np.asarray(landmarks[last])


def _nearest(landmarks: Points, found: NDArray[np.bool_]) -> Points:
    seen = np.flatnonzero(found)
    nearest = seen[np.abs(np.arange(len(found))[:, None] - seen).argmin(axis=1)]
    return np.asarray(landmarks[nearest])


def _squeezed(landmarks: Points, found: NDArray[np.bool_]) -> Points:
    """Counts the frames with a face 0, 1, 2, ... and so forgets how long a gap lasts."""
    rows = landmarks.reshape(len(landmarks), -1)[found]
    times = np.linspace(0, len(rows) - 1, len(landmarks))
    columns = [np.interp(times, np.arange(len(rows)), column) for column in rows.T]
    return np.stack(columns, axis=1).reshape(landmarks.shape)


def _mean_filled(landmarks: Points, found: NDArray[np.bool_]) -> Points:
    filled = landmarks.copy()
    filled[~found] = landmarks[found].mean(axis=0)
    return filled


def _gap_cases() -> list[Case]:
    cases = []
    for seed, gaps in ((3, [(4, 9)]), (4, [(0, 3), (11, 12), (17, 20)])):
        landmarks, found = talk(seed, 20), np.ones(20, bool)
        for start, stop in gaps:
            landmarks[start:stop], found[start:stop] = 0, False
        cases.append((landmarks, found))
    return cases


FILL = Exercise(
    name="fill_gaps",
    reference=fill_gaps,
    cases=_gap_cases,
    picture="points",
    mutants=(
        Mutant(
            "the last face is held",
            _held,
            "You repeat the last face until the next one comes: then it jumps. Go from the face before the "
            "gap to the face after it in equal steps.",
        ),
        Mutant(
            "the nearest face is taken",
            _nearest,
            "In the middle of a gap your points jump from the face before it to the face after it. A mean "
            "of the two, weighted by time, does not.",
        ),
        Mutant(
            "the gap's length is forgotten",
            _squeezed,
            "You spread the found frames evenly over the clip, so that frames with a face have moved too. "
            "The known times are np.flatnonzero(found), not 0, 1, 2, ...",
        ),
        Mutant(
            "filled with the mean face",
            _mean_filled,
            "You put the clip's mean face into the gap. The head has moved since: use the faces just before "
            "and just after.",
        ),
        Mutant(
            "left as they are",
            lambda landmarks, _: landmarks.copy(),
            "Frames without a face still hold zeros: the face flies to the picture's corner and back.",
        ),
    ),
)


# Exercise 3: from the crop back to the frame.


def to_frame(points: Points, transform: Points) -> Points:
    """The package's own answer: where points (N, 2) of a crop lie in the frame."""
    return transform_points(points, invert_transforms(transform))


def _back_cases() -> list[Case]:
    landmarks = talk(5, 3)
    transforms = fit_similarity(landmarks[:, STEADY], 100 * MEAN_FACE[STEADY]).astype(np.float64)
    return [
        (transform_points(face, transform), transform)
        for face, transform in zip(landmarks, transforms, strict=True)
    ]


BACK = Exercise(
    name="to_frame",
    reference=to_frame,
    cases=_back_cases,
    picture="points",
    mutants=(
        Mutant(
            "from the frame to the crop",
            lambda points, transform: transform_points(points, transform),
            "You applied the transform as it is, which leads from the frame to the crop. The way back undoes "
            "it: first take the shift away, then turn and scale back.",
        ),
        Mutant(
            "the shift is taken away last",
            lambda points, transform: points @ np.linalg.inv(transform[:, :2]).T - transform[:, 2],
            "The way there shifts last, so the way back must take the shift away first: (points - t), and "
            "only then the inverse of A.",
        ),
        Mutant(
            "turned back, not scaled back",
            lambda points, transform: (points - transform[:, 2]) @ transform[:, :2],
            "You used A transposed in place of its inverse. For a pure turn they are the same, but this A "
            "also scales, and now it scales twice: np.linalg.inv.",
        ),
        Mutant(
            "turned the wrong way",
            lambda points, transform: (points - transform[:, 2]) @ np.linalg.inv(transform[:, :2]),
            "Points are rows, so the inverse of A stands on their right and transposed: points @ inverse.T.",
        ),
        Mutant(
            "not shifted",
            lambda points, transform: points @ np.linalg.inv(transform[:, :2]).T,
            "Size and tilt are right, but the face lies elsewhere: you left out t, the last column.",
        ),
    ),
)


# Exercise 4: Eq. 5 of glance.


def _lmd(
    reference: Points, generated: Points, *, centre: str = "frame", norm: str = "euclid", mean: str = "all"
) -> float:
    """Eq. 5, with the mistakes that it invites."""
    axes: dict[str, tuple[int, ...]] = {"frame": (-2,), "clip": (-3, -2)}
    difference = reference - generated
    if centre in axes:
        difference = difference - difference.mean(axis=axes[centre], keepdims=True)
    distances = {
        "euclid": np.linalg.norm(difference, axis=-1),
        "squared": np.square(difference).sum(axis=-1),
        "coordinates": np.abs(difference).mean(axis=-1),
    }[norm]
    if mean == "squares":
        return float(np.sqrt(np.square(distances).mean()))
    return float(distances.sum(axis=-1).mean() if mean == "frames" else distances.mean())


def _mouth_pairs() -> list[Case]:
    pairs = []
    for seed in (6, 7):
        generated = talk(seed, 12)[:, MOUTH]
        steps = np.random.default_rng(seed).normal(0, 3, (12, 1, 2))
        pairs.append((talk(seed + 10, 12)[:, MOUTH], np.add(generated, steps) + 9))
    return pairs


DISTANCE = Exercise(
    name="lip_distance",
    reference=landmark_distance,
    cases=_mouth_pairs,
    picture="numbers",
    mutants=(
        Mutant(
            "mean points not aligned",
            lambda reference, generated: _lmd(reference, generated, centre="none"),
            "You compare the points where they lie, so a face that sits elsewhere in its picture counts as "
            "wrong lips. Take each mouth's mean point away first, frame by frame.",
        ),
        Mutant(
            "one mean point for the whole clip",
            lambda reference, generated: _lmd(reference, generated, centre="clip"),
            "You took one mean over the clip: a head that nods still counts. Average over the 20 points only "
            "(axis=1, keepdims=True), so that each frame has its own mean point.",
        ),
        Mutant(
            "squared distances",
            lambda reference, generated: _lmd(reference, generated, norm="squared"),
            "Your numbers are square pixels: the root is missing. np.linalg.norm(..., axis=-1) has it.",
        ),
        Mutant(
            "root of the mean square",
            lambda reference, generated: _lmd(reference, generated, mean="squares"),
            "You averaged squares and took the root at the end. Eq. 5 averages the distances themselves: the "
            "root comes first.",
        ),
        Mutant(
            "mean over coordinates",
            lambda reference, generated: _lmd(reference, generated, norm="coordinates"),
            "You averaged the absolute differences of x and y. The distance of two points is the root of the "
            "sum of their squares.",
        ),
        Mutant(
            "summed over the points",
            lambda reference, generated: _lmd(reference, generated, mean="frames"),
            "Your number is 20 times too large: Eq. 5 divides by the number of points P too.",
        ),
    ),
)

EXERCISES = (GAP, FILL, BACK, DISTANCE)


# The quiz: each key is computed on drawn faces.


def _what_moves_the_crop() -> str:
    """Which points move the crop of a mouth, if they move in one frame."""
    still = np.repeat(talk(8, 1), 9, axis=0)
    frames = np.zeros((9, 288, 360, 3), np.uint8)
    _, before = crop_mouths(frames, still)

    def crop_moves(part: slice) -> bool:
        moved = still.copy()
        moved[4, part] += (0, 6)
        return not np.allclose(crop_mouths(frames, moved)[1], before, atol=1e-3)

    movers = [name for name, part in (("jaw", JAW), ("lips", MOUTH), ("steady", STEADY)) if crop_moves(part)]
    return " ".join(movers)


def _shifted_mouth() -> float:
    mouth = talk(9, 20)[:, MOUTH]
    return round(float(landmark_distance(mouth, mouth + np.array([10.0, 0.0]))), 6)


def _doubled_pixels() -> float:
    """What an LMD of 1.5 px becomes where both clips are measured at twice the size."""
    real, made = talk(10, 20)[:, MOUTH], talk(11, 20)[:, MOUTH]
    return 1.5 * float(landmark_distance(2 * real, 2 * made) / landmark_distance(real, made))


def _late_or_still() -> str:
    """Which scores better against a mouth that opens and closes: the same half a turn late, or none."""
    opening = 7 * np.sin(np.arange(40) * np.pi / 4)[:, None]
    mouth = np.repeat(150 * MEAN_FACE[None, MOUTH], 40, axis=0)
    mouth[:, 7:12, 1] += opening
    late, still = np.roll(mouth, 4, axis=0), np.repeat(mouth.mean(axis=0, keepdims=True), 40, axis=0)
    return "still" if landmark_distance(mouth, still) < landmark_distance(mouth, late) else "late"


QUIZZES = (
    Quiz(
        "faces_and_landmarks",
        (
            Question(
                "In one frame of a clip some points move down by 6 pixels. Which of them move the mouth crop "
                "of that frame with them?",
                (
                    Choice("The jaw", "jaw", "The jaw moves with speech: the crop must not follow it."),
                    Choice("The lips", "lips", "Then the lips would stand still in their own crop."),
                    Choice("Eyes and nose", "steady", "They say where the head is, whatever is said."),
                    Choice(
                        "All of them", "jaw lips steady", "Only points that speech leaves alone are used."
                    ),
                ),
                _what_moves_the_crop,
            ),
            Question(
                "A generated mouth moves exactly like the real one, 10 pixels to the right of it. Its LMD is",
                (
                    Choice("0 px", 0.0, "The mean points are laid on each other first."),
                    Choice("10 px", 10.0, "It would be without aligning the mean points."),
                    Choice("0.5 px", 0.5, "The shift is the same for all 20 points, so it cancels."),
                ),
                _shifted_mouth,
            ),
            Question(
                "One paper reports 1.5 px. The same two clips are enlarged to twice their size and measured "
                "again. The LMD is now",
                (
                    Choice("1.5 px", 1.5, "Tilt and size are not taken away, and pixels are the unit."),
                    Choice("3 px", 3.0, "It grows with the picture: compare numbers of one crop size only."),
                    Choice("6 px", 6.0, "A distance grows with the side, not with the area."),
                ),
                _doubled_pixels,
            ),
            Question(
                "A mouth opens and closes steadily. Clip A has the same movement half a turn late (open "
                "where it should be closed); clip B does not move at all. Which has the lower (better) LMD?",
                (
                    Choice("A, since it moves", "late", "It is wrong twice: once for each way."),
                    Choice(
                        "B, which stands still",
                        "still",
                        "LMD rewards the cautious. That is why no paper should report it alone.",
                    ),
                ),
                _late_or_still,
            ),
        ),
    ),
)
