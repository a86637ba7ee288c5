"""Paint, brushes and noise: the few means that every part of a puppet is drawn with.

Pictures are drawn larger than shown and shrunk. What is drawn once a talker is computed in float64, what is
drawn each frame uses sums and products alone: either way the bytes do not depend on the processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lipcourse.corpora.puppet.geometry import CENTRE, UNIT, Array


@dataclass(frozen=True)
class Easel:
    """A square picture that is drawn `factor` times larger than it will be shown.

    Attributes:
        size: Side of the picture as shown, in pixels.
        factor: How many times larger it is drawn.
    """

    size: int
    factor: int

    @property
    def side(self) -> int:
        """Side of the picture as drawn, in pixels."""
        return self.size * self.factor

    @property
    def unit(self) -> float:
        """Pixels a face unit, as drawn."""
        return UNIT * self.side

    @cached_property
    def x(self) -> Array:
        """Place of each column in face units, (1, side)."""
        return (np.arange(self.side, dtype=np.float64)[None, :] + 0.5 - CENTRE[0] * self.side) / self.unit

    @cached_property
    def y(self) -> Array:
        """Place of each row in face units, (side, 1)."""
        return (np.arange(self.side, dtype=np.float64)[:, None] + 0.5 - CENTRE[1] * self.side) / self.unit

    def pixels(self, points: ArrayLike) -> Array:
        """Face units to pixels of the picture as drawn."""
        return np.asarray(np.asarray(points, np.float64) * self.unit + np.array(CENTRE) * self.side - 0.5)

    def units(self, pixels: ArrayLike) -> Array:
        """Pixels of the picture as drawn to face units."""
        return np.asarray((np.asarray(pixels, np.float64) + 0.5 - np.array(CENTRE) * self.side) / self.unit)

    def window(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
        """Rows and columns that cover a box given in face units, cut to the picture."""
        (x0, y0), (x1, y1) = self.pixels([(left, top), (right, bottom)])
        rows = slice(max(int(np.floor(y0)), 0), min(int(np.ceil(y1)) + 1, self.side))
        return rows, slice(max(int(np.floor(x0)), 0), min(int(np.ceil(x1)) + 1, self.side))

    def fill(self, outline: ArrayLike) -> Array:
        """Cover a closed outline, (P, 2) in face units: 1 inside, 0 outside, (side, side)."""
        cover = np.zeros((self.side, self.side), np.uint8)
        fixed = np.rint(self.pixels(outline) * 16).astype(np.int32)
        cv2.fillPoly(cover, [fixed], 255, cv2.LINE_AA, shift=4)
        return cover / 255.0

    def stroke(self, paths: list[Array], width: float) -> Array:
        """Cover open paths, each (P, 2) in face units, with a pen of that width: (side, side)."""
        cover = np.zeros((self.side, self.side), np.uint8)
        fixed = [np.rint(self.pixels(path) * 16).astype(np.int32) for path in paths]
        cv2.polylines(cover, fixed, False, 255, max(1, round(width * self.unit)), cv2.LINE_AA, shift=4)
        return cover / 255.0

    def blur(self, picture: Array, radius: float) -> Array:
        """Blur with a Gaussian whose standard deviation is given in face units."""
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(radius * self.unit, 0.3)))


def curve(points: ArrayLike, closed: bool = False, steps: int = 12) -> Array:
    """Run a smooth curve (Catmull-Rom) through points, (P, 2): `steps` places for each piece."""
    knots = np.asarray(points, np.float64)
    knots = (
        np.concatenate([knots[-1:], knots, knots[:2]])
        if closed
        else np.concatenate([knots[:1], knots, knots[-1:]])
    )
    t = (np.arange(steps) / steps)[:, None, None]
    a, b, c, d = (knots[i : len(knots) - 3 + i] for i in range(4))
    pieces = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    path = pieces.transpose(1, 0, 2).reshape(-1, 2)
    return path if closed else np.concatenate([path, knots[-2:-1]])


def bump(x: Array, y: Array, centre: tuple[float, float], width: float, height: float) -> Array:
    """A smooth hill of height 1."""
    return np.asarray(np.exp(-(((x - centre[0]) / width) ** 2)) * np.exp(-(((y - centre[1]) / height) ** 2)))


def pair(x: Array, y: Array, centre: tuple[float, float], width: float, height: float) -> Array:
    """The same hill left and right."""
    return bump(np.abs(x), y, centre, width, height)


def paint(picture: Array, colour: ArrayLike, cover: Array) -> None:
    """Lay a colour over a picture (H, W, 3), in place, where `cover` (H, W) says."""
    picture += (np.asarray(colour, np.float64) - picture) * cover[..., None]


def shade(picture: Array, factor: Array, tint: tuple[float, float, float] = (1.0, 1.25, 1.3)) -> None:
    """Darken a picture (H, W, 3), in place: `factor` 0 leaves it; `tint` says how much each colour loses."""
    picture *= 1.0 - np.clip(factor, 0.0, 1.0)[..., None] * np.clip(np.array(tint), 0.0, 1.35) / 1.35


def noise(random: np.random.Generator, place: Array) -> Array:
    """Smooth noise in [-1, 1] along a line: one new random value a whole number."""
    table = random.random(1024) * 2.0 - 1.0
    cell = np.floor(place)
    share = place - cell
    share = share * share * (3.0 - 2.0 * share)
    index = cell.astype(np.int64)
    return np.asarray(table[index % 1024] * (1.0 - share) + table[(index + 1) % 1024] * share)


def grain(random: np.random.Generator, easel: Easel, radius: float) -> Array:
    """Smooth noise over the picture, mean 0 and standard deviation 1; `radius` in face units."""
    cells = int(np.ceil(1.0 / (UNIT * radius))) + 3
    coarse = random.random((cells, cells))
    fine = cv2.resize(coarse, (easel.side, easel.side), interpolation=cv2.INTER_CUBIC)
    return np.asarray((fine - 0.5) * np.sqrt(12.0))


def to_bytes(picture: Array) -> NDArray[np.uint8]:
    """Colours in [0, 1] to bytes."""
    return np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
