"""`lipcourse evaluate`: what the command line calls."""

from __future__ import annotations

import json as jsonlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import Progress

from lipcourse.errors import CorpusError, OptionError
from lipcourse.evaluation.comparison import Comparison, compare
from lipcourse.evaluation.generated import FolderVideos, open_methods
from lipcourse.evaluation.intervals import DRAWS
from lipcourse.evaluation.measures import MEASURES
from lipcourse.evaluation.references import open_references
from lipcourse.evaluation.trivial import BASELINES
from lipcourse.judgement.gallery import choose_clips
from lipcourse.judgement.report import known_metrics, say, write_page
from lipcourse.whole import write_whole

REPORT, NUMBERS = "report.html", "report.json"
CHOOSE = "choose a folder that you may write to"


def run(
    *,
    generated: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR|RUN [...]")],
    reference: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    split: Literal["train", "validation", "test"] = "test",
    limit: int | None = None,
    baselines: tuple[str, ...] = tuple(BASELINES),
    landmarks: bool = True,
    jobs: int = -1,
    seed: int = 0,
    draws: int = DRAWS,
    json: bool = False,
) -> None:
    """Measure generated videos against the true ones, beside videos that need no network.

    Writes into the folder: report.html, which shows it all in a browser without network, and report.json, the
    numbers. Networks are measured with a card by lipcourse evaluate glance and lipcourse evaluate flow.

    Args:
        generated: Folders of videos, each named after the reference's clip, or training runs, whose best
            network makes them of each clip's first frame and sound; each is a method named after its folder.
        reference: A folder that lipcourse prepare wrote, or one of videos.
        out: The folder to write into; it is made where it is missing. Other files in it are left alone.
        split: Which clips of a prepared folder.
        limit: How many clips at most, evenly spread.
        baselines: Which videos that need no network to set beside, of: first frame repeated; mean frame;
            another talker; right video, wrong audio; blurred truth.
        landmarks: Find the lips in every video: 20 ms a frame, most of the time.
        jobs: How many processes; -1 for one a processor.
        seed: Of the intervals.
        draws: How many times talkers are drawn for an interval.
        json: Print report.json, and nothing else, on standard output.
    """
    if draws < 1 or (limit is not None and limit < 1):
        raise OptionError("--draws and --limit are 1 or more")
    if out.exists() and not out.is_dir():
        raise CorpusError("is a file, no folder to write into", where=out, remedy=CHOOSE)
    references = open_references(reference, split, limit)
    methods = open_methods(generated, references)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring clips", total=None)
        found = compare(
            methods,
            references,
            baselines=baselines,
            landmarks=landmarks,
            jobs=jobs,
            seed=seed,
            draws=draws,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        strangers = {
            name: videos.strangers for name, videos in methods.items() if isinstance(videos, FolderVideos)
        }
        found = replace(
            found,
            notes=(
                *found.notes,
                *(f"{name}: no clip is named {', '.join(each)}" for name, each in strangers.items() if each),
            ),
        )
        bar.update(task, description="drawing the report", total=None)
        told = {"reference": f"{references.name} ({references.licence})", "from": str(reference)}
        if (reference / "index.json").exists():
            told["split"] = split
        gallery = choose_clips(methods, references, found.keys, found.baselines)
        page = write_page(f"{', '.join(methods)}, evaluated", told, found, gallery)
        numbers = jsonlib.dumps({**told, **found.as_json()}, indent=2, allow_nan=False)
        write_whole(out / NUMBERS, numbers + "\n", remedy=CHOOSE)
        write_whole(out / REPORT, page, remedy=CHOOSE)
    if json:
        print(numbers)
    else:
        print_summary(found, out)


def print_summary(found: Comparison, out: Path) -> None:
    """Print the means, what was left out, and where to look."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{len(found.keys)} clips of {len(set(found.talkers))} talkers")
    for metric in known_metrics(found):
        console.print(MEASURES[metric].label, style="bold")
        for name in found.scores:
            console.print(f"  {name:<26}{say(found.interval(name, metric), MEASURES[metric].digits)}")
    for note in found.notes:
        console.print(note, style="yellow")
    if found.skipped:
        console.print(f"{len(found.skipped)} clips were left out, for all methods:", style="yellow")
        for key, reason in list(found.skipped.items())[:10]:
            console.print(f"  {key}: {reason}")
    console.print(f"Look at {out / REPORT}; the numbers are in {out / NUMBERS}.")
