"""A talker and a pose in, a film and its 68 true points out.

Drawn once a talker: wall, body, hair behind, head, hair in front. Each frame: the straight face is deformed (jaw and
brows), eyes and mouth are drawn onto it, the whole is turned in space and shrunk, and the layers are laid over each other.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.beard import draw_beard
from lipcourse.corpora.puppet.drawing import Easel, to_bytes
from lipcourse.corpora.puppet.eyes import Eyes, draw_lids, gaze_for
from lipcourse.corpora.puppet.geometry import (
    BROW_RISE, PIVOT, Array, Turn, brow_share, face_points, jaw_share, shape_mouth, to_pixels,
)  # fmt: skip
from lipcourse.corpora.puppet.glasses import paint_glasses
from lipcourse.corpora.puppet.hair import paint_hair
from lipcourse.corpora.puppet.identity import Identity
from lipcourse.corpora.puppet.mouth_drawing import MouthPainter
from lipcourse.corpora.puppet.pose import Pose
from lipcourse.corpora.puppet.scenery import paint_body, paint_wall
from lipcourse.corpora.puppet.skin import paint_skin
from lipcourse.errors import OptionError

Bytes = NDArray[np.uint8]

SMALLEST = 64
"""Side of the smallest picture that is drawn, in pixels."""

_CELL = 16
"""Pixels between the places at which the turn of the head is solved for; a power of two keeps the sums exact."""

_HAIR_DEPTH = -0.75
"""How far the hair behind the head lies behind the middle of the head, in face units."""


class Talker:
    """Everything about one talker at one size that does not move, and the means to draw what does.

    Args:
        identity: The talker.
        size: Side of the pictures, in pixels.
    """

    def __init__(self, identity: Identity, size: int) -> None:
        self.identity = identity
        self.easel = Easel(size, max(2, -(-256 // size)))
        easel = self.easel
        skin, cover = paint_skin(identity, easel)
        draw_lids(identity, easel, skin)
        draw_beard(identity, easel, skin, cover)
        behind, hair = paint_hair(identity, easel)
        self.head = _layer(skin, cover)
        glasses = _layer(*paint_glasses(identity, easel))
        front = _layer(*hair)
        self.front = _cover(glasses, front, _gap(front))
        self.front_gap = _gap(self.front)
        self.behind = _shrink(_layer(*behind), size)
        self.body = _shrink(_layer(*paint_body(identity, easel)), size)
        self.wall = _shrink(to_bytes(paint_wall(identity, easel)), size)
        self.across = np.repeat(np.arange(easel.side, dtype=np.float32)[None], easel.side, axis=0)
        self.eyes = Eyes(identity, easel)
        self.mouth = MouthPainter(identity, easel)


@lru_cache(maxsize=8)
def talker_at(identity: Identity, size: int) -> Talker:
    """Draw what does not move, or take it from the last few talkers drawn."""
    return Talker(identity, size)


def render(identity: Identity, pose: Pose, size: int) -> tuple[Bytes, NDArray[np.float32]]:
    """Film a talker.

    Args:
        identity: Who talks.
        pose: What the face does, T frames of it.
        size: Side of the picture, in pixels, 64 or more.

    Returns:
        Frames, uint8 (T, size, size, 3), red, green, blue; and the 68 points of each in pixels, float32 (T, 68, 2), in
        the numbering of 300-W, that the frame was drawn from.

    Raises:
        OptionError: The size is under 64.
    """
    if size < SMALLEST:
        raise OptionError(
            f"a puppet of {size} pixels is too small to draw", remedy=f"choose a size of {SMALLEST} or more"
        )
    talker = talker_at(identity, size)
    mouth = shape_mouth(identity, pose)
    turn = Turn.of(pose)
    landmarks = to_pixels(turn.apply(identity, face_points(identity, pose, mouth)), size).astype(np.float32)
    head = _maps(talker.easel, turn.inverse(identity, _cells(talker.easel)))
    shown = Easel(size, 1)
    behind = _maps(shown, _hair_behind(turn, _cells(shown)))
    body = _maps(shown, _leaning(turn, _cells(shown)))
    frames = np.empty((len(pose), size, size, 3), np.uint8)
    for frame in range(len(pose)):
        face = _deform(talker, float(mouth.chin_drop[frame]), float(pose.brow[frame]))
        talker.eyes.draw(face, float(pose.blink[frame]), gaze_for(float(pose.yaw[frame])))
        talker.mouth.draw(face, mouth, frame, float(pose.tongue[frame]), float(pose.protrusion[frame]))
        face = _cover(face, talker.front, talker.front_gap)
        picture = talker.wall
        if talker.behind.any():
            picture = _over(_warp(talker.behind, behind[frame]), picture)
        picture = _over(_warp(talker.body, body[frame]), picture)
        frames[frame] = _over(_shrink(_warp(face, head[frame]), size), picture)
    return frames, landmarks


def _layer(colours: Array, cover: Array) -> Bytes:
    """Colours and cover as one picture of four bytes a pixel, colours times cover: such pictures may be blurred and shrunk."""
    return to_bytes(np.concatenate([np.clip(colours, 0, 1) * cover[..., None], cover[..., None]], axis=2))


def _shrink(picture: Bytes, size: int) -> Bytes:
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _over(layer: Bytes, picture: Bytes) -> Bytes:
    """Lay a layer, four bytes a pixel, over a picture of three."""
    gap = cv2.cvtColor(255 - layer[..., 3], cv2.COLOR_GRAY2RGB)
    below = cv2.multiply(picture, np.asarray(gap), scale=1 / 255)
    return np.asarray(cv2.add(below, cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB)), np.uint8)


def _cover(picture: Bytes, layer: Bytes, gap: Bytes) -> Bytes:
    """Lay a layer over a picture, both of four bytes a pixel; `gap` is what the layer leaves of it."""
    return np.asarray(cv2.add(cv2.multiply(picture, gap, scale=1 / 255), layer), np.uint8)


def _gap(layer: Bytes) -> Bytes:
    return np.repeat(255 - layer[..., 3:], 4, axis=2)


def _deform(talker: Talker, chin_drop: float, brow: float) -> Bytes:
    """Lower the jaw and raise the brows of the straight face: each row of the result is a row of the face at rest."""
    face = talker.head.copy()
    rest = talker.easel.y[:, 0]
    jaw, lift = jaw_share(talker.identity, rest), brow_share(rest)
    moved = rest + chin_drop * jaw - BROW_RISE * brow * lift
    source = np.rint(np.interp(rest, moved, np.arange(len(rest))) * 32.0) / 32.0
    for share, amount in ((jaw, chin_drop), (lift, brow)):
        rows = np.flatnonzero(share > 0.0)
        if amount > 1e-4 and len(rows):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            down = np.repeat(source[part, None].astype(np.float32), len(rest), axis=1)
            face[part] = cv2.remap(talker.head, talker.across[: len(down)], down, cv2.INTER_LINEAR)
    return face


def _cells(easel: Easel) -> Array:
    """A coarse grid of places over the picture and one cell beyond, (P, 2) in face units."""
    cells = -(-easel.side // _CELL) + 2
    middles = (np.arange(cells) - 0.5) * _CELL - 0.5
    return easel.units(np.stack(np.meshgrid(middles, middles), axis=-1)).reshape(-1, 2)


def _maps(easel: Easel, sources: Array) -> NDArray[np.float32]:
    """Turn what is shown at each place of the grid, (T, P, 2) in face units, into pixels, (T, cells, cells, 2).

    Values are rounded so far (to sixteenths up to a side of 896 pixels) that interpolating between them is exact in
    float32, whatever the processor: 14 bits for the value and 5 for the weight along each side of a cell.
    """
    margin = 4 * _CELL
    places = np.clip(easel.pixels(sources), -margin, easel.side + margin)
    steps = 2.0 ** np.floor(np.log2(2.0**14 / (easel.side + 2 * margin)))
    cells = -(-easel.side // _CELL) + 2
    rounded: NDArray[np.float32] = (np.rint(places * steps) / steps).astype(np.float32)
    return rounded.reshape(-1, cells, cells, 2)


def _warp(picture: Bytes, coarse: NDArray[np.float32]) -> Bytes:
    """Show at each place what `_maps` says."""
    side = len(picture)
    whole = np.asarray(cv2.resize(coarse, None, fx=_CELL, fy=_CELL, interpolation=cv2.INTER_LINEAR))
    inner = whole[_CELL : _CELL + side, _CELL : _CELL + side]
    # Whole pixels and thirty-seconds: what follows is sums of whole numbers.
    places, shares = cv2.convertMaps(inner, np.empty(0, np.float32), cv2.CV_16SC2)
    return np.asarray(cv2.remap(picture, places, shares, cv2.INTER_LINEAR), np.uint8)


def _hair_behind(turn: Turn, grid: Array) -> Array:
    """Where the hair behind the head, a flat layer, is seen once turned: sources of the grid, (T, P, 2)."""
    flat = turn.matrix[:, :, :2]
    offset = turn.offset + turn.matrix @ (0.0, -PIVOT, _HAIR_DEPTH)
    return np.asarray(np.einsum("tij,tpj->tpi", np.linalg.inv(flat), grid - offset[:, None]))


def _leaning(turn: Turn, grid: Array) -> Array:
    """Where the body is seen: the neck follows the head, the shoulders stay; sources of the grid, (T, P, 2)."""
    shift = turn.offset - np.array([0.0, PIVOT])
    shift[:, 0] += 0.10 * turn.matrix[:, 0, 2]  # a turn of the head takes the top of the neck a little along
    y = grid[:, 1] - 0.5 * shift[:, 1, None]
    # Moved as far as the head at the height of 1.2, not at all at 2.4.
    x = grid[:, 0] - shift[:, 0, None] * (2.0 - y / 1.2)
    return np.stack([x, y], axis=-1)
