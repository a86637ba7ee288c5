"""The mouth of a puppet: lips with volume, teeth, tongue and the dark behind them, drawn anew each frame.

Every pixel belongs to a column; in each column the four edges of the lips are known from `Mouth.curves`, so that a
place on a lip is a share of the way between two edges. No outline is filled: covers are clipped distances to the edges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.drawing import Easel, noise
from lipcourse.corpora.puppet.geometry import MOUTH_LINE, Mouth
from lipcourse.corpora.puppet.identity import Identity

Floats = NDArray[np.float32]

_TEETH = np.array([0.95, 0.925, 0.87], np.float32)
_TONGUE = np.array([0.74, 0.36, 0.38], np.float32)
_CAVITY = np.array([0.20, 0.055, 0.06], np.float32)


class MouthPainter:
    """Draws the mouth of one talker into pictures of one size.

    Args:
        identity: The talker.
        easel: The picture's size as drawn.
    """

    def __init__(self, identity: Identity, easel: Easel) -> None:
        self._identity = identity
        self._unit = np.float32(easel.unit)
        line = MOUTH_LINE * identity.face_length
        self._window = easel.window(-0.60, line - 0.34, 0.60, line + 0.72)
        rows, columns = self._window
        self._x = easel.x[0, columns]
        self._y = easel.y[rows].astype(np.float32)
        random = np.random.Generator(np.random.PCG64([identity.seed, 2]))
        self._places = np.linspace(-1.0, 1.0, 201)
        self._creases = noise(random, self._places * 9.0) + 0.6 * noise(random, self._places * 23.0)
        self._lips = np.array(identity.lips, np.float32)
        # Teeth: one brightness a place along the row, dark in the gaps; wider in the middle, as an arch looks from the front.
        self._teeth_places = np.linspace(-0.36, 0.36, 721)
        number = np.abs(np.arcsin(np.clip(self._teeth_places / 0.36, -1, 1))) / 0.245
        gap = np.abs(number - np.rint(number))
        self._teeth = (1.0 - 0.30 * np.clip(1.0 - gap / 0.07, 0, 1)) * (
            1.0 - 0.75 * (self._teeth_places / 0.36) ** 2
        )
        self._scallop = 0.010 * (1.0 - (2.0 * np.clip(gap, 0, 0.5)) ** 2)

    def _over(self, edge: Floats, softness: float = 1.0) -> Floats:
        """Cover of what lies below an edge (greater y), smoothed over a pixel across the edge's own slope."""
        slope = np.gradient(edge.astype(np.float64)) * float(self._unit)
        sharp = (self._unit / np.sqrt(1.0 + np.clip(slope, -6, 6) ** 2) / softness).astype(np.float32)
        return np.clip((self._y - edge) * sharp + np.float32(0.5), 0, 1)

    def draw(self, canvas: NDArray[np.uint8], mouth: Mouth, frame: int, tongue: float, push: float) -> None:
        """Draw the mouth onto a straight face, in place.

        Args:
            canvas: (side, side, 4), red, green, blue and cover.
            mouth: The lips in all frames.
            frame: Which of them to draw.
            tongue: 0 low, 1 at the upper teeth.
            push: 0 flat lips, 1 pushed forward.
        """
        rows, columns = self._window
        across = self._x / mouth.half_width[frame]
        edges = [edge.astype(np.float32) for edge in mouth.curves(frame, np.clip(across, -1.0, 1.0))]
        outer_upper, inner_upper, inner_lower, outer_lower = edges
        within = np.clip((1.0 - np.abs(across)) * mouth.half_width[frame] * float(self._unit) + 0.5, 0, 1)
        within = within.astype(np.float32)
        place = np.clip(across, -1, 1).astype(np.float32)

        patch = canvas[rows, columns, :3].astype(np.float32) / np.float32(255)
        self._shade_around(patch, place, outer_upper, outer_lower, np.abs(across), push)
        lips = self._colour_lips(place, edges, push)
        cover = self._over(outer_upper, 1.6) * (np.float32(1) - self._over(outer_lower, 1.6)) * within
        patch += (lips - patch) * cover[..., None]

        if float((inner_lower - inner_upper).max()) > 0.004:
            opening = self._over(inner_upper) * (np.float32(1) - self._over(inner_lower)) * within
            inside = self._colour_inside(mouth, frame, inner_upper, inner_lower, tongue)
            patch += (inside - patch) * opening[..., None]
        self._draw_line(
            patch, place, inner_upper, inner_lower, within * np.float32(1.0 - 0.85 * mouth.roundness[frame])
        )
        canvas[rows, columns, :3] = np.rint(np.clip(patch, 0, 1) * np.float32(255))

    def _shade_around(
        self,
        patch: Floats,
        place: Floats,
        top: Floats,
        bottom: Floats,
        across: NDArray[np.float64],
        push: float,
    ) -> None:
        """The lower lip's soft shadow on the chin, and the pale rim above the upper lip."""
        near = np.clip(1.25 - across, 0, 1).astype(np.float32)
        below = np.clip((self._y - bottom) / np.float32(0.11), 0, 1)
        shadow = (1 - below) * (1 - below) * (self._y > bottom - 0.02) * near * np.float32(0.20 + 0.12 * push)
        patch *= 1 - shadow[..., None] * np.array([0.8, 1.0, 1.0], np.float32)
        above = 1 - np.clip(np.abs(top - 0.015 - self._y) / np.float32(0.022), 0, 1)
        patch += (above * near * np.clip(1.1 - place * place, 0, 1) * np.float32(0.055))[..., None]

    def _colour_lips(self, place: Floats, edges: list[Floats], push: float) -> Floats:
        """Brightness of both lips: the upper one faces down and is darker, the lower one catches the light."""
        outer_upper, inner_upper, inner_lower, outer_lower = edges
        tiny = np.float32(1e-3)
        above = np.clip((self._y - outer_upper) / np.maximum(inner_upper - outer_upper, tiny), 0, 1)
        below = np.clip((self._y - inner_lower) / np.maximum(outer_lower - inner_lower, tiny), 0, 1)
        crease = np.interp(place, self._places, self._creases).astype(np.float32)
        side = 1 - np.float32(0.16) * place * place + np.float32(0.10 * self._identity.light[0]) * place
        upper = np.float32(0.90) - np.float32(0.22) * above * above + np.float32(0.03) * crease
        hump = 4 * below * (1 - below)
        lower = np.float32(0.86) + np.float32(0.22) * hump - np.float32(0.16) * below * below
        lower = lower + np.float32(0.035) * crease * hump
        is_lower = self._over((inner_upper + inner_lower) / 2)
        bright = (upper + (lower - upper) * is_lower) * side
        lips = bright[..., None] * self._lips
        along = place - np.float32(0.25 * self._identity.light[0])
        spot = 1 / (1 + 9 * along * along + 26 * (below - np.float32(0.36)) ** 2)
        gloss = (
            spot
            * spot
            * is_lower
            * (np.float32(0.20 + 0.14 * self._identity.make_up + 0.08 * push) + 0.05 * crease)
        )
        lips += gloss[..., None] * np.array([1.0, 0.93, 0.92], np.float32)
        return np.asarray(lips, np.float32)

    def _colour_inside(self, mouth: Mouth, frame: int, upper: Floats, lower: Floats, tongue: float) -> Floats:
        """What shows between the lips: the dark, the tongue, lower teeth, upper teeth, and the lips' shadow on them."""
        y, x = self._y, self._x.astype(np.float32)
        line = np.float32(mouth.line)
        drop = np.float32(mouth.chin_drop[frame])
        inside = np.empty((len(y), len(x), 3), np.float32)
        inside[:] = _CAVITY

        # Tongue: lies behind the lower teeth, comes up to the edge of the upper ones.
        raised = np.float32(np.clip(tongue, 0, 1))
        low, high = line + np.float32(0.20) + drop * np.float32(0.95), line + np.float32(0.105)
        centre = low + (high - low) * raised
        radius_x, radius_y = np.float32(0.25 - 0.06 * raised), np.float32(0.15 - 0.055 * raised)
        reach = np.sqrt((x / radius_x) ** 2 + ((y - centre) / radius_y) ** 2)
        on_tongue = np.clip((1 - reach) * radius_y * self._unit * np.float32(0.7) + np.float32(0.5), 0, 1)
        lit = np.float32(0.55 + 0.40 * raised) + np.float32(0.35) * np.clip((centre - y) / radius_y, -1, 1)
        groove = np.float32(0.14) / (1 + (x / np.float32(0.03)) ** 2)
        body = (lit - groove)[..., None] * _TONGUE
        inside += (body - inside) * on_tongue[..., None]

        row = np.interp(self._x, self._teeth_places, self._teeth).astype(np.float32)
        scallop = np.interp(self._x, self._teeth_places, self._scallop).astype(np.float32)
        arch = (self._x**2).astype(np.float32)
        wide = np.clip((np.float32(0.36) - np.abs(x)) * self._unit, 0, 1)
        lower_edge = (
            line
            + np.float32(0.050)
            + drop * np.float32(0.92)
            - scallop * np.float32(0.5)
            - arch * np.float32(0.25)
        )
        teeth = (row * np.float32(0.84))[None, :, None] * _TEETH
        inside += (teeth - inside) * (self._over(lower_edge) * wide)[..., None]
        upper_edge = line + np.float32(0.034) + scallop - arch * np.float32(0.35)
        hidden = np.float32(1) - np.float32(0.9) * on_tongue * raised * raised
        inside += (row[None, :, None] * _TEETH - inside) * ((1 - self._over(upper_edge)) * wide * hidden)[
            ..., None
        ]

        # The lips shade what lies behind them: most under the upper lip and in the corners.
        under = np.clip((y - upper) / np.float32(0.055), 0, 1)
        above = np.clip((lower - y) / np.float32(0.030), 0, 1)
        room = np.clip((lower - upper) / np.float32(0.05), 0, 1)
        inside *= (
            (np.float32(0.50) + np.float32(0.50) * under) * (np.float32(0.72) + np.float32(0.28) * above)
        )[..., None]
        inside *= (np.float32(0.45) + np.float32(0.55) * room)[None, :, None]
        return inside

    def _draw_line(self, patch: Floats, place: Floats, upper: Floats, lower: Floats, within: Floats) -> None:
        """The dark line where lips touch, and the soft shade in the corners; it fades where the mouth is open."""
        middle = (upper + lower) / 2
        apart = np.clip((lower - upper) / np.float32(0.05), 0, 1)
        half = np.float32(0.010) + np.float32(1) / self._unit * np.float32(0.5)
        line = np.clip(1 - np.abs(self._y - middle) / half, 0, 1) * (1 - apart) * within
        line = line * (np.float32(0.62) + np.float32(0.15) * place * place)
        patch += (self._lips * np.float32(0.26) - patch) * line[..., None]
