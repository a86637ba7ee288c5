from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lipcourse.course.promises import WIDGETS_TAG, find_faults, first_line, first_picture

PNG = new_output("display_data", data={"image/png": "iVBOR\n"}, metadata={"image/png": {"alt": "A line."}})


def cell(source="x = 1", *, outputs=(), count=1, seconds=1.0, tags=(), **facts):
    metadata = {"papermill": {"duration": seconds}, "lipcourse": facts, "tags": list(tags)}
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


def verdict(status):
    return new_output(
        "execute_result",
        execution_count=1,
        data={},
        metadata={"lipcourse": {"check": "double", "status": status}},
    )


def faults(*cells, version="solutions"):
    return find_faults(new_notebook(cells=list(cells)), version, 30)


def test_a_kept_promise_is_no_fault():
    assert (
        faults(cell(figure="A line.", outputs=[PNG]), cell(checks=["double"], outputs=[verdict("passed")]))
        == []
    )
    assert faults(cell(checks=["double"], outputs=[verdict("todo")]), version="learner") == []


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (
            cell("# look\n\nshow()", figure="A line."),
            "code cell 1 `show()`: shows no figure, but promises one (A line.)",
        ),
        (
            cell(checks=["double"], outputs=[verdict("wrong")]),
            "the check 'double' says 'wrong', not 'passed'",
        ),
        (cell(checks=["double"], outputs=[verdict("todo")]), "the check 'double' says 'todo', not 'passed'"),
        (cell(checks=["double"]), "the check 'double' shows no verdict"),
        (cell(count=None), "was not run"),
        (cell(seconds=31.04), "took 31.0 s, 30 s are allowed"),
        (cell(outputs=[new_output("error", ename="KeyError", evalue="'a'")]), "raised KeyError: 'a'"),
    ],
)
def test_a_broken_promise_is_told_with_its_cell(broken, told):
    found = faults(new_markdown_cell("words"), broken)
    assert len(found) == 1
    assert found[0].startswith("code cell 1 ")
    assert told in found[0]


def test_cells_after_an_error_are_counted_not_listed():
    found = faults(
        cell(outputs=[new_output("error", ename="E", evalue="")]),
        cell(count=None),
        cell(count=None),
        cell("", count=None),
    )
    assert [fault.split(": ", 1)[-1] for fault in found[1:]] == [
        "was not run",
        "1 more code cells were not run",
    ]


def test_a_widgets_error_is_told_as_such():
    drive = cell(
        tags=[WIDGETS_TAG], outputs=[new_output("error", ename="CourseError", evalue="draw(k=4) raised")]
    )
    assert faults(drive) == ["widgets: draw(k=4) raised"]


def test_an_error_that_an_output_widget_swallowed_is_found():
    notebook = new_notebook(cells=[cell()])
    state = {"a": {"state": {"outputs": [{"output_type": "error", "ename": "ValueError", "evalue": "bad"}]}}}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": state}}
    assert find_faults(notebook, "learner", 30) == ["a widget's callback raised ValueError: bad"]


def test_a_long_first_line_is_cut():
    assert first_line("# words\n\n  y = 1") == "y = 1"
    assert len(first_line("x" * 99)) == 60


def test_the_first_picture_is_found():
    assert first_picture(new_notebook(cells=[new_markdown_cell(""), cell(), cell(outputs=[PNG])])) == "iVBOR"
    assert first_picture(new_notebook(cells=[cell()])) is None
