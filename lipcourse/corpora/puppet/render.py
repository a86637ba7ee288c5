"""A talker and a pose in, a film and its 68 true points out.

Drawn once a talker: wall, body, hair behind, head, hair in front. Each frame: the straight face is deformed
(jaw and brows), eyes and mouth are drawn onto it, the whole is turned in space and shrunk, and the layers are
laid over each other.
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
    BROW_RISE,
    Array,
    brow_share,
    face_points,
    jaw_share,
    shape_mouth,
    to_pixels,
)
from lipcourse.corpora.puppet.glasses import paint_glasses
from lipcourse.corpora.puppet.hair import paint_hair
from lipcourse.corpora.puppet.identity import Identity
from lipcourse.corpora.puppet.mouth_drawing import MouthPainter
from lipcourse.corpora.puppet.pose import Pose
from lipcourse.corpora.puppet.scenery import paint_body, paint_wall
from lipcourse.corpora.puppet.skin import paint_skin
from lipcourse.corpora.puppet.turning import Turn
from lipcourse.corpora.puppet.warping import Bytes, cells, coarse_maps, hair_behind, leaning, warp
from lipcourse.errors import OptionError

SMALLEST = 64
"""Side of the smallest picture that is drawn, in pixels."""


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
        Frames, uint8 (T, size, size, 3), red, green, blue; and the 68 points that each was drawn from, in
        pixels, float32 (T, 68, 2), in the numbering of 300-W.

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
    head = coarse_maps(talker.easel, turn.inverse(identity, cells(talker.easel)))
    shown = Easel(size, 1)
    behind = coarse_maps(shown, hair_behind(turn, cells(shown)))
    body = coarse_maps(shown, leaning(turn, cells(shown)))
    frames = np.empty((len(pose), size, size, 3), np.uint8)
    for frame in range(len(pose)):
        face = _deform(talker, float(mouth.chin_drop[frame]), float(pose.brow[frame]))
        talker.eyes.draw(face, float(pose.blink[frame]), gaze_for(float(pose.yaw[frame])))
        talker.mouth.draw(face, mouth, frame, float(pose.tongue[frame]), float(pose.protrusion[frame]))
        face = _cover(face, talker.front, talker.front_gap)
        picture = talker.wall
        if talker.behind.any():
            picture = _over(warp(talker.behind, behind[frame]), picture)
        picture = _over(warp(talker.body, body[frame]), picture)
        frames[frame] = _over(_shrink(warp(face, head[frame]), size), picture)
    return frames, landmarks


def _layer(colours: Array, cover: Array) -> Bytes:
    """Colours and cover as four bytes a pixel, colours times cover, so that it may be warped and shrunk."""
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
    """Lower the jaw and raise the brows: each row of the result is a row of the face at rest."""
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
