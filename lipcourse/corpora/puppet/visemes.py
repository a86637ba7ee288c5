"""What the mouth does in each phone: the targets that speech blends into one another.

A viseme is the look of a phone. The values were set by eye against clips of the GRID corpus; the order of
the vowels by opening and rounding is that of phonetics (P. Ladefoged, "A Course in Phonetics"). Taught in
notebook 05.
"""

from __future__ import annotations

from typing import NamedTuple

from lipcourse.corpora.puppet.phones import ARPABET


class Viseme(NamedTuple):
    """Where the mouth is heading during a phone, and how much the phone insists on it.

    Attributes:
        jaw: See `Pose`, as for the next three.
        spread: Corners in (-1) or out (1).
        protrusion: Lips forward.
        tongue: Tip of the tongue at the upper teeth.
        jaw_strength: Dominance over the neighbours' jaw: about 1 for a vowel, near 0 for a phone that the
            jaw ignores.
        lips_strength: The same of spread and protrusion: "t" is spoken with whatever lips its neighbours
            have.
        tongue_strength: The same of the tongue.
        reach: How far ahead and behind the lips' dominance extends, in seconds.
    """

    jaw: float
    spread: float
    protrusion: float
    tongue: float
    jaw_strength: float
    lips_strength: float
    tongue_strength: float
    reach: float = 0.055


SILENCE = Viseme(0.0, 0.0, 0.0, 0.0, 0.8, 0.6, 0.6, 0.060)

_VOWELS = {
    "AA": Viseme(1.00, 0.05, 0.0, 0.0, 1.2, 1.0, 0.4),
    "AE": Viseme(0.82, 0.45, 0.0, 0.0, 1.1, 1.0, 0.4),
    "AH": Viseme(0.56, 0.00, 0.0, 0.1, 0.8, 0.7, 0.4),
    "AO": Viseme(0.74, -0.55, 0.45, 0.0, 1.1, 1.2, 0.4),
    "EH": Viseme(0.60, 0.45, 0.0, 0.1, 1.0, 1.0, 0.4),
    "ER": Viseme(0.36, -0.35, 0.45, 0.3, 0.9, 1.0, 0.5),
    "IH": Viseme(0.38, 0.50, 0.0, 0.2, 0.9, 0.9, 0.4),
    "IY": Viseme(0.25, 1.00, 0.0, 0.3, 1.1, 1.3, 0.4),
    "UH": Viseme(0.32, -0.55, 0.50, 0.0, 0.9, 1.1, 0.4),
    "UW": Viseme(0.20, -1.00, 1.00, 0.0, 1.2, 1.8, 0.4, 0.085),
}  # fmt: skip

_BILABIAL = Viseme(0.12, 0.0, 0.05, 0.0, 0.9, 0.10, 0.1)
_LABIODENTAL = Viseme(0.16, 0.1, 0.0, 0.0, 1.3, 0.45, 0.2)
_DENTAL = Viseme(0.34, 0.1, 0.0, 1.0, 1.1, 0.25, 1.8)
_ALVEOLAR = Viseme(0.20, 0.1, 0.0, 0.85, 0.7, 0.15, 1.3)
_SIBILANT = Viseme(0.10, 0.40, 0.0, 0.3, 1.4, 0.50, 0.8)
_PALATAL = Viseme(0.16, -0.50, 0.90, 0.4, 1.3, 1.40, 0.8, 0.07)
_VELAR = Viseme(0.32, 0.0, 0.0, 0.0, 0.35, 0.08, 0.5)

_CONSONANTS = {
    "P": _BILABIAL, "B": _BILABIAL, "M": _BILABIAL, "F": _LABIODENTAL, "V": _LABIODENTAL,
    "TH": _DENTAL, "DH": _DENTAL, "T": _ALVEOLAR, "D": _ALVEOLAR, "N": _ALVEOLAR,
    "S": _SIBILANT, "Z": _SIBILANT, "SH": _PALATAL, "ZH": _PALATAL, "CH": _PALATAL, "JH": _PALATAL,
    "K": _VELAR, "G": _VELAR, "NG": _VELAR,
    "L": Viseme(0.34, 0.05, 0.0, 1.0, 0.8, 0.15, 1.6),
    "R": Viseme(0.26, -0.45, 0.55, 0.2, 0.8, 0.90, 0.6),
    "W": Viseme(0.12, -1.00, 1.00, 0.0, 1.3, 1.80, 0.4, 0.07),
    "Y": Viseme(0.22, 0.65, 0.0, 0.3, 0.7, 0.60, 0.4),
    "HH": Viseme(0.40, 0.0, 0.0, 0.0, 0.1, 0.03, 0.1),
}  # fmt: skip

_GLIDES = {"AW": ("AA", "UW"), "AY": ("AA", "IY"), "EY": ("EH", "IY"), "OW": ("AO", "UW"), "OY": ("AO", "IY")}

_SIMPLE = _VOWELS | _CONSONANTS
VISEMES: dict[str, tuple[Viseme, ...]] = {
    phone: tuple(_SIMPLE[part] for part in _GLIDES.get(phone, (phone,))) for phone in sorted(ARPABET)
}
"""The one target of each phone; of a diphthong its two, one after the other."""
