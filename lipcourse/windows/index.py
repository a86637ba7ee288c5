"""What index.json of a prepared corpus tells: where its clips are from, and a line for each of them.

A corpus lies in a folder, or on a web server (or whatever else WebDataset opens). All that read an index do
so here, so that one of an older format is refused everywhere. Taught in notebook 05.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from webdataset.gopen import gopen

from lipcourse.errors import CorpusError
from lipcourse.media import Origin
from lipcourse.windows.shards import FORMAT, FORMAT_VERSION, PREPARE_AGAIN

INDEX_FILE = "index.json"

CLIP_FACTS = frozenset({"key", "talker", "split", "frames", "shard"})
"""What is kept of a clip; the rest is forgotten while it is read, unless it is asked for."""


class CorpusIndex(NamedTuple):
    """What an index.json tells.

    Attributes:
        origin: Corpus and licence.
        clips: Of each clip, in order, what is in CLIP_FACTS and what was asked for.
    """

    origin: Origin
    clips: list[dict[str, Any]]


def read_corpus_index(source: str | Path, more: Collection[str] = ()) -> CorpusIndex:
    """Read the index.json of a prepared corpus.

    Args:
        source: A folder that `lipcourse prepare` wrote, or its address ("http://...").
        more: What to keep of each clip beside CLIP_FACTS, such as "phones".

    Raises:
        CorpusError: There is no prepared corpus, or one of another version of the format, or its index is
            damaged.

    Taught in notebook 05.
    """
    place = beside_index(source, INDEX_FILE)
    if not is_address(source) and not Path(source).is_dir():
        raise CorpusError("there is no such folder", where=source, remedy="make it: lipcourse prepare")
    wanted = CLIP_FACTS | set(more)
    try:
        with gopen(place) if is_address(source) else Path(place).open("rb") as stream:
            index = json.loads(stream.read(), object_hook=partial(_needed, wanted=wanted))
        version = index["version"] if index["format"] == FORMAT else None
        read = CorpusIndex(Origin(*index["origin"]), index["clips"]) if version == FORMAT_VERSION else None
        whole = read is None or all(_is_whole(clip, wanted) for clip in read.clips)
    except OSError as error:
        raise CorpusError(
            f"is no prepared corpus: its {INDEX_FILE} cannot be read ({error})",
            where=source,
            remedy="make one with lipcourse prepare; if a run of it was stopped, run it again",
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CorpusError(
            f"is no index of prepared clips, or damaged ({error!r})", where=place, remedy=PREPARE_AGAIN
        ) from error
    if version is None or not whole:
        raise CorpusError("is no index of prepared clips, or damaged", where=place, remedy=PREPARE_AGAIN)
    if read is None:
        raise CorpusError(
            f"its format is version {version}; this code reads version {FORMAT_VERSION}",
            where=place,
            remedy=PREPARE_AGAIN if version < FORMAT_VERSION else "install the lipcourse that wrote it",
        )
    return read


def beside_index(source: str | Path, name: str) -> str:
    """Return where a file of a prepared corpus lies."""
    return f"{str(source).rstrip('/')}/{name}" if is_address(source) else os.fspath(Path(source) / name)


def is_address(source: str | Path) -> bool:
    """Tell an address from a path."""
    return "://" in str(source)


def _needed(facts: dict[str, Any], wanted: Collection[str]) -> dict[str, Any]:
    """Forget what nobody wants, while JSON is read: of half a million clips it would fill the memory."""
    return {name: facts[name] for name in wanted} if facts.keys() >= CLIP_FACTS else facts


def _is_whole(clip: dict[str, Any], wanted: Collection[str]) -> bool:
    """Whether all is told of a clip, and its shard lies beside the index."""
    return clip.keys() == wanted and Path(clip["shard"]).name == clip["shard"]
