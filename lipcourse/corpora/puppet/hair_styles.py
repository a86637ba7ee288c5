"""How puppets' hair is cut: outlines of fifteen styles, in face units."""

from __future__ import annotations

from dataclasses import dataclass

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Style:
    """How hair is cut; outlines are the right half, from the top down, in face units.

    Attributes:
        outline: Outer edge of the hair.
        opening: Edge of the face's opening; below its last point the face is free.
        behind: Outer edge of the hair behind the neck; none if empty.
        root: Where the strands start: they run away from here.
        texture: "straight", "wavy", "curly", "shaved" or "cloth".
        fluff: How ragged the outer edge is, in face units.
        lean: How far the opening is pushed to the right at its top, for a parting on one side.
    """

    outline: Points
    opening: Points
    behind: Points = ()
    root: tuple[float, float] = (0.0, -1.25)
    texture: str = "straight"
    fluff: float = 0.015
    lean: float = 0.0


# Lines that several styles share.
_HAIRLINE: Points = ((0.0, -0.93), (0.42, -0.88), (0.71, -0.70), (0.83, -0.44), (0.93, -0.22), (0.965, 0.12))
_CLOSE: Points = ((0.0, -1.47), (0.46, -1.40), (0.82, -1.14), (1.03, -0.70), (1.065, -0.25), (1.02, 0.12))
_FALL: Points = ((0.0, -0.98), (0.30, -0.80), (0.62, -0.52), (0.83, -0.20), (0.93, 0.30), (0.98, 0.95),
                 (1.0, 1.6), (0.96, 2.6))  # fmt: skip
_LONG: Points = ((0.0, -1.53), (0.52, -1.46), (0.93, -1.14), (1.15, -0.60), (1.20, 0.05), (1.24, 0.80),
                 (1.33, 1.60), (1.36, 2.6))  # fmt: skip

