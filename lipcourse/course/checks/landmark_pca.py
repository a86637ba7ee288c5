"""Checks of notebook 03: shapes on each other, PCA by hand, Eq. 4 of atvg, what a component explains."""

from __future__ import annotations

import torch
from torch import Tensor

from lipcourse.course.checks.drawn_faces import face, moves, talk
from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.signals.shapes import DEMO_BOOST, MOUTH, ShapeModel, procrustes

# Exercise 1: lay one shape on another.


def align_shape(shape: Tensor, mean: Tensor) -> Tensor:
    """The package's own answer: (68, 2), as near to `mean` as turning, scaling and shifting bring it."""
    return procrustes(shape, mean).shapes


def _turned(
    shape: Tensor, mean: Tensor, *, mirror: bool = False, scale: str = "fit", sense: int = 1
) -> Tensor:
    """Procrustes by singular value decomposition, with the mistakes that it invites."""
    centred, target = shape - shape.mean(0), mean - mean.mean(0)
    left, singular, right = torch.linalg.svd(centred.mT @ target)
    signs = torch.ones(2, dtype=shape.dtype)
    signs[1] = 1 if mirror else torch.linalg.det(left @ right).sign()
    rotation = left * signs @ right
    factors = {
        "fit": (singular * signs).sum() / centred.square().sum(),
        "sizes": target.norm() / centred.norm(),
        "none": torch.ones(()),
    }
    turned = factors[scale] * centred @ (rotation if sense > 0 else rotation.mT)
    return torch.add(turned, mean.mean(0))


def _align_uncentred(shape: Tensor, mean: Tensor) -> Tensor:
    """Turn and scale about the picture's corner."""
    z, m = torch.view_as_complex(shape.contiguous()), torch.view_as_complex(mean.contiguous())
    return torch.view_as_real((z.conj() * m).sum() / z.abs().square().sum() * z)


def _align_cases() -> list[Case]:
    frames = talk(1, 4)
    mirrored = frames[3] * torch.tensor([-1.0, 1.0])
    mirrored[:17] += torch.linspace(0, 0.5, 17)[:, None]
    half = torch.tensor([[0.8, 0.6], [-0.6, 0.8]], dtype=torch.float64)
    return [
        (60 * frames[0] + torch.tensor([180.0, 140.0]), face()),
        (40 * frames[1] @ half + torch.tensor([90.0, 160.0]), face()),
        (0.2 * frames[2] @ half.mT - 3, 50 * face() + 64),
        (mirrored, face()),
    ]


ALIGN = Exercise(
    name="align_shape",
    reference=align_shape,
    cases=_align_cases,
    picture="points",
    mutants=(
        Mutant(
            "not centred",
            _align_uncentred,
            "You turn and scale about the corner of the picture. Take each shape's own centre away first, "
            "then "
            "add the centre of the mean shape at the end.",
        ),
        Mutant(
            "left at the centre",
            lambda shape, mean: _turned(shape, mean) - mean.mean(0),
            "Turn and scale are right, but your shape stays around (0, 0). Add the centre of the mean shape.",
        ),
        Mutant(
            "turned the wrong way",
            lambda shape, mean: _turned(shape, mean, sense=-1),
            "Your angle has the wrong sign. With complex numbers the shape, not the mean, is the one to "
            "conjugate; with an SVD, try the transposed rotation.",
        ),
        Mutant(
            "reflection allowed",
            lambda shape, mean: _turned(shape, mean, mirror=True),
            "One of the shapes is a mirror image, and you flipped it. A head can turn but not become its "
            "mirror image: where the determinant is negative, change the sign of the last singular vector.",
        ),
        Mutant(
            "not scaled",
            lambda shape, mean: _turned(shape, mean, scale="none"),
            "A face near the camera is no other shape than one far away: scale as well as turn.",
        ),
        Mutant(
            "sizes made equal",
            lambda shape, mean: _turned(shape, mean, scale="sizes"),
            "You divide one size by the other. That makes the sizes equal, but a slightly smaller shape lies "
            "nearer (least squares) when it does not fit exactly: divide by the squared size of the shape.",
        ),
    ),
)


# Exercise 2: PCA by hand.


def reconstruct_shapes(shapes: Tensor, count: int) -> Tensor:
    """The package's own answer: every shape drawn again from its first `count` components, (N, 68, 2)."""
    model = ShapeModel.fit(shapes, count)
    return model.inverse(model.transform(shapes))


def _reconstruct(
    shapes: Tensor,
    count: int,
    *,
    centre: bool = True,
    add: bool = True,
    which: str = "rows",
    white: bool = False,
) -> Tensor:
    """PCA by singular value decomposition, with the mistakes that it invites."""
    rows = shapes.reshape(len(shapes), -1)
    mean = rows.mean(0) if centre else torch.zeros_like(rows[0])
    _, singular, directions = torch.linalg.svd(rows - mean, full_matrices=False)
    choices = {"rows": directions[:count], "columns": directions.mT[:count], "last": directions[-count:]}
    chosen = choices[which]
    coefficients = (rows - mean) @ chosen.mT
    if white:
        coefficients = coefficients / (singular[:count] / (len(rows) - 1) ** 0.5)
    drawn = (coefficients @ chosen).reshape(shapes.shape)
    return torch.add(drawn, mean.reshape(68, 2)) if add else drawn


