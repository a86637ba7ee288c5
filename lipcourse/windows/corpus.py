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

import errno
import json
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from lipcourse.corpora.base import SPLITS, Corpus, check_jobs
from lipcourse.errors import CorpusError, LipcourseError, MediaError, OptionError, SignalError
from lipcourse.media import Origin
from lipcourse.whole import beside, remove_unfinished
from lipcourse.windows.index import INDEX_FILE
from lipcourse.windows.plan import Source, fingerprint, list_sources, plan_shards
from lipcourse.windows.prepare import describe, prepare_clip
from lipcourse.windows.prepared import encode_clip
from lipcourse.windows.shards import (
    FORMAT,
    FORMAT_VERSION,
    ForeignShardError,
    ShardIndex,
    is_whole,
    read_index,
    read_samples,
    write_shard,
)
from lipcourse.windows.workers import run_tasks

CLIPS_A_SHARD = 64
"""About 30 MB: a few shards for each loader worker even of a small corpus."""

PARTS = ".parts"
MAKE_ROOM = "make room or choose another folder, then run it again: what is done is kept"

FAULTS_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""Errors of the system for which no clip can be blamed: a full disk, too many open files, no memory."""


@dataclass(frozen=True)
class Preparation:
    """What a run did.

    Attributes:
        corpus: The corpus's name.
        origin: Corpus and licence.
        folder: Where the shards and index.json are.
        shards: Names of the shards, in order.
        clips: How many clips are in them.
        skipped: Each clip that was left out, and why.
        unlisted: Those of them that the corpus itself leaves out, such as a second clip of one key.
        done: How many clips this run prepared or found to be bad; the others were there already.
        notes: What of an earlier run could not be used and was made anew, and why.
    """

    corpus: str
    origin: Origin
    folder: Path
    shards: Sequence[str]
    clips: int
    skipped: Sequence[tuple[str, str]]
    unlisted: Mapping[str, str]
    done: int
    notes: Sequence[str]

    def indexes(self) -> Iterator[ShardIndex]:
        """Read what each shard says of itself, one at a time."""
        return (read_index(self.folder / name) for name in self.shards)

    @property
    def index(self) -> dict[str, Any]:
        """What index.json holds."""
        facts: dict[str, Any] = json.loads((self.folder / INDEX_FILE).read_text(encoding="utf-8"))
        return facts


def prepare(
    corpus: Corpus,
    out: Path,
    *,
    jobs: int = 1,
    dask: str | None = None,
    limit: int | None = None,
    only: Collection[str] | None = None,
    clips_a_shard: int = CLIPS_A_SHARD,
    progress: Callable[[int, int], None] | None = None,
) -> Preparation:
    """Prepare the clips of a corpus as shards and index.json in a folder.

    A clip that cannot be read or has no face is left out and told with its reason under `skipped` in
    index.json; it is tried again when one of its files changes. So is a clip that kills the process at work
    on it twice. Shards in the folder that are damaged, or of an older version of the format, are made anew,
    and that is noted; files that are not ours to replace are refused.

    Args:
        corpus: Where the clips are. A clip counts as changed when one of its files has another size or time,
            or when the corpus's options or version are others.
        out: The folder; it is made where it is missing. What an earlier run put there is used.
        jobs: How many processes; -1 for one a processor.
        dask: The address of a Dask scheduler, such as "tcp://10.0.0.5:8786": its workers prepare the clips
            in place of processes here. They must have this lipcourse, and see the corpus and `out` where this
            process does.
        limit: Prepare so many clips at most, spread evenly over the corpus.
        only: Keys of the clips to prepare, such as `lipcourse.windows.kept.read_kept` reads; None for all.
        clips_a_shard: How many clips a shard holds at most; those of a split lie in shards of their own.
        progress: Called with how many clips are done and how many there are to do.

    Raises:
        CorpusError: The corpus is empty, not one of its clips could be prepared, another run is writing
            there, a file cannot be written, the folder holds other people's files of the shards' names, or
            processes die again and again; run again, it goes on.
        ModelError: dlib's predictor is missing.
        OptionError: `jobs`, `limit` or `clips_a_shard` cannot be, or no scheduler answers.

    Taught in notebook 05.
    """
    check_jobs(jobs)
    if clips_a_shard < 1 or (limit is not None and limit < 1):
        raise OptionError("a limit or a shard of no clip cannot be", remedy="choose 1 or more")
    sources, doubles = list_sources(corpus, limit, only)
    plan = plan_shards(sources, clips_a_shard)
    parts = out / PARTS
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            remove_unfinished(out)
            remove_unfinished(parts)
            waiting, notes = _keep_what_is_there(out, plan)
            done = _fill(corpus, out, waiting, jobs, dask, progress)
            for path in _shards_in(out):
                if path.name not in plan:
                    path.unlink()
            made = _gather(corpus, out, list(plan), corpus.skipped | doubles, done, notes)
            shutil.rmtree(parts)
    except Timeout as error:
        raise CorpusError("another run is preparing into it", where=out, remedy="wait for it") from error
    except OSError as error:
        raise CorpusError(f"cannot be written ({error.strerror})", where=out, remedy=MAKE_ROOM) from error
    if not made.clips:
        key, reason = made.skipped[0]
        raise CorpusError(
            f"none of its {len(sources)} clips could be prepared; the first, {key}: {reason}",
            where=corpus.name,
        )
    return made


def _shards_in(out: Path) -> list[Path]:
    """All files in a folder that are named as shards."""
    return [path for split in SPLITS for path in sorted(out.glob(f"{split}-*.tar"))]


def _keep_what_is_there(
    out: Path, plan: Mapping[str, list[Source]]
) -> tuple[dict[str, list[Source]], list[str]]:
    """Keep the shards that are as planned and make parts of what can be used in the others.

    Returns:
        The shards that are to be made, and what could not be used.

    Raises:
        ForeignShardError: A file there is not ours to replace.
    """
    wanted = {source.fingerprint for sources in plan.values() for source in sources}
    waiting, notes = dict(plan), []
    for path in _shards_in(out):
        try:
            held = read_index(path)
            if is_whole(path) and _is_as_planned(held, plan.get(path.name, ())):
                del waiting[path.name]
            else:
                _take_apart(path, held, wanted, out / PARTS)
        except ForeignShardError as error:
            raise ForeignShardError(
                error.what, where=path, remedy="choose another folder, or move that file away"
            ) from error
        except CorpusError as error:
            if _is_of_the_machine(error):
                raise
            notes.append(f"{path}: {error.what}; what could not be used of it was made anew")
    return waiting, notes


def _fill(
    corpus: Corpus,
    out: Path,
    waiting: Mapping[str, list[Source]],
    jobs: int,
    dask: str | None,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Make the shards that are not there; return how many clips had to be prepared."""
    # Workers of a cluster have working folders of their own.
    parts = (out / PARTS).absolute()
    shards = {source.fingerprint: name for name, sources in waiting.items() for source in sources}
    missing = [
        source for sources in waiting.values() for source in sources if not is_whole(parts / source.part)
    ]
    left = Counter(shards[source.fingerprint] for source in missing)
    for name in waiting.keys() - left.keys():
        _put_together(out, name, waiting[name])
    tasks = (_Task(corpus.only(source.key), source, parts) for source in missing)
    run = run_tasks(_prepare_part, tasks, jobs=jobs, dask=dask, is_done=_is_done, give_up=_give_up)
    with closing(run) as prepared:  # Where a shard cannot be written the workers stop.
        for number, task in enumerate(prepared, 1):
            name = shards[task.source.fingerprint]
            left[name] -= 1
            if not left[name]:
                _put_together(out, name, waiting[name])
            if progress:
                progress(number, len(missing))
    return len(missing)


