"""The skin of a head: a relief lit from one side, with ears, blush, folds and brows, drawn once a talker."""

from __future__ import annotations

import numpy as np

from lipcourse.corpora.puppet.drawing import Easel, bump, curve, grain, paint, pair, shade
from lipcourse.corpora.puppet.geometry import MOUTH_LINE, Array, rest_points, smoothstep
from lipcourse.corpora.puppet.identity import Colour, Identity


def head_outline(identity: Identity) -> Array:
    """The edge of the bare head: the jaw's points, closed over the skull; (P, 2) in face units."""
    jaw = rest_points(identity)[:17]
    skull = [(1.0, -0.25), (0.97, -0.62), (0.83, -1.0), (0.50, -1.29), (0.0, -1.38)]
    skull += [(-x, y) for x, y in skull[-2::-1]]
    return curve(np.concatenate([jaw, skull]), closed=True)


def roundness(easel: Easel, outline: Array, middle: float = 0.25) -> Array:
    """How far places lie from the middle of a shape, as a share of the way to its outline."""
    around = np.arctan2(outline[:, 1] - middle, outline[:, 0])
    reach = np.hypot(outline[:, 0], outline[:, 1] - middle)
    order = np.argsort(around)
    place = np.arctan2(easel.y - middle, easel.x)
    edge = np.interp(place, around[order], reach[order], period=2 * np.pi)
    return np.asarray(np.hypot(easel.x, easel.y - middle) / edge)


def relief(identity: Identity, easel: Easel, share: Array) -> Array:
    """Height of the skin above the plane of the ears, in face units; `share` comes from `roundness`."""
    x, y = easel.x, easel.y
    long, nose = identity.face_length, identity.nose_length
    bone = 1.0 - identity.feminine
    eyes = 0.445 * identity.eye_spacing
    wide = identity.nose_width
    line = MOUTH_LINE * long
    height = 0.80 * np.sqrt(np.maximum(1.0 - np.minimum(share, 1.0) ** 2.3, 0.0))

    # Nose: a ridge that rises from the brow to the tip and falls off below it, the tip's ball and the wings.
    level = y / nose
    ridge = (0.05 + 0.20 * smoothstep(-0.15, 0.50, level)) * (1.0 - smoothstep(0.50, 0.78, level))
    ridge = ridge * smoothstep(-0.42, -0.05, level)
    breadth = (0.10 + 0.035 * smoothstep(0.1, 0.5, level)) * wide
    height = height + ridge * np.exp(-((x / breadth) ** 2))
    height += 0.075 * bump(x, level, (0.0, 0.56), 0.125 * wide, 0.125)
    height += 0.065 * pair(x, level, (0.160 * wide, 0.62), 0.070 * wide, 0.085)

    height -= 0.11 * pair(x, y, (eyes, -0.03), 0.24, 0.15)
    height += 0.055 * pair(x, y, (eyes, 0.0), 0.17 * identity.eye_size, 0.10)
    height += (0.015 + 0.035 * bone) * pair(x, y, (eyes * 0.95, -0.27 * identity.brow_height), 0.30, 0.085)
    height += 0.085 * pair(x, y, (0.57, 0.45 * long), 0.26, 0.22)
    height += 0.07 * bump(x, y, (0.0, line), 0.40, 0.28)
    height -= 0.022 * bump(x, y, (0.0, 0.885 * long), 0.040, 0.085)
    height += 0.012 * pair(x, y, (0.085, 0.90 * long), 0.035, 0.085)
    height -= 0.045 * bump(x, y, (0.0, 1.40 * long), 0.22, 0.06)
    height += (0.06 + 0.03 * bone) * bump(x, y, (0.0, 1.60 * long), 0.22, 0.14)
    return np.asarray(height)


