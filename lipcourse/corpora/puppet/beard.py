"""Stubble, moustaches and beards: hair that grows on the skin and moves with the jaw, drawn once a talker."""

from __future__ import annotations

import cv2
import numpy as np

from lipcourse.corpora.puppet.drawing import Easel, bump, curve, paint
from lipcourse.corpora.puppet.geometry import MOUTH_LINE, Array, rest_points, smoothstep
from lipcourse.corpora.puppet.identity import Identity


def draw_beard(identity: Identity, easel: Easel, picture: Array, cover: Array) -> None:
    """Draw a talker's beard onto the skin, in place; a full one reaches a little beyond the chin.

    Args:
        identity: The talker.
        easel: The picture's size as drawn.
        picture: Colours of the head, (side, side, 3).
        cover: Cover of the head, (side, side).
    """
    if identity.beard == "none":
        return
    random = np.random.Generator(np.random.PCG64([identity.seed, 5]))
    dots = random.random((easel.side, easel.side))
    colour = np.array(identity.hair) * 0.72 + np.array(identity.skin) * 0.24
    if identity.beard == "stubble":
        where = easel.blur(_cheeks(identity, easel), 0.07) * _lips_free(identity, easel)
        specks = np.clip(easel.blur(dots, 0.006) * 2.2 - 0.6, 0.0, 1.0)
        paint(picture, colour, where * (0.20 + 0.34 * specks))
        return
    where = {"moustache": _moustache, "goatee": _goatee, "full": _full}[identity.beard](identity, easel)
    fibres = cv2.GaussianBlur(dots, (0, 0), 0.008 * easel.unit + 0.3, sigmaY=0.030 * easel.unit + 0.3)
    # Brightness varies little from hair to hair: a moustache must not look like a second mouth.
    fibres = (fibres - fibres.mean()) / fibres.std()
    edge = easel.blur(where, 0.050)
    edge = smoothstep(0.25, 0.75, edge + 0.16 * fibres * 4.0 * edge * (1.0 - edge)) * _lips_free(
        identity, easel
    )
    lit = 1.0 + 0.12 * fibres + 0.10 * easel.x * identity.light[0] - 0.10 * smoothstep(1.3, 2.0, easel.y)
    paint(picture, colour[None, None] * lit[..., None], 0.72 * edge)
    np.maximum(cover, smoothstep(0.4, 0.9, edge), out=cover)


def _lips_free(identity: Identity, easel: Easel) -> Array:
    """1 but where the lips are at rest: no hair grows on them."""
    line = MOUTH_LINE * identity.face_length
    lips = np.hypot(easel.x / (0.43 * identity.mouth_width), (easel.y - line - 0.05) / 0.145)
    return smoothstep(0.78, 1.02, lips)


def _cheeks(identity: Identity, easel: Easel) -> Array:
    """Where a beard grows: below a line from the ears past the corners of the mouth to the nose."""
    long = identity.face_length
    jaw = rest_points(identity)[1:16] * (1.0, 1.0)
    above = curve([(0.97, 0.28), (0.86, 0.60), (0.66, 0.84 * long), (0.42, 0.87 * long), (0.16, 0.83 * long)])
    return easel.fill(np.concatenate([jaw, above, above[::-1] * (-1.0, 1.0)]))


def _full(identity: Identity, easel: Easel) -> Array:
    chin = rest_points(identity)[8]
    # A full beard adds a rim around the jaw, most of it under the chin.
    longer = curve(
        [(-0.80, 1.22), (-0.58, chin[1] - 0.10), (0.0, chin[1] + 0.11), (0.58, chin[1] - 0.10), (0.80, 1.22)]
    )
    return np.maximum(_cheeks(identity, easel), easel.fill(longer))


def _moustache(identity: Identity, easel: Easel) -> Array:
    line = MOUTH_LINE * identity.face_length
    upper = [
        (0.0, line - 0.36),
        (0.17, line - 0.36),
        (0.36, line - 0.28),
        (0.48, line - 0.10),
        (0.47, line + 0.02),
    ]
    under = [(0.43, line + 0.02), (0.36, line - 0.02), (0.0, line - 0.02)]
    half = np.concatenate([curve(upper), curve(under)])
    return np.maximum(easel.fill(half), easel.fill(half * (-1.0, 1.0)))


def _goatee(identity: Identity, easel: Easel) -> Array:
    line = MOUTH_LINE * identity.face_length
    chin = rest_points(identity)[8, 1]
    tuft = curve([(0.30, line + 0.30), (0.32, chin - 0.20), (0.20, chin + 0.01), (0.0, chin + 0.05)])
    patch = easel.fill(np.concatenate([tuft, tuft[::-1] * (-1.0, 1.0)]))
    soul = smoothstep(0.4, 0.6, bump(easel.x, easel.y, (0.0, line + 0.27), 0.10, 0.08))
    return np.maximum(np.maximum(patch, soul), _moustache(identity, easel))
