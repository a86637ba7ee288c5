"""Making the two notebooks from one source: the learner's, and the same with the answers.

The result depends on the source alone, byte for byte: a cell's id is a hash of what it holds, nothing is
executed, no time or version is written.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from collections import Counter
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lipcourse.course.cards import exercise_card, opening_card
from lipcourse.course.source import Cell, Source, make_answer, make_stub, read_sources
from lipcourse.errors import CourseError
from lipcourse.whole import beside

Version = Literal["learner", "solutions"]
VERSIONS: tuple[Version, ...] = ("learner", "solutions")


def build(folder: Path, *, overwrite: bool = False) -> tuple[list[Path], list[Path]]:
    """Write both versions of every notebook of a course.

    A notebook that somebody has worked in is kept: its digest is no longer that of its cells.

    Args:
        folder: The course: its sources are in `folder/source`, the learner's notebooks go to `folder`, those
            with the answers to `folder/solutions`.
        overwrite: Replace notebooks that somebody has worked in, too.

    Returns:
        The notebooks that are as their sources now, and those that were kept. Each is written whole or
        not at all.
    """
    written, kept = [], []
    for path, text in _built(folder).items():
        if path.exists() and not overwrite and _worked_in(path):
            kept.append(path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        written.append(path)
    return written, kept


def compare(folder: Path) -> list[str]:
    """Say which notebooks are not what their sources make: changed by hand, not built, or left over."""
    built = _built(folder)
    faults = []
    for path, text in built.items():
        if not path.exists():
            faults.append(f"{path}: not built yet")
        elif path.read_text(encoding="utf-8") != text:
            faults.append(
                f"{path}: not what its source makes (edit the source, then `lipcourse course build`)"
            )
    present = {*folder.glob("*.ipynb"), *(folder / "solutions").glob("*.ipynb")}
    return faults + [f"{path}: has no source" for path in sorted(present - set(built))]


def notebook_path(folder: Path, name: str, version: Version) -> Path:
    """Where one version of a notebook is built."""
    return (folder if version == "learner" else folder / "solutions") / f"{name}.ipynb"


def make_notebook(source: Source, version: Version) -> NotebookNode:
    """Make one version of a notebook from its source.

    Raises:
        CourseError: An exercise has no solution cell.
    """
    used: Counter[str] = Counter()
    picture = _picture(source)
    cells = []
    for index, cell in enumerate(source.cells):
        text = _text(source, cell, version)
        if index == 0 and cell.kind == "markdown":
            text = opening_card(text, source.front, picture.name if picture else None)
        digest = hashlib.sha256(f"{cell.kind}\n{text}".encode()).hexdigest()[:12]
        used[digest] += 1
        unique = digest if used[digest] == 1 else f"{digest}-{used[digest]}"
        known = {"id": unique, "metadata": _metadata(cell)}
        node = new_markdown_cell(text, **known) if cell.kind == "markdown" else new_code_cell(text, **known)
        if index == 0 and picture:
            kind = mimetypes.guess_type(picture.name)[0] or "image/png"
            node.attachments = {picture.name: {kind: base64.b64encode(picture.read_bytes()).decode()}}
        cells.append(node)
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "lipcourse": {"title": str(source.front.get("title", source.name)), "version": version},
    }
    notebook: NotebookNode = new_notebook(cells=cells, metadata=metadata, nbformat_minor=5)
    notebook.metadata.lipcourse.digest = _digest(notebook)
    nbformat.validate(notebook)
    return notebook


def _built(folder: Path) -> dict[Path, str]:
    return {
        notebook_path(folder, source.name, version): nbformat.writes(
            make_notebook(source, version), version=4
        )
        + "\n"
        for source in read_sources(folder)
        for version in VERSIONS
    }


def _digest(notebook: NotebookNode) -> str:
    """A hash of what the cells hold, and show."""
    parts = [(cell.cell_type, cell.source, cell.get("outputs", [])) for cell in notebook.cells]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _worked_in(path: Path) -> bool:
    """Whether a notebook was changed, or run, since it was built."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError):
        return False
    return bool(notebook.metadata.get("lipcourse", {}).get("digest") != _digest(notebook))


def _text(source: Source, cell: Cell, version: Version) -> str:
    """What a cell holds in this version."""
    if cell.exercise:
        answer = source.solutions().get(cell.exercise)
        if answer is None:
            raise CourseError(f"the exercise {cell.exercise!r} has no solution cell", where=source.path)
        return exercise_card(cell, answer, folded_answer=version == "learner")
    if cell.solution:
        return make_stub(cell.text, cell.solution) if version == "learner" else make_answer(cell.text)
    return cell.text


def _metadata(cell: Cell) -> dict[str, object]:
    """What the runner must know of a cell: its promised figure, the checks it calls."""
    facts: dict[str, object] = {
        key: value
        for key, value in (("exercise", cell.exercise), ("solution", cell.solution), ("figure", cell.figure))
        if value
    }
    if cell.kind == "code" and (checks := cell.calls("check")):
        facts["checks"] = checks
    metadata: dict[str, object] = {"tags": cell.tags} if cell.tags else {}
    return metadata | ({"lipcourse": facts} if facts else {})


def _picture(source: Source) -> Path | None:
    """The picture of the opening card."""
    picture = source.front.get("picture")
    if picture is None:
        return None
    if not isinstance(picture, dict) or not {"file", "alt"} <= picture.keys():
        raise CourseError("the front matter's picture needs `file` and `alt`", where=source.path)
    path = source.path.parent / str(picture["file"])
    if not path.exists():
        raise CourseError(f"the picture {picture['file']} is missing", where=source.path)
    return path
