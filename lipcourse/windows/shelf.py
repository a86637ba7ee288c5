"""Prepared corpora as a loader finds them: what index.json tells of their clips, and any clip's members.

A corpus lies in a folder, or on a web server (or whatever else WebDataset opens). A shard from a server is
copied into a temporary folder when its first clip is wanted, and given up when the last one has been.

Needs numpy, OpenCV, safetensors, webdataset and filelock (which torch brings) only. Taught in notebook 05.
"""

from __future__ import annotations

import shutil
import tarfile
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock
from webdataset.gopen import gopen

from lipcourse.errors import CorpusError
from lipcourse.whole import beside
from lipcourse.windows.index import beside_index, is_address, read_corpus_index
from lipcourse.windows.order import Numbers
from lipcourse.windows.shards import PREPARE_AGAIN, read_index, sample_name

SHARDS_OPEN = 32


class DamagedShardError(CorpusError):
    """A clip cannot be read, though its shard's format is right: it can be done without."""


@dataclass(frozen=True)
class Catalogue:
    """The clips of one split, of one prepared corpus or several.

    Attributes:
        keys: Of each clip.
        talkers: Of each clip.
        frames: (clips,), how long each clip is.
        corpus: (clips,), the number of the source that each clip is from.
        shard: (clips,), the number of the shard in which each clip lies.
        shards: Each shard's path or address.
        shared: Talkers of whom there are clips both for training and for testing.
    """

    keys: tuple[str, ...]
    talkers: tuple[str, ...]
    frames: Numbers
    corpus: Numbers
    shard: Numbers
    shards: tuple[str, ...]
    shared: tuple[str, ...]


def read_catalogue(sources: Sequence[str | Path], split: str) -> Catalogue:
    """Read what the index.json of prepared corpora tell of a split.

    Args:
        sources: Folders, or addresses of folders ("http://...").
        split: "train", "validation" or "test".

    Raises:
        CorpusError: There is no prepared corpus, or one of another version of the format; the split is
            empty; two clips have one key.

    Taught in notebook 05.
    """
    clips: list[dict[str, Any]] = []
    for corpus, source in enumerate(sources):
        clips += [
            clip | {"corpus": corpus, "shard": beside_index(source, clip["shard"])}
            for clip in read_corpus_index(source).clips
        ]
    chosen = [clip for clip in clips if clip["split"] == split]
    where = ", ".join(map(str, sources))
    if not chosen:
        held = Counter(str(clip["split"]) for clip in clips)
        told = ", ".join(f"{name} has {count}" for name, count in sorted(held.items())) or "nor in any other"
        raise CorpusError(
            f"no clip is in the split {split!r} ({told})",
            where=where,
            remedy="choose another split or corpus",
        )
    keys = tuple(str(clip["key"]) for clip in chosen)
    if len(set(keys)) < len(keys):
        double = Counter(keys).most_common(1)[0][0]
        raise CorpusError(f"two clips have the key {double!r}", where=where, remedy="give each corpus once")
    shards = tuple(dict.fromkeys(clip["shard"] for clip in chosen))
    numbers = {shard: number for number, shard in enumerate(shards)}
    talkers = {
        name: {clip["talker"] for clip in clips if clip["split"] == name} for name in ("train", "test")
    }
    return Catalogue(
        keys,
        tuple(str(clip["talker"]) for clip in chosen),
        np.array([clip["frames"] for clip in chosen], np.int64),
        np.array([clip["corpus"] for clip in chosen], np.int64),
        np.array([numbers[clip["shard"]] for clip in chosen], np.int64),
        shards,
        tuple(sorted(talkers["train"] & talkers["test"])),
    )


class Shelf:
    """Takes the members of any clip out of its shard.

    Args:
        shards: Each shard's path or address.
        copies: A folder for copies of shards that lie on a server; None where none does.
    """

    def __init__(self, shards: Sequence[str], copies: Path | None) -> None:
        self.shards = shards
        self.copies = copies
        self._opened: OrderedDict[int, _OpenShard | DamagedShardError] = OrderedDict()

    def read(self, shard: int, key: str, names: Collection[str]) -> dict[str, Any]:
        """Read members of a clip, and say where they are from, as `decode_members` wants them.

        Raises:
            DamagedShardError: They are not there, or cut off.
            CorpusError: The shard is of another version of the format.
        """
        if shard not in self._opened:
            self._opened[shard] = self._open(shard)
            if len(self._opened) > SHARDS_OPEN:
                _, oldest = self._opened.popitem(last=False)
                if isinstance(oldest, _OpenShard):
                    oldest.file.close()
        self._opened.move_to_end(shard)
        opened = self._opened[shard]
        if isinstance(opened, DamagedShardError):
            raise opened
        return {**opened.read(key, names), "__key__": key, "__url__": self.shards[shard]}

    def give_up(self, shard: int) -> None:
        """Remove the copy of a shard: another process may read on in it, but nobody opens it again."""
        if self.copies:
            (self.copies / f"{shard:06d}.tar").unlink(missing_ok=True)

    def _open(self, shard: int) -> _OpenShard | DamagedShardError:
        """Open a shard, or tell why it cannot be opened."""
        url = self.shards[shard]
        try:
            path = self._fetch(shard, self.copies) if self.copies and is_address(url) else Path(url)
            read_index(path)
            return _OpenShard(path, url)
        except OSError as error:
            return DamagedShardError(f"cannot be read ({error})", where=url, remedy=PREPARE_AGAIN)
        except CorpusError as error:
            # What cannot be read has a cause; what is of another format is refused without one.
            if error.__cause__ is None:
                raise CorpusError(error.what, where=url, remedy=error.remedy) from error
            return DamagedShardError(error.what, where=url, remedy=error.remedy)

    def _fetch(self, shard: int, copies: Path) -> Path:
        """Copy a shard from its server, unless another process of this loader has done so."""
        path = copies / f"{shard:06d}.tar"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                with (
                    gopen(self.shards[shard]) as stream,
                    beside(path) as unfinished,
                    unfinished.open("wb") as file,
                ):
                    shutil.copyfileobj(stream, file)
        return path


class _OpenShard:
    """A shard on disk, and where in it each member lies."""

    def __init__(self, path: Path, url: str) -> None:
        self.url = url
        self.places: dict[str, tuple[int, int]] = {}
        self.damage = "it ends too early"
        try:
            with tarfile.open(path, "r:") as tar:
                for info in tar:
                    self.places[info.name] = (info.offset_data, info.size)
        except tarfile.TarError as error:
            self.damage = str(error)
        self.file: BinaryIO = path.open("rb")

    def read(self, key: str, names: Collection[str]) -> dict[str, bytes]:
        """Read members of a clip."""
        members = {}
        for name in names:
            offset, size = self.places.get(f"{sample_name(key)}.{name}", (0, -1))
            self.file.seek(offset)
            members[name] = self.file.read(max(0, size))
            if len(members[name]) != size:
                raise DamagedShardError(
                    f"{name} of {key} is cut off or not there ({self.damage})",
                    where=self.url,
                    remedy=PREPARE_AGAIN,
                )
        return members
