"""Who a puppet is: everything about a talker that does not change while it speaks, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")

Colour = tuple[float, float, float]
"""Red, green and blue in [0, 1], as shown on a screen (sRGB)."""

SKINS: tuple[Colour, ...] = (
    (0.955, 0.835, 0.755), (0.945, 0.79, 0.69), (0.93, 0.75, 0.62), (0.88, 0.68, 0.53), (0.80, 0.58, 0.43),
    (0.72, 0.50, 0.36), (0.64, 0.43, 0.31), (0.56, 0.365, 0.26), (0.49, 0.315, 0.23), (0.42, 0.275, 0.21),
)  # fmt: skip
"""Skin tones from the lightest to the darkest; a talker's lies anywhere between two neighbours."""

HAIRS: tuple[Colour, ...] = (
    (0.09, 0.075, 0.075), (0.15, 0.10, 0.085), (0.24, 0.155, 0.11), (0.36, 0.23, 0.15), (0.50, 0.33, 0.19),
    (0.70, 0.52, 0.31), (0.84, 0.69, 0.45), (0.56, 0.25, 0.13), (0.43, 0.16, 0.10),
)  # fmt: skip
"""Black, four browns, two blonds, ginger and auburn."""

IRISES: tuple[Colour, ...] = (
    (0.22, 0.13, 0.08), (0.32, 0.20, 0.11), (0.45, 0.31, 0.15), (0.36, 0.45, 0.26), (0.33, 0.50, 0.62),
    (0.45, 0.53, 0.56),
)  # fmt: skip
"""Dark brown, brown, hazel, green, blue and grey eyes."""

LIPSTICKS: tuple[Colour, ...] = (
    (0.74, 0.22, 0.27), (0.62, 0.15, 0.25), (0.82, 0.38, 0.40), (0.70, 0.31, 0.36), (0.50, 0.14, 0.20),
)  # fmt: skip

WALLS: tuple[Colour, ...] = (
    (0.55, 0.68, 0.78), (0.64, 0.74, 0.66), (0.83, 0.74, 0.62), (0.72, 0.66, 0.78), (0.80, 0.66, 0.62),
    (0.60, 0.62, 0.66), (0.88, 0.86, 0.82), (0.36, 0.47, 0.58), (0.40, 0.52, 0.48), (0.56, 0.45, 0.50),
)  # fmt: skip

CLOTHES: tuple[Colour, ...] = (
    (0.20, 0.27, 0.40), (0.36, 0.15, 0.20), (0.16, 0.34, 0.32), (0.86, 0.84, 0.80), (0.23, 0.23, 0.25),
    (0.78, 0.56, 0.26), (0.44, 0.55, 0.68), (0.62, 0.36, 0.32), (0.42, 0.40, 0.55), (0.55, 0.62, 0.48),
)  # fmt: skip

SHORT_STYLES = ("crop", "side_part", "quiff", "buzz", "curly", "receding", "bald")
LONG_STYLES = ("long", "wavy", "bob", "bun", "fringe", "afro", "scarf", "pixie")


