"""Shards: tar files of prepared clips, as WebDataset reads them, from a disk or a web server.

A shard's first member, `__index__`, says which format it has, which clips are in it and which were left out;
WebDataset passes over names like that. Then come the clips' members (see `lipcourse.windows.prepared`).
A reader that goes through the shard once can thus tell an old format, and whether a clip is missing.

    pipeline = webdataset.DataPipeline(
        webdataset.SimpleShardList(urls), webdataset.split_by_worker, open_shards, webdataset.map(decode_clip)
    )

Needs numpy, OpenCV, safetensors and webdataset only. Taught in notebook 05.
"""

from __future__ import annotations

import io
import json
import tarfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from lipcourse.errors import CorpusError
from lipcourse.whole import beside
from lipcourse.windows.prepared import MEMBERS, PreparedClip, decode_clip

FORMAT = "lipcourse prepared clips"
FORMAT_VERSION = 1
INDEX = "__index__"
PREPARE_AGAIN = "prepare the corpus again: lipcourse prepare"


class ForeignShardError(CorpusError):
    """A file is no shard of prepared clips, or one that only a newer lipcourse reads: not ours to replace."""


class DamagedShardWarning(UserWarning):
    """A shard could not be read to its end; what came before the damage was given."""


@dataclass(frozen=True)
class ShardIndex:
    """What a shard says of itself.

    Attributes:
        clips: What is known of each clip in it, in order: "key" and what `prepare` adds.
        skipped: Each clip that belongs here but was left out: "key", "reason" and what `prepare` adds.
    """

    clips: Sequence[Mapping[str, Any]] = ()
    skipped: Sequence[Mapping[str, Any]] = ()
    format: str = field(default=FORMAT)
    version: int = field(default=FORMAT_VERSION)


def sample_name(key: str) -> str:
    """Turn a clip's key into its sample's name: WebDataset ends a name at its first dot, tar likes ASCII.

    Everything but letters, digits, "/", "-", "_" and "~" becomes %XX, so that the name tells the key.
    """
    return quote(key, safe="/").replace(".", "%2E")


def write_shard(path: Path, index: ShardIndex, samples: Iterable[Mapping[str, bytes]]) -> None:
    """Write a shard beside its place and rename it; the same samples give the same bytes.

    Args:
        path: The file, in a folder that there is.
        index: What the shard says of itself: one of its clips for each sample, in order.
        samples: The members of each clip, taken one at a time.

    Raises:
        CorpusError: It cannot be written, or there are not as many samples as clips.
    """
    try:
        with (
            beside(path) as unfinished,
            tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as tar,
        ):
            _add(tar, INDEX, json.dumps(asdict(index), sort_keys=True).encode())
            for clip, members in zip(index.clips, samples, strict=True):
                for name in MEMBERS:
                    _add(tar, f"{sample_name(clip['key'])}.{name}", members[name])
    except OSError as error:
        raise CorpusError(
            f"cannot be written ({error.strerror or error})",
            where=path,
            remedy="make room or choose another folder, then run it again: what is done is kept",
        ) from error
    except ValueError as error:
        raise CorpusError("there are not as many samples as clips", where=path) from error


def read_index(path: Path) -> ShardIndex:
    """Read what a shard says of itself.

    Raises:
        ForeignShardError: It is no shard, or of a newer version of the format.
        CorpusError: It is of an older version of the format, or damaged.
    """
    with path.open("rb") as file:
        name = file.read(len(INDEX))
    if name.strip(b"\0") and name != INDEX.encode():
        raise ForeignShardError("is no shard of prepared clips", where=path, remedy=PREPARE_AGAIN)
    with _opened(path) as tar:
        return _index(tar, path)


def read_samples(path: Path) -> Iterator[dict[str, bytes]]:
    """Read the members of each clip of a shard on disk, in order.

    Raises:
        CorpusError: It is no shard, of another version of the format, or damaged.
    """
    with _opened(path) as tar:
        for clip in _index(tar, path).clips:
            yield _sample(tar, clip["key"])


def read_one(path: Path, key: str) -> PreparedClip:
    """Read one clip of a shard on disk.

    Raises:
        CorpusError: It is not in it, or the shard cannot be read.
    """
    with _opened(path) as tar:
        if key not in {clip["key"] for clip in _index(tar, path).clips}:
            raise CorpusError(f"there is no clip {key!r}", where=path, remedy="look it up in index.json")
        names = {f"{sample_name(key)}.{name}": name for name in MEMBERS}
        return decode_clip({names[info.name]: _read(tar, info) for info in tar if info.name in names})


def is_whole(path: Path) -> bool:
    """Tell whether a file is a shard of this format, not cut off; only headers are read."""
    try:
        with _opened(path) as tar:
            index = _index(tar, path)
            held = tar.getmembers()
            size = path.stat().st_size
            names = [INDEX, *(f"{sample_name(clip['key'])}.{m}" for clip in index.clips for m in MEMBERS)]
            return [info.name for info in held] == names and held[-1].offset_data + held[-1].size <= size
    except CorpusError:
        return False


