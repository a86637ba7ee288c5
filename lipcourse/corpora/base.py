"""What every corpus can do: name its talkers and clips, split them, and hand them out one at a time."""

from __future__ import annotations

import hashlib
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeVar

from lipcourse.errors import CorpusError, LipcourseError, OptionError
from lipcourse.media import Clip, Origin

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

Unseen = Literal["talkers", "sentences"]
UNSEEN: tuple[Unseen, ...] = ("talkers", "sentences")
"""What a network has not met before it is tested: the talkers, or only the sentences."""

VALIDATION_SHARE = 0.1
TEST_SHARE = 0.1

Item = TypeVar("Item")


class SkippedClipWarning(UserWarning):
    """A clip of a corpus could not be read and was left out."""


class Corpus(ABC):
    """A collection of clips, read only when they are asked for.

    A corpus iterates over its clips and has a length, the number of its keys. A clip that cannot be read is
    left out of an iteration, with a warning, and noted in `skipped`; asked for by its key, it raises.

    Taught in notebook 05.

    Attributes:
        name: What its keys start with, such as "grid".
        origin: Corpus and licence, as its clips tell them.
        version: Of whatever makes its clips, beside its files and options: another one may make other clips.
        skipped: The key of each clip left out so far, and why.
    """

    name: str
    origin: Origin
    version: str = ""

    def __init__(self) -> None:
        self.skipped: dict[str, str] = {}

    @abstractmethod
    def talkers(self) -> tuple[str, ...]:
        """Name all talkers, in order."""

    @abstractmethod
    def keys(self, talker: str | None = None, split: Split | None = None) -> tuple[str, ...]:
        """Name the clips of one talker and one split, or of all, in an order that does not change.

        Raises:
            CorpusError: There is no such talker.
            OptionError: There is no such split.
        """

    @abstractmethod
    def clip(self, key: str) -> Clip:
        """Read one clip.

        Raises:
            CorpusError: The corpus has no clip of that name, or what it says of the clip cannot be true.
            MediaError: Its file cannot be read.
        """

    def files(self, key: str) -> tuple[Path, ...]:  # noqa: ARG002 - a corpus of files names a clip's own
        """Name the files that a clip is read from: when one of them changes, the clip does.

        Raises:
            CorpusError: The corpus, one of files, has no clip of that name.
        """
        return ()

    def only(self, key: str) -> Self:  # noqa: ARG002 - a corpus that is small as it is stays so
        """Return the corpus with this clip alone, where that is smaller to send to another process.

        Raises:
            CorpusError: The corpus, one of files, has no clip of that name.
        """
        return self

    def clips(
        self, talker: str | None = None, split: Split | None = None, limit: int | None = None
    ) -> Iterator[Clip]:
        """Read clips one at a time, at most `limit`, leaving out those that cannot be read.

        Raises:
            CorpusError: No clip was asked for, or not one of them could be read.
        """
        keys = self.keys(talker, split)
        if not keys:
            asked = " of ".join(f"{word}" for word in (split and f"{split} clip", talker) if word) or "clip"
            raise CorpusError(
                f"there is no {asked} here", where=self.name, remedy="choose another split or corpus"
            )
        given = 0
        for key in keys:
            if given == limit:
                return
            try:
                clip = self.clip(key)
            except LipcourseError as error:
                self.skipped[key] = str(error)
                warnings.warn(f"{key} was skipped: {error}", SkippedClipWarning, stacklevel=2)
                continue
            given += 1
            yield clip
        if not given:
            raise CorpusError(
                f"none of its {len(keys)} clips could be read; the first: {self.skipped[keys[0]]}",
                where=self.name,
            )

    def __len__(self) -> int:
        return len(self.keys())

    def __str__(self) -> str:
        name, licence = self.origin
        return f"{name}: {len(self)} clips of {len(self.talkers())} talkers ({licence})"

    def __iter__(self) -> Iterator[Clip]:
        return self.clips()


