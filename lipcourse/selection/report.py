"""What `lipcourse select` writes: the kept clips as JSON, and the histograms before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from lipcourse import pictures
from lipcourse.signals.selection import PHONEMES, Distance, Score, Selection
from lipcourse.whole import write_whole

NAMES: Mapping[Distance, str] = {"kl": "KL divergence", "l1": "L1 distance", "chi2": "chi-squared"}


@dataclass(frozen=True)
class Report:
    """A selection, and what it was made from.

    Attributes:
        corpus: Its name.
        split: Which of its splits, or "all".
        keys: The clips it was made from, as in the rows of its counts.
        selection: What was chosen.
        distance: How it was measured how far a histogram is from uniform.
        score: How it was measured how rare a clip's phonemes are.
        seed: Of the sizes that were drawn.
        skipped: The key of each clip whose phones are not known, and why.
    """

    corpus: str
    split: str
    keys: Sequence[str]
    selection: Selection
    distance: Distance
    score: Score
    seed: int
    skipped: Mapping[str, str]

    @property
    def kept(self) -> list[str]:
        """The keys of the clips that are kept, in the corpus's order."""
        return [self.keys[index] for index in sorted(self.selection.chosen)]

    def summary(self) -> dict[str, object]:
        """Return what the JSON file holds."""
        selection = self.selection
        return {
            "corpus": self.corpus,
            "split": self.split,
            "distance": self.distance,
            "score": self.score,
            "seed": self.seed,
            "clips": len(self.keys),
            "kept": self.kept,
            "distance_before": round(selection.distance_before, 6),
            "distance_after": round(selection.distance_after, 6),
            "shares_before": _by_phoneme(selection.before),
            "shares_after": _by_phoneme(selection.after),
            "sizes": selection.sizes.tolist(),
            "distances": [round(float(value), 6) for value in selection.distances],
            "skipped": dict(self.skipped),
        }


def _by_phoneme(shares: ArrayLike) -> dict[str, float]:
    return {name: round(float(p), 6) for name, p in zip(PHONEMES, np.asarray(shares), strict=True)}


def write(report: Report, out: Path) -> Path:
    """Write the JSON file and, beside it, the figure; each is renamed when it is whole.

    Returns:
        The figure's path.

    Raises:
        CorpusError: A file cannot be written.
    """
    remedy = "choose a place that you may write to, with room in it"
    picture = out.with_suffix(".png")
    write_whole(out, (json.dumps(report.summary(), indent=1) + "\n").encode(), remedy=remedy)
    write_whole(picture, pictures.png_bytes(draw(report)), remedy=remedy)
    return picture


def draw(report: Report) -> Figure:
    """Draw the histograms of all clips and of those that are kept, as Fig. 3 of recurrent does.

    Taught in notebook 05.
    """
    selection = report.selection
    figure, (above, below) = pictures.subplots(2, 1, width=9, height=5, sharex=True, sharey=True)
    order = np.argsort(-selection.before, kind="stable")
    distance = NAMES[report.distance]
    plot_shares(above, selection.before, order)
    above.set_title(f"all {len(report.keys)} clips: {distance} {selection.distance_before:.3f}")
    plot_shares(below, selection.after, order, colour="orange")
    below.set_title(f"the {len(selection.chosen)} kept: {distance} {selection.distance_after:.3f}")
    above.set_xlabel("")
    return figure


def plot_shares(
    axes: Axes, shares: ArrayLike, order: ArrayLike | None = None, *, colour: str = "sky"
) -> None:
    """Plot a histogram of phonemes, with a dotted line where all would be equally frequent.

    Args:
        axes: Where to draw.
        shares: (39,), as in `lipcourse.signals.selection.PHONEMES`.
        order: Indices (39,) of the phonemes from left to right; None for the most frequent first.
        colour: A name in `lipcourse.pictures.COLOURS`.

    Taught in notebook 05.
    """
    values = np.asarray(shares)
    indices = np.argsort(-values, kind="stable") if order is None else np.asarray(order)
    axes.bar(range(len(values)), 100 * values[indices], color=pictures.COLOURS[colour])
    axes.axhline(100 / len(values), color=pictures.COLOURS["black"], linestyle=":", linewidth=1.2)
    axes.set(xlabel="phoneme", ylabel="% of all phones", xlim=(-0.7, len(values) - 0.3))
    axes.set_xticks(range(len(values)), [PHONEMES[index] for index in indices], fontsize=8)