STYLES = {
    "buzz": Style(
        outline=((0.0, -1.42), (0.48, -1.34), (0.85, -1.06), (1.0, -0.68), (1.025, -0.25), (1.0, 0.05)),
        opening=_HAIRLINE,
        texture="shaved", fluff=0.0,
    ),
    "crop": Style(
        outline=((0.0, -1.53), (0.5, -1.46), (0.87, -1.17), (1.06, -0.72), (1.075, -0.25), (1.01, 0.1)),
        opening=((0.0, -0.84), (0.3, -0.8), (0.62, -0.72), (0.8, -0.52), (0.92, -0.24), (0.965, 0.12)),
        root=(0.0, -1.75), fluff=0.03,
    ),
    "side_part": Style(
        outline=((0.0, -1.58), (0.52, -1.49), (0.88, -1.18), (1.06, -0.72), (1.075, -0.25),
                    (1.01, 0.12)),
        opening=((0.0, -0.9), (0.36, -0.93), (0.68, -0.76), (0.82, -0.48), (0.92, -0.22), (0.965, 0.14)),
        root=(0.52, -1.12), lean=0.1,
    ),
    "quiff": Style(
        outline=((0.0, -1.66), (0.45, -1.61), (0.8, -1.28), (1.01, -0.76), (1.045, -0.25), (1.0, 0.08)),
        opening=_HAIRLINE,
        root=(0.15, -2.4), fluff=0.02,
    ),
    "curly": Style(
        outline=((0.0, -1.6), (0.55, -1.52), (0.98, -1.2), (1.17, -0.72), (1.14, -0.28), (1.02, 0.06)),
        opening=((0.0, -0.84), (0.38, -0.8), (0.68, -0.66), (0.83, -0.42), (0.93, -0.2), (0.965, 0.08)),
        texture="curly", fluff=0.06,
    ),
    "receding": Style(
        outline=((0.0, -1.42), (0.46, -1.35), (0.83, -1.08), (1.04, -0.68), (1.07, -0.22), (1.01, 0.14)),
        opening=((0.0, -1.06), (0.22, -1.1), (0.58, -1.16), (0.8, -0.86), (0.92, -0.4), (0.965, 0.14)),
    ),
    "bald": Style(
        outline=((0.0, -1.0), (0.9, -0.95), (1.0, -0.62), (1.045, -0.35), (1.035, -0.1), (1.0, 0.1)),
        opening=((0.0, -1.7), (0.85, -1.5), (0.955, -0.7), (0.935, -0.4), (0.945, -0.15), (0.97, 0.1)),
        texture="shaved", fluff=0.0,
    ),
    "long": Style(
        outline=_LONG,
        opening=_FALL,
        behind=_LONG,
    ),
    "wavy": Style(
        outline=((0.0, -1.56), (0.55, -1.49), (1.0, -1.16), (1.24, -0.58), (1.31, 0.1), (1.4, 0.85),
                    (1.5, 1.6), (1.52, 2.6)),
        opening=((0.0, -0.95), (0.36, -0.84), (0.68, -0.6), (0.86, -0.22), (0.95, 0.3), (1.02, 0.95),
                    (1.06, 1.6), (1.04, 2.6)),
        behind=_LONG,
        root=(0.25, -1.3), texture="wavy", fluff=0.035, lean=0.16,
    ),
    "bob": Style(
        outline=((0.0, -1.55), (0.54, -1.48), (0.97, -1.16), (1.2, -0.58), (1.26, 0.1), (1.29, 0.8),
                    (1.22, 1.42), (1.0, 1.52)),
        opening=((0.0, -0.94), (0.33, -0.84), (0.66, -0.6), (0.86, -0.22), (0.95, 0.25), (0.96, 0.8),
                    (0.92, 1.25), (0.86, 1.52)),
        behind=((0.0, -1.3), (1.0, -1.0), (1.24, 0.0), (1.25, 0.8), (1.15, 1.4), (0.0, 1.48)),
        root=(-0.3, -1.3), lean=-0.14,
    ),
    "bun": Style(
        outline=_CLOSE,
        opening=((0.0, -0.95), (0.42, -0.89), (0.72, -0.7), (0.85, -0.42), (0.95, -0.15), (0.985, 0.16)),
        behind=((0.0, -1.74), (0.26, -1.7), (0.38, -1.52), (0.34, -1.3), (0.0, -1.2)),
        root=(0.0, -1.75),
    ),
    "fringe": Style(
        outline=_LONG,
        opening=((0.0, -0.5), (0.4, -0.48), (0.74, -0.4), (0.88, -0.1), (0.94, 0.35), (0.98, 0.95),
                    (1.0, 1.6), (0.96, 2.6)),
        behind=_LONG,
        root=(0.0, -1.62), fluff=0.02,
    ),
    "afro": Style(
        outline=((0.0, -1.66), (0.72, -1.62), (1.24, -1.28), (1.5, -0.7), (1.46, -0.05),
                    (1.22, 0.42), (1.04, 0.5)),
        opening=((0.0, -0.84), (0.42, -0.78), (0.72, -0.6), (0.88, -0.32), (0.97, 0.0), (1.03, 0.5)),
        behind=((0.0, -1.66), (0.72, -1.62), (1.24, -1.28), (1.48, -0.7), (1.44, 0.0), (1.15, 0.55),
                   (0.0, 0.9)),
        texture="curly", fluff=0.07,
    ),
    "scarf": Style(
        outline=((0.0, -1.56), (0.55, -1.47), (0.97, -1.12), (1.18, -0.55), (1.21, 0.1), (1.16, 0.9),
                    (1.1, 1.55), (1.45, 2.05), (2.2, 2.6)),
        opening=((0.0, -0.88), (0.44, -0.81), (0.75, -0.58), (0.915, -0.15), (0.95, 0.4), (0.915, 1.0),
                    (0.8, 1.55), (0.62, 1.98), (0.4, 2.6)),
        behind=((0.0, 1.0), (0.95, 1.2), (1.0, 1.9), (1.5, 2.2), (2.2, 2.6), (0.0, 2.7)),
        texture="cloth", fluff=0.0,
    ),
    "pixie": Style(
        outline=((0.0, -1.58), (0.54, -1.5), (0.92, -1.18), (1.1, -0.7), (1.11, -0.2), (1.04, 0.25)),
        opening=((0.0, -0.72), (0.38, -0.66), (0.72, -0.5), (0.84, -0.26), (0.93, 0.0), (0.985, 0.3)),
        root=(0.62, -1.2), fluff=0.03, lean=0.2,
    ),
}  # fmt: skip
