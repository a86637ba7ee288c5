"""The rules that every notebook's source keeps, as far as code can see them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from lipcourse.course.mathematics import PATTERN, TAG, to_mathml
from lipcourse.course.source import SOLUTION_END, SOLUTION_START, Cell, Source, split_task
from lipcourse.errors import CourseError

CELL_LINES = 20
FUNCTION_LINES = 15
SHORT_LINES = 8
EXERCISES = 3
CODE_IN_A_ROW = 3
FRONT = ("title", "minutes", "builds", "needs")
LONE_DOLLAR = re.compile(r"(?<!\\)\$")
# What hides errors, or leaves something behind that cannot be shown without a kernel.
FORBIDDEN = {
    "interact": "widgets.explore",
    "interactive": "widgets.explore",
    "interactive_output": "widgets.explore",
    "interact_manual": "widgets.explore",
    "to_jshtml": "players.video",
}


def lint(source: Source) -> list[str]:
    """List the rules that a source breaks, each with the cell's place in the source."""
    broken = [
        f"{source.path}, cell {number}: {fault}"
        for number, cell in enumerate(source.cells, start=1)
        if cell.kind == "code"
        for fault in python(cell)
    ]
    if broken:
        return broken  # the other rules read the code
    faults = [f"{source.path}: {fault}" for rule in WHOLE for fault in rule(source)]
    for number, cell in enumerate(source.cells, start=1):
        rules = TEXT if cell.kind == "markdown" else CODE
        faults += [f"{source.path}, cell {number}: {fault}" for rule in rules for fault in rule(cell)]
    return faults


def front_matter(source: Source) -> Iterator[str]:
    """The opening card has what it needs."""
    for key in FRONT:
        if not source.front.get(key):
            yield f"the front matter has no {key!r}"
    first = source.cells[0] if source.cells else Cell("code", "")
    if first.kind != "markdown" or not first.text.startswith("# "):
        yield "the first cell is not the opening: Markdown with a heading `# NN · Title`"


def parameters(source: Source) -> Iterator[str]:
    """One parameters cell, which sets the profile."""
    count = sum("parameters" in cell.tags for cell in source.cells)
    if count != 1:
        yield f'{count} cells have tags=["parameters"]; there must be one'
    elif "profile" not in source.parameters():
        yield "the parameters cell does not set `profile`"


def exercises(source: Source) -> Iterator[str]:
    """Enough exercises, each with a solution cell and a check, and a quiz."""
    names = [cell.exercise for cell in source.cells if cell.exercise]
    if len(names) < EXERCISES:
        yield f"{len(names)} exercises; there must be at least {EXERCISES}"
    solutions = [cell.solution for cell in source.cells if cell.solution]
    for name in dict.fromkeys([*names, *solutions]):
        tasks, answers = names.count(name), solutions.count(name)
        if (tasks, answers) != (1, 1):
            yield f"exercise {name!r}: {tasks} tasks and {answers} solutions"
    for name in names:
        if not any(name in cell.calls("check") for cell in source.cells if cell.kind == "code"):
            yield f"exercise {name!r}: no cell calls check.{name}(...)"
    if not any(cell.calls("quizzes") for cell in source.cells if cell.kind == "code"):
        yield "there is no quiz: no cell calls quizzes.ask(...)"


def learners_functions(source: Source) -> Iterator[str]:
    """Later cells use the package's function, never the learner's, which may not be written yet."""
    learners = {
        node.name: name
        for name, cell in source.solutions().items()
        for node in cell.tree.body
        if isinstance(node, ast.FunctionDef)
    }
    for number, cell in enumerate(source.cells, start=1):
        if cell.kind != "code" or cell.solution or cell.calls("check"):
            continue
        used = {node.id for node in ast.walk(cell.tree) if isinstance(node, ast.Name)}
        for function in sorted(used & learners.keys()):
            yield f"cell {number} uses {function}, which the learner may not have written yet"


def rhythm(source: Source) -> Iterator[str]:
    """Text and code alternate, most code cells are short, a plain figure follows each widget."""
    code = [cell for cell in source.cells if cell.kind == "code"]
    if sum(len(cell.text.splitlines()) < SHORT_LINES for cell in code) * 2 < len(code):
        yield f"most code cells should be shorter than {SHORT_LINES} lines"
    row = 0
    for number, cell in enumerate(source.cells, start=1):
        row = row + 1 if cell.kind == "code" else 0
        if row == CODE_IN_A_ROW + 1:
            yield f"cell {number}: more than {CODE_IN_A_ROW} code cells without a word between them"
        if cell.kind == "code" and cell.calls("widgets"):
            following = next((later for later in source.cells[number:] if later.kind == "code"), None)
            if following is None or not following.figure:
                yield f'cell {number}: the code cell after a widget must show a plain figure (figure="...")'


