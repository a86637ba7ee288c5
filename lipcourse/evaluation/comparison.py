"""Methods beside each other and beside videos that need no network, all against the same true clips.

    comparison = compare({"mine": {clip.key: video, ...}}, clips)
    comparison.interval("mine", "lmd")  # mean, low, high, n
    comparison.difference("mine", "first frame repeated", "lmd")
    comparison.as_json()  # what report.json holds

A clip counts only where every method has it: all means are over the same clips, and differences are paired.
Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.base import check_jobs
from lipcourse.errors import CorpusError, OptionError
from lipcourse.evaluation.experts import find_experts, inception_interval
from lipcourse.evaluation.film import Video
from lipcourse.evaluation.intervals import DRAWS, Interval, bootstrap
from lipcourse.evaluation.measures import MEASURES
from lipcourse.evaluation.measuring import Measured, Task, measure, pieces
from lipcourse.evaluation.references import ClipsInMemory, References
from lipcourse.evaluation.trivial import BASELINES, choose_baselines, find_partners
from lipcourse.windows.prepared import PreparedClip

Scores = Mapping[str, Mapping[str, NDArray[np.float64]]]
"""Of each method and metric one number a clip."""


@dataclass(frozen=True)
class Comparison:
    """What was measured.

    Attributes:
        keys: The clips that count.
        talkers: Of each of them.
        frames: How many frames each of them has.
        methods: The methods compared, in order.
        baselines: The videos that need no network, in order.
        scores: Of each method and baseline, for each of MEASURES, (N,): NaN where a clip has no value.
        skipped: Clips that do not count, and why.
        notes: What else a reader must know.
        classes: Of each method and baseline what `class_sums` gives of its videos, (N, 10), if there was a
            classifier.
        seed: Of the bootstrap.
        draws: Of the bootstrap.
    """

    keys: tuple[str, ...]
    talkers: tuple[str, ...]
    frames: tuple[int, ...]
    methods: tuple[str, ...]
    baselines: tuple[str, ...]
    scores: Scores
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    classes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    seed: int = 0
    draws: int = DRAWS

    def values(self, name: str, metric: str) -> NDArray[np.float64]:
        """Return a method's numbers, one a clip.

        Raises:
            OptionError: There is no such method or metric.
        """
        for kind, asked, known in (("method", name, self.scores), ("metric", metric, MEASURES)):
            if asked not in known:
                raise OptionError(f"there is no {kind} {asked!r}", remedy=f"choose from {', '.join(known)}")
        return self.scores[name][metric]

    def interval(self, name: str, metric: str) -> Interval:
        """Return the mean of a method and its interval.

        Raises:
            OptionError: There is no such method or metric.
        """
        return bootstrap(self.values(name, metric), self.talkers, seed=self.seed, draws=self.draws)

    def difference(self, name: str, other: str, metric: str) -> Interval:
        """Return the mean of a method's value less another's, clip by clip, and its interval.

        Two that are both infinitely near to the truth differ by nothing that could be told: NaN.

        Raises:
            OptionError: There is no such method or metric.
        """
        first, second = self.values(name, metric), self.values(other, metric)
        both = np.isinf(first) & np.isinf(second)
        less = np.subtract(first, second, out=np.full_like(first, np.nan), where=~both)
        return bootstrap(less, self.talkers, seed=self.seed, draws=self.draws)

    def inception(self, name: str) -> Interval | None:
        """Return the inception-style score of a method's videos; None where there was no classifier."""
        sums = self.classes.get(name)
        if sums is None:
            return None
        return inception_interval(sums, self.talkers, seed=self.seed, draws=self.draws)

    def lost_frames(self, name: str) -> int | None:
        """Return in how many frames of a method no face was found; None where none was looked for."""
        shares = self.values(name, "without_face")
        if np.isnan(shares).all():
            return None
        return int(np.rint(np.nansum(shares * np.array(self.frames))))

    def as_json(self) -> dict[str, Any]:
        """Return what report.json holds. JSON knows neither NaN nor infinity: both are null.

        A metric that has no value for any clip is left out. Where values are infinite, "infinite" says how
        many.
        """
        return {
            "clips": len(self.keys),
            "talkers": len(set(self.talkers)),
            "frames": sum(self.frames),
            "methods": {name: self._means(name) for name in self.scores},
            "differences": {
                name: {other: self._differences(name, other) for other in self.scores if other != name}
                for name in self.methods
            },
            "frames_without_a_face": {name: self.lost_frames(name) for name in self.scores},
            "baselines": list(self.baselines),
            "metrics": {name: measure._asdict() for name, measure in MEASURES.items()},
            "interval": "95%, whole talkers drawn with replacement",
            "seed": self.seed,
            "draws": self.draws,
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
        }

    def _means(self, name: str) -> dict[str, dict[str, float | int | None]]:
        told = {metric: _plain(self.interval(name, metric)) for metric in MEASURES}
        for metric, facts in told.items():
            if infinite := int(np.isinf(self.scores[name][metric]).sum()):
                facts["infinite"] = infinite
        if score := self.inception(name):
            told["inception"] = _plain(score)
        return {metric: facts for metric, facts in told.items() if facts["n"]}

    def _differences(self, name: str, other: str) -> dict[str, dict[str, float | int | None]]:
        told = {metric: _plain(self.difference(name, other, metric)) for metric in MEASURES}
        return {metric: facts for metric, facts in told.items() if facts["n"]}


