"""What there is to prepare: which clips, from what each is made, and which shard it goes to."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from lipcourse.corpora.base import SPLITS, Corpus, Split, spread
from lipcourse.errors import CorpusError
from lipcourse.windows.shards import FORMAT_VERSION


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

    @property
    def part(self) -> str:
        """Name of the file in which it lies until its shard is put together."""
        return f"{self.fingerprint}.tar"


def list_sources(
    corpus: Corpus, limit: int | None = None, only: Collection[str] | None = None
) -> tuple[list[Source], dict[str, str]]:
    """List the clips of a corpus, split by split, and why doubles among them are left out.

    Args:
        corpus: Where the clips are.
        limit: So many of them at most, spread evenly.
        only: Keys of the clips that may be listed; None for all.

    Raises:
        CorpusError: There is no clip.
    """
    splits = [
        (key, split) for split in SPLITS for key in corpus.keys(split=split) if only is None or key in only
    ]
    if not splits:
        raise CorpusError("there is no clip here", where=corpus.name, remedy="choose another corpus")
    times = Counter(key for key, _ in splits)
    doubles = {
        key: f"{count} clips have this key; the first is kept" for key, count in times.items() if count > 1
    }
    first: dict[str, Split] = {}
    for key, split in splits:
        first.setdefault(key, split)
    chosen = spread(list(first.items()), limit)
    return [Source(key, split, fingerprint(corpus, key, split)) for key, split in chosen], doubles


def fingerprint(corpus: Corpus, key: str, split: str) -> str:
    """Digest all that a prepared clip depends on: the format, the corpus and its options, the clip's files.

    Of a file it is its name, size and time; what it holds is not read.
    """
    options = {
        name: value
        for name, value in vars(corpus).items()
        if not name.startswith("_") and isinstance(value, bool | int | float | str | tuple | None)
    }
    files = [_look_at(path) for path in corpus.files(key)]
    facts = json.dumps(
        [FORMAT_VERSION, corpus.version, key, split, options, files], sort_keys=True, default=str
    )
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def plan_shards(sources: Sequence[Source], clips_a_shard: int) -> dict[str, list[Source]]:
    """Share clips out to shards, by the shard's file name; a shard holds clips of one split."""
    plan: dict[str, list[Source]] = {}
    for split in SPLITS:
        own = [source for source in sources if source.split == split]
        for start in range(0, len(own), clips_a_shard):
            plan[f"{split}-{start // clips_a_shard:06d}.tar"] = own[start : start + clips_a_shard]
    return plan


def _look_at(path: Path) -> tuple[str, int, int]:
    """A file's name, size and time; a missing one has its name, and its reader will say so."""
    if not path.is_file():
        return path.name, -1, -1
    state = path.stat()
    return path.name, state.st_size, state.st_mtime_ns
