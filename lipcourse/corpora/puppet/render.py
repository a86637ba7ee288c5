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
        self.front = _over(_layer(*hair), glasses)
        self.front_gap = np.repeat(255 - self.front[..., 3:], 4, axis=2)
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
    maps = _turn_maps(talker, turn)
    frames = np.empty((len(pose), size, size, 3), np.uint8)
    for frame in range(len(pose)):
        face = _deform(talker, float(mouth.chin_drop[frame]), float(pose.brow[frame]))
        talker.eyes.draw(face, float(pose.blink[frame]), gaze_for(float(pose.yaw[frame])))
        talker.mouth.draw(face, mouth, frame, float(pose.tongue[frame]), float(pose.protrusion[frame]))
        face = cv2.add(cv2.multiply(face, talker.front_gap, scale=1 / 255), talker.front)
        head = _shrink(_warp(face, maps[frame], talker.easel.side), size)
        picture = _over(_move(talker.behind, turn, frame), talker.wall)
        picture = _over(_lean(talker.body, turn, frame), picture)
        frames[frame] = _over(head, picture)
    return frames, landmarks


def _layer(colours: Array, cover: Array) -> Bytes:
    """Colours and cover as one picture of four bytes a pixel, colours times cover: such pictures may be blurred and shrunk."""
    return to_bytes(np.concatenate([np.clip(colours, 0, 1) * cover[..., None], cover[..., None]], axis=2))


def _shrink(picture: Bytes, size: int) -> Bytes:
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _over(layer: Bytes, picture: Bytes) -> Bytes:
    """Lay a layer over a picture, of three bytes a pixel or four."""
    gap = cv2.cvtColor(
        255 - layer[..., 3], cv2.COLOR_GRAY2RGB if picture.shape[2] == 3 else cv2.COLOR_GRAY2RGBA
    )
    if picture.shape[2] == 3:
        layer = cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB)
    else:
        gap[..., 3] = 255 - layer[..., 3]
    return np.asarray(cv2.add(cv2.multiply(picture, gap, scale=1 / 255), layer), np.uint8)


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


def _turn_maps(talker: Talker, turn: Turn) -> NDArray[np.float32]:
    """For a coarse grid of places in each frame, the pixel of the straight face shown there: (T, cells, cells, 2).

    Values are rounded to sixteenths: interpolating between them is then exact, whatever the processor.
    """
    easel = talker.easel
    cells = -(-easel.side // _CELL) + 2
    middles = (np.arange(cells) - 0.5) * _CELL - 0.5  # from one cell before the picture to one behind it
    grid = easel.units(np.stack(np.meshgrid(middles, middles), axis=-1)).reshape(1, -1, 2)
    straight = easel.pixels(turn.inverse(talker.identity, grid))
    return (np.rint(straight * 16.0) / 16.0).astype(np.float32).reshape(-1, cells, cells, 2)


def _warp(face: Bytes, coarse: NDArray[np.float32], side: int) -> Bytes:
    whole = cv2.resize(coarse, None, fx=_CELL, fy=_CELL, interpolation=cv2.INTER_LINEAR)
    # Whole pixels and thirty-seconds, so that the rest is sums of whole numbers.
    places, shares = cv2.convertMaps(whole[_CELL : _CELL + side, _CELL : _CELL + side], None, cv2.CV_16SC2)
    return np.asarray(cv2.remap(face, places, shares, cv2.INTER_LINEAR), np.uint8)


def _move(layer: Bytes, turn: Turn, frame: int) -> Bytes:
    """Turn a flat layer that lies behind the middle of the head."""
    matrix = turn.matrix[frame]
    offset = turn.offset[frame] + matrix @ (0.0, -PIVOT, _HAIR_DEPTH)
    return _affine(layer, matrix[:, :2], offset)


def _lean(layer: Bytes, turn: Turn, frame: int) -> Bytes:
    """Let the neck follow the head while the shoulders stay."""
    # A turn of the head takes the top of the neck a little along.
    shift = turn.offset[frame] - (0.0, PIVOT) + (0.10 * turn.matrix[frame, 0, 2], 0.0)
    # The neck moves with the head at its height of 1.2, not at all at 2.4.
    matrix = np.array([[1.0, -shift[0] / 1.2], [0.0, 1.0]])
    return _affine(layer, matrix, np.array([2.0 * shift[0], 0.5 * shift[1]]))


def _affine(layer: Bytes, matrix: Array, offset: Array) -> Bytes:
    size = len(layer)
    origin = to_pixels(np.zeros(2), size)
    ends = to_pixels(offset, size) - matrix @ origin
    whole = np.concatenate([matrix, ends[:, None]], axis=1)
    return np.asarray(cv2.warpAffine(layer, whole, (size, size), flags=cv2.INTER_LINEAR), np.uint8)