def light_skin(identity: Identity, easel: Easel, height: Array) -> Array:
    """Light a relief: a soft ramp from a warm shadow to a pale highlight, (side, side, 3)."""
    slope_y, slope_x = np.gradient(easel.blur(height, 0.012), 1.0 / easel.unit)
    length = np.sqrt(1.0 + slope_x**2 + slope_y**2)
    right, down, front = identity.light
    lit = (-slope_x * right - slope_y * down + front) / length
    halfway = np.array([right, down, front + 1.0])
    halfway /= np.sqrt((halfway**2).sum())
    shine = np.maximum((-slope_x * halfway[0] - slope_y * halfway[1] + halfway[2]) / length, 0.0)

    base = np.array(identity.skin)
    shadow = base * (0.64, 0.51, 0.49)
    warm = 1.0 + 0.03 * identity.warmth * np.array([1.0, 0.0, -1.2])
    share = smoothstep(-0.45, 0.80, lit)[..., None]
    picture = shadow + (base * 1.03 - shadow) * share
    gloss = (0.20 * shine**9 + 0.16 * shine**40) * (1.15 - 0.75 * base.max())
    picture += gloss[..., None] * (0.35 + 0.45 * base) * warm
    hollow = np.clip((easel.blur(height, 0.10) - height) * 3.0, 0.0, 0.3)
    shade(picture, hollow)
    return np.asarray(picture * warm)


def paint_skin(identity: Identity, easel: Easel) -> tuple[Array, Array]:
    """Paint the bare head, without eyes and mouth.

    Returns:
        Colours (side, side, 3) and cover (side, side), both in [0, 1].
    """
    random = np.random.Generator(np.random.PCG64([identity.seed, 1]))
    outline = head_outline(identity)
    share = roundness(easel, outline)
    height = relief(identity, easel, share)
    picture = light_skin(identity, easel, height)
    x, y = easel.x, easel.y
    long = identity.face_length
    rosy = np.array(identity.skin) * (1.02, 0.74, 0.72)

    blush = 0.42 * pair(x, y, (0.60, 0.50 * long), 0.24, 0.20) + 0.30 * bump(x, y, (0.0, 0.58), 0.16, 0.12)
    paint(picture, rosy, blush + 0.12 * bump(x, y, (0.0, 1.60 * long), 0.2, 0.15))
    shade(picture, 0.10 * pair(x, y, (0.43, 0.155), 0.20, 0.055) * (0.6 + identity.age / 60.0))
    picture *= (1.0 + 0.008 * grain(random, easel, 0.02) + 0.010 * grain(random, easel, 0.15))[..., None]
    _freckle(identity, easel, random, picture)
    _draw_nostrils(identity, easel, picture)
    _draw_folds(identity, easel, picture)
    _draw_brows(identity, easel, random, picture)
    ears, ear_cover = _paint_ears(identity, easel)
    face = easel.fill(outline)
    colours = ears + (picture - ears) * face[..., None]
    return colours, np.maximum(face, ear_cover)


def _freckle(identity: Identity, easel: Easel, random: np.random.Generator, picture: Array) -> None:
    spots = np.zeros_like(picture[..., 0])
    for _ in range(int(60 * identity.freckles)):
        x, y = random.random() * 1.3 - 0.65, 0.42 + (random.random() + random.random() - 1.0) * 0.28
        radius = 0.012 + 0.010 * random.random()
        rows, columns = easel.window(x - 0.08, y - 0.08, x + 0.08, y + 0.08)
        spots[rows, columns] += bump(easel.x[:, columns], easel.y[rows], (x, y), radius, radius)
    shade(picture, 0.30 * np.clip(spots, 0.0, 1.0))


def _draw_nostrils(identity: Identity, easel: Easel, picture: Array) -> None:
    wide, long = identity.nose_width, identity.nose_length
    x, y = np.abs(easel.x), easel.y
    shade(picture, 0.12 * bump(easel.x, y, (0.0, 0.745 * long), 0.16 * wide, 0.035))
    tilt = y - 0.30 * (x - 0.105 * wide)
    hole = np.hypot((x - 0.105 * wide) / 0.052 / wide, (tilt - 0.692 * long) / 0.026)
    shade(picture, 0.62 * smoothstep(1.5, 0.3, hole))
    wing = curve([(0.195, 0.535), (0.232, 0.60), (0.225, 0.665), (0.180, 0.700)]) * (wide, long)
    lines = easel.stroke([wing, wing * (-1.0, 1.0)], 0.014)
    shade(picture, 0.30 * easel.blur(lines, 0.012))


