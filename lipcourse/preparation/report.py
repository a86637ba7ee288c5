"""The page that shows what came of a preparation: report.html, a single file that needs no network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lipcourse import pages, pictures
from lipcourse.corpora.base import SPLITS, in_order
from lipcourse.preparation.tally import LEVEL_STEP, LOUDEST, QUIETEST, Tally, tally
from lipcourse.whole import write_whole
from lipcourse.windows.corpus import MAKE_ROOM, Preparation
from lipcourse.windows.prepare import OPENING_BINS
from lipcourse.windows.shards import read_one

REPORT = "report.html"
COLUMNS = 8
MOST_BARS = 60
"""More talkers than this are shown as a histogram of their seconds, fewer as a bar each."""

COLOURS = {"train": "blue", "validation": "orange", "test": "vermillion"}


def write_report(made: Preparation) -> Path:
    """Write report.html into the folder of a preparation.

    Returns:
        Where it is.

    Raises:
        CorpusError: A shard cannot be read, or the page cannot be written.
    """
    path = made.folder / REPORT
    write_whole(path, pages.page(f"{made.corpus}, prepared", body(made, tally(made))), remedy=MAKE_ROOM)
    return path


def body(made: Preparation, counts: Tally) -> str:
    """Return the page's contents: facts, tables and figures."""
    parts = [pages.facts(facts(made, counts))]
    if counts.reasons:
        rows = [(reason, f"{count}") for reason, count in counts.reasons.most_common()]
        parts += ["<h2>Clips left out</h2>", pages.table(("reason", "clips"), rows)]
        parts.append("<p>Each clip with its own reason is in index.json.</p>")
    head = ("split", "clips", "talkers", "seconds", "share")
    parts += ["<h2>Splits</h2>", pages.table(head, splits(counts))]
    for figure, text in (
        (
            contact_sheet(made, counts),
            "A clip of each talker, then others from all over the corpus, where the mouth is widest.",
        ),
        (draw_opening(counts), "How far the inner lips are apart, over all frames."),
        (draw_levels(counts), "Level (root mean square) and peak of each clip's sound."),
        (draw_talkers(counts), "Seconds of each talker, by split."),
    ):
        parts.append(pages.image(pages.embedded(pictures.png_bytes(figure)), text))
    return "\n".join(parts)


def facts(made: Preparation, counts: Tally) -> dict[str, str]:
    """Return what the page says first, as names and texts."""
    seconds = sum(talkers.total() for talkers in counts.seconds.values())
    found = counts.found / counts.frames
    told = {
        "corpus": f"{made.origin.corpus} ({made.origin.licence})",
        "clips in": f"{counts.kept + counts.left_out}",
        "kept": f"{counts.kept}, {seconds / 60:.1f} minutes, in {len(made.shards)} shards",
        "left out": f"{counts.left_out}",
        "face found": f"in {found:.2%} of {counts.frames} frames; in every frame of {counts.full} clips",
        "phones": f"{counts.phones} labelled" if counts.phones else "not labelled",
        "silent clips": f"{counts.silent}" if counts.silent else "none",
    }
    if made.notes:
        told["made anew"] = "; ".join(made.notes)
    return told


def splits(counts: Tally) -> list[tuple[str, ...]]:
    """Return a row for each split: clips, talkers, seconds, share of the seconds."""
    total = sum(talkers.total() for talkers in counts.seconds.values())
    rows: list[tuple[str, ...]] = []
    for split in SPLITS:
        talkers = counts.seconds[split]
        share = f"{talkers.total() / total:.0%}"
        rows.append((split, f"{counts.clips[split]}", f"{len(talkers)}", f"{talkers.total():.1f}", share))
    return rows


def contact_sheet(made: Preparation, counts: Tally) -> Figure:
    """Show a face of each chosen clip over its mouth, both from the frame in which the mouth is widest."""
    images, labels = [], []
    for shard, key in counts.shown:
        clip = read_one(made.folder / shard, key)
        # Inner lips: 62 above, 66 below; the mouth's points begin at 48.
        gap = clip.mouth_landmarks[:, 66 - 48, 1] - clip.mouth_landmarks[:, 62 - 48, 1]
        widest = int(gap.argmax())
        mouth = np.repeat(np.repeat(clip.mouths[widest], 2, axis=0), 2, axis=1)
        images.append(np.vstack([clip.faces[widest], mouth]))
        labels.append(key.split("/", 1)[-1][-18:])
    return pictures.contact_sheet(images, labels, columns=COLUMNS, width=10)


def draw_opening(counts: Tally) -> Figure:
    """Draw the histogram of mouth openings."""
    figure, axes = pictures.subplots(width=10)
    shares = 100 * counts.opening / counts.opening.sum()
    axes.bar(np.arange(OPENING_BINS) + 0.5, shares, width=0.9, color=pictures.COLOURS["blue"])
    last = int(np.flatnonzero(counts.opening)[-1]) + 1
    axes.set(
        xlabel="mouth opening (pixels of the 64-pixel mouth crop)", ylabel="% of frames", xlim=(0, last + 1)
    )
    return figure


def draw_levels(counts: Tally) -> Figure:
    """Draw the histograms of the clips' levels and peaks."""
    figure, axes = pictures.subplots(width=10)
    edges = np.arange(QUIETEST, LOUDEST + 1, LEVEL_STEP)
    for values, colour, name in ((counts.levels, "blue", "level"), (counts.peaks, "orange", "peak")):
        axes.stairs(values, edges, color=pictures.COLOURS[colour], label=name, fill=True, alpha=0.6)
    axes.set(xlabel=f"decibels of full scale (those below {QUIETEST} counted there)", ylabel="clips")
    axes.legend(loc="upper left")
    return figure


def draw_talkers(counts: Tally) -> Figure:
    """Draw the seconds of each talker by split, or their histogram where there are many talkers."""
    figure, axes = pictures.subplots(width=10)
    talkers = sorted({talker for split in counts.seconds.values() for talker in split}, key=in_order)
    used = [split for split in SPLITS if counts.seconds[split]]
    if len(talkers) > MOST_BARS:
        many = [list(counts.seconds[split].values()) for split in used]
        colours = [pictures.COLOURS[COLOURS[split]] for split in used]
        axes.hist(many, 40, stacked=True, color=colours, label=used)
        axes.set(xlabel="seconds of a talker", ylabel="talkers")
    else:
        below = np.zeros(len(talkers))
        for split in used:
            seconds = np.array([counts.seconds[split][talker] for talker in talkers])
            axes.bar(talkers, seconds, bottom=below, color=pictures.COLOURS[COLOURS[split]], label=split)
            below += seconds
        axes.set(ylabel="seconds", xlim=(-0.7, len(talkers) - 0.3), ylim=(0, 1.2 * below.max()))
        axes.tick_params(axis="x", rotation=90 if len(talkers) > 12 else 0)
    axes.legend(loc="upper right", ncols=3)
    return figure