def exercise_card(cell: Cell) -> Iterator[str]:
    """Difficulty, minutes and two different hints."""
    if not cell.exercise:
        return
    if cell.options.get("difficulty") not in range(1, 6):
        yield "an exercise has a difficulty from 1 to 5"
    if not cell.options.get("minutes"):
        yield "an exercise says how many minutes it takes"
    hints = split_task(cell.text)[1]
    if len({hint for hint in hints if hint}) != 2 or len(hints) != 2:
        yield f"an exercise has two different hints (`> hint: ...`); this one has {len(hints)}"
    if not cell.text.startswith("#"):
        yield "an exercise opens with a heading"


def formulas(cell: Cell) -> Iterator[str]:
    r"""Formulas convert to MathML, and displayed ones carry a number (`\tag{...}`)."""
    for found in PATTERN.finditer(cell.text):
        if found["code"]:
            continue
        if found["block"] and not TAG.search(found["block"]):
            start = " ".join(found["block"].split())[:50]
            yield f"a displayed formula has no number: add \\tag{{...}} to {start}"
        try:
            to_mathml(found["block"] or found["inline"], block=found["block"] is not None)
        except CourseError as fault:
            yield str(fault)


def lone_dollars(cell: Cell) -> Iterator[str]:
    """Inline formulas stand on one line each: notebooks show one that is broken over two as it was typed."""
    for line in PATTERN.sub("", cell.text).splitlines():
        if LONE_DOLLAR.search(line):
            yield f"a $ without another on its line (one that is no formula's is written \\$): {line[:50]}"


def pictures(cell: Cell) -> Iterator[str]:
    """Pictures in the text have an alt text."""
    if re.search(r"!\[\s*\]\(", cell.text):
        yield "a picture has no alt text"


def python(cell: Cell) -> Iterator[str]:
    """The cell is Python."""
    try:
        _ = cell.tree
    except SyntaxError as fault:
        yield f"is not Python: {fault.msg}"


def size(cell: Cell) -> Iterator[str]:
    """The cell is short, without a class or a long function."""
    lines = [line for line in cell.text.splitlines() if line.strip() not in {SOLUTION_START, SOLUTION_END}]
    if len(lines) > CELL_LINES:
        yield f"{len(lines)} lines; a code cell has at most {CELL_LINES}"
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.ClassDef):
            yield f"defines the class {node.name}: classes belong in the package"
        if isinstance(node, ast.FunctionDef) and not cell.solution:
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{node.name} has {length} lines; a function in a notebook has at most {FUNCTION_LINES}"


def solution(cell: Cell) -> Iterator[str]:
    """A solution cell has its two marker lines, one function in which they stand."""
    if not cell.solution:
        return
    lines = [line.strip() for line in cell.text.splitlines()]
    if lines.count(SOLUTION_START) != 1 or lines.count(SOLUTION_END) != 1:
        yield f"a solution stands between one line `{SOLUTION_START}` and one line `{SOLUTION_END}`"
    if not any(isinstance(node, ast.FunctionDef) for node in cell.tree.body):
        yield "a solution cell defines a function"


def figures(cell: Cell) -> Iterator[str]:
    """A cell that shows a figure promises it, with an alt text."""
    if cell.calls("pictures") and "show" in cell.calls("pictures") and not cell.figure:
        yield 'shows a figure but does not promise it: add figure="alt text" to its `# %%` line'
    if cell.options.get("figure") is not None and len(str(cell.figure)) < 10:
        yield "the figure's alt text says nothing"


def forbidden(cell: Cell) -> Iterator[str]:
    """Nothing that swallows errors or needs a network to be seen."""
    for node in ast.walk(cell.tree):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if name in FORBIDDEN:
            yield f"uses {name}: take {FORBIDDEN[name]}"
    if re.search(r"tqdm\.(auto|notebook)", cell.text):
        yield "uses a tqdm that leaves widgets behind: take rich, or plain tqdm"


WHOLE: tuple[Callable[[Source], Iterator[str]], ...] = (
    front_matter,
    parameters,
    exercises,
    learners_functions,
    rhythm,
)
TEXT: tuple[Callable[[Cell], Iterator[str]], ...] = (exercise_card, formulas, lone_dollars, pictures)
CODE: tuple[Callable[[Cell], Iterator[str]], ...] = (size, solution, figures, forbidden)
