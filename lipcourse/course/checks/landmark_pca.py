"""Checks of notebook 03: laying shapes on each other, PCA by hand, Eq. 4 of atvg, and what a component explains."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.signals.shapes import DEMO_BOOST, MOUTH, ShapeModel, procrustes

# What a drawn face can do: each line moves the points of `_face` a little.
MOVES = ("opens", "rounds", "turns", "raises the brows", "has a long chin", "has a wide face")


def _face() -> Tensor:
    """A face of ellipses, (68, 2), about one unit from its centre to its jaw; y points down."""
    jaw = torch.linspace(pi, 0, 17)
    brow = torch.linspace(0, pi, 5)
    eye, outer, inner = (torch.arange(count) * 2 * pi / count + pi for count in (6, 12, 8))
    parts = [
        torch.stack([1.1 * jaw.cos(), 0.1 + 1.3 * jaw.sin()], 1),
        torch.stack([-0.55 - 0.3 * brow.cos(), -0.5 - 0.12 * brow.sin()], 1),
        torch.stack([0.55 - 0.3 * brow.cos(), -0.5 - 0.12 * brow.sin()], 1),
        torch.stack([torch.zeros(4), torch.linspace(-0.25, 0.2, 4)], 1),
        torch.stack([torch.linspace(-0.2, 0.2, 5), 0.32 + 0.05 * torch.linspace(0, pi, 5).sin()], 1),
        torch.stack([-0.5 + 0.22 * eye.cos(), -0.25 + 0.1 * eye.sin()], 1),
        torch.stack([0.5 + 0.22 * eye.cos(), -0.25 + 0.1 * eye.sin()], 1),
        torch.stack([0.42 * outer.cos(), 0.72 + 0.16 * outer.sin()], 1),
        torch.stack([0.3 * inner.cos(), 0.72 + 0.06 * inner.sin()], 1),
    ]
    return torch.cat(parts).double()


def _moves() -> Tensor:
    """One movement of `_face` for each of `MOVES`, (6, 68, 2)."""
    face = _face()
    moves = torch.zeros(len(MOVES), 68, 2, dtype=face.dtype)
    moves[0, :17, 1] = 0.15 * (face[:17, 1] - 0.1)
    moves[0, MOUTH, 1] = (face[MOUTH, 1] - 0.7).clamp(min=0) * 1.5
    moves[1, MOUTH, 0] = -0.4 * face[MOUTH, 0]
    moves[2, :, 0] = 0.2 * (1 - face[:, 0].square())
    moves[3, 17:27, 1] = -0.12
    moves[4, 4:13, 1] = 0.25 * (face[4:13, 1] - 0.6).clamp(min=0)
    moves[5, :, 0] = 0.15 * face[:, 0]
    return moves


def _talk(seed: int, frames: int) -> Tensor:
    """Frames of one talker, (T, 68, 2): the chin and the width stay, the rest moves."""
    generator = torch.Generator().manual_seed(seed)
    amounts = torch.randn(frames, len(MOVES), generator=generator, dtype=torch.float64)
    amounts[:, 4:] = 2 * amounts[0, 4:]
    shapes = _face() + torch.einsum("tk,kpc->tpc", amounts, _moves())
    return shapes + 0.01 * torch.randn(shapes.shape, generator=generator, dtype=torch.float64)


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
    return factors[scale] * centred @ (rotation if sense > 0 else rotation.mT) + mean.mean(0)


def _align_uncentred(shape: Tensor, mean: Tensor) -> Tensor:
    """Turn and scale about the picture's corner."""
    z, m = torch.view_as_complex(shape.contiguous()), torch.view_as_complex(mean.contiguous())
    return torch.view_as_real((z.conj() * m).sum() / z.abs().square().sum() * z)


