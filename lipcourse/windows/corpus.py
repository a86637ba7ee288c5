"""Prepare a whole corpus: clips in parallel, shards whole or not at all, and nothing done twice.

Each clip is first a part, a shard of one clip, in the folder `.parts`; when all the parts of a shard are
there they are put together and removed. A run that was killed leaves its parts and goes on from them. A
shard says itself what is in it and from what it was made, so a later run keeps the shards that need no
change, takes the others apart, and prepares only what is missing. However it came about, the result is the
same, byte for byte. `index.json` is made from the shards at the end. Memory holds a line for each clip, and
the pictures of one clip a process.

Taught in notebook 05.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from filelock import FileLock, Timeout
from joblib.externals.loky.process_executor import TerminatedWorkerError

from lipcourse.corpora.base import SPLITS, Corpus, FileCorpus, Split, check_jobs
from lipcourse.errors import CorpusError, MediaError, OptionError, SignalError
from lipcourse.whole import write_whole
from lipcourse.windows.prepare import describe, prepare_clip
from lipcourse.windows.prepared import encode_clip
from lipcourse.windows.shards import (
    FORMAT,
    FORMAT_VERSION,
    ShardIndex,
    is_whole,
    read_index,
    read_samples,
    write_shard,
)

CLIPS_A_SHARD = 64
"""About 30 MB: a few shards for each loader worker even of a small corpus."""

PARTS = ".parts"
MAKE_ROOM = "make room or choose another folder, then run it again: what is done is kept"


class Source(NamedTuple):
    """A clip to prepare.

    Attributes:
        key: Of the clip.
        split: That it belongs to.
        fingerprint: Of all that its prepared form depends on: another one, and it is prepared anew.
    """

    key: str
    split: Split
    fingerprint: str


@dataclass(frozen=True)
class Preparation:
    """What a run did.

    Attributes:
        index: What index.json holds.
        done: How many clips this run prepared or found to be bad; the others were there already.
    """

    index: dict[str, Any]
    done: int


def prepare(
    corpus: Corpus,
    out: Path,
    *,
    jobs: int = 1,
    limit: int | None = None,
    clips_a_shard: int = CLIPS_A_SHARD,
    progress: Callable[[int, int], None] | None = None,
) -> Preparation:
    """Prepare the clips of a corpus as shards and index.json in a folder.

    A clip that cannot be read or has no face is left out and told with its reason under `skipped` in
    index.json; it is tried again when its file changes.

    Args:
        corpus: Where the clips are. A clip counts as changed when its file, or one beside it of the same
            name and another suffix, has another size or time, or when the corpus's options are others.
        out: The folder; it is made where it is missing. What an earlier run put there is used.
        jobs: How many processes; -1 for one a processor.
        limit: Prepare so many clips at most, spread evenly over the corpus.
        clips_a_shard: How many clips a shard holds at most; those of a split lie in shards of their own.
        progress: Called with how many clips are done and how many there are to do.

    Raises:
        CorpusError: The corpus is empty, another run is writing there, a file cannot be written, or a
            process was killed; run again, it goes on.
        ModelError: dlib's predictor is missing.
        OptionError: `jobs`, `limit` or `clips_a_shard` cannot be.

    Taught in notebook 05.
    """
    check_jobs(jobs)
    if clips_a_shard < 1 or (limit is not None and limit < 1):
        raise OptionError("a limit or a shard of no clip cannot be", remedy="choose 1 or more")
    sources, doubles = list_sources(corpus, limit)
    plan = plan_shards(sources, clips_a_shard)
    parts = out / PARTS
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            done = _fill(corpus, out, plan, jobs, progress)
            index = _gather(corpus, out, plan, corpus.skipped | doubles)
            shutil.rmtree(parts)
    except Timeout as error:
        raise CorpusError("another run is preparing into it", where=out, remedy="wait for it") from error
    except TerminatedWorkerError as error:
        raise CorpusError(
            "a process was killed, maybe for want of memory",
            where=out,
            remedy="run it again, with fewer jobs: what is done is kept",
        ) from error
    except OSError as error:
        raise CorpusError(f"cannot be written ({error.strerror})", where=out, remedy=MAKE_ROOM) from error
    return Preparation(index, done)


def list_sources(corpus: Corpus, limit: int | None = None) -> tuple[list[Source], dict[str, str]]:
    """List the clips of a corpus, split by split, and why doubles among them are left out.

    Raises:
        CorpusError: There is no clip.
    """
    splits = [(key, split) for split in SPLITS for key in corpus.keys(split=split)]
    if not splits:
        raise CorpusError("there is no clip here", where=corpus.name, remedy="choose another corpus")
    times = Counter(key for key, _ in splits)
    doubles = {
        key: f"{count} clips have this key; the first is kept" for key, count in times.items() if count > 1
    }
    first: dict[str, Split] = {}
    for key, split in splits:
        first.setdefault(key, split)
    unique = list(first.items())
    count = min(limit or len(unique), len(unique))
    chosen = [unique[number * len(unique) // count] for number in range(count)]
    return [Source(key, split, fingerprint(corpus, key, split)) for key, split in chosen], doubles


def fingerprint(corpus: Corpus, key: str, split: str) -> str:
    """Digest all that a prepared clip depends on: the format, the corpus's options, the clip's files."""
    options = {
        name: value
        for name, value in vars(corpus).items()
        if not name.startswith("_") and isinstance(value, bool | int | float | str | tuple | None)
    }
    files: list[tuple[str, int, int]] = []
    if isinstance(corpus, FileCorpus):
        path = corpus.recording(key).path
        beside = sorted(other for other in path.parent.glob("*") if other.stem == path.stem)
        files = [(other.name, other.stat().st_size, other.stat().st_mtime_ns) for other in beside]
    facts = json.dumps([FORMAT_VERSION, key, split, options, files], sort_keys=True, default=str)
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def plan_shards(sources: Sequence[Source], clips_a_shard: int) -> dict[str, list[Source]]:
    """Share clips out to shards, by the shard's file name; a shard holds clips of one split."""
    plan: dict[str, list[Source]] = {}
    for split in SPLITS:
        own = [source for source in sources if source.split == split]
        for start in range(0, len(own), clips_a_shard):
            plan[f"{split}-{start // clips_a_shard:06d}.tar"] = own[start : start + clips_a_shard]
    return plan