def _is_as_planned(index: ShardIndex, sources: Sequence[Source]) -> bool:
    """Tell whether a shard has, or leaves out, what it should, in the order that it should."""
    planned = [source.fingerprint for source in sources]
    held = [clip["fingerprint"] for clip in index.clips]
    skipped = {clip["fingerprint"] for clip in index.skipped}
    return {*held, *skipped} == {*planned} and held == [name for name in planned if name not in skipped]


class _Task(NamedTuple):
    """What a worker process is given: a corpus of one clip, what is planned for it, where its part goes."""

    corpus: Corpus
    source: Source
    parts: Path


def _prepare_part(task: _Task) -> None:
    """Prepare one clip as a part, or write down why not: what a worker process does."""
    corpus, source, parts = task
    if _is_done(task):  # A cluster repeats a task whose worker died before it was told of.
        return
    if fingerprint(corpus, source.key, source.split) != source.fingerprint:
        raise CorpusError(
            "its files or the code are not those that the run began with",
            where=source.key,
            remedy="if it was changed meanwhile, run it again; workers of a cluster need the same files and"
            " the same lipcourse as this machine",
        )
    try:
        clip = prepare_clip(replace(corpus.clip(source.key), key=source.key), source.split)
        members = [encode_clip(clip)]
        index = ShardIndex(clips=[describe(clip) | {"fingerprint": source.fingerprint}])
    except (CorpusError, MediaError, SignalError) as error:
        if _is_of_the_machine(error):
            raise
        members, index = [], _left_out(source, str(error), error.what)
    write_shard(parts / source.part, index, members)


