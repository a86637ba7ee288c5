"""The page that sets methods beside trivial videos: report.html, a single file that needs no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lipcourse import pages, pictures
from lipcourse.evaluation.comparison import Comparison
from lipcourse.evaluation.intervals import Interval
from lipcourse.evaluation.measures import MEASURES
from lipcourse.judgement.gallery import Shown, movement_maps, players

SHOWN = ("lmd", "ssim", "psnr", "psnr_wrapped", "cpbd", "movement", "sync_error", "sync_confidence")
"""Metrics that are drawn, as far as they have values."""

INCEPTION = "inception-style score"


def write_page(title: str, told: Mapping[str, str], found: Comparison, gallery: Sequence[Shown]) -> str:
    """Return report.html.

    Args:
        title: Of the page.
        told: Facts on what was compared, names and texts.
        found: What was measured.
        gallery: Clips to show.
    """
    parts = [pages.facts({**told, **facts(found)})]
    parts += ["<h2>Means</h2>", pages.table(*means(found)), f"<p>{escape(READING)}</p>", _legend()]
    parts.append(
        pages.image(
            pages.embedded(pictures.png_bytes(draw_means(found))),
            "Means and 95% intervals by talker; methods blue, videos that need no network orange.",
        )
    )
    for name in found.methods:
        parts += [f"<h2>{escape(name)} less the others</h2>", pages.table(*differences(found, name))]
    parts.append(
        '<p>Clip by clip. "better" and "worse" are said where zero lies outside the 95% interval; elsewhere '
        "which is better is open.</p>"
    )
    if gallery:
        parts.append("<h2>Look and listen</h2>")
        parts += [pages.video(source, text) for shown in gallery for source, text in players(shown)]
        if maps := movement_maps(gallery):
            text = "Where the videos above move: mean squared movement, in px² a frame."
            parts.append(pages.image(pages.embedded(pictures.png_bytes(draw_maps(maps))), text))
    if found.skipped:
        rows = [f"<tr><th>{escape(key)}<td>{escape(reason)}" for key, reason in found.skipped.items()]
        parts += ["<h2>Clips left out, for all methods</h2>", f"<table>{''.join(rows)}</table>"]
    return pages.page(title, "\n".join(parts))


READING = (
    "In brackets: the 95% interval, by drawing whole talkers anew. ∞: nothing differs from the truth. "
    "–: it cannot be measured, such as the lead of a mouth that stands still. All videos are measured on the "
    "same clips. LMD is in pixels of the mouth crop, which is 64 pixels wide and 0.45 of an upright face."
)


def facts(found: Comparison) -> dict[str, str]:
    """Return what the page says first."""
    talkers = len(set(found.talkers))
    told = {
        "clips": f"{len(found.keys)} of {talkers} talker{'s' * (talkers != 1)}, {sum(found.frames)} frames; "
        f"{len(found.skipped)} left out"
    }
    lost = {name: found.lost_frames(name) for name in found.scores}
    counted = [f"{name}: {count}" for name, count in lost.items() if count is not None]
    told["frames without a face"] = "; ".join(counted) if counted else "not looked for"
    for name in found.scores:
        infinite = int(np.isinf(found.scores[name]["psnr"]).sum())
        if infinite:
            told[f"{name}: PSNR"] = f"infinite in {infinite} clips, which are the truth to the last bit"
    if talkers == 1:
        told["intervals"] = "none: one talker says nothing of others"
    if found.notes:
        told["note"] = "; ".join(found.notes)
    return told


def means(found: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the table of means: a row for each method and baseline."""
    metrics = known_metrics(found)
    scored = any(found.inception(name) for name in found.scores)
    head = ["video", *(MEASURES[metric].label for metric in metrics), *([INCEPTION] * scored)]
    rows = []
    for name in found.scores:
        row = [name, *(say(found.interval(name, metric), MEASURES[metric].digits) for metric in metrics)]
        score = found.inception(name)
        rows.append([*row, *([say(score, 2)] if score else [])])
    return head, rows