def _fill(
    corpus: Corpus,
    out: Path,
    plan: dict[str, list[Source]],
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Make the shards that are not there as planned; return how many clips had to be prepared."""
    wanted = {source.fingerprint for sources in plan.values() for source in sources}
    waiting = dict(plan)
    old = [path for split in SPLITS for path in sorted(out.glob(f"{split}-*.tar")) if is_whole(path)]
    for path in old:
        held = read_index(path)
        if _is_as_planned(held, plan.get(path.name, [])):
            del waiting[path.name]
        else:
            _take_apart(path, held, wanted, out / PARTS)
    shards = {source.fingerprint: name for name, sources in waiting.items() for source in sources}
    missing = [
        source
        for sources in waiting.values()
        for source in sources
        if not is_whole(_part(out, source.fingerprint))
    ]
    left = Counter(shards[source.fingerprint] for source in missing)
    for name in waiting.keys() - left.keys():
        _put_together(out, name, waiting[name])
    results: Iterator[str] = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(
        joblib.delayed(_prepare_part)(corpus, source, _part(out, source.fingerprint)) for source in missing
    )
    for number, done in enumerate(results, 1):
        name = shards[done]
        left[name] -= 1
        if not left[name]:
            _put_together(out, name, waiting[name])
        if progress:
            progress(number, len(missing))
    for path in (path for split in SPLITS for path in out.glob(f"{split}-*.tar") if path.name not in plan):
        path.unlink()
    return len(missing)


def _part(out: Path, name: str) -> Path:
    """Where a clip lies until its shard is put together."""
    return out / PARTS / f"{name}.tar"


def _is_as_planned(index: ShardIndex, sources: Sequence[Source]) -> bool:
    """Tell whether a shard has, or leaves out, what it should, in the order that it should."""
    planned = [source.fingerprint for source in sources]
    held = [clip["fingerprint"] for clip in index.clips]
    skipped = {clip["fingerprint"] for clip in index.skipped}
    return {*held, *skipped} == {*planned} and held == [name for name in planned if name not in skipped]


def _prepare_part(corpus: Corpus, source: Source, path: Path) -> str:
    """Prepare one clip as a part, or write down why not: what a worker process does."""
    try:
        clip = prepare_clip(replace(corpus.clip(source.key), key=source.key), source.split)
        members = [encode_clip(clip)]
        index = ShardIndex(clips=[describe(clip) | {"fingerprint": source.fingerprint}])
    except (CorpusError, MediaError, SignalError) as error:
        members = []
        told = {"key": source.key, "reason": str(error), "fingerprint": source.fingerprint}
        index = ShardIndex(skipped=[told])
    write_shard(path, index, members)
    return source.fingerprint


def _take_apart(path: Path, index: ShardIndex, wanted: set[str], parts: Path) -> None:
    """Make parts of those clips of an old shard that are wanted as they are."""
    for clip, members in zip(index.clips, read_samples(path), strict=True):
        if clip["fingerprint"] in wanted:
            write_shard(parts / f"{clip['fingerprint']}.tar", ShardIndex(clips=[clip]), [members])
    for clip in index.skipped:
        if clip["fingerprint"] in wanted:
            write_shard(parts / f"{clip['fingerprint']}.tar", ShardIndex(skipped=[clip]), [])


def _put_together(out: Path, name: str, sources: Sequence[Source]) -> None:
    """Make a shard of its parts, and remove them."""
    parts = [_part(out, source.fingerprint) for source in sources]
    indexes = [read_index(part) for part in parts]
    index = ShardIndex(
        clips=[clip for one in indexes for clip in one.clips],
        skipped=[clip for one in indexes for clip in one.skipped],
    )
    write_shard(out / name, index, (members for part in parts for members in read_samples(part)))
    for part in parts:
        part.unlink()


def _gather(
    corpus: Corpus, out: Path, plan: dict[str, list[Source]], skipped: dict[str, str]
) -> dict[str, Any]:
    """Make index.json of what the shards say of themselves."""
    indexes = {name: read_index(out / name) for name in plan}
    clips = [clip | {"shard": name} for name, one in indexes.items() for clip in map(dict, one.clips)]
    reasons = [dict(clip) for one in indexes.values() for clip in one.skipped]
    reasons += [{"key": key, "reason": reason} for key, reason in skipped.items()]
    for told in (*clips, *reasons):
        told.pop("fingerprint", None)
    index = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "corpus": corpus.name,
        "origin": list(corpus.origin),
        "shards": list(plan),
        "clips": clips,
        "skipped": reasons,
    }
    write_whole(out / "index.json", (json.dumps(index, indent=1) + "\n").encode(), remedy=MAKE_ROOM)
    return index
