"""How English words are said: the CMU dictionary, and eSpeak for what it lacks.

The dictionary is the one that pocketsphinx brings: 126 000 words in the 39 phones of ARPABET, without stress.
Taught in notebook 05.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pocketsphinx

from lipcourse.corpora.puppet import espeak
from lipcourse.corpora.puppet.phones import ARPABET, is_pause, to_arpabet
from lipcourse.errors import CorpusError, OptionError, SignalError

Reading = tuple[str, ...]
"""Phones of a word, in order."""

Pronunciations = Mapping[str, str | Sequence[str]]
"""Words and how they are said: {"grid": "G R IH D"}, or several readings of a word."""

# GRID was spoken in England.
_BRITISH = {"z": "Z EH D"}


def split_words(text: str) -> tuple[str, ...]:
    """Split a text into words in small letters, without punctuation; "don't" is one, "twenty-one" two."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").lower()
    return tuple(re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain))


@cache
def dictionary() -> Mapping[str, tuple[Reading, ...]]:
    """Read the pronouncing dictionary: each word's readings, the most usual first.

    Taught in notebook 05.
    """
    path = Path(pocketsphinx.get_model_path("en-us")) / "cmudict-en-us.dict"
    found: dict[str, list[Reading]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()  # The second reading of "a" is called "a(2)".
        found.setdefault(word.partition("(")[0], []).append(tuple(phones))
    for word, reading in _BRITISH.items():
        found[word].append(tuple(reading.split()))
    return {word: tuple(readings) for word, readings in found.items()}


def pronounce(
    words: Sequence[str], pronunciations: Pronunciations | None = None, *, where: object | None = None
) -> tuple[dict[str, tuple[Reading, ...]], dict[str, Reading]]:
    """Look up how words are said.

    Args:
        words: In small letters, as `split_words` gives them.
        pronunciations: What is taken in place of the dictionary's readings.
        where: The file or clip, for errors.

    Returns:
        The readings of each word; and of these, the words that the dictionary lacks, as eSpeak reads them.

    Raises:
        SignalError: A word is in no dictionary, and eSpeak does not read it as English.
        OptionError: A pronunciation has other symbols than ARPABET's.
        ModelError: eSpeak is needed and cannot be loaded.

    Taught in notebook 05.
    """
    own = _check(pronunciations or {})
    readings = {word: own.get(word) or dictionary().get(word, ()) for word in words}
    guessed = {word: _guess(word, where) for word, known in readings.items() if not known}
    return readings | {word: (reading,) for word, reading in guessed.items()}, guessed


def _guess(word: str, where: object | None) -> Reading:
    """Read a word as eSpeak would say it.

    Raises:
        SignalError: It would not, in English.
    """
    _, phonemes = espeak.synthesise(word, "en-us")
    try:
        phones = [phone for one in phonemes if not is_pause(one.symbol) for phone in to_arpabet(one.symbol)]
    except CorpusError:  # A sound that English does not have.
        phones = []
    if not phones:
        raise SignalError(
            f"nobody knows how {word!r} is said in English", where=where, remedy="give its pronunciation"
        )
    return tuple(phones)


def _check(pronunciations: Pronunciations) -> dict[str, tuple[Reading, ...]]:
    """Bring pronunciations into the dictionary's form.

    Raises:
        OptionError: One has other symbols than ARPABET's.
    """
    checked: dict[str, tuple[Reading, ...]] = {}
    for word, given in pronunciations.items():
        several = (given,) if isinstance(given, str) else given
        readings = tuple(tuple(reading.upper().split()) for reading in several)
        if not readings or not all(reading and ARPABET.issuperset(reading) for reading in readings):
            raise OptionError(
                f"{given!r} does not say {word!r} in ARPABET",
                remedy=f"use the {len(ARPABET)} phones of the CMU dictionary, without stress: 'G R IH D'",
            )
        checked[word.lower()] = readings
    return checked
