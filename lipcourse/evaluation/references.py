"""True videos to measure against: of a prepared corpus, of a folder of videos, or in memory.

Each is read when it is asked for, in whichever process asks. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.base import spread
from lipcourse.corpora.folder import FolderCorpus
from lipcourse.errors import SignalError
from lipcourse.evaluation.film import Sound
from lipcourse.media import read_clip
from lipcourse.windows.index import INDEX_FILE, read_corpus_index
from lipcourse.windows.prepare import prepare_clip
from lipcourse.windows.prepared import MEMBERS, MOUTH_SIZE, PreparedClip, decode_clip
from lipcourse.windows.shelf import Shelf, read_catalogue

LARGEST_SIDE = 1280
"""A longer side of a video's pictures is shrunk to so many pixels."""

KEPT = 8
"""Clips that a process keeps at hand: each is asked for by several methods, and by another clip."""

TRUE_POINTS = ("puppets",)
"""Corpora whose landmarks are known and not found, as their origin begins."""


@dataclass(frozen=True)
class Reference:
    """A true video, and what is known of it.

    Attributes:
        key: Unique among those that are compared.
        talker: Who speaks.
        video: uint8 (T, H, W, 3), RGB.
        fps: Frames a second.
        sound: What is heard; None where it is silent.
        clip: The prepared clip that the video is the mouth of, in whose face lips are found; or None.
        whole: Height and width of the film that the mouth was cut from, where that is at hand.
    """

    key: str
    talker: str
    video: NDArray[np.uint8]
    fps: float
    sound: Sound | None = None
    clip: PreparedClip | None = None
    whole: tuple[int, int] | None = None

    @classmethod
    def of(cls, clip: PreparedClip) -> Reference:
        """Make a reference of a prepared clip's mouth."""
        sound = Sound(clip.waveform, clip.sample_rate)
        return cls(clip.key, clip.talker, clip.mouths, clip.fps, sound, clip)

    @property
    def true_points(self) -> NDArray[np.float32] | None:
        """The lips' points as the corpus knows them, (T, 20, 2); None where it does not know them."""
        if self.clip is None or not self.clip.origin[0].startswith(TRUE_POINTS):
            return None
        return self.clip.mouth_landmarks


class References(Mapping[str, Reference]):
    """References by key, in order, with their talkers known before any is read.

    Args:
        talkers: Of each key.
        name: What the whole is called in a report.
        licence: On what terms its videos may be used.
    """

    def __init__(self, talkers: Mapping[str, str], name: str, licence: str = "unknown") -> None:
        self.talkers, self.name, self.licence = dict(talkers), name, licence

    def __iter__(self) -> Iterator[str]:
        return iter(self.talkers)

    def __len__(self) -> int:
        return len(self.talkers)

    def only(self, keys: Iterable[str]) -> References:  # noqa: ARG002
        """Return what another process needs for these keys: all of it, where nothing has been read yet."""
        return self


class ClipsInMemory(References):
    """Prepared clips at hand."""

    def __init__(self, clips: Iterable[PreparedClip]) -> None:
        self._clips = {clip.key: clip for clip in clips}
        origin = next((clip.origin for clip in self._clips.values()), ("nothing", "unknown"))
        super().__init__({key: clip.talker for key, clip in self._clips.items()}, *origin)

    def __getitem__(self, key: str) -> Reference:
        return Reference.of(self._clips[key])

    def only(self, keys: Iterable[str]) -> ClipsInMemory:
        """Return the clips of these keys: the others need not travel to another process."""
        return ClipsInMemory(self._clips[key] for key in keys)


class PreparedClips(References):
    """The clips of a split of a folder that `lipcourse prepare` wrote.

    Args:
        folder: The folder.
        split: "train", "validation" or "test".
        limit: How many clips, evenly spread over the split; None for all.

    Raises:
        CorpusError: There is no prepared corpus, or no clip in the split.
    """

    def __init__(self, folder: Path, split: str = "test", limit: int | None = None) -> None:
        name, licence = read_corpus_index(folder).origin
        catalogue = read_catalogue([folder], split)
        chosen = spread(range(len(catalogue.keys)), limit)
        self._shards = catalogue.shards
        self._shard = {catalogue.keys[each]: int(catalogue.shard[each]) for each in chosen}
        super().__init__({catalogue.keys[each]: catalogue.talkers[each] for each in chosen}, name, licence)

    def __getitem__(self, key: str) -> Reference:
        return _read_sample(self._shards, self._shard[key], key)


class VideoFiles(References):
    """The videos of a folder and the folders in it, each of which is a talker.

    Where there is a face, its mouth is cut out; a video in which none is found, or of the size of a mouth, is
    taken as it is, and nothing can be said of its landmarks.

    Args:
        folder: The folder.
        limit: How many videos, evenly spread; None for all.

    Raises:
        CorpusError: There is no such folder, or no video in it.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self._corpus = FolderCorpus(folder)
        keys = spread(self._corpus.keys(), limit)
        talkers = {key: self._corpus.recording(key).talker for key in keys}
        super().__init__(talkers, *self._corpus.origin)

    def __getitem__(self, key: str) -> Reference:
        path, talker, *_ = self._corpus.recording(key)
        return _read_video(path, key, talker)


def open_references(folder: Path, split: str = "test", limit: int | None = None) -> References:
    """Open a folder that `lipcourse prepare` wrote, or one of videos.

    Args:
        folder: The folder.
        split: Of a prepared corpus: "train", "validation" or "test".
        limit: How many clips, evenly spread; None for all.

    Raises:
        CorpusError: There is no such folder, or nothing in it to compare with.
    """
    if (folder / INDEX_FILE).exists():
        return PreparedClips(folder, split, limit)
    return VideoFiles(folder, limit)


@lru_cache(maxsize=KEPT)
def _read_sample(shards: tuple[str, ...], shard: int, key: str) -> Reference:
    """Read a prepared clip."""
    return Reference.of(decode_clip(_shelf(shards).read(shard, key, MEMBERS)))


@lru_cache(maxsize=KEPT)
def _read_video(path: Path, key: str, talker: str) -> Reference:
    """Read a video, find its face and cut out the mouth; as it is where there is no face."""
    clip = read_clip(path, key=key, talker=talker, max_side=LARGEST_SIDE)
    whole = clip.frames.shape[1], clip.frames.shape[2]
    as_it_is = Reference(key, talker, clip.frames, clip.fps, Sound(clip.waveform, clip.sample_rate))
    if whole == (MOUTH_SIZE, MOUTH_SIZE):
        return as_it_is
    try:
        return replace(Reference.of(prepare_clip(clip, "test")), whole=whole)
    except SignalError:  # no face in it, such as a mouth alone
        return as_it_is


@lru_cache(maxsize=2)
def _shelf(shards: tuple[str, ...]) -> Shelf:
    """Open shards once a process: an open file cannot be sent to another."""
    return Shelf(shards, None)
