"""The mouth of a puppet: lips with volume, teeth, tongue and the dark behind them, drawn anew each frame.

Every pixel belongs to a column; in each column the four edges of the lips are known from `Mouth.curves`, so
that a place on a lip is a share of the way between two edges. No outline is filled: covers are clipped
distances to the edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.drawing import Easel, noise
from lipcourse.corpora.puppet.geometry import Array, Mouth
from lipcourse.corpora.puppet.identity import Identity

Floats = NDArray[np.float32]

_TEETH = np.array([0.95, 0.925, 0.87], np.float32)
_TONGUE = np.array([0.76, 0.37, 0.39], np.float32)
_CAVITY = np.array([0.16, 0.045, 0.05], np.float32)
_ARCH = 0.36
"""Half the width of the row of teeth, in face units."""


@dataclass(frozen=True)
class _Patch:
    """The part of a picture that is drawn on, in face units.

    Attributes:
        x: Place of each column, (W,).
        y: Place of each row, (H, 1).
        unit: Pixels a face unit.
    """

    x: Array
    y: Floats
    unit: np.float32

    def below(self, edge: Floats, softness: float = 1.0) -> Floats:
        """Cover of what lies below an edge (W,): it rises over one pixel, measured across the edge."""
        slope = np.gradient(edge.astype(np.float64)) * float(self.unit)
        sharp = (self.unit / np.sqrt(1.0 + np.clip(slope, -6.0, 6.0) ** 2) / softness).astype(np.float32)
        return np.clip((self.y - edge) * sharp + np.float32(0.5), 0, 1)


class MouthPainter:
    """Draws the mouth of one talker into pictures of one size.

    Args:
        identity: The talker.
        easel: The picture's size as drawn.
    """

    def __init__(self, identity: Identity, easel: Easel) -> None:
        self._identity = identity
        self._easel = easel
        self._lips = np.array(identity.lips, np.float32)
        random = np.random.Generator(np.random.PCG64([identity.seed, 2]))
        self._places = np.linspace(-1.0, 1.0, 201)
        self._creases = noise(random, self._places * 9.0) + 0.6 * noise(random, self._places * 23.0)
        # A row of teeth: one brightness a place, dark in the gaps; narrower to the sides, as an arch looks.
        self._teeth_places = np.linspace(-_ARCH, _ARCH, 721)
        share = self._teeth_places / _ARCH
        number = np.abs(np.arcsin(share)) / 0.245
        gap = np.abs(number - np.rint(number))
        self._teeth = (1.0 - 0.30 * np.clip(1.0 - gap / 0.07, 0.0, 1.0)) * (1.0 - 0.75 * share**2)
        self._scallop = 0.010 * (1.0 - (2.0 * gap) ** 2)

    def draw(self, canvas: NDArray[np.uint8], mouth: Mouth, frame: int, tongue: float, push: float) -> None:
        """Draw the mouth onto a straight face, in place.

        Args:
            canvas: (side, side, 4), red, green, blue and cover.
            mouth: The lips in all frames.
            frame: Which of them to draw.
            tongue: 0 low, 1 at the upper teeth.
            push: 0 flat lips, 1 pushed forward.
        """
        width = float(mouth.half_width[frame])
        bottom = float(mouth.lower[frame] + mouth.lower_lip[frame])
        top = float(min(mouth.upper[frame], mouth.corner[frame]) - mouth.upper_lip[frame])
        rows, columns = self._easel.window(-1.25 * width, top - 0.05, 1.25 * width, bottom + 0.13)
        patch = _Patch(
            self._easel.x[0, columns], self._easel.y[rows].astype(np.float32), np.float32(self._easel.unit)
        )
        share = patch.x / width
        edges = [edge.astype(np.float32) for edge in mouth.curves(frame, np.clip(share, -1.0, 1.0))]
        within = np.clip((1.0 - np.abs(share)) * width * self._easel.unit + 0.5, 0.0, 1.0).astype(np.float32)
        across = share.astype(np.float32)

        picture = canvas[rows, columns, :3].astype(np.float32) / np.float32(255)
        self._shade_around(patch, picture, across, edges, push)
        self._lay_lips(patch, picture, across, edges, within, push)
        if float((edges[2] - edges[1]).max()) > 0.004:
            self._open(patch, picture, mouth, frame, edges, within, tongue)
        self._draw_line(patch, picture, across, edges, within * np.float32(1 - 0.85 * mouth.roundness[frame]))
        canvas[rows, columns, :3] = np.rint(np.clip(picture, 0, 1) * np.float32(255))

    def _shade_around(
        self, patch: _Patch, picture: Floats, across: Floats, edges: list[Floats], push: float
    ) -> None:
        """The lower lip's soft shadow on the chin, and the pale rim above the upper lip."""
        top, bottom = edges[0], edges[3]
        near = np.clip(np.float32(1.25) - np.abs(across), 0, 1)
        below = 1 - np.clip((patch.y - bottom) / np.float32(0.11), 0, 1)
        shadow = below * below * (patch.y > bottom - np.float32(0.02)) * near * np.float32(0.20 + 0.12 * push)
        picture *= 1 - shadow[..., None] * np.array([0.8, 1.0, 1.0], np.float32)
        above = 1 - np.clip(np.abs(top - np.float32(0.015) - patch.y) / np.float32(0.022), 0, 1)
        rim = near * np.clip(np.float32(1.1) - across * across, 0, 1) * np.float32(0.055)
        picture += (above * rim)[..., None]

    def _lay_lips(
        self, patch: _Patch, picture: Floats, across: Floats, edges: list[Floats], within: Floats, push: float
    ) -> None:
        """Both lips: the upper one faces down and is darker, the lower one catches the light."""
        outer_upper, inner_upper, inner_lower, outer_lower = edges
        tiny, right = np.float32(1e-3), np.float32(self._identity.light[0])
        above = np.clip((patch.y - outer_upper) / np.maximum(inner_upper - outer_upper, tiny), 0, 1)
        below = np.clip((patch.y - inner_lower) / np.maximum(outer_lower - inner_lower, tiny), 0, 1)
        crease = np.interp(across, self._places, self._creases).astype(np.float32)
        hump = 4 * below * (1 - below)
        upper = np.float32(0.90) + np.float32(0.03) * crease - np.float32(0.22) * above * above
        lower = np.float32(0.86) - np.float32(0.16) * below * below
        lower = lower + (np.float32(0.22) + np.float32(0.035) * crease) * hump
        middle = (inner_upper + inner_lower) * np.float32(0.5)
        is_lower = patch.below(middle)
        side = 1 - np.float32(0.16) * across * across + np.float32(0.10) * right * across
        lips = ((upper + (lower - upper) * is_lower) * side)[..., None] * self._lips
        along = across - np.float32(0.25) * right
        spot = 1 / (1 + 9 * along * along + 26 * (below - np.float32(0.36)) ** 2)
        shine = np.float32(0.20 + 0.14 * self._identity.make_up + 0.08 * push) + np.float32(0.05) * crease
        lips += (spot * spot * is_lower * shine)[..., None] * np.array([1.0, 0.93, 0.92], np.float32)
        cover = patch.below(outer_upper, 1.6) * (1 - patch.below(outer_lower, 1.6)) * within
        picture += (lips - picture) * cover[..., None]

    def _open(
        self,
        patch: _Patch,
        picture: Floats,
        mouth: Mouth,
        frame: int,
        edges: list[Floats],
        within: Floats,
        tongue: float,
    ) -> None:
        """What shows between the lips, drawn on the rows and columns of the opening alone."""
        upper, lower = edges[1], edges[2]
        apart = np.flatnonzero(lower > upper)
        columns = slice(max(int(apart[0]) - 1, 0), int(apart[-1]) + 2)
        y = patch.y[:, 0]
        pixel = 1.5 / float(patch.unit)
        first, last = np.searchsorted(y, [upper[columns].min() - pixel, lower[columns].max() + pixel])
        rows = slice(int(first), int(last))
        hole = _Patch(patch.x[columns], patch.y[rows], patch.unit)
        upper, lower = upper[columns], lower[columns]
        opening = hole.below(upper) * (1 - hole.below(lower)) * within[columns]
        inside = self._inside(hole, mouth, frame, tongue)

        # The lips shade what lies behind them: most under the upper lip and where they come together.
        under = np.clip((hole.y - upper) / np.float32(0.055), 0, 1)
        above = np.clip((lower - hole.y) / np.float32(0.030), 0, 1)
        room = np.float32(0.45) + np.float32(0.55) * np.clip((lower - upper) / np.float32(0.05), 0, 1)
        shade = (1 + under) * np.float32(0.5) * (np.float32(0.72) + np.float32(0.28) * above) * room
        inside *= shade[..., None]
        part = picture[rows, columns]
        part += (inside - part) * opening[..., None]

    def _inside(self, hole: _Patch, mouth: Mouth, frame: int, tongue: float) -> Floats:
        """From back to front: the dark, the tongue, the lower teeth, the upper teeth."""
        x, y = hole.x.astype(np.float32), hole.y
        line, drop = np.float32(mouth.line), np.float32(mouth.chin_drop[frame])
        raised = np.float32(np.clip(tongue, 0.0, 1.0))
        # Pushed forward and drawn in, the lips leave what is behind them in the dark.
        light = np.float32(0.12 + 0.88 * np.clip((mouth.inner[frame] - 0.62) / 0.14, 0.0, 1.0))
        inside = np.empty((len(y), len(x), 3), np.float32)
        inside[:] = _CAVITY

        # The tongue lies behind the lower teeth, or its tip comes up to the edge of the upper ones.
        low, high = line + np.float32(0.18) + drop * np.float32(0.62), line + np.float32(0.09)
        centre = low + (high - low) * raised
        radius_x, radius_y = (
            np.float32(0.25) - raised * np.float32(0.06),
            np.float32(0.15) - raised * np.float32(0.055),
        )
        reach = np.sqrt((x / radius_x) ** 2 + ((y - centre) / radius_y) ** 2)
        on_tongue = np.clip((1 - reach) * radius_y * hole.unit * np.float32(0.7) + np.float32(0.5), 0, 1)
        lit = (
            np.float32(0.50)
            + np.float32(0.45) * raised
            + np.float32(0.30) * np.clip((centre - y) / radius_y, -1, 1)
        )
        groove = np.float32(0.14) / (1 + (x / np.float32(0.03)) ** 2)
        lit = (lit - groove) * (np.float32(0.3) + np.float32(0.7) * light)
        inside += (lit[..., None] * _TONGUE - inside) * on_tongue[..., None]

        row = np.interp(hole.x, self._teeth_places, self._teeth).astype(np.float32)
        scallop = np.interp(hole.x, self._teeth_places, self._scallop).astype(np.float32)
        wide = np.clip((np.float32(_ARCH) - np.abs(x)) * hole.unit, 0, 1)
        seen = wide * light
        edge = (
            line
            + np.float32(0.050)
            + drop * np.float32(0.92)
            - scallop * np.float32(0.5)
            - x * x * np.float32(0.25)
        )
        teeth = row[None, :, None] * _TEETH
        inside += (teeth * np.float32(0.84) - inside) * (hole.below(edge) * seen)[..., None]
        edge = line + np.float32(0.034) + scallop - x * x * np.float32(0.35)
        before = 1 - np.float32(0.9) * on_tongue * raised * raised
        inside += (teeth - inside) * ((1 - hole.below(edge)) * seen * before)[..., None]
        return inside

    def _draw_line(
        self, patch: _Patch, picture: Floats, across: Floats, edges: list[Floats], strength: Floats
    ) -> None:
        """The dark line where lips touch; it fades where the mouth is open."""
        upper, lower = edges[1], edges[2]
        apart = np.clip((lower - upper) / np.float32(0.05), 0, 1)
        half = np.float32(0.010) + np.float32(0.5) / patch.unit
        line = np.clip(1 - np.abs(patch.y - (upper + lower) / 2) / half, 0, 1) * (1 - apart) * strength
        line = line * (np.float32(0.62) + np.float32(0.15) * np.clip(across * across, 0, 1))
        picture += (self._lips * np.float32(0.26) - picture) * line[..., None]
