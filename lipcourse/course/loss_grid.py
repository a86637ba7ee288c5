"""Trained results for the loss-weight board, for those who would rather not wait.

Each run went on training a shipped network, which could speak already, on the same sentences by other
weights: the nine methods of Table 2, and two of our own. What one sentence looked like at a few stages is
kept as a WebP picture (a row a stage), and its losses and shares as JSON. They were made by

    python -m lipcourse.course.loss_grid

which goes on where it was stopped. Taught in notebook 10.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lipcourse import pictures
from lipcourse.course.board_pictures import draw_curve, film
from lipcourse.course.sentences import Sentences, one_puppet
from lipcourse.errors import CourseError, OptionError
from lipcourse.networks.weights import load_network
from lipcourse.training.live import LOSSES, LiveTraining, true_frames
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.methods import METHODS
from lipcourse.training.presets import GlanceOptions
from lipcourse.whole import beside

FOLDER = Path(__file__).parent / "loss_grid"
STAGES = (0, 5, 10, 20)
"""After how many steps the sentence is kept."""

LOOK_EVERY = 1
QUALITY = 85
SENTENCES = 6
SHOWN_FRAMES = 8
START = "glance-puppets"
"""The network that every run goes on from: it knows mouths, but not this one."""

OPTIONS = GlanceOptions(
    width=1 / 4,
    frames=8,
    batch=1,
    autoencoder_steps=20,
    autoencoder_learning_rate=2e-3,
    weight_decay=0.0,
    clip_gradient=1.0,
    fixed_statistics=True,
    device="cpu",
)
"""A network of a quarter of the paper's channels, at its learning rate: a step takes about a second."""


WINDOWS = {"batch": OPTIONS.batch, "frames": OPTIONS.frames, "shown_frames": SHOWN_FRAMES}
"""What `Sentences` cuts for these."""


def _weighing(**weights: float) -> Callable[[GlanceOptions], GlanceOptions]:
    nothing = dict.fromkeys(LOSSES, 0.0)
    return lambda base: replace(base, weights=ObjectiveWeights(**(nothing | weights)))


RUNS: Mapping[str, Callable[[GlanceOptions], GlanceOptions]] = {
    "pixels alone": _weighing(pixel=1.0),
    "a gentle judge": _weighing(correlation=0.001, pixel=1.0, perceptual=0.1, adversarial=0.0001),
    **{f"{letter} · {METHODS[letter].name}": METHODS[letter].options for letter in "eabcdfghi"},
}
"""What is trained, by name: how each changes OPTIONS."""


@dataclass(frozen=True)
class Trained:
    """A run of the grid.

    Attributes:
        name: One of RUNS.
        weights: Of its losses.
        seconds: How long it took, on one core of a shared machine.
        steps: After how many steps the sentence was looked at.
        losses: By loss, its value on the sentence at each of them.
        shares: By loss, its share of the push, likewise.
        strips: uint8 (stages, 64, W, 3), the sentence at each of STAGES.
    """

    name: str
    weights: Mapping[str, float]
    seconds: float
    steps: Sequence[int]
    losses: Mapping[str, Sequence[float]]
    shares: Mapping[str, Sequence[float]]
    strips: NDArray[np.uint8]


@cache
def load_grid(folder: Path = FOLDER) -> dict[str, Trained]:
    """Return the runs that are there, by name, in the order of RUNS.

    Raises:
        CourseError: There are none, or a file is damaged.
    """
    found: dict[str, Trained] = {}
    for number, name in enumerate(RUNS):
        told, picture = _files(folder, number)
        if told.exists():
            facts: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
            if facts.pop("name") != name:
                raise CourseError(f"it is not the run {name!r}", where=told, remedy="make the grid again")
            found[name] = Trained(name=name, strips=_read(picture, len(STAGES)), **facts)
    if not found:
        raise CourseError(
            "there are no trained results",
            where=folder,
            remedy="make them: python -m lipcourse.course.loss_grid",
        )
    return found


@cache
def true_strip(folder: Path = FOLDER) -> NDArray[np.uint8]:
    """Return the true frames of the sentence, uint8 (64, W, 3).

    Raises:
        CourseError: The file is missing or damaged.
    """
    truth: NDArray[np.uint8] = _read(folder / "truth.webp", 1)[0]
    return truth


def draw_trained(run: Trained, step: int, truth: NDArray[np.uint8]) -> Figure:
    """Draw a run at one of its stages: truth, what is generated, and the curves with a line where this is.

    Raises:
        OptionError: That stage was not kept.
    """
    if step not in STAGES:
        raise OptionError(f"step {step} was not kept", remedy=f"choose of {', '.join(map(str, STAGES))}")
    figure, (top, left) = pictures.subplots(2, 1, width=8, height=4.6)
    top.imshow(np.concatenate([truth, run.strips[STAGES.index(step)]]))
    weights = ", ".join(f"{name} {weight:g}" for name, weight in run.weights.items())
    top.set(title=f"{run.name}, step {step} (above: the truth)", xticks=[], yticks=[])
    for name in LOSSES:
        draw_curve(left, run.steps, run.losses[name], name)
    left.axvline(step, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
    left.set(yscale="log", xlabel="training step", title=weights)
    left.legend(fontsize=8, ncols=4)
    return figure


def watch(sentences: Sentences, options: GlanceOptions, *, look_every: int = 1) -> LiveTraining:
    """Return a training that goes on from START, to be watched and steered."""
    return LiveTraining(
        options, sentences.draw, sentences.shown(), look_every=look_every, start=load_network(START)
    )


def make_grid(folder: Path = FOLDER) -> None:
    """Train every run that is not there yet; each is written when it is done."""
    live = watch(Sentences(one_puppet(SENTENCES), **WINDOWS), OPTIONS, look_every=LOOK_EVERY)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "truth.webp", film(true_frames(live)))
    for number, (name, change) in enumerate(RUNS.items()):
        told, picture = _files(folder, number)
        if told.exists():
            continue
        live.reset(change(OPTIONS))
        began, strips = time.perf_counter(), {0: film(live.pictures.frames)}
        for step in range(1, STAGES[-1] + 1):
            live.step()
            if step in STAGES:
                strips[step] = film(live.pictures.frames)
        facts = {
            "name": name,
            "weights": asdict(live.options.weights),
            "seconds": round(time.perf_counter() - began, 1),
            "steps": [look.step for look in live.history],
            "losses": {each: [round(look.losses[each], 5) for look in live.history] for each in LOSSES},
            "shares": {each: [round(look.shares[each], 6) for look in live.history] for each in LOSSES},
        }
        _write(picture, np.concatenate(list(strips.values())))
        with beside(told) as unfinished:
            unfinished.write_text(json.dumps(facts) + "\n", encoding="utf-8")
        print(f"{name}: {facts['seconds']} s", file=sys.stderr, flush=True)


def _files(folder: Path, number: int) -> tuple[Path, Path]:
    return folder / f"run{number:02d}.json", folder / f"run{number:02d}.webp"


def _write(path: Path, picture: NDArray[np.uint8]) -> None:
    data = cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1]
    with beside(path) as unfinished:
        unfinished.write_bytes(data.tobytes())


def _read(path: Path, rows: int) -> NDArray[np.uint8]:
    """Read a picture of so many rows, uint8 (rows, 64, W, 3)."""
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.exists() else None
    if picture is None or len(picture) % rows:
        raise CourseError("the picture is missing or damaged", where=path, remedy="make the grid again")
    return np.stack(np.split(picture[..., ::-1].astype(np.uint8), rows))


if __name__ == "__main__":
    make_grid()
