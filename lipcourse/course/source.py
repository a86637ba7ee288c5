"""Reading a notebook's source: the one file that is edited, in jupytext's percent format.

A source is `notebooks/source/NN_topic.py`. It opens with a front matter in comments (YAML):

    # ---
    # title: Audio features
    # minutes: {cpu: 1, gpu: 1}             at the profile "class"
    # builds: A log-mel spectrogram with four columns a video frame.
    # needs: Python, NumPy, a little PyTorch.
    # picture: {file: images/01.png, alt: A spectrogram under a film strip.}     optional; beside the source
    # equations:                            optional
    #   - "glance Eq. 1: the correlation loss"
    # ---

and goes on in cells. What the machine knows of a cell stands on its `# %%` line:

    # %% [markdown]                                        text
    # %% tags=["parameters"]                               the one parameters cell; it sets `profile`
    # %% [markdown] exercise="columns" difficulty=2 minutes=5
    # ## Exercise 1 · How many columns?                    the task; then two hints, each line quoted:
    # > hint: the first, gentle
    # > hint: the second, stronger
    # %% solution="columns"                                the learner's cell: the lines between `# solution`
    #                                                      and `# end solution` are theirs to write
    # %%
    # check.columns(columns)                               (code, not a comment) the check of an exercise
    # %% figure="Alt text"                                 a cell that promises a picture
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import yaml

from lipcourse.errors import CourseError

SOLUTION_START = "# solution"
SOLUTION_END = "# end solution"


@dataclass(frozen=True)
class Cell:
    """One cell of a source.

    Attributes:
        kind: "markdown" or "code".
        text: What the cell holds.
        options: What its `# %%` line says: tags, exercise, difficulty, minutes, solution, figure.
    """

    kind: str
    text: str
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        """The cell's tags."""
        tags = self.options.get("tags", [])
        return [str(tag) for tag in tags] if isinstance(tags, list) else []

    @property
    def exercise(self) -> str | None:
        """The name of the exercise whose task this cell tells."""
        return _text(self.options.get("exercise"))

    @property
    def solution(self) -> str | None:
        """The name of the exercise whose answer this cell holds."""
        return _text(self.options.get("solution"))

    @property
    def figure(self) -> str | None:
        """The alt text of the picture that the cell promises."""
        return _text(self.options.get("figure"))

    @property
    def tree(self) -> ast.Module:
        """The code as Python sees it; lines of IPython's own (`%magic`, `!shell`) are left blank.

        Raises:
            SyntaxError: The cell is not Python.
        """
        lines = ("" if line.lstrip().startswith(("%", "!")) else line for line in self.text.splitlines())
        return ast.parse("\n".join(lines))

    def calls(self, module: str) -> list[str]:
        """The functions of `module` that the code calls: "columns" for `check.columns(...)`."""
        return [
            node.func.attr
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == module
        ]


@dataclass(frozen=True)
class Source:
    """A notebook's source, read.

    Attributes:
        path: The file.
        front: The front matter.
        cells: The cells, in order.
    """

    path: Path
    front: Mapping[str, object]
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The notebook's name, such as "01_audio_features"."""
        return self.path.stem

    def exercises(self) -> dict[str, Cell]:
        """The cells that tell an exercise's task, by its name."""
        return {cell.exercise: cell for cell in self.cells if cell.exercise}

    def solutions(self) -> dict[str, Cell]:
        """The cells that hold an exercise's answer, by its name."""
        return {cell.solution: cell for cell in self.cells if cell.solution}

    def parameters(self) -> list[str]:
        """The names that the parameters cell sets."""
        return [
            target.id
            for cell in self.cells
            if "parameters" in cell.tags
            for statement in cell.tree.body
            for target in _targets(statement)
        ]


def read_source(path: Path) -> Source:
    """Read the source of one notebook.

    Raises:
        CourseError: The file has no front matter, or one that is not YAML.
    """
    notebook = jupytext.read(path, fmt="py:percent")
    cells = [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells]
    if not cells or cells[0][0] != "raw":
        raise CourseError(
            "no front matter", where=path, remedy="open the file with lines `# ---`, `# title: ...`, `# ---`"
        )
    try:
        front = yaml.safe_load(cells[0][1].strip().strip("-"))
    except yaml.YAMLError as fault:
        raise CourseError(f"the front matter is not YAML: {fault}", where=path) from fault
    if not isinstance(front, dict):
        raise CourseError("the front matter is no list of `key: value`", where=path)
    own = ("tags", "exercise", "difficulty", "minutes", "solution", "figure")
    return Source(
        path,
        front,
        tuple(
            Cell(kind, text, {key: options[key] for key in own if key in options})
            for kind, text, options in cells[1:]
        ),
    )


def read_sources(folder: Path) -> list[Source]:
    """Read every source in `folder/source`, in the order of the course.

    Raises:
        CourseError: There is none, or one cannot be read.
    """
    paths = sorted((folder / "source").glob("[0-9][0-9]_*.py"))
    if not paths:
        raise CourseError(
            "no notebook sources (source/NN_topic.py)",
            where=folder,
            remedy="run this in the project's own folder",
        )
    return [read_source(path) for path in paths]


def split_task(text: str) -> tuple[str, list[str]]:
    """Split the text of an exercise into its task and its hints.

    Returns:
        The task, and the hints in order: each a quote that opens with `hint:`.
    """
    task: list[str] = []
    hints: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if opened := re.match(r">\s*hint:\s*(.*)", line):
            hints.append([opened[1]])
            inside = True
        elif inside and line.startswith(">"):
            hints[-1].append(line[1:].removeprefix(" "))
        else:
            inside = False
            task.append(line)
    return "\n".join(task).strip(), ["\n".join(hint).strip() for hint in hints]


def make_stub(text: str, name: str) -> str:
    """Take the answer out of a solution cell: what the learner starts from."""
    stub: list[str] = []
    hidden = False
    for line in text.splitlines():
        if line.strip() == SOLUTION_START:
            hidden = True
            indent = line[: len(line) - len(line.lstrip())]
            stub.append(f'{indent}raise NotImplementedError("Your turn: {name}")')
        elif line.strip() == SOLUTION_END:
            hidden = False
        elif not hidden:
            stub.append(line)
    return "\n".join(stub)


def make_answer(text: str) -> str:
    """Take the two marker lines out of a solution cell: what the solutions notebook shows."""
    return "\n".join(line for line in text.splitlines() if line.strip() not in {SOLUTION_START, SOLUTION_END})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _targets(statement: ast.stmt) -> Iterator[ast.Name]:
    if isinstance(statement, ast.Assign):
        yield from (target for target in statement.targets if isinstance(target, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target