class Recording(NamedTuple):
    """A clip that lies in a file.

    Attributes:
        path: The video.
        talker: Who speaks.
        split: That it belongs to.
        texts: Files that tell what is said in it, and when.
    """

    path: Path
    talker: str
    split: Split
    texts: tuple[Path, ...] = ()


class FileCorpus(Corpus):
    """A corpus of one video file a clip.

    Args:
        recordings: Key of each clip, and where it lies.
    """

    def __init__(self, recordings: Mapping[str, Recording]) -> None:
        super().__init__()
        self.recordings = dict(sorted(recordings.items(), key=lambda item: in_order(item[0])))

    def talkers(self) -> tuple[str, ...]:
        """Name all talkers, s2 before s10."""
        return tuple(sorted({recording.talker for recording in self.recordings.values()}, key=in_order))

    def keys(self, talker: str | None = None, split: Split | None = None) -> tuple[str, ...]:
        """Name the clips of one talker and one split, or of all, sorted."""
        if talker is not None and talker not in self.talkers():
            raise CorpusError(
                f"there is no talker {talker!r}",
                where=self.name,
                remedy=f"choose from {', '.join(self.talkers())}",
            )
        if split is not None and split not in SPLITS:
            raise OptionError(f"{split!r} is not a split", remedy=f"choose from {', '.join(SPLITS)}")
        return tuple(
            key
            for key, recording in self.recordings.items()
            if talker in (None, recording.talker) and split in (None, recording.split)
        )

    def recording(self, key: str) -> Recording:
        """Say where a clip lies.

        Raises:
            CorpusError: There is no clip of that name.
        """
        if key not in self.recordings:
            raise CorpusError(f"there is no clip {key!r}", where=self.name, remedy="choose one of its keys()")
        return self.recordings[key]

    def files(self, key: str) -> tuple[Path, ...]:
        """Name a clip's video and the texts about it."""
        recording = self.recording(key)
        return (recording.path, *recording.texts)

    def only(self, key: str) -> Self:
        """Return the corpus with this recording alone, its paths absolute: others work in other folders."""
        path, talker, split, texts = self.recording(key)
        here = Recording(path.absolute(), talker, split, tuple(text.absolute() for text in texts))
        corpus = copy(self)
        corpus.recordings, corpus.skipped = {key: here}, {}
        return corpus


def spread(items: Sequence[Item], limit: int | None) -> list[Item]:
    """Choose at most `limit` items, evenly from the first to the last; all of them for None."""
    count = len(items) if limit is None else min(limit, len(items))
    return [items[number * len(items) // count] for number in range(count)]


def in_order(name: str) -> list[tuple[int, str]]:
    """Sort key under which s2 comes before s10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def draw(name: str) -> float:
    """Draw a number in [0, 1) that depends on nothing but the name: the same wherever and whenever."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


def draw_split(name: str, unseen: Unseen, *, held_out: bool) -> Split:
    """Choose a clip's split by its talker and name alone, whatever other clips there are.

    Args:
        name: Of the clip, or of what must lie in one split as a whole, such as a sentence.
        unseen: "talkers": about a tenth of the names is for validation. "sentences": about another tenth is
            for testing, whoever the talker.
        held_out: Whether the talker's clips are all for testing where talkers are to be unseen.
    """
    if unseen == "talkers" and held_out:
        return "test"
    number = draw(name)
    if number < VALIDATION_SHARE:
        return "validation"
    return "test" if unseen == "sentences" and number < VALIDATION_SHARE + TEST_SHARE else "train"


def check_unseen(unseen: str) -> None:
    """Refuse a kind of split that there is not.

    Raises:
        OptionError: `unseen` is not one of UNSEEN.
    """
    if unseen not in UNSEEN:
        raise OptionError(
            f"unseen={unseen!r} is not a way to split", remedy=f"choose from {', '.join(UNSEEN)}"
        )


def check_jobs(jobs: int) -> None:
    """Refuse a number of processes that cannot be.

    Raises:
        OptionError: `jobs` is neither 1 or more, nor -1 (one a processor).
    """
    if jobs == 0 or jobs < -1:
        raise OptionError(f"{jobs} jobs cannot be", remedy="choose 1 or more, or -1 for one a processor")
