"""Open a corpus by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lipcourse.corpora.base import Corpus
from lipcourse.corpora.folder import FolderCorpus
from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.ldc import LdcCorpus
from lipcourse.corpora.lrw import LrwCorpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.corpora.puppet.writer import PuppetOptions
from lipcourse.corpora.tcd_timit import TcdTimitCorpus
from lipcourse.corpora.voxceleb import VoxCelebCorpus
from lipcourse.errors import CorpusError, OptionError

GRID_VARIABLE = "LIPCOURSE_GRID"
"""The environment variable that names the folder of GRID's clips."""

FILE_CORPORA: dict[str, Callable[[str | Path], Corpus]] = {
    "grid": GridCorpus,
    "folder": FolderCorpus,
    "lrw": LrwCorpus,
    "ldc": LdcCorpus,
    "tcd_timit": TcdTimitCorpus,
    "voxceleb": VoxCelebCorpus,
}
CORPORA = (PuppetCorpus.name, *FILE_CORPORA)


TO_LEARN_FROM = PuppetOptions(clips=1000, talkers=100, lead_frames=0)
"""Puppets for a training: many faces, and lips that move with their sound, so that sound tells all of it."""


def open_corpus(
    name: str | None = None, root: str | Path | None = None, puppets: PuppetOptions | None = None
) -> Corpus:
    """Open a corpus: the puppets, which are always there, one that data_scripts/ got, or a folder of videos.

    Taught in notebook 05.

    Args:
        name: One of CORPORA. None: a folder where `root` is given, else GRID where the
            environment variable LIPCOURSE_GRID is set, else the puppets.
        root: Where the files lie. None: for GRID, the folder that LIPCOURSE_GRID names. Puppets have none.
        puppets: Which puppets, such as TO_LEARN_FROM; they are not kept in the cache. None for those that
            everybody gets, which are. Without meaning for other corpora.

    Raises:
        CorpusError: The corpus is not there, or nobody says where it is.
        OptionError: There is no corpus of that name, or a root is given for puppets.
    """
    grid = os.environ.get(GRID_VARIABLE)
    if name is None:
        name = "folder" if root else "grid" if grid else PuppetCorpus.name
    if name not in CORPORA:
        raise OptionError(f"there is no corpus {name!r}", remedy=f"choose from {', '.join(CORPORA)}")
    if name == PuppetCorpus.name:
        if root:
            raise OptionError("puppets are drawn here and have no folder", remedy="leave the root out")
        return PuppetCorpus() if puppets is None else puppets.open()
    if name == "grid":
        root = root or grid
    if not root:
        told = (
            f"set {GRID_VARIABLE} to the folder that holds its s1, s2, ..."
            if name == "grid"
            else "give its root"
        )
        raise CorpusError("nobody says where its clips are", where=name, remedy=told)
    return FILE_CORPORA[name](root)
