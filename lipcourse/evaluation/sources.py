"""What a card says of the corpora that a network learned from, and whose clips measure it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lipcourse.windows.index import read_corpus_index
from lipcourse.windows.prepared import PreparedClip
from lipcourse.windows.shards import read_one

ATTRIBUTIONS = {
    "GRID": "M. Cooke, J. Barker, S. Cunningham and X. Shao, The GRID audiovisual sentence corpus, "
    "doi:10.5281/zenodo.3625687",
    "puppets": "none is needed",
}


def attribution(name: str) -> str:
    """Return whom to name for a corpus; the corpus itself where nothing more is known."""
    return next((text for start, text in ATTRIBUTIONS.items() if name.startswith(start)), name)


def corpus_words(sources: Sequence[Mapping[str, Any]]) -> str:
    """Return what stands for the folders of corpora in a card's command: "PUPPETS GRID"."""
    return " ".join(str(source["name"]).split(" (")[0].upper() for source in sources)


def training_sources(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what a card tells of each corpus: name, licence, attribution, and what there is to learn from.

    Raises:
        CorpusError: A folder holds no prepared corpus, or one of another version of the format.
    """
    told = []
    for folder in folders:
        index = read_corpus_index(folder)
        name, licence = index.origin
        clips = [clip for clip in index.clips if clip["split"] == "train"]
        told.append(
            {
                "name": name,
                "licence": licence,
                "attribution": attribution(name),
                "clips": len(clips),
                "talkers": len({clip["talker"] for clip in clips}),
            }
        )
    return told


def held_out(folder: Path, split: str, count: int) -> list[PreparedClip]:
    """Read clips of a split, evenly spread over it.

    Args:
        folder: A prepared corpus.
        split: "validation" or "test".
        count: How many, or all.

    Raises:
        CorpusError: The folder holds no prepared corpus, or one of another version of the format.
    """
    clips = [clip for clip in read_corpus_index(folder).clips if clip["split"] == split]
    if not clips:
        return []
    count = min(count, len(clips))
    chosen = [clips[number * len(clips) // count] for number in range(count)]
    return [read_one(folder / clip["shard"], clip["key"]) for clip in chosen]


def talkers(folder: Path, split: str) -> set[str]:
    """Return who speaks in a split of a prepared corpus.

    Raises:
        CorpusError: The folder holds no prepared corpus, or one of another version of the format.
    """
    return {clip["talker"] for clip in read_corpus_index(folder).clips if clip["split"] == split}
