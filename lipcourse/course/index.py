"""The page that says what was run, how long it took and where to look."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from html import escape
from importlib.metadata import version as package_version
from pathlib import Path

from lipcourse.course.execution import Outcome
from lipcourse.profiles import Profile
from lipcourse.whole import beside

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def write_index(outcomes: Sequence[Outcome], path: Path, *, profile: Profile, corpus: str) -> Path:
    """Write the index page beside the executed notebooks, whole or not at all.

    Returns:
        The page.
    """
    names = dict.fromkeys(outcome.source.name for outcome in outcomes)
    groups = [[outcome for outcome in outcomes if outcome.source.name == name] for name in names]
    failed = sum(bool(outcome.faults) for outcome in outcomes)
    state = _state(not failed, "all well" if not failed else f"{failed} of {len(outcomes)} failed")
    facts = {
        "Result": state,
        "Profile": f"{profile.name} (a cell may take {profile.cell_seconds:g} s)",
        "Clips": escape(corpus or "none"),
        "Cells ran for": _time(sum(outcome.seconds for outcome in outcomes)),
        "Python": platform.python_version(),
        "PyTorch": package_version("torch"),
    }
    told = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())
    cards = "".join(
        _card(group, path.parent) for group in sorted(groups, key=lambda group: group[0].source.name)
    )
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>lipcourse: what was run</title>"
        f"<style>{STYLE}</style></head><body><main><h1>lipcourse</h1>"
        '<p class="lead">From a waveform to a talking mouth. These notebooks were run from top to bottom: '
        f"open a page to read, a notebook to work.</p>"
        f"<dl class='facts'>{told}</dl>{cards}</main></body></html>"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8")
    return path


def _card(group: Sequence[Outcome], folder: Path) -> str:
    """One notebook: its first picture, what it teaches, and a row for each version that was run."""
    source = group[0].source
    title = escape(str(source.front.get("title", source.name)))
    picture = next((outcome.picture for outcome in reversed(group) if outcome.picture), None)
    thumb = (
        f'<img alt="The first figure of {title}" src="data:image/png;base64,{picture}">'
        if picture
        else "no figure"
    )
    rows = "".join(_row(outcome, folder) for outcome in group)
    faults = "".join(
        f"<li>{outcome.version}: {escape(fault)}</li>" for outcome in group for fault in outcome.faults
    )
    return (
        f'<article><div class="thumb">{thumb}</div><div><h2>{source.name[:2]} · {title}</h2>'
        f"<p>{escape(str(source.front.get('builds', '')))}</p>"
        '<div class="scroll"><table><tr><th>version</th><th>result</th><th>cells ran for</th>'
        "<th>slowest cell</th>"
        f"<th>look</th></tr>{rows}</table></div>{f'<ul>{faults}</ul>' if faults else ''}</div></article>"
    )


def _row(outcome: Outcome, folder: Path) -> str:
    state = _state(not outcome.faults, "failed" if outcome.faults else "ran")
    notebook = outcome.path.relative_to(folder).as_posix()
    page = outcome.path.with_suffix(".html").relative_to(folder).as_posix()
    name, seconds = outcome.slowest
    return (
        f"<tr><td>{'learner' if outcome.version == 'learner' else 'with solutions'}</td><td>{state}</td>"
        f"<td>{_time(outcome.seconds)}</td><td>{seconds:.1f} s <code>{escape(name)}</code></td>"
        f'<td><a href="{page}">page</a> · <a href="{notebook}">notebook</a></td></tr>'
    )


def _state(right: bool, text: str) -> str:
    return f'<span class="{"right" if right else "wrong"}">{"✓" if right else "✗"} {text}</span>'


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"
