"""What `lipcourse ablate` writes: results.json, and from that alone results.md and report.html.

Taught in notebook 13.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lipcourse import pages, pictures
from lipcourse.errors import CorpusError
from lipcourse.evaluation.ablation import BEFORE, FILMS, REMEDY, Ablation, Films
from lipcourse.evaluation.measures import MEASURES
from lipcourse.evaluation.orderings import Ordering, agreement, count_verdicts
from lipcourse.networks.weights import describe
from lipcourse.training.methods import FULL, METHODS, RIVALS
from lipcourse.whole import write_whole

RESULTS = "results.json"
VERSION = 1

SHOWN = ("lmd", "ssim", "psnr_wrapped", "cpbd", "psnr", "opening", "movement")
"""The metrics in tables: first those that the paper has."""

PAPER = ("lmd", "ssim", "psnr", "cpbd")
STRIP = 10
"""Frames shown of each method."""

SAID = {"holds": "holds", "reversed": "is reversed", "open": "cannot be told"}


def results(ablation: Ablation) -> dict[str, Any]:
    """Return what results.json holds: nothing in it names a machine or a place on it."""
    plan, comparison = ablation.plan, ablation.comparison
    report = comparison.as_json()
    known = METHODS | RIVALS
    return {
        "version": VERSION,
        "corpus": comparison_name(ablation),
        "options": asdict(plan.options_of(FULL)),
        "initial": None if plan.initial is None else _beginning(plan.initial),
        **{name: report[name] for name in ("clips", "talkers", "frames", "interval", "skipped", "notes")},
        "methods": {
            name: {
                "name": known[name].name,
                "description": known[name].description,
                "paper": known[name].paper._asdict(),
                **ablation.runs[name],
                "metrics": report["methods"][name],
                "frames_without_a_face": report["frames_without_a_face"][name],
            }
            for name in ablation.runs
        },
        "before": report["methods"].get(BEFORE),
        "gains": {
            name: {
                metric: each
                for metric, each in report["differences"][name][BEFORE].items()
                if metric in SHOWN
            }
            for name in ablation.runs
            if BEFORE in comparison.methods
        },
        "baselines": {name: report["methods"][name] for name in comparison.baselines},
        "orderings": [_ordering(each) for each in ablation.orderings],
        "table_3": [_ordering(each) for each in ablation.table_3],
        "verdicts": count_verdicts(ablation.orderings),
        "agreement": agreement(ablation.orderings),
    }


def comparison_name(ablation: Ablation) -> dict[str, str]:
    """Return the name and the licence of the corpus that was measured on."""
    references = ablation.plan.references()
    return {"name": references.name, "licence": references.licence}


def read_results(path: Path) -> dict[str, Any]:
    """Read a results.json.

    Raises:
        CorpusError: It is missing, damaged, or of another version.
    """
    try:
        told: dict[str, Any] = json.loads(path.read_text())
        version = told["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError("holds no results", where=path, remedy="run lipcourse ablate again") from error
    if version != VERSION:
        raise CorpusError(
            f"its format is version {version}; this code reads version {VERSION}",
            where=path,
            remedy="run lipcourse ablate again",
        )
    return told


def published(name: str, suffix: str = ".json") -> Path:
    """Return a file of results that came with the repository, docs/results/NAME.json or another suffix."""
    return Path(__file__).parents[2] / "docs" / "results" / f"{name}{suffix}"


def write(ablation: Ablation, out: Path) -> dict[str, Any]:
    """Write results.json, results.md, films.png and report.html, each beside and renamed when whole.

    Raises:
        CorpusError: A file cannot be written.
    """
    told = results(ablation)
    figure = pictures.png_bytes(draw_films(ablation))
    body = html(told) + pages.image(pages.embedded(figure), FILMS_SHOWN)
    files = {
        RESULTS: (json.dumps(told, indent=1, allow_nan=False) + "\n").encode(),
        "results.md": markdown(told).encode(),
        "films.png": figure,
        "report.html": pages.page("Ablations of glance", body).encode(),
    }
    for name, data in files.items():
        write_whole(out / name, data, remedy=REMEDY)
    return told


FILMS_SHOWN = "Frames of one test clip: the truth, and what each method makes of its first frame and sound."


def draw_films(ablation: Ablation) -> Figure:
    """Draw some frames of the first clip: a row for the truth, and one for each method."""
    key = ablation.comparison.keys[0]
    rows = {"truth": ablation.plan.references()[key].video}
    rows |= {name: Films(ablation.plan.out / name / FILMS)[key] for name in ablation.comparison.methods}
    # Talk is in the middle: clips begin and end in silence.
    frames = np.rint(np.linspace(0.2, 0.7, STRIP) * (len(rows["truth"]) - 1)).astype(int)
    figure, axes = pictures.subplots(len(rows), 1, width=9, height=0.84 * len(rows))
    for axis, (name, film) in zip(axes, rows.items(), strict=True):
        axis.imshow(np.hstack(film[frames]), aspect="auto")  # else the layout cuts off long names
        axis.set(xticks=[], yticks=[film.shape[1] / 2], yticklabels=[name])
        axis.spines[:].set_visible(False)
    return figure


def tables(told: Mapping[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return all tables of a report: what each shows, its head, its rows."""
    methods = told["methods"]
    shown = [name for name in SHOWN if any(name in each["metrics"] for each in methods.values())]
    head = ["method", *(MEASURES[name].label for name in shown)]
    rows = [[f"{name}: {each['name']}", *_cells(each["metrics"], shown)] for name, each in methods.items()]
    others = ({BEFORE: told["before"]} if told["before"] else {}) | told["baselines"]
    rows += [[name, *_cells(metrics, shown)] for name, metrics in others.items()]
    paper = [[f"{name}: {each['name']}", *_paper(each["paper"])] for name, each in methods.items()]
    trained = [
        [
            name,
            str(each["steps"]),
            str(each["seed"]),
            f"{each['seconds'] / 60:.1f}",
            f"{each['parameters']:,}",
        ]
        for name, each in methods.items()
    ]
    found = [
        ("Measured here: mean, and its 95% interval", head, rows),
        ("What the paper prints (GRID)", ["method", "LMD", "SSIM", "PSNR, wrapped", "CPBD"], paper),
    ]
    if told["gains"]:
        gained = [name for name in shown if name in next(iter(told["gains"].values()))]
        labels = [MEASURES[name].label for name in gained]
        changes = [[name, *_cells(each, gained, 1)] for name, each in told["gains"].items()]
        found.append(("What the training changed: method less before", ["method", *labels], changes))
    for title, name in (("Orderings of Table 2", "orderings"), ("Orderings of Table 3", "table_3")):
        if claims := _claims(told[name]):
            found.append((title, ["the paper says", "by", "here", "verdict"], claims))
    head = ["method", "steps", "seed", "minutes", "parameters of the generator"]
    return [*found, ("How each was trained", head, trained)]


