"""The paper's methods, trained, made to speak and measured side by side, so that its orderings can be tested.

    ablation = ablate(Plan(out, data, PRESETS["class"]), ["a", "e"])
    ablation.orderings  # what holds here, and what does not

Each method has its folder: a training run, and then films.npz, what it makes of the first frame and the sound
of each test clip. Whatever is killed goes on where it stopped; a method whose films are there is done. All
methods begin alike, see the same windows in the same order and stop after the same number of steps.
Taught in notebook 13.
"""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.evaluation.comparison import Comparison, compare
from lipcourse.evaluation.generated import BEST, RunVideos
from lipcourse.evaluation.orderings import Ordering, find_orderings
from lipcourse.evaluation.references import PreparedClips
from lipcourse.evaluation.trivial import BLURRED_TRUTH, FIRST_FRAME
from lipcourse.networks.weights import describe
from lipcourse.training.glance import train
from lipcourse.training.methods import FULL, FULL_IN_TABLE_3, METHODS, RIVALS, choose_methods
from lipcourse.training.presets import GlanceOptions
from lipcourse.whole import beside, write_whole
from lipcourse.windows.workers import run_tasks

PLAN = "plan.json"
FILMS = "films.npz"
MACHINE = "machine.json"
REMEDY = "choose a folder that you may write to, with room in it"

BEFORE = "before"
"""What the generator that all begin from is called beside the methods."""

BASELINES = (FIRST_FRAME, BLURRED_TRUTH)
"""What needs no network: a mouth that stands still, and one that is right in all but detail."""

CLIPS = 20
"""Test clips: two of each of ten talkers of the puppets."""


@dataclass(frozen=True)
class Plan:
    """What is done for every method.

    Attributes:
        out: The folder, which all that work on it see.
        data: Prepared clips, a folder.
        options: Of the training, but for what a method changes.
        initial: A generator's weights from which every glance begins; None to draw them. Rivals, which are
            other networks, are always drawn.
        clips: How many test clips are measured, as many of each talker as can be.
    """

    out: Path
    data: Path
    options: GlanceOptions
    initial: Path | None = None
    clips: int = CLIPS

    def options_of(self, name: str) -> GlanceOptions:
        """Return a method's options: without validation, so that its last weights count, not its luckiest."""
        changed = choose_methods([name])[name].options(self.options)
        return replace(changed, validate_every=0)

    def references(self) -> PreparedClips:
        """Open the clips to measure against, of talkers never trained on.

        Raises:
            CorpusError: There is no prepared corpus, or no test clip.
        """
        references = PreparedClips(self.data, "test")
        references.talkers = _go_round(references.talkers, self.clips)
        return references

    def is_done(self, name: str) -> bool:
        """Tell whether a method has its films."""
        return (self.out / name / FILMS).is_file()

    def agree(self) -> None:
        """Keep the plan in its folder, or make sure that what was begun there was the same.

        Raises:
            OptionError: Another was begun there.
            CorpusError: The folder cannot be written to.
        """
        path = self.out / PLAN
        told = json.loads(json.dumps(asdict(self), default=lambda place: str(place.resolve())))
        del told["out"]
        if path.is_file():
            before = json.loads(path.read_text())
            if other := _first_difference(before, told):
                name, was, now = other
                raise OptionError(
                    f"was begun with {name} {was}, not {now}",
                    where=self.out,
                    remedy="give the same options, or another --out",
                )
        else:
            write_whole(path, json.dumps(told, indent=1) + "\n", remedy=REMEDY)


@dataclass(frozen=True)
class Ablation:
    """Methods that were trained and measured.

    Attributes:
        plan: What was done for each.
        comparison: What was measured, of each method and, where weights were given, of BEFORE.
        runs: Of each method `steps`, `seed`, `seconds` and `machine` of its training.
    """

    plan: Plan
    comparison: Comparison
    runs: Mapping[str, Mapping[str, Any]]

    @cached_property
    def orderings(self) -> list[Ordering]:
        """Every ordering that Table 2 prints of the methods that were measured."""
        paper = {name: METHODS[name].paper for name in self.comparison.methods if name in METHODS}
        return find_orderings(paper, self.comparison.difference)

    @cached_property
    def table_3(self) -> list[Ordering]:
        """Every ordering that Table 3 prints of the full method and its rivals."""
        rivals = {name: RIVALS[name].paper for name in self.comparison.methods if name in RIVALS}
        if FULL not in self.comparison.methods:
            return find_orderings(rivals, self.comparison.difference)
        return find_orderings({FULL: FULL_IN_TABLE_3} | rivals, self.comparison.difference)