def _draw_folds(identity: Identity, easel: Easel, picture: Array) -> None:
    """Lines that age deepens: from nose to mouth, on the forehead, beside and below the eyes."""
    years = float(np.clip((identity.age - 28.0) / 40.0, 0.0, 1.0))
    long, wide = identity.face_length, identity.nose_width
    smile = curve(
        [(0.245 * wide, 0.60 * long), (0.36, 0.78 * long), (0.47, 0.98 * long), (0.50, 1.13 * long)]
    )
    lines = easel.stroke([smile, smile * (-1.0, 1.0)], 0.016)
    shade(picture, (0.10 + 0.40 * years) * easel.blur(lines, 0.020))
    if years <= 0.0:
        return
    eye = 0.445 * identity.eye_spacing
    bag = curve([(eye - 0.16, 0.115), (eye - 0.02, 0.165), (eye + 0.15, 0.125)])
    crow = [curve([(eye + 0.235, 0.02 + k * 0.035), (eye + 0.33, -0.005 + k * 0.06)]) for k in (-1, 0, 1)]
    forehead = [
        curve([(-0.46, h + 0.03), (-0.2, h), (0.2, h), (0.46, h + 0.03)]) for h in (-0.56, -0.67, -0.78)
    ]
    right = [bag, *crow]
    fine = easel.stroke([*forehead, *right, *(path * (-1.0, 1.0) for path in right)], 0.010)
    shade(picture, 0.36 * years * easel.blur(fine, 0.012))


def brow_colour(identity: Identity) -> Colour:
    """Brows are darker than the hair, and never so light that a face loses them."""
    red, green, blue = identity.hair
    dim = min(0.80, 0.42 / max(red, 0.01))
    return red * dim, green * dim, blue * dim


def _draw_brows(identity: Identity, easel: Easel, random: np.random.Generator, picture: Array) -> None:
    points = rest_points(identity)[17:22]
    middle = curve(points, steps=16)
    along = np.linspace(0.0, 1.0, len(middle))
    thick = (
        0.052
        * identity.brow_thickness
        * (smoothstep(-0.35, 0.5, along) * (1.0 - 0.35 * smoothstep(0.6, 1.0, along)))
    )
    body = np.concatenate(
        [middle - np.stack([0 * thick, thick], 1), (middle + np.stack([0 * thick, thick], 1))[::-1]]
    )
    soft = easel.blur(easel.fill(body) + easel.fill(body * (-1.0, 1.0)), 0.014)
    colour = brow_colour(identity)
    paint(picture, colour, 0.62 * soft)
    hairs = []
    for _ in range(70):
        place = int(random.integers(len(middle)))
        root = middle[place] + (0.0, thick[place] * (random.random() * 2.0 - 1.0))
        lean = np.array([-0.040, -0.040 + 0.055 * (1.0 - along[place])]) * (0.6 + 0.5 * random.random())
        hairs += [np.stack([root, root + lean]), np.stack([root, root + lean]) * (-1.0, 1.0)]
    paint(picture, colour, 0.42 * easel.stroke(hairs, 0.004))


def _paint_ears(identity: Identity, easel: Easel) -> tuple[Array, Array]:
    outer = curve(
        [(0.94, -0.02), (1.05, -0.10), (1.15, -0.05), (1.155, 0.12), (1.10, 0.36), (1.02, 0.53), (0.93, 0.50)]
    )
    both = easel.fill(outer) + easel.fill(outer * (-1.0, 1.0))
    picture = np.zeros((easel.side, easel.side, 3)) + np.array(identity.skin) * (0.86, 0.74, 0.71)
    rim = curve([(1.00, 0.02), (1.07, -0.035), (1.11, 0.02), (1.105, 0.14), (1.06, 0.30)])
    hollow = easel.blur(easel.stroke([rim, rim * (-1.0, 1.0)], 0.035), 0.022)
    shade(picture, 0.45 * hollow)
    side = np.clip(0.5 - 0.35 * easel.x * identity.light[0], 0.0, 1.0) * np.ones_like(both)
    shade(picture, 0.35 * (1.0 - side) * 0.5)
    return picture, np.clip(both, 0.0, 1.0)
