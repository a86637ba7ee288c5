"""What an executed notebook promised and did not keep.

A notebook that papermill calls successful may still have failed its reader: a figure that is not there, a
slider whose callback raises, a cell that was left out, a check that does not say what it should.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from lipcourse.course.builder import Version

WIDGETS_TAG = "drive-widgets"
PICTURES = ("image/png", "image/svg+xml", "image/jpeg")
EXPECTED = {"learner": "todo", "solutions": "passed"}


def find_faults(notebook: NotebookNode, version: Version, cell_seconds: float) -> list[str]:
    """List what went wrong in an executed notebook, in order: the cell, its first line, and what it did.

    Args:
        notebook: The notebook as papermill left it.
        version: Which answer its checks must give: "todo" in the learner's, "passed" in the other.
        cell_seconds: The longest that a cell may take.
    """
    faults = [*_cell_faults(notebook, version, cell_seconds)]
    for model in _widget_models(notebook):
        errors = (o for o in model.get("state", {}).get("outputs", ()) if o.get("output_type") == "error")
        faults += [f"a widget's callback raised {error['ename']}: {error['evalue']}" for error in errors]
    return faults


def _cell_faults(notebook: NotebookNode, version: Version, cell_seconds: float) -> Iterator[str]:
    left_out = 0
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        if not cell.source.strip():
            continue
        place = f"code cell {number} `{first_line(cell.source)}`"
        error = next((output for output in cell.outputs if output.output_type == "error"), None)
        if error is not None:
            yield _error(place, cell, error)
        elif cell.execution_count is None:
            left_out += 1
            if left_out == 1:
                yield f"{place}: was not run"
        else:
            yield from _promise_faults(place, cell, version)
        if (seconds := duration(cell)) > cell_seconds:
            yield f"{place}: took {seconds:.1f} s, {cell_seconds:g} s are allowed"
    if left_out > 1:
        yield f"{left_out - 1} more code cells were not run"


def _error(place: str, cell: NotebookNode, error: NotebookNode) -> str:
    if WIDGETS_TAG in cell.metadata.get("tags", []):
        return f"widgets: {error.evalue}"
    return f"{place}: raised {error.ename}: {error.evalue}"


def _promise_faults(place: str, cell: NotebookNode, version: Version) -> Iterator[str]:
    facts = cell.metadata.get("lipcourse", {})
    if "figure" in facts and not any(True for _ in _pictures(cell)):
        yield f"{place}: shows no figure, but promises one ({facts['figure']})"
    answers = {
        output.metadata.lipcourse.check: output.metadata.lipcourse.status
        for output in cell.outputs
        if "check" in output.get("metadata", {}).get("lipcourse", {})
    }
    for check in facts.get("checks", ()):
        if check not in answers:
            yield f"{place}: the check {check!r} shows no verdict (call it on the last line of the cell)"
        elif answers[check] != EXPECTED[version]:
            yield f"{place}: the check {check!r} says {answers[check]!r}, not {EXPECTED[version]!r}"


def first_picture(notebook: NotebookNode) -> str | None:
    """The first PNG of a notebook, in base64, or None."""
    for cell in notebook.cells:
        for kind, data in _pictures(cell) if cell.cell_type == "code" else ():
            if kind == "image/png":
                return "".join(str(data).split())
    return None


def first_line(source: str) -> str:
    """The first line of a cell that says something, cut to 60 characters."""
    lines = [
        line.strip() for line in source.splitlines() if line.strip() and not line.strip().startswith("#")
    ]
    line = lines[0] if lines else source.strip()
    return line if len(line) <= 60 else line[:59] + "…"


def duration(cell: NotebookNode) -> float:
    """How many seconds papermill saw the cell run."""
    return float(cell.metadata.get("papermill", {}).get("duration") or 0.0)


def _pictures(cell: NotebookNode) -> Iterator[tuple[str, Any]]:
    for output in cell.outputs:
        for kind in PICTURES:
            if kind in output.get("data", {}):
                yield kind, output.data[kind]


def _widget_models(notebook: NotebookNode) -> list[Any]:
    widgets = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    return list(widgets.get("state", {}).values())