RECONSTRUCT = Exercise(
    name="reconstruct_shapes",
    reference=reconstruct_shapes,
    cases=lambda: [(talk(2, 160), 1), (talk(3, 160), 4)],
    picture="points",
    mutants=(
        Mutant(
            "forgot to centre",
            lambda shapes, count: _reconstruct(shapes, count, centre=False),
            "Without taking the mean away, your first component spends itself on the mean face, which is far "
            "from zero. Subtract the mean of each column before the SVD, and add it again at the end.",
        ),
        Mutant(
            "columns in place of rows",
            lambda shapes, count: _reconstruct(shapes, count, which="columns"),
            "`torch.linalg.svd` gives U, S and V already transposed: the directions are the first rows of "
            "Vh, not "
            "its first columns.",
        ),
        Mutant(
            "the mean is missing",
            lambda shapes, count: _reconstruct(shapes, count, add=False),
            "You draw how far a face is from the mean face, not the face: add the mean.",
        ),
        Mutant(
            "scaled by the variance",
            lambda shapes, count: _reconstruct(shapes, count, white=True),
            "You divide the coefficients by their standard deviation (whitening). Then every component moves "
            "the face as much as every other: leave them as long as they are.",
        ),
        Mutant(
            "the smallest components",
            lambda shapes, count: _reconstruct(shapes, count, which="last"),
            "You kept the directions of least variance. An SVD gives the largest first; `eigh` gives them "
            "last.",
        ),
    ),
)


# Exercise 3: Eq. 4.


def draw_shapes(coefficients: Tensor, components: Tensor, mean: Tensor, boost: Tensor) -> Tensor:
    """The package's own answer, Eq. 4 of atvg: (T, 68, 2)."""
    none = torch.zeros(len(components))
    return ShapeModel(mean, components, none, none).inverse(coefficients, boost)


def _draw_cases() -> list[Case]:
    model = ShapeModel.fit(torch.cat([talk(seed, 40) for seed in range(5)]))
    coefficients = model.transform(talk(7, 5)) / 3
    ones = torch.ones(6, dtype=torch.float64)
    demo = torch.tensor(DEMO_BOOST, dtype=torch.float64)
    return [(coefficients, model.components, model.mean, omega) for omega in (demo, ones)]


DRAW = Exercise(
    name="draw_shapes",
    reference=draw_shapes,
    cases=_draw_cases,
    picture="points",
    mutants=(
        Mutant(
            "the mean is missing",
            lambda h, u, _, omega: ((h * omega) @ u).reshape(-1, 68, 2),
            "Eq. 4 ends in + mean: components say how far to go, the mean shape says from where.",
        ),
        Mutant(
            "no boost",
            lambda h, u, mean, _: (h @ u).reshape(-1, 68, 2) + mean,
            "You never use the boost. Multiply each coefficient by its own omega before the components.",
        ),
        Mutant(
            "boost is added",
            lambda h, u, mean, omega: ((h + omega) @ u).reshape(-1, 68, 2) + mean,
            "You add the boost to the coefficients. It is a factor: a coefficient of zero must stay zero.",
        ),
        Mutant(
            "one boost for all",
            lambda h, u, mean, omega: ((h * omega.mean()) @ u).reshape(-1, 68, 2) + mean,
            "You boost all components by the same amount. Each of the six has its own omega.",
        ),
        Mutant(
            "all x first, then all y",
            lambda h, u, mean, omega: ((h * omega) @ u).reshape(-1, 2, 68).mT + mean,
            "A row of 136 numbers is x0, y0, x1, y1, ...: reshape it to (68, 2). You read it as 68 x, then "
            "68 y.",
        ),
    ),
)


# Exercise 4: what a component explains of the mouth.


def mouth_share(shapes: Tensor, components: Tensor) -> float:
    """The package's own answer: the share of the mouth's movement that all of these components explain."""
    none = torch.zeros(len(components))
    model = ShapeModel(torch.zeros(68, 2), components, none, none)
    return float(model.share_explained(shapes, MOUTH)[-1])


def _share(
    shapes: Tensor, components: Tensor, *, centre: bool = True, part: str = "mouth", power: int = 2
) -> float:
    """The share explained, with the mistakes that it invites."""
    rows = shapes.reshape(len(shapes), -1)
    moved = rows - (rows.mean(0) if centre else 0)
    columns = {
        "mouth": slice(96, 136),
        "face": slice(0, 136),
        "points": slice(48, 68),
        "mouth alone": slice(96, 136),
    }
    seen = columns[part]
    inside = seen if part == "mouth alone" else slice(0, 136)
    drawn = moved[:, inside] @ components[:, inside].mT @ components
    error, total = (moved - drawn)[:, seen].norm() ** power, moved[:, seen].norm() ** power
    return float(1 - error / total)


