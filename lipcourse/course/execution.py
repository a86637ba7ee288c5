"""Running one notebook with papermill, and keeping what it made."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from papermill.exceptions import PapermillExecutionError

from lipcourse.course.builder import Version, make_notebook
from lipcourse.course.kernel import this_python
from lipcourse.course.promises import WIDGETS_TAG, duration, find_faults, first_line, first_picture
from lipcourse.course.source import Source
from lipcourse.whole import beside

DRIVE_WIDGETS = """\
import sys

if "lipcourse.course.widgets" in sys.modules:
    sys.modules["lipcourse.course.widgets"].drive_all()
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one notebook.

    Attributes:
        source: What it was built from.
        version: "learner" or "solutions".
        path: The executed notebook.
        seconds: How long its cells took together.
        slowest: The slowest cell's first line, and its seconds.
        faults: What it promised and did not keep; empty if all is well.
        picture: Its first figure, a PNG in base64, or None.
    """

    source: Source
    version: Version
    path: Path
    seconds: float
    slowest: tuple[str, float]
    faults: list[str] = field(default_factory=list)
    picture: str | None = None


def execute(
    source: Source,
    version: Version,
    path: Path,
    parameters: Mapping[str, Any],
    *,
    cell_seconds: float,
    threads: int,
    tick: Callable[[], None],
) -> tuple[Outcome, NotebookNode]:
    """Run one version of a notebook from top to bottom in a kernel of its own.

    Args:
        source: What the notebook is built from.
        version: Which of the two.
        path: Where the executed notebook goes; it is there whole or not at all.
        parameters: What papermill puts in after the parameters cell.
        cell_seconds: The longest that a cell may run; what takes longer is stopped, and the notebook with it.
        threads: How many processors its libraries use.
        tick: Called after each cell.

    Returns:
        What became of it, and the executed notebook.
    """
    notebook = make_notebook(source, version)
    notebook.cells.append(new_code_cell(DRIVE_WIDGETS, id=WIDGETS_TAG, metadata={"tags": [WIDGETS_TAG]}))
    path.parent.mkdir(parents=True, exist_ok=True)
    running = path.with_name(f".{path.name}").resolve()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    failure = None
    try:
        papermill.execute_notebook(
            notebook,
            running,
            parameters=dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            kernel_manager_class=this_python(threads),
            execution_timeout=max(1, round(cell_seconds)),
            resources={"metadata": {"path": str(path.parent.resolve())}},
            on_cell_executed=lambda **_: tick(),
        )
    except PapermillExecutionError:
        pass  # the notebook holds the error, and find_faults tells it
    except CellTimeoutError:
        failure = f"took longer than {cell_seconds:g} s and was stopped"
    except DeadKernelError:
        failure = "the kernel died: out of memory?"
    executed = nbformat.read(running, as_version=4)
    running.unlink()
    faults = find_faults(executed, version, cell_seconds)
    if failure:
        faults = [
            f"{_last_started(executed)}: {failure}",
            *(fault for fault in faults if "not run" not in fault),
        ]
    _tidy(executed)
    with beside(path) as unfinished:
        nbformat.write(executed, unfinished)
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    times = [(first_line(cell.source), duration(cell)) for cell in cells]
    slowest = max(times, key=lambda item: item[1], default=("", 0.0))
    outcome = Outcome(
        source,
        version,
        path,
        sum(t for _, t in times),
        slowest,
        faults=faults,
        picture=first_picture(executed),
    )
    return outcome, executed


def _last_started(notebook: NotebookNode) -> str:
    """The cell that was running when the kernel was stopped."""
    place = "before the first cell"
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        if cell.metadata.get("papermill", {}).get("start_time"):
            place = f"code cell {number} `{first_line(cell.source)}`"
    return place


def _tidy(notebook: NotebookNode) -> None:
    """Leave out what only served the run.

    Stored widget state makes some viewers call a notebook invalid, and a widget is dead without its kernel: a
    word stands in its place (the plain figure beside it shows the same).
    """
    notebook.metadata.pop("widgets", None)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if not {WIDGETS_TAG, "papermill-error-cell-tag"} & set(cell.metadata.get("tags", []))
    ]
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None):
                output.data["text/html"] = (
                    "<p><em>Sliders live here when the notebook is open in JupyterLab and this cell is run. "
                    "The next figure shows the same without them.</em></p>"
                )