def read_shards(
    shards: Iterable[str | Path], *, damaged: MutableMapping[str, str] | None = None
) -> Iterator[PreparedClip]:
    """Read the clips of shards, one after the other.

    A shard that is cut off or damaged is named in a warning and left at the place of the damage; a clip that
    is whole as a file but cannot be decoded is named likewise and left out.

    Args:
        shards: Paths or addresses.
        damaged: Notes each damaged shard, and what is wrong.

    Raises:
        CorpusError: A shard is of another version of the format, or not one of them can be read.

    Taught in notebook 05.
    """
    sources = ({"url": str(shard)} for shard in shards)
    damaged = {} if damaged is None else damaged
    for sample in open_shards(sources, damaged=damaged):
        try:
            clip = decode_clip(sample)
        except CorpusError as error:
            damaged[sample["__url__"]] = str(error)
            warnings.warn(
                f"{sample['__url__']}: a clip was left out ({error}); {PREPARE_AGAIN}",
                DamagedShardWarning,
                stacklevel=2,
            )
            continue
        yield clip


def open_shards(
    sources: Iterable[dict[str, Any]], *, damaged: MutableMapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Turn WebDataset's sources ({"url": ...}) into samples: a stage of a pipeline.

    Args:
        sources: Such as `webdataset.SimpleShardList` makes them.
        damaged: Notes each damaged shard, and what is wrong.

    Yields:
        The members of a clip, and its `__key__` and `__url__`.

    Raises:
        CorpusError: A shard is of another version of the format, or not one of them can be read.
    """
    # Not above: it brings torch, which takes seconds and 400 MB, and who writes shards needs neither.
    from webdataset.tariterators import url_opener

    damaged = {} if damaged is None else damaged
    read = 0
    for source in sources:
        url = source["url"]
        # One source at a time: WebDataset's opener puts what went wrong first in the error's arguments.
        for opened in url_opener([source], handler=partial(_note, damaged, url)):
            try:
                with opened["stream"] as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
                    clips = _index(tar, url).clips
                    read += 1
                    for clip in clips:
                        sample = _sample(tar, clip["key"])
                        yield {**sample, "__key__": clip["key"], "__url__": url}
            except (tarfile.TarError, OSError, EOFError) as error:
                _note(damaged, url, error)
    if damaged and not read:
        first = next(iter(damaged))
        raise CorpusError(
            f"not one shard could be read; the first: {damaged[first]}", where=first, remedy=PREPARE_AGAIN
        )


def _note(damaged: MutableMapping[str, str], url: str, error: Exception) -> bool:
    """Note a shard that cannot be read, and say so; True tells WebDataset to go on with the next."""
    damaged[url] = str(error)
    warnings.warn(
        f"{url}: the rest was skipped ({error}); {PREPARE_AGAIN}", DamagedShardWarning, stacklevel=3
    )
    return True


def _index(tar: tarfile.TarFile, where: object) -> ShardIndex:
    """Read the first member, and refuse what this code cannot read."""
    first = tar.next()
    if first is None or first.name != INDEX:
        raise ForeignShardError("is no shard of prepared clips", where=where, remedy=PREPARE_AGAIN)
    try:
        facts = json.loads(_read(tar, first))
        # The version comes first: another one's index may have other fields.
        known = (facts["format"], facts["version"]) == (FORMAT, FORMAT_VERSION)
        older = facts["version"] < FORMAT_VERSION
        index = ShardIndex(**facts) if known else None
        keys = [clip["key"] for clip in (*index.clips, *index.skipped)] if index else []
    except (KeyError, TypeError, ValueError) as error:
        raise tarfile.ReadError(f"its index is damaged: {error}") from error
    if index is None:
        kind = CorpusError if older else ForeignShardError
        raise kind(
            f"its format is version {facts['version']}; this code reads version {FORMAT_VERSION}",
            where=where,
            remedy=PREPARE_AGAIN if older else "install the lipcourse that wrote it",
        )
    if len(set(keys)) < len(keys):
        raise tarfile.ReadError("its index names a clip twice")
    return index


def _sample(tar: tarfile.TarFile, key: str) -> dict[str, bytes]:
    """Read the next members, which must be those of a clip.

    Raises:
        tarfile.ReadError: They are others, or cut off.
    """
    members = {}
    for name in MEMBERS:
        info = tar.next()
        if info is None or info.name != f"{sample_name(key)}.{name}":
            raise tarfile.ReadError(f"it ends or is damaged before {name} of {key}")
        members[name] = _read(tar, info)
    return members


def _read(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    """Read a member to its end."""
    file = tar.extractfile(info)
    data = file.read() if file else b""
    if len(data) != info.size:
        raise tarfile.ReadError(f"{info.name} is cut off")
    return data


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member that says nothing of when and by whom it was written."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a shard on disk; whatever tarfile finds wrong with it becomes a CorpusError."""
    try:
        file: BinaryIO
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            yield tar
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CorpusError(f"cannot be read ({error})", where=path, remedy=PREPARE_AGAIN) from error