def differences(found: Comparison, name: str) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of a table: what a method has more than each of the others."""
    metrics = [metric for metric in known_metrics(found) if MEASURES[metric].better]
    rows = []
    for other in found.scores:
        if other != name:
            cells = []
            for metric in metrics:
                interval = found.difference(name, other, metric)
                text = say(interval, MEASURES[metric].digits, signed=True)
                cells.append(f"{text} {verdict(interval, MEASURES[metric].better)}".strip())
            rows.append([other, *cells])
    return ["less", *(MEASURES[metric].label for metric in metrics)], rows


def verdict(difference: Interval, better: str | None) -> str:
    """Say whether a method is surely "better" or "worse" than another, or nothing where that is open."""
    if better is None or math.isnan(difference.low) or difference.low <= 0 <= difference.high:
        return ""
    return "better" if (difference.mean > 0) == (better == "higher") else "worse"


def known_metrics(found: Comparison) -> list[str]:
    """Name the metrics that some video has a value of."""
    return [m for m in MEASURES if any(not np.isnan(found.scores[name][m]).all() for name in found.scores)]


def say(interval: Interval, digits: int, *, signed: bool = False) -> str:
    """Say a mean and its interval."""
    if not interval.n:
        return "–"
    mean, low, high = (_number(value, digits, signed) for value in interval[:3])
    return mean if math.isnan(interval.low) or math.isinf(interval.mean) else f"{mean} [{low}, {high}]"


def draw_means(found: Comparison) -> Figure:
    """Draw means and intervals, a panel for each metric and a line for each video."""
    metrics = [metric for metric in known_metrics(found) if metric in SHOWN]
    columns = min(4, len(metrics))
    rows = -(-len(metrics) // columns)
    figure, grid = pictures.subplots(
        rows, columns, width=12, height=rows * (0.9 + 0.3 * len(found.scores)), squeeze=False, sharey=True
    )
    names = list(found.scores)
    for axes in grid.flat[len(metrics) :]:
        axes.set_axis_off()
    for axes, metric in zip(grid.flat, metrics, strict=False):
        for place, name in enumerate(names):
            mean, low, high, count = found.interval(name, metric)
            colour = pictures.COLOURS["blue" if name in found.methods else "orange"]
            if count and math.isfinite(mean):
                if not math.isnan(low):
                    axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.5)
                axes.plot(mean, place, "o", color=colour)
            elif count:
                axes.text(0.98, place, "∞", transform=axes.get_yaxis_transform(), ha="right", va="center")
        better = {"lower": " (left is better)", "higher": " (right is better)", None: ""}
        axes.set_title(f"{MEASURES[metric].label}{better[MEASURES[metric].better]}", fontsize=10)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
    return figure


def draw_maps(maps: Mapping[str, NDArray[np.float32]]) -> Figure:
    """Draw where videos move, all in one scale."""
    figure, grid = pictures.subplots(1, len(maps), width=12, height=12 / len(maps) + 0.6, squeeze=False)
    brightest = max(float(each.max()) for each in maps.values()) or 1.0
    for axes, (name, each) in zip(grid.flat, maps.items(), strict=True):
        drawn = axes.imshow(each, cmap="magma", vmin=0, vmax=brightest)
        axes.set_title(name, fontsize=9)
        axes.set_axis_off()
    figure.colorbar(drawn, ax=list(grid.flat), label="px² a frame", fraction=0.02)
    return figure


def _legend() -> str:
    """Say what each metric means."""
    rows = (f"<tr><th>{escape(each.label)}<td>{escape(each.meaning)}" for each in MEASURES.values())
    return f"<details><summary>What the metrics mean</summary><table>{''.join(rows)}</table></details>"


def _number(value: float, digits: int, signed: bool) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:{'+' if signed else ''}.{digits}f}"
    return text.replace("-", "−")
