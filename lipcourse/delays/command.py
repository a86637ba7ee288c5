"""`lipcourse delays`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import track
from rich.table import Table

from lipcourse.corpora.base import Corpus, check_jobs, spread
from lipcourse.corpora.registry import open_corpus
from lipcourse.delays.measure import ClipDelays, collect, measure_corpus
from lipcourse.delays.report import Study, write
from lipcourse.errors import CorpusError, OptionError
from lipcourse.signals.flow import Method as FlowMethod
from lipcourse.signals.sync import METHODS, OFFSETS

MOST_SKIPPED_TOLD = 10


def run(
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    corpus: str | None = None,
    root: Path | None = None,
    limit: int | None = None,
    method: Literal["all", "absolute", "signed", "opening"] = "all",
    flow: FlowMethod = "lucas_kanade",
    noise_snr: float | None = None,
    example: str | None = None,
    jobs: int = -1,
) -> None:
    """Study by how many frames the lips lead the sound, over a corpus.

    Each clip is reduced to two tracks, what changes in the sound and what moves in the mouth from each frame
    to the next; the motion is shifted by 0 to 7 frames, and the shift at which both correlate best is the
    clip's best offset (Fig. 4 of glance). Writes into the folder: delays.png (an example clip and the
    histogram of best offsets), delays.csv (a line a clip and method), delays.json (the same and a summary).

    Args:
        out: The folder to write into; it is made where it is missing. Other files in it are left alone.
        corpus: puppet, grid, lrw, ldc, tcd_timit, voxceleb or folder; by default GRID where LIPCOURSE_GRID is
            set, else the puppets.
        root: Where the files of the corpus lie.
        limit: Use so many clips at most, spread evenly over the corpus.
        method: absolute and signed are the two readings of the paper's study; opening sets how fast the
            mouth opens against how much louder it grows.
        flow: How motion is measured.
        noise_snr: Add white noise to the sound, this many decibels below it.
        example: The key of the clip that is drawn; by default the first.
        jobs: How many processes measure; -1 for as many as there are processors.
    """
    if limit is not None and limit < 1:
        raise OptionError(f"{limit} clips cannot be studied", remedy="give a limit of 1 or more")
    check_jobs(jobs)
    opened = open_corpus(corpus, root)
    keys = choose_keys(opened, limit, example)
    make_folder(out)
    measured: list[ClipDelays] = []
    skipped: dict[str, str] = {}
    methods = METHODS if method == "all" else (method,)
    results = measure_corpus(opened, keys, methods=methods, flow_method=flow, noise_snr=noise_snr, jobs=jobs)
    for result in track(results, "measuring clips", len(keys), console=Console(stderr=True), transient=True):
        if isinstance(result, ClipDelays):
            measured.append(result)
        else:
            skipped[result[0]] = result[1]
    if not measured:
        first = next(iter(skipped.values()))
        raise CorpusError(
            f"none of its {len(keys)} clips could be measured; the first: {first}", where=opened.name
        )
    study = Study(opened.name, flow, noise_snr, measured, skipped)
    write(study, out, example)
    tell(study, out)


def choose_keys(corpus: Corpus, limit: int | None, example: str | None = None) -> list[str]:
    """Choose at most `limit` keys, evenly over the corpus, and the example's among them.

    Raises:
        CorpusError: The corpus is empty, or has no clip of the example's name.
    """
    keys = corpus.keys()
    if not keys:
        raise CorpusError("there is no clip here", where=corpus.name, remedy="choose another corpus")
    if example is not None and example not in keys:
        raise CorpusError(
            f"there is no clip {example!r}", where=corpus.name, remedy=f"name one such as {keys[0]}"
        )
    chosen = spread(keys, limit)
    return chosen if example is None or example in chosen else [example, *chosen[1:]]


def make_folder(out: Path) -> None:
    """Make sure that there is a folder to write into, before the work is done.

    Raises:
        OptionError: There cannot be.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"cannot be used as a folder ({error.strerror})", where=out, remedy="choose another"
        ) from error


def tell(study: Study, out: Path) -> None:
    """Print what was found, what was left out and why, and where it is written."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table("method", *map(str, OFFSETS), "mean best r", "lead within one frame")
    for method, found in collect(study.measured).items():
        within = found.found_within(1)
        table.add_row(
            method,
            *map(str, found.histogram),
            f"{found.correlations.max(axis=1).mean():.2f}",
            "unknown" if within is None else f"{within:.0%}",
        )
    console.print(f"best offset (frames) of {len(study.measured)} clips of {study.corpus}:")
    console.print(table)
    if study.skipped:
        console.print(f"{len(study.skipped)} clips were left out:", style="yellow")
        for reason in list(study.skipped.values())[:MOST_SKIPPED_TOLD]:
            console.print(f"  {reason}")
        if len(study.skipped) > MOST_SKIPPED_TOLD:
            console.print("  ... all of them are in delays.json")
    console.print(f"Look at {out / 'delays.png'}; the numbers are in delays.csv and delays.json beside it.")
