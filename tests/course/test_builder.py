from __future__ import annotations

import base64
import json

import nbformat
import pytest

from lipcourse.course import builder
from lipcourse.course.source import make_answer, make_stub, read_source, read_sources, split_task
from lipcourse.errors import CourseError

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def built(add_source, doubling):
    folder = add_source(doubling)
    builder.build(folder)
    return {
        version: nbformat.read(builder.notebook_path(folder, "00_doubling", version), 4)
        for version in builder.VERSIONS
    }


def test_the_learner_gets_a_stub_and_the_other_notebook_the_answer(built):
    learner = next(cell for cell in built["learner"].cells if cell.source.startswith("def double"))
    answered = next(cell for cell in built["solutions"].cells if cell.source.startswith("def double"))
    assert 'raise NotImplementedError("Your turn: double")' in learner.source
    assert "return 2 * x" not in learner.source
    assert answered.source == 'def double(x: int) -> int:\n    """Twice x."""\n    return 2 * x'


def test_the_exercise_card_folds_hints_and_solution(built):
    card, answered = (
        next(cell.source for cell in notebook.cells if cell.metadata.get("lipcourse", {}).get("exercise"))
        for notebook in (built["learner"], built["solutions"])
    )
    assert "●●○○○ difficulty 2 of 5 · about 3 minutes" in card
    assert card.count("<details>") == card.count("</details>") == 3
    assert "Add it\nto itself." in card
    assert "> hint" not in card
    assert "return 2 * x" in card
    assert answered.count("<details>") == 2
    assert "return 2 * x" not in answered


def test_the_opening_card_tells_the_front_matter(built):
    opening = built["learner"].cells[0].source
    for told in ("# 00 · Doubling\n", "A function that doubles.", "1 min on a CPU", "glance Eq. 1: $y = 2x$"):
        assert told in opening


def test_notebooks_are_valid_clean_and_the_same_each_time(add_source, doubling):
    folder = add_source(doubling)
    builder.build(folder)
    first = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    assert len(first) == 2
    builder.build(folder, overwrite=True)
    assert first == {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    for text in first.values():
        notebook = nbformat.reads(text.decode(), 4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
        assert all(
            not cell.outputs and cell.execution_count is None for cell in notebook.cells if "outputs" in cell
        )


def test_an_id_follows_the_cell_not_its_place(add_source, doubling):
    source = read_source(add_source(doubling) / "source" / "00_doubling.py")
    before = {cell.source: cell.id for cell in builder.make_notebook(source, "learner").cells}
    longer = add_source(
        doubling.replace(
            "# %% [markdown]\n# A picture.", "# %%\n1\n\n# %%\n1\n\n# %% [markdown]\n# A picture."
        )
    )
    cells = builder.make_notebook(read_source(longer / "source" / "00_doubling.py"), "learner").cells
    assert all(before.get(cell.source, cell.id) == cell.id for cell in cells)
    assert len({cell.id for cell in cells}) == len(cells)


def test_a_change_by_hand_a_missing_and_a_left_over_notebook_are_told(add_source, doubling):
    folder = add_source(doubling)
    assert [fault.split(": ")[1] for fault in builder.compare(folder)] == ["not built yet"] * 2
    builder.build(folder)
    assert builder.compare(folder) == []
    path = folder / "00_doubling.ipynb"
    path.write_text(path.read_text().replace("Everything twice", "Everything thrice"))
    path.with_name("09_gone.ipynb").write_text("{}")
    faults = builder.compare(folder)
    assert len(faults) == 2
    assert "not what its source makes" in faults[0]
    assert "has no source" in faults[1]


def test_a_learners_work_is_kept(add_source, doubling):
    folder = add_source(doubling)
    builder.build(folder)
    path = folder / "00_doubling.ipynb"
    worked = path.read_text().replace('raise NotImplementedError(\\"Your turn: double\\")', "return x + x")
    path.write_text(worked)
    add_source(doubling.replace("Everything twice", "Twice everything"))
    written, kept = builder.build(folder)
    assert kept == [path]
    assert path.read_text() == worked
    assert "Twice everything" in written[0].read_text()
    assert builder.build(folder, overwrite=True)[1] == []
    assert path.read_text() != worked


def test_the_runner_finds_promises_in_the_metadata(built):
    facts = [cell.metadata.get("lipcourse", {}) for cell in built["learner"].cells]
    assert {"checks": ["double"]} in facts
    assert {"figure": "A line that rises from 0 to amount"} in facts


def test_a_picture_is_carried_inside_the_notebook(add_source, doubling):
    folder = add_source(
        doubling.replace("# needs:", "# picture: {file: seen.png, alt: A red dot.}\n# needs:")
    )
    with pytest.raises(CourseError, match=r"seen\.png is missing"):
        builder.build(folder)
    (folder / "source" / "seen.png").write_bytes(PIXEL)
    builder.build(folder)
    cell = nbformat.read(folder / "solutions" / "00_doubling.ipynb", 4).cells[0]
    assert "![A red dot.](attachment:seen.png)" in cell.source
    assert base64.b64decode(cell.attachments["seen.png"]["image/png"]) == PIXEL


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("", "no front matter"),
        ("# ---\n# a: [\n# ---\n", "not YAML"),
        ("# ---\n# words\n# ---\n", "no list of"),
    ],
)
def test_front_matter_that_cannot_be_read(add_source, front, told):
    folder = add_source(front + "# %%\n1\n")
    with pytest.raises(CourseError, match=told):
        read_sources(folder)


def test_an_empty_folder_says_where_to_be(tmp_path):
    with pytest.raises(CourseError, match="run this in the project's own folder"):
        read_sources(tmp_path)


def test_an_exercise_without_a_solution_is_refused(add_source, doubling):
    folder = add_source(doubling.replace('solution="double"', ""))
    with pytest.raises(CourseError, match="'double' has no solution cell"):
        builder.build(folder)


def test_a_stub_keeps_what_stands_around_the_solution():
    text = "def f(x):\n    y = 1\n    # solution\n    z = x\n\n    y += z\n    # end solution\n    return y"
    assert (
        make_stub(text, "f")
        == 'def f(x):\n    y = 1\n    raise NotImplementedError("Your turn: f")\n    return y'
    )
    assert make_answer(text) == "def f(x):\n    y = 1\n    z = x\n\n    y += z\n    return y"


def test_quotes_that_are_no_hints_stay_in_the_task():
    task, hints = split_task("## T\n> **Predict.** What?\n\n> hint: a\n> b\n>\n> c\n\nlast")
    assert task == "## T\n> **Predict.** What?\n\n\nlast"
    assert hints == ["a\nb\n\nc"]


def test_a_notebook_that_is_no_json_is_replaced(add_source, doubling):
    folder = add_source(doubling)
    (folder / "00_doubling.ipynb").write_text("half a noteb")
    assert builder.build(folder)[1] == []
    assert json.loads((folder / "00_doubling.ipynb").read_text())
