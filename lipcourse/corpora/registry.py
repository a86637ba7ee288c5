"""Open a corpus by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lipcourse.corpora.base import Corpus
from lipcourse.corpora.folder import FolderCorpus
from lipcourse.corpora.grid import GridCorpus
from lipcourse.errors import CorpusError, OptionError

GRID_VARIABLE = "LIPCOURSE_GRID"
"""The environment variable that names the folder of GRID's clips."""

FILE_CORPORA: dict[str, Callable[[str | Path], Corpus]] = {"grid": GridCorpus, "folder": FolderCorpus}


def open_corpus(name: str | None = None, root: str | Path | None = None) -> Corpus:
    """Open a corpus: GRID, or any folder of videos.

    Taught in notebook 05.

    Args:
        name: "grid" or "folder". None: a folder where `root` is given, else GRID.
        root: Where it lies. None: for GRID, the folder that the environment variable LIPCOURSE_GRID names.

    Raises:
        CorpusError: The corpus is not there, or nobody says where it is.
        OptionError: There is no corpus of that name.
    """
    if name is None:
        name = "folder" if root else "grid"
    if name not in FILE_CORPORA:
        raise OptionError(f"there is no corpus {name!r}", remedy=f"choose from {', '.join(FILE_CORPORA)}")
    if name == "grid":
        root = root or os.environ.get(GRID_VARIABLE)
    if not root:
        told = (
            f"set {GRID_VARIABLE} to the folder that holds its s1, s2, ..."
            if name == "grid"
            else "give its root"
        )
        raise CorpusError("nobody says where its clips are", where=name, remedy=told)
    return FILE_CORPORA[name](root)
