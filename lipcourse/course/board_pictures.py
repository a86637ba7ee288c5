"""What the loss-weight board shows, as pictures: for its widgets, and for plain cells without them.

Taught in notebook 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lipcourse import pictures
from lipcourse.training.live import LOSSES, Look, Pictures
from lipcourse.training.losses import ObjectiveWeights

COLOURS = dict(zip(LOSSES, ("blue", "vermillion", "green", "orange"), strict=True))
DASHES = dict(zip(LOSSES, ("-", "--", "-.", ":"), strict=True))
POINTS = 300
"""Looks that are drawn of a long history: more than these cannot be told apart."""


def draw_history(history: Sequence[Look]) -> Figure:
    """Draw four curves, and how the push at the pixels is shared out; a line where a weight was turned.

    Args:
        history: Looks in order, one at least.
    """
    turned = [after.step for before, after in pairwise(history) if before.options != after.options]
    looks = [*history[:: -(-len(history) // POINTS)], history[-1]]
    steps = [look.step for look in looks]
    figure, (left, right) = pictures.subplots(1, 2, width=8.6, height=2.6)
    for name in LOSSES:
        draw_curve(left, steps, [look.losses[name] for look in looks], name)
    shares = [[look.shares[name] for look in looks] for name in LOSSES]
    colours = [pictures.COLOURS[COLOURS[name]] for name in LOSSES]
    right.stackplot(steps, shares, colors=colours, labels=LOSSES, edgecolor="white", linewidth=0.5)
    left.set(title="losses of the sentence", xlabel="training step", yscale="log")
    right.set(title="shares of the push at the pixels", xlabel="training step", ylim=(0, 1))
    for axis in (left, right):
        for step in turned:
            axis.axvline(step, color=pictures.COLOURS["black"], linewidth=0.7, linestyle=":")
        axis.set_xlim(0, max(steps[-1], 1))
    figure.legend(handles=left.get_lines()[: len(LOSSES)], loc="outside lower center", ncols=4, fontsize=8)
    return figure


def draw_curve(axis: Axes, steps: Sequence[int], values: Sequence[float], name: str) -> None:
    """Draw the curve of a loss in its colour and dashes, on an axis that may be logarithmic."""
    colour = pictures.COLOURS[COLOURS[name]]
    axis.plot(steps, np.maximum(values, 1e-6), DASHES[name], color=colour, label=name)


def film(*rows: NDArray[np.uint8], count: int = 8) -> NDArray[np.uint8]:
    """Lay films below one another, each as a row of frames evenly spaced from its first to its last.

    Args:
        rows: uint8 (T, H, W, 3), RGB, all of one shape.
        count: Frames in a row; all where there are fewer.

    Returns:
        uint8 (rows * H, count * W, 3).
    """
    chosen = np.linspace(0, len(rows[0]) - 1, min(count, len(rows[0]))).round().astype(int)
    return np.concatenate([np.concatenate(list(row[chosen]), axis=1) for row in rows], axis=0)


def push_images(seen: Pictures, weights: ObjectiveWeights) -> dict[str, NDArray[np.uint8]]:
    """Paint where each loss pushes, and where all do together: dark for nothing, bright for much.

    Each picture has a scale of its own, since a share tells how much, and this tells where.

    Args:
        seen: What was looked at.
        weights: Of the losses in what they do together.

    Returns:
        uint8 (64, 64, 3) by loss, and as "all, weighted".
    """
    maps = {name: push.numpy() for name, push in seen.pushes.items()}
    together = np.sum([getattr(weights, name) * push for name, push in maps.items()], axis=0)
    return {name: _glow(push) for name, push in (maps | {"all, weighted": together}).items()}


def _glow(push: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Amounts in the colours of amounts; a few pixels may be pushed much harder than all others."""
    strong = max(float(np.quantile(push, 0.99)), 1e-12)
    colours: NDArray[np.float64] = mpl.colormaps["magma"](np.clip(push / strong, 0, 1))[..., :3]
    return (colours * 255).astype(np.uint8)
