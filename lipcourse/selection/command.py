"""`lipcourse select`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import track

from lipcourse.corpora.base import Corpus, check_jobs
from lipcourse.corpora.puppet.writer import PuppetOptions
from lipcourse.corpora.registry import TO_LEARN_FROM, open_corpus
from lipcourse.errors import CorpusError, LipcourseError, OptionError
from lipcourse.selection.phones import Phones, find_all_phones, read_phones
from lipcourse.selection.report import Report, write
from lipcourse.signals.selection import DRAWS, Distance, Score, count_phonemes, select_clips

MOST_SKIPPED_TOLD = 10

Which = Literal["train", "validation", "test", "all"]


def run(
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    corpus: str | None = None,
    root: Path | None = None,
    prepared: Path | None = None,
    split: Which = "train",
    smallest: int | None = None,
    largest: int | None = None,
    draws: int = DRAWS,
    distance: Distance = "kl",
    score: Score = "inverse_frequency",
    seed: int = 0,
    jobs: int = -1,
    puppets: PuppetOptions = TO_LEARN_FROM,
) -> None:
    """Choose clips that say all phonemes about equally often (Algorithm 1 of recurrent).

    Clips are ranked by how rare their phonemes are; sizes are drawn at random, so many of the rarest clips
    are taken, and that draw is kept whose histogram of phonemes is nearest to uniform. Phones come from
    --prepared, else from the corpus; where it does not know them, the sound is aligned with the transcript.
    Writes the kept clips (JSON), which `lipcourse prepare --only` takes, and, beside it, the histograms
    before and after (PNG, Fig. 3 of the paper).

    Args:
        out: The JSON file to write; the figure has the same name and ends in .png.
        corpus: puppet, grid, lrw, ldc, tcd_timit, voxceleb or folder; by default GRID where LIPCOURSE_GRID is
            set, else the puppets.
        root: Where the files of the corpus lie.
        prepared: A folder that `lipcourse prepare` wrote of this corpus: only its clips are chosen from.
        split: Which clips to choose from.
        smallest: The least number of clips to keep; by default about a third.
        largest: The greatest; by default all.
        draws: How many sizes are tried.
        distance: How far a histogram is from uniform: KL divergence, L1 or chi-squared.
        score: How rare a clip's phonemes are: their mean inverse frequency, their mean information, or the
            rarest alone.
        seed: Decides the sizes that are tried.
        jobs: How many processes align; -1 for as many as there are processors.
        puppets: Which puppets, where puppets are the corpus; by default those that `lipcourse prepare` draws.
    """
    check_jobs(jobs)
    if out.suffix == ".png":
        raise OptionError("the figure is written to this file", where=out, remedy="name it .json")
    opened = open_corpus(corpus, root, puppets)
    known = choose_from(opened, split, prepared)
    phones = {key: said for key, said in known.items() if said}
    missing = [key for key, said in known.items() if not said]
    skipped: dict[str, str] = {}
    if missing:
        results = find_all_phones(opened, missing, jobs=jobs)
        console = Console(stderr=True)
        for key, found in track(results, "finding phones", len(missing), console=console, transient=True):
            if isinstance(found, LipcourseError):
                skipped[key] = str(found)
            else:
                phones[key] = found
    if not phones:
        first = next(iter(skipped.values()))
        raise CorpusError(
            f"the phones of none of its {len(known)} clips can be known; the first: {first}",
            where=opened.name,
        )
    keys = [key for key in known if key in phones]
    selection = select_clips(
        count_phonemes(phones[key] for key in keys),
        smallest=smallest,
        largest=largest,
        draws=draws,
        distance=distance,
        score=score,
        seed=seed,
    )
    report = Report(opened.name, split, keys, selection, distance, score, seed, skipped)
    tell(report, out, write(report, out))


def choose_from(corpus: Corpus, split: Which, prepared: Path | None) -> dict[str, Phones]:
    """List the clips to choose from, each with its phones where they are known already.

    Raises:
        CorpusError: There is none, or the prepared clips are of another corpus.
    """
    if prepared is None:
        known: dict[str, Phones] = dict.fromkeys(corpus.keys(split=None if split == "all" else split), ())
    else:
        index = read_phones(prepared)
        strangers = index.keys() - set(corpus.keys())
        if strangers:
            raise CorpusError(
                f"holds {min(strangers)}, which {corpus.name} does not have",
                where=prepared,
                remedy="name the corpus that it was prepared from",
            )
        known = {key: phones for key, (own, phones) in index.items() if split in ("all", own)}
    if not known:
        told = "no clip" if split == "all" else f"no {split} clip"
        raise CorpusError(
            f"there is {told} to choose from", where=prepared or corpus.name, remedy="choose another split"
        )
    return known


def tell(report: Report, out: Path, picture: Path) -> None:
    """Print what was chosen, what was left out and why, and where it is written."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    selection = report.selection
    console.print(
        f"{len(report.kept)} of {len(report.keys)} clips of {report.corpus} are kept; distance from uniform "
        f"({report.distance}): {selection.distance_before:.3f} before, {selection.distance_after:.3f} after."
    )
    if report.skipped:
        console.print(f"{len(report.skipped)} clips were left out:", style="yellow")
        for reason in list(report.skipped.values())[:MOST_SKIPPED_TOLD]:
            console.print(f"  {reason}")
        if len(report.skipped) > MOST_SKIPPED_TOLD:
            console.print(f"  ... all of them are in {out.name}")
    console.print(f"Look at {picture}; the kept clips are in {out}.")