def facts(told: Mapping[str, Any]) -> dict[str, str]:
    """Return what must be known to read the tables."""
    options, machines = told["options"], {str(each["machine"]) for each in told["methods"].values()}
    first = next(iter(told["methods"].values()))["machine"]
    threads = f"{first['threads']} of {first['processors']} processors"
    where = f"{first['gpu'] or first['processor']}, {threads}, torch {first['torch']}"
    sizes = (
        f"width {options['width']:g}, batch {options['batch']}, learning rate {options['learning_rate']:g}"
    )
    begun = "weights drawn"
    if initial := told["initial"]:
        before = f"trained for {initial['steps']:,} steps before ({initial['losses']})"
        begun = f"glance from one generator, {before}; rivals from weights drawn"
    return {
        "corpus": told["corpus"]["name"],
        "measured on": f"{told['clips']} clips of {told['talkers']} talkers never trained on",
        "training": f"{options['steps']} steps, {sizes}; fixed statistics: {options['fixed_statistics']}",
        "begun from": begun,
        "machine": where if len(machines) == 1 else f"{where}, and others",
        "intervals": told["interval"],
        "verdicts": verdicts_in_words(told),
        "left out": f"{len(told['skipped'])} clips",
    }


def verdicts_in_words(told: Mapping[str, Any]) -> str:
    """Say for each metric how many of the paper's orderings hold."""
    parts = []
    for metric, counts in told["verdicts"].items():
        pairs = sum(counts.values())
        parts.append(
            f"{metric.upper()}: {counts['holds']} of {pairs} hold, {counts['reversed']} are reversed, "
            f"{counts['open']} cannot be told (Kendall's tau of the means {told['agreement'][metric]:+.2f})"
        )
    return "; ".join(parts) or "one method has no order"