def compare(
    methods: Mapping[str, Mapping[str, Video]],
    reference: References | Sequence[PreparedClip],
    *,
    baselines: Sequence[str] = tuple(BASELINES),
    landmarks: bool = True,
    experts: bool = True,
    jobs: int = 1,
    seed: int = 0,
    draws: int = DRAWS,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Measure methods and trivial baselines on the same clips.

    A clip that cannot be read, or that a method has not or has in another length or size, is left out for all
    methods and told with its reason.

    Args:
        methods: Of each method its videos, uint8 (T, 64, 64, 3) by the clip's key. A mapping may make them
            when they are asked for; with several jobs it is sent to other processes.
        reference: The true clips.
        baselines: Which of `BASELINES` to measure as well.
        landmarks: Whether to find lips, 20 ms a frame.
        experts: Whether to ask the networks that judge (see `find_experts`).
        jobs: How many processes; -1 for one a processor.
        seed: Of the bootstrap.
        draws: Of the bootstrap.
        progress: Called with how many clips are done, and of how many.

    Raises:
        OptionError: A method has the name of a baseline, or there is no such baseline.
        CorpusError: No clip is left to measure.
        ModelError: dlib's predictor is missing.
    """
    check_jobs(jobs)
    truths = reference if isinstance(reference, References) else ClipsInMemory(reference)
    partners = find_partners(truths.talkers)
    chosen, notes = choose_baselines(baselines, methods, partners)
    task = Task(truths, methods, chosen, partners, landmarks, experts)
    if experts:
        notes += tuple(
            f"no metric of the network {name!r}: it is not in weights/" for name in find_experts().missing
        )
    measured, skipped = dict[str, Measured](), dict[str, str]()
    cut = pieces(task, joblib.effective_n_jobs(jobs))
    parallel = joblib.Parallel(n_jobs=min(jobs, len(cut)) or 1, return_as="generator")
    for results in parallel(joblib.delayed(measure)(task.only(piece), piece) for piece in cut):
        for key, result in results:
            if isinstance(result, str):
                skipped[key] = result
            else:
                measured[key] = result
            if progress is not None:
                progress(len(measured) + len(skipped), len(truths))
    if not measured:
        first = f"; the first: {next(iter(skipped.values()))}" if skipped else ""
        raise CorpusError(f"no clip is left to measure{first}", where=truths.name)
    if faceless := [key for key, each in measured.items() if each.faceless]:
        notes += (f"no face in the true video of {len(faceless)} clips: nothing is said of their lips",)
    names = (*methods, *chosen)
    scores = {
        name: {
            metric: np.array([each.values[name][metric] for each in measured.values()]) for metric in MEASURES
        }
        for name in names
    }
    classified = all(each.classes for each in measured.values())
    return Comparison(
        keys=tuple(measured),
        talkers=tuple(truths.talkers[key] for key in measured),
        frames=tuple(each.frames for each in measured.values()),
        methods=tuple(methods),
        baselines=chosen,
        scores=scores,
        skipped=skipped,
        notes=notes,
        classes={name: np.stack([each.classes[name] for each in measured.values()]) for name in names}
        if classified
        else {},
        seed=seed,
        draws=draws,
    )


def _plain(interval: Interval) -> dict[str, float | int | None]:
    """An interval as JSON can hold it."""
    return {
        name: value if isinstance(value, int) or np.isfinite(value) else None
        for name, value in interval._asdict().items()
    }
