"""What `lipcourse delays` writes: the figure, and the numbers as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lipcourse import pictures
from lipcourse.delays.measure import ClipDelays, collect
from lipcourse.signals.sync import OFFSETS, DelayStudy, Method
from lipcourse.whole import write_whole

READABLE: Mapping[Method, str] = {
    "absolute": "absolute changes and motion",
    "signed": "signed changes and motion",
    "opening": "loudness and opening",
}


@dataclass(frozen=True)
class Study:
    """A study that was made.

    Attributes:
        corpus: Its name.
        flow: How motion was measured.
        noise_snr: Decibels of the sound over the noise that was added to it; None: none was.
        measured: The clips, one or more.
        skipped: The key of each clip left out, and why.
    """

    corpus: str
    flow: str
    noise_snr: float | None
    measured: Sequence[ClipDelays]
    skipped: Mapping[str, str]

    def summary(self) -> dict[str, object]:
        """Return what delays.json holds."""
        return {
            "corpus": self.corpus,
            "flow": self.flow,
            "noise_snr": self.noise_snr,
            "clips": len(self.measured),
            "skipped": dict(self.skipped),
            "offsets": list(OFFSETS),
            "methods": {name: _in_numbers(study) for name, study in collect(self.measured).items()},
            "measured": [
                {
                    "key": clip.key,
                    "lead_frames": clip.lead,
                    "correlations": {
                        name: [round(float(value), 4) for value in r] for name, r in clip.correlations.items()
                    },
                }
                for clip in self.measured
            ],
        }


def _in_numbers(study: DelayStudy) -> dict[str, object]:
    """A method's histogram, correlations, and how often it found a known lead."""
    return {
        "histogram": study.histogram.tolist(),
        "mean_best_r": round(float(study.correlations.max(axis=1).mean()), 4),
        "mean_r": [round(float(r), 4) for r in study.correlations.mean(axis=0)],
        "found_exactly": study.found_within(0),
        "found_within_one": study.found_within(1),
    }


def write(study: Study, out: Path, example: str | None = None) -> None:
    """Write delays.png, delays.csv and delays.json, each beside and renamed when whole.

    Args:
        study: What to write.
        out: A folder.
        example: The key of the clip to draw; None for the first.

    Raises:
        CorpusError: A file cannot be written.
    """
    shown = next((clip for clip in study.measured if clip.key == example), study.measured[0])
    files = {
        "delays.csv": table(study.measured).encode(),
        "delays.json": (json.dumps(study.summary(), indent=1) + "\n").encode(),
        "delays.png": pictures.png_bytes(draw(study.measured, shown)),
    }
    for name, data in files.items():
        write_whole(out / name, data, remedy="choose a folder that you may write to, with room in it")


def table(measured: Sequence[ClipDelays]) -> str:
    """Return a line a clip and method as CSV: the lead where it is known, best offset, r at each offset."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["key", "method", "lead_frames", "best_offset", *(f"r{offset}" for offset in OFFSETS)])
    for clip in measured:
        for method, r in clip.correlations.items():
            lead = "" if clip.lead is None else clip.lead
            writer.writerow([clip.key, method, lead, int(r.argmax()), *(f"{value:.4f}" for value in r)])
    return text.getvalue()


def draw(measured: Sequence[ClipDelays], example: ClipDelays) -> Figure:
    """Draw both panels of Fig. 4 for each method: an example clip, and the best offsets of all.

    Args:
        measured: All clips, one or more.
        example: One of them: its two tracks, the motion shifted by the best offset, and r at each offset.

    Taught in notebook 04.
    """
    studies = collect(measured)
    figure, grid = pictures.subplots(len(studies), 3, width=12, squeeze=False, width_ratios=(2.2, 1, 1))
    for (method, study), (tracks, offsets, histogram) in zip(studies.items(), grid, strict=True):
        r = example.correlations[method]
        plot_tracks(tracks, *example.tracks[method], int(r.argmax()))
        tracks.set_title(f"{READABLE[method]}: {example.key}", fontsize=10)
        plot_correlations(offsets, r, example.lead)
        plot_histogram(histogram, study)
    for axes in grid[:-1].flat:
        axes.set_xlabel("")
    return figure


def plot_tracks(
    axes: Axes, sound: NDArray[np.float64], motion: NDArray[np.float64], offset: int = 0, fps: float = 25.0
) -> None:
    """Plot a clip's two tracks (T - 1,) against seconds of its sound, the motion `offset` frames later.

    Each is drawn in its own standard deviations: only their shapes count.
    """
    for values, shift, colour, name in ((sound, 0, "blue", "sound"), (motion, offset, "vermillion", "mouth")):
        scores = (values - values.mean()) / (values.std() or 1.0)
        label = f"{name}, {shift} frame{'s' * (shift > 1)} later" if shift else name
        seconds = (np.arange(len(values)) + 1 + shift) / fps
        axes.plot(seconds, scores, color=pictures.COLOURS[colour], linewidth=1.2, label=label)
    axes.set(xlabel="seconds", ylabel="standard deviations", xlim=(0, (len(sound) + 1) / fps))
    _legend(axes)


def plot_correlations(axes: Axes, correlations: NDArray[np.float64], lead: int | None = None) -> None:
    """Plot r at each offset, its highest filled, the true lead (where known) as a dotted line."""
    best = int(correlations.argmax())
    offsets = np.arange(len(correlations))
    axes.plot(offsets, correlations, "o-", color=pictures.COLOURS["blue"], markerfacecolor="white")
    axes.plot(best, correlations[best], "o", color=pictures.COLOURS["blue"], label="best")
    if lead is not None:
        axes.axvline(lead, color=pictures.COLOURS["black"], linestyle=":", linewidth=1.2, label="true lead")
    axes.axhline(0, color=pictures.COLOURS["black"], linewidth=0.6)
    axes.set(xlabel="offset (frames)", ylabel="correlation r", xticks=offsets)
    _legend(axes)


def plot_histogram(axes: Axes, study: DelayStudy) -> None:
    """Plot how many clips have each offset as their best and, where it is known, as their lead."""
    offsets = np.arange(study.correlations.shape[1])
    axes.bar(offsets, study.histogram, color=pictures.COLOURS["sky"], label="best offset")
    known = [lead for lead in study.leads if lead is not None]
    if known:
        true = np.bincount(known, minlength=len(offsets))
        axes.plot(offsets, true, "_", color=pictures.COLOURS["black"], markersize=14, label="true lead")
    found = study.found_within(1)
    within = "" if found is None else f"{found:.0%} within one frame"
    axes.set(xlabel="offset (frames)", ylabel="clips", xticks=offsets)
    axes.set_title(within, fontsize=10)
    _legend(axes)


def _legend(axes: Axes) -> None:
    """Put the legend above what is drawn."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.legend(ncols=2, fontsize=9, loc="upper right", frameon=False)
