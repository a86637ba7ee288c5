"""Which GRID sentences each puppet speaks.

As in GRID, a sentence belongs to one talker only. So talkers that a network has not seen also say sentences
that it has not heard, and a file name alone tells who says it. Taught in notebook 05.
"""

from __future__ import annotations

import itertools
import zlib
from functools import cache

import numpy as np

from lipcourse.corpora.grid import sentence
from lipcourse.errors import CorpusError

MOST_TALKERS = 100
"""Among how many talkers the 64 000 sentences of the grammar are shared out, about 640 to each."""

_PLACES = ("blps", "bgrw", "abiw", "abcdefghijklmnopqrstuvxyz", "z123456789", "anps")


@cache
def _codes_by_owner() -> tuple[tuple[str, ...], ...]:
    """All sentences, as GRID's file names, by the talker (less 1) that owns them."""
    owned: list[list[str]] = [[] for _ in range(MOST_TALKERS)]
    for letters in itertools.product(*_PLACES):
        code = "".join(letters)
        owned[zlib.crc32(code.encode()) % MOST_TALKERS].append(code)
    return tuple(tuple(codes) for codes in owned)


def draw_sentences(number: int, count: int, random: np.random.Generator) -> tuple[str, ...]:
    """Draw the sentences of one talker, each once, in an order of its own.

    Args:
        number: The talker's number, from 1.
        count: How many sentences. The first of a longer draw are those of a shorter one from the same seed.
        random: Decides the order.

    Returns:
        Codes as in GRID's file names: "bbaf2n" is "bin blue at f two now"
        (`lipcourse.corpora.grid.sentence`).

    Raises:
        CorpusError: The talker does not have as many sentences.
    """
    owned = _codes_by_owner()[number - 1]
    if count > len(owned):
        raise CorpusError(
            f"talker s{number} has {len(owned)} sentences, not {count}", remedy="ask for fewer clips a talker"
        )
    return tuple(owned[index] for index in random.permutation(len(owned))[:count])


def spell_out(code: str) -> str:
    """Write a sentence as it is given to a synthesiser, which would read the letter "a" as the article.

    Raises:
        CorpusError: The code is not that of a GRID sentence.
    """
    return sentence(code).replace(" a ", " eigh ")