def _align_cases() -> list[Case]:
    frames = _talk(1, 4)
    mirrored = frames[3] * torch.tensor([-1.0, 1.0])
    mirrored[:17] += torch.linspace(0, 0.5, 17)[:, None]
    half = torch.tensor([[0.8, 0.6], [-0.6, 0.8]], dtype=torch.float64)
    return [
        (60 * frames[0] + torch.tensor([180.0, 140.0]), _face()),
        (40 * frames[1] @ half + torch.tensor([90.0, 160.0]), _face()),
        (0.2 * frames[2] @ half.mT - 3, 50 * _face() + 64),
        (mirrored, _face()),
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
            "You turn and scale about the corner of the picture. Take each shape's own centre away first, then add "
            "the centre of the mean shape at the end.",
        ),
        Mutant(
            "left at the centre",
            lambda shape, mean: _turned(shape, mean) - mean.mean(0),
            "Turn and scale are right, but your shape stays around (0, 0). Add the centre of the mean shape.",
        ),
        Mutant(
            "turned the wrong way",
            lambda shape, mean: _turned(shape, mean, sense=-1),
            "Your angle has the wrong sign. With complex numbers the shape, not the mean, is the one to conjugate; "
            "with an SVD, try the transposed rotation.",
        ),
        Mutant(
            "reflection allowed",
            lambda shape, mean: _turned(shape, mean, mirror=True),
            "One of the shapes is a mirror image, and you flipped it. A head can turn but not become its mirror "
            "image: where the determinant is negative, change the sign of the last singular vector.",
        ),
        Mutant(
            "not scaled",
            lambda shape, mean: _turned(shape, mean, scale="none"),
            "A face near the camera is no other shape than one far away: scale as well as turn.",
        ),
        Mutant(
            "sizes made equal",
            lambda shape, mean: _turned(shape, mean, scale="sizes"),
            "You divide one size by the other. That makes the sizes equal, but a slightly smaller shape lies nearer "
            "(least squares) when it does not fit exactly: divide by the squared size of the shape.",
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
    chosen = {"rows": directions[:count], "columns": directions.mT[:count], "last": directions[-count:]}[
        which
    ]
    coefficients = (rows - mean) @ chosen.mT
    if white:
        coefficients = coefficients / (singular[:count] / (len(rows) - 1) ** 0.5)
    return (coefficients @ chosen + (mean if add else 0)).reshape(shapes.shape)


RECONSTRUCT = Exercise(
    name="reconstruct_shapes",
    reference=reconstruct_shapes,
    cases=lambda: [(_talk(2, 160), 1), (_talk(3, 160), 4)],
    picture="points",
    mutants=(
        Mutant(
            "forgot to centre",
            lambda shapes, count: _reconstruct(shapes, count, centre=False),
            "Without taking the mean away, your first component spends itself on the mean face, which is far from "
            "zero. Subtract the mean of each column before the SVD, and add it again at the end.",
        ),
        Mutant(
            "columns in place of rows",
            lambda shapes, count: _reconstruct(shapes, count, which="columns"),
            "`torch.linalg.svd` gives U, S and V already transposed: the directions are the first rows of Vh, not "
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
            "You divide the coefficients by their standard deviation (whitening). Then every component moves the "
            "face as much as every other: leave them as long as they are.",
        ),
        Mutant(
            "the smallest components",
            lambda shapes, count: _reconstruct(shapes, count, which="last"),
            "You kept the directions of least variance. An SVD gives the largest first; `eigh` gives them last.",
        ),
    ),
)


# Exercise 3: Eq. 4.


def draw_shapes(coefficients: Tensor, components: Tensor, mean: Tensor, boost: Tensor) -> Tensor:
    """The package's own answer, Eq. 4 of atvg: (T, 68, 2)."""
    none = torch.zeros(len(components))
    return ShapeModel(mean, components, none, none).inverse(coefficients, boost)


def _draw_cases() -> list[Case]:
    model = ShapeModel.fit(torch.cat([_talk(seed, 40) for seed in range(5)]))
    coefficients = model.transform(_talk(7, 5))
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
            lambda h, u, mean, omega: ((h * omega) @ u).reshape(-1, 68, 2),
            "Eq. 4 ends in + mean: components say how far to go, the mean shape says from where.",
        ),
        Mutant(
            "no boost",
            lambda h, u, mean, omega: (h @ u).reshape(-1, 68, 2) + mean,
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
            "A row of 136 numbers is x0, y0, x1, y1, ...: reshape it to (68, 2). You read it as 68 x, then 68 y.",
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
    shapes: Tensor, components: Tensor, *, mean: Tensor | None = None, part: str = "mouth", power: int = 2
) -> float:
    """The share explained, with the mistakes that it invites."""
    rows = shapes.reshape(len(shapes), -1)
    moved = rows - (rows.mean(0) if mean is None else mean)
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
    model = ShapeModel.fit(torch.cat([_talk(seed, 40) for seed in range(5)]))
    talker = _talk(7, 75)
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
            "That is the share of the whole face. Look at points 48 to 67 only, in the error and in the total.",
        ),
        Mutant(
            "coordinates 48 to 67",
            lambda shapes, components: _share(shapes, components, part="points"),
            "You cut 48:68 out of 136 coordinates, which are the points 24 to 33: a brow and a nose. Reshape to "
            "(T, 68, 2) first, or cut out 96:136.",
        ),
        Mutant(
            "coefficients from the mouth alone",
            lambda shapes, components: _share(shapes, components, part="mouth alone"),
            "You measured the coefficients on the mouth alone. Components are orthonormal over the whole face: "
            "find the coefficients with all 136 coordinates, and look at the mouth only afterwards.",
        ),
        Mutant(
            "not the talker's own mean",
            lambda shapes, components: _share(shapes, components, mean=_face().flatten()),
            "You did not take away this talker's own mean shape: what a mouth looks like counts as movement.",
        ),
        Mutant(
            "the mean is not taken away",
            lambda shapes, components: _share(shapes, components, mean=torch.zeros(136)),
            "Movement is the distance from the talker's mean shape: subtract the mean over the frames first.",
        ),
        Mutant(
            "lengths, not squares",
            lambda shapes, components: _share(shapes, components, power=1),
            "Variance counts squares: sum the squared errors and divide by the sum of squared movements, with no "
            "square root.",
        ),
    ),
)

EXERCISES = (ALIGN, RECONSTRUCT, DRAW, SHARE)
