"""From where to where: the sums that show a layer of a puppet turned, the same on every processor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.drawing import Easel
from lipcourse.corpora.puppet.geometry import Array
from lipcourse.corpora.puppet.turning import PIVOT, Turn

Bytes = NDArray[np.uint8]

_CELL = 16
"""Pixels between the places at which the turn is solved for; a power of two keeps the sums exact."""

_HAIR_DEPTH = -0.75
"""How far the hair behind the head lies behind the middle of the head, in face units."""


def _count(easel: Easel) -> int:
    """Cells along a side of the picture, one beyond each edge included."""
    return -(-easel.side // _CELL) + 2


def cells(easel: Easel) -> Array:
    """A coarse grid of places over the picture and one cell beyond, (P, 2) in face units."""
    middles = (np.arange(_count(easel)) - 0.5) * _CELL - 0.5
    return easel.units(np.stack(np.meshgrid(middles, middles), axis=-1)).reshape(-1, 2)


def coarse_maps(easel: Easel, sources: Array) -> NDArray[np.float32]:
    """Turn what each place of the grid shows, (T, P, 2) in face units, into pixels, (T, cells, cells, 2).

    Values are rounded so far (to sixteenths up to a side of 896 pixels) that interpolating between them is
    exact in float32, whatever the processor: 14 bits for the value, 5 for the weight along each side.
    """
    margin = 4 * _CELL
    places = np.clip(easel.pixels(sources), -margin, easel.side + margin)
    steps = 2.0 ** np.floor(np.log2(2.0**14 / (easel.side + 2 * margin)))
    rounded: NDArray[np.float32] = (np.rint(places * steps) / steps).astype(np.float32)
    return rounded.reshape(-1, _count(easel), _count(easel), 2)


def warp(picture: Bytes, coarse: NDArray[np.float32]) -> Bytes:
    """Show at each place of a square picture what one frame of `coarse_maps` says."""
    side = len(picture)
    whole = np.asarray(cv2.resize(coarse, None, fx=_CELL, fy=_CELL, interpolation=cv2.INTER_LINEAR))
    inner = whole[_CELL : _CELL + side, _CELL : _CELL + side]
    # Whole pixels and thirty-seconds: what follows is sums of whole numbers.
    places, shares = cv2.convertMaps(inner, np.empty(0, np.float32), cv2.CV_16SC2)
    return np.asarray(cv2.remap(picture, places, shares, cv2.INTER_LINEAR), np.uint8)


def hair_behind(turn: Turn, grid: Array) -> Array:
    """The hair behind the head, a flat layer, turned with it: what the grid shows, (T, P, 2)."""
    flat = turn.matrix[:, :, :2]
    offset = turn.offset + turn.matrix @ (0.0, -PIVOT, _HAIR_DEPTH)
    return np.asarray(np.einsum("tij,tpj->tpi", np.linalg.inv(flat), grid - offset[:, None]))


def leaning(turn: Turn, grid: Array) -> Array:
    """The neck follows the head, the shoulders stay: what the grid shows of the body, (T, P, 2)."""
    shift = turn.offset - np.array([0.0, PIVOT])
    shift[:, 0] += 0.10 * turn.matrix[:, 0, 2]  # a turn of the head takes the top of the neck a little along
    y = grid[:, 1] - 0.5 * shift[:, 1, None]
    # Moved as far as the head at the height of 1.2, not at all at 2.4.
    x = grid[:, 0] - shift[:, 0, None] * (2.0 - y / 1.2)
    return np.stack([x, y], axis=-1)
