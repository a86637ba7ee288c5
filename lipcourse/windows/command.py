"""`lipcourse prepare`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import Progress

from lipcourse.corpora.registry import open_corpus
from lipcourse.windows.corpus import prepare

MOST_SKIPPED_TOLD = 10


def run(
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    corpus: str | None = None,
    root: Path | None = None,
    jobs: int = -1,
    limit: int | None = None,
) -> None:
    """Prepare a corpus for training: faces and mouths cut out, with their points and sound, in shards.

    Writes into the folder: WebDataset shards of 64 clips (train-000000.tar, ...) and index.json, which tells
    of each clip where it is, and of each that was left out why. Run it again after a stop or a change: only
    what is missing or changed is done.

    Args:
        out: The folder to write into; it is made where it is missing. Shards in it that belong to no clip of
            the corpus are removed.
        corpus: puppet, grid or folder; by default GRID where LIPCOURSE_GRID is set, else the puppets.
        root: Where the files of the corpus lie.
        jobs: How many processes; -1 for as many as there are processors.
        limit: Prepare so many clips at most, spread evenly over the corpus.
    """
    opened = open_corpus(corpus, root)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("preparing clips", total=None)
        made = prepare(
            opened,
            out,
            jobs=jobs,
            limit=limit,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    console = Console(highlight=False, markup=False, soft_wrap=True)
    clips, skipped = made.index["clips"], made.index["skipped"]
    console.print(f"{len(clips)} clips are in {len(made.index['shards'])} shards; {made.done} were done now.")
    if skipped:
        console.print(f"{len(skipped)} clips were left out:", style="yellow")
        for told in skipped[:MOST_SKIPPED_TOLD]:
            console.print(f"  {told['key']}: {told['reason']}")
        if len(skipped) > MOST_SKIPPED_TOLD:
            console.print("  ... all of them are in index.json")
    console.print(f"What is in them is told in {out / 'index.json'}.")
