from __future__ import annotations

import ipywidgets
import pytest
from matplotlib.figure import Figure

from lipcourse.course import widgets
from lipcourse.errors import CourseError


@pytest.fixture(autouse=True)
def _no_explorers(monkeypatch):
    monkeypatch.setattr(widgets, "_explorers", {})


def explorers():
    return list(widgets._explorers.values())


def test_every_control_is_driven_to_its_ends_and_middle():
    seen = []

    def draw(level=3, name="b", loud=True):
        seen.append((level, name, loud))
        return "drawn"

    widgets.explore(draw, level=(1, 9), name=["a", "b", "c"], loud=True)
    assert seen == [(3, "b", True)]
    widgets.drive_all()
    assert {level for level, _, _ in seen} == {1, 3, 5, 9}
    assert {name for _, name, _ in seen} == {"a", "b", "c"}
    assert {loud for _, _, loud in seen} == {True, False}
    assert [control.value for control in explorers()[0].controls.values()] == [3, "b", True]


def test_an_exception_is_shown_and_raised_by_the_drive():
    def draw(level=1):
        if level == 4:
            raise ValueError("four <is> bad")
        return "drawn"

    widgets.explore(draw, level=(1, 7))
    with pytest.raises(CourseError, match=r"draw\(level=4\) raised ValueError: four <is> bad"):
        widgets.drive_all()
    explorer = explorers()[0]
    explorer.controls["level"].value = 4
    assert "four &lt;is&gt; bad" in explorer.canvas.value


def test_an_exception_before_the_drive_is_not_forgotten():
    widgets.explore(lambda level=2: 1 / level, level=(0.5, 2.0))
    with pytest.raises(CourseError, match="a drawing function returns a figure or text, not float"):
        widgets.drive_all()


def test_a_figure_is_drawn_with_its_alt_text():
    def draw(level=1):
        figure = Figure()
        figure.subplots().plot([0, level])
        return figure

    widgets.explore(draw, alt='A "line"', level=(1, 7))
    before = explorers()[0].canvas.value
    assert 'alt="A &quot;line&quot;"' in before
    assert "data:image/png;base64," in before
    explorers()[0].controls["level"].value = 5
    assert explorers()[0].canvas.value != before


def test_anything_with_html_may_be_drawn():
    from lipcourse.course import players

    widgets.explore(lambda k=1: players.audio([0.1 * k] * 8, 8000), k=(1, 3))
    assert "<audio" in explorers()[0].canvas.value


def test_a_slider_waits_for_the_hand_to_let_go():
    widgets.explore(lambda k=1: "x", k=ipywidgets.FloatSlider(1.0, min=0.0, max=2.0))
    assert explorers()[0].controls["k"].continuous_update is False


def test_the_same_cell_again_replaces_its_explorer():
    def draw(k=1):
        return "x"

    widgets.explore(draw, k=(0, 3))
    widgets.explore(draw, k=(0, 3))
    assert len(explorers()) == 1


def test_what_is_no_control_is_refused():
    with pytest.raises(CourseError, match="no control can be made of None"):
        widgets.explore(lambda k: "x", k=None)