def ablate(
    plan: Plan,
    names: Iterable[str] = (),
    *,
    jobs: int = 1,
    dask: str | None = None,
    landmarks: bool = True,
    progress: Callable[[str], None] = print,
) -> Ablation:
    """Train methods that have not been trained, let each speak, and measure all side by side.

    Args:
        plan: What is done for each.
        names: Of METHODS and RIVALS; none for all.
        jobs: How many methods are trained, and clips measured, at a time.
        dask: The address of a Dask scheduler, whose workers train instead. They must have the same lipcourse,
            and see the data and the folder under the same paths.
        landmarks: Whether to find lips, which LMD needs: 20 ms a frame.
        progress: Called with a line when a method has been done.

    Raises:
        OptionError: There is no method of that name, or the folder holds another ablation.
        CorpusError: The data cannot be used.
        ModelError: A training broke off, or its process died each time.
    """
    chosen = list(choose_methods(names))
    references = plan.references()
    plan.agree()
    waiting = [name for name in chosen if not plan.is_done(name)]
    for name in chosen:
        if name not in waiting:
            progress(f"{name}: done before")
    dead: list[str] = []
    work = partial(train_and_speak, plan, told=progress if jobs == 1 and dask is None else None)
    for name in run_tasks(work, waiting, jobs=jobs, dask=dask, is_done=plan.is_done, give_up=dead.append):
        if name not in dead:
            progress(f"{name}: trained, and its films are made")
    if dead:
        raise ModelError(
            f"the process died at each attempt at {', '.join(dead)}",
            where=plan.out,
            remedy="see whether there is memory enough, and run it again: what is done is kept",
        )
    shown = chosen
    if plan.initial is not None:
        shown = [BEFORE, *chosen]
        if not plan.is_done(BEFORE):
            speak(plan, BEFORE, plan.initial)
    progress(f"measuring {len(references)} clips of {len(chosen)} methods")
    films = {name: Films(plan.out / name / FILMS) for name in shown}
    comparison = compare(films, references, baselines=BASELINES, landmarks=landmarks, jobs=jobs)
    return Ablation(plan, comparison, {name: _facts(plan.out / name) for name in chosen})


def train_and_speak(plan: Plan, name: str, *, told: Callable[[str], None] | None = None) -> None:
    """Train a method, or go on with it, and keep the films that it makes of the test clips.

    Args:
        plan: What is done for each method.
        name: Of METHODS or RIVALS.
        told: Called with each line of the training's progress.
    """
    out, options = plan.out / name, plan.options_of(name)
    initial = plan.initial if options.network == "glance" else None
    run = train(
        options,
        plan.data,
        out,
        initial=initial,
        progress=lambda line: told(f"{name}: {line}") if told else None,
    )
    write_whole(out / MACHINE, json.dumps(machine()) + "\n", remedy=REMEDY)
    speak(plan, name, run.generator)


def speak(plan: Plan, name: str, weights: Path) -> None:
    """Keep the films that a network makes of the test clips.

    Raises:
        CorpusError: They cannot be written.
    """
    videos, out = RunVideos(weights, plan.references()), plan.out / name
    films = {key: videos[key] for key in videos}
    out.mkdir(parents=True, exist_ok=True)
    try:
        with beside(out / FILMS) as unfinished, unfinished.open("wb") as file:
            np.savez_compressed(file, **films)  # type: ignore[arg-type]
    except OSError as error:
        raise CorpusError(f"cannot be written ({error.strerror})", where=out, remedy=REMEDY) from error


def machine() -> dict[str, Any]:
    """Return on what a training runs: one word a fact, none of it a name of the machine."""
    return {
        "processor": platform.machine(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
    }


class Films(Mapping[str, NDArray[np.uint8]]):
    """The films of a method, by clip, read when they are asked for; it goes to other processes as a path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getitem__(self, key: str) -> NDArray[np.uint8]:
        with np.load(self.path) as films:
            film: NDArray[np.uint8] = films[key]
        return film

    def __iter__(self) -> Iterator[str]:
        with np.load(self.path) as films:
            yield from films.files

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _go_round(talkers: Mapping[str, str], count: int) -> dict[str, str]:
    """Choose so many clips: the first of each talker, then the second of each. An interval needs talkers."""
    turn: Counter[str] = Counter()
    places = {}
    for place, (key, talker) in enumerate(talkers.items()):
        places[key] = (turn[talker], place)
        turn[talker] += 1
    return {key: talkers[key] for key in sorted(places, key=places.__getitem__)[:count]}


def _facts(run: Path) -> dict[str, Any]:
    """What a method's own file tells of its training."""
    told = describe(run / BEST)
    facts = {name: told.facts[name] for name in ("steps", "seed", "seconds")}
    return facts | {"parameters": told.parameters, "machine": json.loads((run / MACHINE).read_text())}


def _first_difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, Any, Any] | None:
    """Return the first option, within options too, that is not the same: its name and both values."""
    for name in before.keys() | now.keys():
        was, told = before.get(name), now.get(name)
        if isinstance(was, dict) and isinstance(told, dict):
            if inner := _first_difference(was, told):
                return inner
        elif was != told:
            return name, was, told
    return None
