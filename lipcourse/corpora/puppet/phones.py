"""From eSpeak's symbols to ARPABET: the 39 phones of the CMU dictionary.

eSpeak writes English in its own ASCII symbols (`docs/phonemes.md` of eSpeak NG); the right-hand sides follow
the CMU Pronouncing Dictionary's reading of the same words. Taught in notebook 05.
"""

from __future__ import annotations

from lipcourse.errors import CorpusError

VOWELS = frozenset({"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"})
CONSONANTS = frozenset({
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V",
    "W", "Y", "Z", "ZH",
})  # fmt: skip
ARPABET = VOWELS | CONSONANTS
BILABIALS = frozenset({"P", "B", "M"})
LABIODENTALS = frozenset({"F", "V"})
PLOSIVES = frozenset({"P", "B", "T", "D", "K", "G", "CH", "JH"})
"""Phones that begin with the breath stopped, affricates included."""

# Symbols of all the accents that the voices have. An empty value links words and is no phone of its own.
_SYMBOLS: dict[str, str] = {
    "0": "AA", "3": "ER", "3:": "ER", "@": "AH", "@-": "AH", "@2": "AH", "@5": "AH", "@L": "AH L",
    "A:": "AA", "A@": "AA R", "E": "EH", "E2": "EH", "I": "IH", "I#": "IH", "I2": "IH", "IR": "ER",
    "O": "AO", "O2": "AO", "O:": "AO", "O@": "AO R", "OI": "OY", "U": "UH", "U@": "UH R", "V": "AH",
    "VR": "ER", "a": "AE", "a#": "AH", "a/": "AE", "aa": "AE", "aI": "AY", "aI2": "AY", "aI3": "AY ER",
    "aI@": "AY AH", "aU": "AW", "aU@": "AW ER", "e": "EY", "e:": "EY", "e@": "EH R", "eI": "EY", "i": "IY",
    "i:": "IY", "i@": "IY AH", "i@3": "IH R", "o": "OW", "o@": "AO R", "oU": "OW", "u": "UW", "u:": "UW",
    "A~": "AA N", "O~": "AO N",
    "b": "B", "tS": "CH", "d": "D", "D": "DH", "f": "F", "g": "G", "h": "HH", "dZ": "JH", "k": "K", "x": "K",
    "l": "L", "l#": "L", "l/": "L", "m": "M", "m-": "AH M", "n": "N", "n-": "AH N", "N": "NG", "p": "P",
    "r": "R", "r-": "R", "r/": "R", "R": "R", "s": "S", "S": "SH", "t": "T", "t#": "T", "t2": "T", "?": "T",
    "T": "TH", "t[": "TH", "v": "V", "w": "W", "w#": "W", "j": "Y", "z": "Z", "Z": "ZH", ";": "",
}  # fmt: skip

# In England an r is spoken before a vowel only, where eSpeak then writes one of its own, and the a of "bath"
# is long.
_WITHOUT_R: dict[str, str] = {
    "3": "AH", "A@": "AA", "O@": "AO", "U@": "UH AH", "aI3": "AY AH", "aU@": "AW AH", "aa": "AA", "e@": "EH",
    "i@3": "IH AH", "o@": "AO",
}  # fmt: skip

_STRESS_MARKS = "',%=|"


def is_pause(symbol: str) -> bool:
    """Whether an eSpeak symbol stands for silence."""
    return symbol.startswith("_")


def to_arpabet(symbol: str, *, rhotic: bool = True) -> tuple[str, ...]:
    """Return the ARPABET phones of one eSpeak symbol.

    Args:
        symbol: eSpeak's symbol, with stress marks or without: "'A@".
        rhotic: Whether the accent speaks the r of "car", as in America and Scotland.

    Returns:
        One phone as a rule; two for a sound that ARPABET writes with two; none for a link between words.

    Raises:
        CorpusError: The symbol is none of English.
    """
    bare = symbol.lstrip(_STRESS_MARKS)
    table = _SYMBOLS if rhotic else _SYMBOLS | _WITHOUT_R
    if bare not in table:
        raise CorpusError(
            f"the text holds the sound {bare!r}, which English does not have", remedy="write it in English"
        )
    return tuple(table[bare].split())
