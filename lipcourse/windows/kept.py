"""Which clips of a corpus `lipcourse select` has kept, so that they alone are prepared.

Taught in notebook 05.
"""

from __future__ import annotations

import json
from pathlib import Path

from lipcourse.corpora.base import SPLITS, Corpus
from lipcourse.errors import CorpusError


def read_kept(path: Path, corpus: Corpus) -> frozenset[str]:
    """Name the clips of a corpus that a selection leaves.

    Args:
        path: The JSON file that `lipcourse select` wrote.
        corpus: That was selected from.

    Returns:
        Keys of the clips that were kept, and of all clips of the splits that were not selected from: a
        selection of what is learned from takes nothing from what it is tested on.

    Raises:
        CorpusError: The file cannot be read, is no selection, or one of another corpus.
    """
    remedy = "give the file that `lipcourse select` wrote"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        name, split, kept = told["corpus"], told["split"], frozenset(told["kept"])
    except OSError as error:
        raise CorpusError(f"cannot be read ({error.strerror})", where=path, remedy=remedy) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError("is no selection of clips", where=path, remedy=remedy) from error
    strangers = kept - set(corpus.keys())
    if name != corpus.name or strangers:
        what = f"holds {min(strangers)}, which {corpus.name} does not have" if strangers else f"is of {name}"
        raise CorpusError(what, where=path, remedy="name the corpus that was selected from")
    others = (corpus.keys(split=other) for other in SPLITS if split not in (other, "all"))
    return kept.union(*others)
