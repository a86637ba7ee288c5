"""Which files of an archive are wanted: those of some talkers, and of each so many clips at most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

HIDDEN = ("__MACOSX", ".", "Thumbs.db")
"""How names begin that systems leave in archives."""


class Selection:
    """Chooses files of an archive by their paths. It counts: each archive has one of its own.

    All files of a clip (the video, the text beside it) are chosen with it. A file that is no talker's, such
    as a list of labels, is chosen always; what systems leave in archives (`.DS_Store`) never.

    Taught in notebook 05.

    Args:
        talker_of: Says of a path whose file it is, or None.
        talkers: Those wanted; none for all.
        limit: How many clips of each talker at most; None for all.
        group_of: Says what `limit` counts apart in place of talkers.

    Attributes:
        seen: All talkers met, wanted or not.
    """

    def __init__(
        self,
        talker_of: Callable[[PurePosixPath], str | None],
        talkers: Sequence[str] = (),
        limit: int | None = None,
        group_of: Callable[[PurePosixPath], str | None] | None = None,
    ) -> None:
        self._talker_of = talker_of
        self._group_of = group_of or talker_of
        self._talkers = frozenset(talkers)
        self._limit = limit
        self._chosen: dict[str | None, set[PurePosixPath]] = defaultdict(set)
        self.seen: set[str] = set()

    @property
    def text(self) -> str:
        """What is chosen, to compare with what another run chose; "all" where that is everything."""
        if not self._talkers and self._limit is None:
            return "all"
        return f"talkers {','.join(sorted(self._talkers)) or 'all'} limit {self._limit}"

    def __call__(self, path: PurePosixPath) -> bool:
        """Say whether a file is wanted."""
        if any(part.startswith(HIDDEN) for part in path.parts):
            return False
        talker = self._talker_of(path)
        if talker is None:
            return True
        self.seen.add(talker)
        if self._talkers and talker not in self._talkers:
            return False
        clips, clip = self._chosen[self._group_of(path)], path.with_suffix("")
        if clip not in clips and self._limit is not None and len(clips) >= self._limit:
            return False
        clips.add(clip)
        return True