def markdown(told: Mapping[str, Any]) -> str:
    """Return the report as Markdown, from what results.json holds and nothing else."""
    lines = ["# Ablations of glance", ""]
    lines += [f"- **{name}**: {text}" for name, text in facts(told).items()]
    lines += ["", *(f"- note: {note}" for note in told["notes"]), ""]
    for title, head, rows in tables(told):
        lines += [f"## {title}", "", _line(head), _line(["---"] + ["---:"] * (len(head) - 1))]
        lines += [*(_line(row) for row in rows), ""]
    return "\n".join(lines)


def html(told: Mapping[str, Any]) -> str:
    """Return the same as the body of a page."""
    parts = [pages.facts(facts(told))]
    for title, head, rows in tables(told):
        parts += [f"<h2>{title}</h2>", pages.table(head, rows)]
    return "\n".join(parts)


def _claims(orderings: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The orderings that the full method is part of, which is what a table is made to show; else all."""
    chosen = [each for each in orderings if FULL in (each["better"], each["worse"])] or list(orderings)
    return [
        [
            f"{each['metric'].upper()}: {each['better']} is better than {each['worse']}",
            f"{each['paper']:+.2f}",
            _with_interval(each["found"], 3),
            SAID[each["verdict"]],
        ]
        for each in chosen
    ]


def _ordering(ordering: Ordering) -> dict[str, Any]:
    found = {name: _plain(value) for name, value in ordering.found._asdict().items()}
    return ordering._asdict() | {"paper": round(ordering.paper, 4), "found": found}


def _plain(value: float) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return value if math.isfinite(value) else None


def _cells(metrics: Mapping[str, Any], shown: Sequence[str], more: int = 0) -> list[str]:
    """Means with intervals, each to as many digits as are worth printing, and some more."""
    return [
        _with_interval(metrics[name], MEASURES[name].digits + more) if name in metrics else "–"
        for name in shown
    ]


def _with_interval(found: Mapping[str, Any], digits: int) -> str:
    """A mean, and its interval where there is one."""
    if found["mean"] is None:
        return "∞" if found.get("infinite") else "–"
    mean = f"{found['mean']:.{digits}f}"
    if found["low"] is None or found["high"] is None:
        return mean
    return f"{mean} ({found['low']:.{digits}f} to {found['high']:.{digits}f})"


def _paper(digits: Mapping[str, float]) -> list[str]:
    return [f"{digits[name]:g}" for name in PAPER]


def _beginning(initial: Path) -> dict[str, Any]:
    """Tell what a generator was taught before: its steps and losses."""
    told = describe(initial)
    weights = told.facts.get("training", {}).get("weights", {})
    losses = ", ".join(f"{weight:g} {name}" for name, weight in weights.items() if weight)
    return {
        "steps": told.facts.get("steps", 0),
        "losses": losses or "losses unknown",
        "options": told.options,
    }


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