@dataclass(frozen=True)
class Identity:
    """One talker: shape, colours, hair, light and background.

    Shapes are multiples of the average face unless a line says otherwise; colours are `Colour`.

    Attributes:
        seed: The number that this talker was drawn from; also seeds freckles, strands and the like.
        age: Years.
        feminine: From 0 to 1: how soft jaw and brow are.
        face_length: Height of the face.
        jaw_width: Width of the jaw at its corners.
        chin_width: Width of the chin.
        eye_size: Height and width of the eyes.
        eye_spacing: Distance between the eyes.
        eye_tilt: Rise of the outer corner of the eye, in face units.
        eye_hood: From 0 to 1: how far the lid's fold hides the crease.
        brow_height: Distance from eye to brow.
        brow_thickness: Thickness of the brow.
        brow_arch: Curvature of the brow.
        nose_width: Width of the nose.
        nose_length: Length of the nose.
        mouth_width: Width of the mouth.
        upper_lip: Height of the upper lip.
        lower_lip: Height of the lower lip.
        cupid_bow: Depth of the notch of the upper lip.
        smile: Rise of the corners of the mouth at rest, in face units.
        skin: Colour of the skin.
        lips: Colour of the lips, lipstick included.
        iris: Colour of the eyes.
        hair: Colour of the hair.
        hair_style: One of `SHORT_STYLES` or `LONG_STYLES`.
        beard: "none", "stubble", "moustache", "goatee" or "full".
        glasses: "none", "round" or "square".
        make_up: From 0 to 1: darkness of lashes and lid line.
        freckles: From 0 to 1.
        light: Direction that the light comes from: right, down, towards the viewer (unit length).
        warmth: Colour of the light, -1 cool to 1 warm.
        wall: Colour of the background.
        clothes: Colour of the clothes.
        neckline: "round", "v" or "collar".
    """

    seed: int
    age: float
    feminine: float
    face_length: float
    jaw_width: float
    chin_width: float
    eye_size: float
    eye_spacing: float
    eye_tilt: float
    eye_hood: float
    brow_height: float
    brow_thickness: float
    brow_arch: float
    nose_width: float
    nose_length: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    cupid_bow: float
    smile: float
    skin: Colour
    lips: Colour
    iris: Colour
    hair: Colour
    hair_style: str
    beard: str
    glasses: str
    make_up: float
    freckles: float
    light: tuple[float, float, float]
    warmth: float
    wall: Colour
    clothes: Colour
    neckline: str

    @property
    def bearded(self) -> bool:
        """Whether stubble or a beard surrounds the mouth, which makes it harder to measure."""
        return self.beard != "none"


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours: `share` 0 gives the first, 1 the second."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def draw_identity(seed: int) -> Identity:
    """Draw a talker: every property from one seed, so that the same seed is the same person everywhere.

    Args:
        seed: Any integer of 0 or more.

    Returns:
        The talker. Tones of skin, ages and looks are spread evenly, not as in any one country.
    """
    random = np.random.Generator(np.random.PCG64(seed))

    def around(centre: float, spread: float) -> float:
        """A value within `spread` of `centre`, those near the centre likelier."""
        return centre + spread * float(random.random() + random.random() + random.random() - 1.5) / 1.5

    def pick(items: tuple[Item, ...]) -> Item:
        return items[int(random.integers(len(items)))]

    woman = bool(random.random() < 0.5)
    feminine = float(np.clip(around(0.85 if woman else 0.12, 0.3), 0.0, 1.0))
    age = 19.0 + 56.0 * float(random.random()) ** 1.4
    tone = float(random.random()) * (len(SKINS) - 1.001)
    skin = mix(SKINS[int(tone)], SKINS[int(tone) + 1], tone % 1)
    skin = mix(skin, (skin[0], skin[1] * 0.95, skin[2] * 0.98), float(random.random()))  # rosy or golden

    light_skinned = tone < 4.0
    hair = pick(HAIRS) if light_skinned else pick(HAIRS[:3])
    grey = float(np.clip((age - 42.0) / 26.0 + around(0.0, 0.3), 0.0, 1.0))
    hair = mix(hair, (0.80, 0.79, 0.77), grey * 0.9)
    iris = pick(IRISES) if light_skinned else pick(IRISES[:2])

    # The lips' own colour is the skin's, rosier and darker; lipstick goes on top of it for some.
    lips = mix((skin[0] * 0.88, skin[1] * 0.60, skin[2] * 0.62), (0.76, 0.36, 0.37), 0.42)
    make_up = float(np.clip(around(0.65, 0.5), 0.0, 1.0)) if woman else 0.0
    if make_up > 0.55:
        lips = mix(lips, pick(LIPSTICKS), 0.75)
    # Lips are darker than the skin around them, lipstick or not.
    dim = min(1.0, 0.80 * sum(skin) / sum(lips))
    lips = (lips[0] * dim, lips[1] * dim * 0.97, lips[2] * dim)

    style = pick(LONG_STYLES) if woman else pick(SHORT_STYLES)
    if not woman and age < 32 and style in ("receding", "bald"):
        style = "crop"
    beard = (
        "none"
        if woman
        else pick(("none", "none", "none", "stubble", "stubble", "moustache", "goatee", "full"))
    )
    azimuth, height = around(0.0, 0.75), around(0.55, 0.25)
    light = np.array([np.sin(azimuth) * np.cos(height), -np.sin(height), np.cos(azimuth) * np.cos(height)])

    return Identity(
        seed=seed,
        age=age,
        feminine=feminine,
        face_length=around(0.965 - 0.03 * feminine, 0.045),
        jaw_width=around(1.0 - 0.10 * feminine, 0.07),
        chin_width=around(1.0 - 0.16 * feminine, 0.16),
        eye_size=around(1.08 + 0.15 * feminine, 0.10),
        eye_spacing=around(1.0, 0.05),
        eye_tilt=around(0.012 + 0.012 * feminine, 0.035),
        eye_hood=float(np.clip(around(0.35, 0.6), 0.0, 1.0)),
        brow_height=around(0.94 + 0.12 * feminine, 0.12),
        brow_thickness=around(1.15 - 0.45 * feminine, 0.25),
        brow_arch=around(0.7 + 0.5 * feminine, 0.5),
        nose_width=around(1.03 - 0.10 * feminine + 0.022 * tone, 0.14),
        nose_length=around(0.99, 0.06),
        mouth_width=around(1.0, 0.09),
        upper_lip=around(0.90 + 0.14 * feminine + 0.022 * tone, 0.16),
        lower_lip=around(0.92 + 0.12 * feminine + 0.022 * tone, 0.14),
        cupid_bow=around(0.9 + 0.2 * feminine, 0.4),
        smile=around(0.032, 0.02),
        skin=skin,
        lips=lips,
        iris=iris,
        hair=hair,
        hair_style=style,
        beard=beard,
        glasses=pick(("none", "none", "none", "none", "round", "square")),
        make_up=make_up,
        freckles=float(random.random()) ** 2 if tone < 2.5 and random.random() < 0.35 else 0.0,
        light=(float(light[0]), float(light[1]), float(light[2])),
        warmth=around(0.1, 0.7),
        wall=pick(WALLS),
        clothes=pick(CLOTHES),
        neckline=pick(("round", "v", "collar")),
    )
