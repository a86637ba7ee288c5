"""`lipcourse prepare`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import Progress

from lipcourse.corpora.puppet.writer import PuppetOptions
from lipcourse.corpora.registry import TO_LEARN_FROM, open_corpus
from lipcourse.preparation.report import write_report
from lipcourse.windows.corpus import prepare
from lipcourse.windows.kept import read_kept

MOST_SKIPPED_TOLD = 10


def run(
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    corpus: str | None = None,
    root: Path | None = None,
    jobs: int = -1,
    dask: Annotated[str | None, tyro.conf.arg(metavar="ADDRESS")] = None,
    limit: int | None = None,
    only: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
    puppets: PuppetOptions = TO_LEARN_FROM,
) -> None:
    """Prepare a corpus for training: faces and mouths cut out, with their points and sound, in shards.

    Writes into the folder: WebDataset shards of 64 clips (train-000000.tar, ...), index.json, which tells of
    each clip where it is, and of each that was left out why, and report.html, which shows it all in a
    browser. Run it again after a stop or a change: only what is missing or changed is done.

    Args:
        out: The folder to write into; it is made where it is missing. Shards in it that belong to no clip to
            be prepared are removed.
        corpus: puppet, grid, lrw, ldc, tcd_timit, voxceleb or folder; by default GRID where LIPCOURSE_GRID is
            set, else the puppets.
        root: Where the files of the corpus lie.
        jobs: How many processes; -1 for as many as there are processors.
        dask: Use the workers of the Dask scheduler at this address, such as tcp://10.0.0.5:8786. They must
            have the same lipcourse, and see the corpus and the folder under the same paths.
        limit: Prepare so many clips at most, spread evenly over the corpus.
        only: The JSON file of `lipcourse select`: of the split that it chose from only the clips that it kept
            are prepared, and all of the others. So training on the folder learns from the kept clips.
        puppets: Which puppets to draw, where puppets are the corpus.
    """
    opened = open_corpus(corpus, root, puppets)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("preparing clips", total=None)
        made = prepare(
            opened,
            out,
            jobs=jobs,
            dask=dask,
            limit=limit,
            only=None if only is None else read_kept(only, opened),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        bar.update(task, description="drawing the report")
        report = write_report(made)
    for note in made.notes:
        console.print(note, style="yellow")
    console.print(f"{made.clips} clips are in {len(made.shards)} shards; {made.done} were done now.")
    if made.skipped:
        console.print(f"{len(made.skipped)} clips were left out:", style="yellow")
        for key, reason in made.skipped[:MOST_SKIPPED_TOLD]:
            console.print(f"  {key}: {reason}")
        if len(made.skipped) > MOST_SKIPPED_TOLD:
            console.print("  ... all of them are in index.json")
    console.print(f"Look at {report}; what is in each shard is told in index.json beside it.")