def _share_cases() -> list[Case]:
    model = ShapeModel.fit(torch.cat([talk(seed, 40) for seed in range(5)]))
    talker = talk(7, 75)
    return [(talker, model.components[:count]) for count in (1, 2, 6)]


SHARE = Exercise(
    name="mouth_share",
    reference=mouth_share,
    cases=_share_cases,
    picture="numbers",
    mutants=(
        Mutant(
            "the whole face",
            lambda shapes, components: _share(shapes, components, part="face"),
            "That is the share of the whole face. Look at points 48 to 67 only, in the error and in the "
            "total.",
        ),
        Mutant(
            "coordinates 48 to 67",
            lambda shapes, components: _share(shapes, components, part="points"),
            "You cut 48:68 out of 136 coordinates, which are the points 24 to 33: a brow and a nose. Reshape "
            "to (T, 68, 2) first, or cut out 96:136.",
        ),
        Mutant(
            "coefficients from the mouth alone",
            lambda shapes, components: _share(shapes, components, part="mouth alone"),
            "You measured the coefficients on the mouth alone. Components are orthonormal over the whole "
            "face: find the coefficients with all 136 coordinates, and look at the mouth only afterwards.",
        ),
        Mutant(
            "the mean is not taken away",
            lambda shapes, components: _share(shapes, components, centre=False),
            "Movement is the distance from the talker's mean shape: subtract the mean over the frames first.",
        ),
        Mutant(
            "lengths, not squares",
            lambda shapes, components: _share(shapes, components, power=1),
            "Variance counts squares: sum the squared errors and divide by the sum of squared movements, "
            "with no square root.",
        ),
    ),
)

EXERCISES = (ALIGN, RECONSTRUCT, DRAW, SHARE)


# The quiz: each key is computed on drawn faces.


def _procrustes_keeps() -> str:
    """What is left of a shift, a turn and a change of size after Procrustes."""
    shape, turn = talk(1, 1)[0], torch.tensor([[0.6, 0.8], [-0.8, 0.6]], dtype=torch.float64)
    before, after = procrustes(shape, face()).shapes, procrustes(30 * shape @ turn + 200, face()).shapes
    return "nothing" if torch.allclose(before, after) else "something"


def _zero_draws() -> str:
    """What Eq. 4 draws from six zeros."""
    model = ShapeModel.fit(talk(2, 40))
    drawn = model.inverse(torch.zeros(6, dtype=torch.float64), boost=DEMO_BOOST)
    return "mean" if torch.allclose(drawn, model.mean) else "other"


def _variance_factor() -> float:
    """How many times a boost of 3 multiplies the variance along its component."""
    model = ShapeModel.fit(talk(2, 40))
    coefficients = model.transform(talk(3, 40))
    boosted = model.transform(model.inverse(coefficients, boost=DEMO_BOOST))
    return float(boosted[:, 5].var() / coefficients[:, 5].var())


def _first_component_of_a_crowd() -> str:
    """What the first component explains of a mouth's movement, where talkers differ mostly in their chins."""
    crowd = torch.cat([talk(seed, 20) for seed in range(30)])
    crowd = crowd + torch.linspace(-8, 8, 30).double().repeat_interleave(20)[:, None, None] * moves()[4]
    model = ShapeModel.fit(crowd)
    much_of_all = model.explained_variance_ratio[0] > 0.5
    return "little" if much_of_all and model.share_explained(talk(3, 75), MOUTH)[0] < 0.1 else "much"


QUIZZES = (
    Quiz(
        "landmark_pca",
        (
            Question(
                "A talker moves nearer to the camera, to the left, and tilts the head. What of this is left "
                "in the "
                "shape after Procrustes?",
                (
                    Choice("Nothing", "nothing", "Shift, scale and turn are what Procrustes takes away."),
                    Choice(
                        "The tilt", "something", "A tilt turns the picture of a face: that is taken away too."
                    ),
                ),
                _procrustes_keeps,
            ),
            Question(
                "A network says h = (0, 0, 0, 0, 0, 0). What is drawn with the boosts of the released demo?",
                (
                    Choice("The mean shape", "mean", "Zero times anything is zero: only the mean is left."),
                    Choice(
                        "An exaggerated face", "other", "A boost multiplies; there is nothing to multiply."
                    ),
                ),
                _zero_draws,
            ),
            Question(
                "The demo boosts the sixth component by 3. What happens to its variance over a clip?",
                (
                    Choice("It is 3 times as large", 3.0, "That is the standard deviation."),
                    Choice("It is 6 times as large", 6.0, "Variance does not count components."),
                    Choice("It is 9 times as large", 9.0, "Variance grows with the square of a factor."),
                ),
                _variance_factor,
            ),
            Question(
                "Drawn talkers differ mostly in how long their chins are. The first component explains more "
                "than half "
                "of all variance. How much does it explain of how one talker's mouth moves?",
                (
                    Choice("More than half, too", "much", "It would if the talkers all looked alike."),
                    Choice(
                        "Less than a tenth",
                        "little",
                        "It is busy with chins. Variance of what, over whom: ask both before you trust a "
                        "share.",
                    ),
                ),
                _first_component_of_a_crowd,
            ),
        ),
    ),
)