def _is_done(task: _Task) -> bool:
    """Whether the part of a clip is there."""
    return is_whole(task.parts / task.source.part)


def _give_up(task: _Task) -> None:
    """Leave out a clip that kills the process at work on it."""
    what = "the process at work on it died, twice; the second time it had nothing else to do"
    write_shard(task.parts / task.source.part, _left_out(task.source, what, what), [])


def _left_out(source: Source, reason: str, what: str) -> ShardIndex:
    """What the part of a bad clip says: the reason, and what is wrong without the name of a file."""
    return ShardIndex(
        skipped=[{"key": source.key, "reason": reason, "what": what, "fingerprint": source.fingerprint}]
    )


def _is_of_the_machine(error: LipcourseError) -> bool:
    """Tell whether an error is the machine's and not the clip's, by the error of the system behind it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in FAULTS_OF_THE_MACHINE:
            return True
        cause = cause.__cause__
    return False


def _take_apart(path: Path, index: ShardIndex, wanted: set[str], parts: Path) -> None:
    """Make parts of those clips of an old shard that are wanted as they are."""
    for clip in index.skipped:
        if clip["fingerprint"] in wanted:
            write_shard(parts / f"{clip['fingerprint']}.tar", ShardIndex(skipped=[clip]), [])
    for clip, members in zip(index.clips, read_samples(path), strict=True):
        if clip["fingerprint"] in wanted:
            write_shard(parts / f"{clip['fingerprint']}.tar", ShardIndex(clips=[clip]), [members])


def _put_together(out: Path, name: str, sources: Sequence[Source]) -> None:
    """Make a shard of its parts, and remove them."""
    parts = [out / PARTS / source.part for source in sources]
    indexes = [read_index(part) for part in parts]
    index = ShardIndex(
        clips=[clip for one in indexes for clip in one.clips],
        skipped=[clip for one in indexes for clip in one.skipped],
    )
    write_shard(out / name, index, (members for part in parts for members in read_samples(part)))
    for part in parts:
        part.unlink()


def _gather(
    corpus: Corpus, out: Path, shards: Sequence[str], unlisted: Mapping[str, str], done: int, notes: list[str]
) -> Preparation:
    """Make index.json of what the shards say of themselves, a line a clip, one shard in memory at a time."""
    head = {"format": FORMAT, "version": FORMAT_VERSION, "corpus": corpus.name, "origin": corpus.origin}
    skipped: list[tuple[str, str]] = []
    clips = 0
    with beside(out / INDEX_FILE) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.write(f'{json.dumps(head | {"shards": shards})[:-1]},\n"clips": [')
        for name in shards:
            index = read_index(out / name)
            for told in index.clips:
                clip = {key: value for key, value in told.items() if key != "fingerprint"} | {"shard": name}
                file.write(f"{',' * bool(clips)}\n{json.dumps(clip)}")
                clips += 1
            skipped += [(clip["key"], clip["reason"]) for clip in index.skipped]
        skipped += unlisted.items()
        lines = ",\n".join(json.dumps({"key": key, "reason": reason}) for key, reason in skipped)
        file.write(f'\n],\n"skipped": [\n{lines}\n]}}\n')
    return Preparation(corpus.name, corpus.origin, out, shards, clips, skipped, unlisted, done, notes)
