"""The runner, on tiny notebooks in real kernels: each with one fault, and it must find it."""

from __future__ import annotations

import io
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from lipcourse.course import builder, commands, runner
from lipcourse.course.source import read_sources
from lipcourse.errors import CourseError, OptionError
from lipcourse.profiles import Profile

PROFILE = Profile("fast", cell_seconds=60, clips=1, talkers=1)

FIGURE = """
# %% figure="A grey square."
import base64

from IPython.display import display

pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
display({"image/png": pixel, "text/plain": profile}, raw=True)
"""
PLOT = """
# %% figure="A line that rises."
import matplotlib.pyplot as plt

plt.plot([0, 1])
plt.show()
"""
CHECK = """
# %%
from lipcourse.course import check
from lipcourse.course.exercise import Exercise

registered = check.exercises
registered()["same"] = Exercise("same", lambda x: x, [(1,)], [])

# %% [markdown] exercise="same" difficulty=1 minutes=1
# ## Same
# > hint: a
#
# > hint: b

# %% solution="same"
def same(x):
    # solution
    return x
    # end solution

# %%
check.same(same)
"""
WIDGET = """
# %%
from lipcourse.course import widgets

def draw(k=1):
    if k > 5:
        raise ValueError("too large")
    return "drawn"

widgets.explore(draw, k=(1, 9))
"""


def outputs_of(cell):
    return [output for output in cell.get("outputs", ()) if "data" in output]


def run(folder, out, **options):
    console = Console(file=io.StringIO(), width=200)
    return runner.run(folder, out, PROFILE, console=console, jobs=2, **options)


def test_two_good_notebooks_are_run_in_both_versions(add_source, bare, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    folder = add_source(bare + CHECK + FIGURE + PLOT)
    out = tmp_path / "build"
    outcomes = run(folder, out, corpus="a test's")
    assert [(o.version, o.faults) for o in outcomes] == [("learner", []), ("solutions", [])]
    assert not list(folder.glob("*.ipynb"))
    for outcome in outcomes:
        executed = nbformat.read(outcome.path, 4)
        nbformat.validate(executed)
        assert "widgets" not in executed.metadata
        assert not any("drive_all" in cell.source for cell in executed.cells)
        assert any(
            "fast" in output.get("data", {}).get("text/plain", "")
            for c in executed.cells
            for output in c.get("outputs", ())
        )
        assert outcome.path.with_suffix(".html").exists()
        assert outcome.picture
        assert outcome.slowest[1] <= outcome.seconds
    index = (out / "index.html").read_text()
    for told in (
        "Bare",
        "all well",
        "solutions/00_doubling.html",
        "00_doubling.ipynb",
        "fast",
        "a test&#x27;s",
    ):
        assert told in index
    assert "http" not in index.replace('href="http', "")
    assert not list(out.rglob(".*"))
    assert not list(out.rglob("*.tmp"))


def test_each_fault_is_found_and_the_others_are_run(add_source, bare, tmp_path):
    add_source(bare + "# %%\nvalue = {}\nvalue['gone']\n\n# %%\n1\n", "01_raises")
    add_source(bare + FIGURE.replace("display({", "dict({"), "02_no_figure")
    add_source(bare + WIDGET, "03_widget")
    add_source(bare + '# %% tags=["skip-execution"]\n1\n', "04_left_out")
    add_source(bare + CHECK.replace("    return x\n", "    return 2 * x\n"), "05_wrong")
    folder = add_source(bare + CHECK, "06_good")
    out = tmp_path / "build"
    with pytest.raises(CourseError) as caught:
        run(folder, out, versions=["solutions"])
    message = str(caught.value)
    assert "5 of 6 notebooks" in message
    for told in (
        "01_raises (solutions): code cell 3 `value = {}`: raised KeyError: 'gone'",
        "02_no_figure (solutions): code cell 3 `import base64`: shows no figure",
        "03_widget (solutions): widgets: draw(k=9) raised ValueError: too large",
        "04_left_out (solutions): code cell 3 `1`: was not run",
        "05_wrong (solutions): code cell 5 `check.same(same)`: the check 'same' says 'wrong', not 'passed'",
    ):
        assert told in message
    assert "06_good" not in message
    index = (out / "index.html").read_text()
    assert "5 of 6 failed" in index
    assert index.count("✓ ran") == 1
    executed = nbformat.read(builder.notebook_path(out, "03_widget", "solutions"), 4)
    assert "Sliders live here" in str(executed.cells)


def test_a_cell_that_takes_too_long_is_stopped_and_named(add_source, bare, tmp_path):
    folder = add_source(bare + "# %%\nimport time\n\ntime.sleep(99)\n\n# %%\n1\n")
    short = Profile("fast", cell_seconds=2, clips=1, talkers=1)
    with pytest.raises(CourseError, match=r"code cell 3 `import time`: took longer than 2 s and was stopped"):
        runner.run(
            folder, tmp_path / "build", short, versions=["learner"], console=Console(file=io.StringIO())
        )


def test_a_kernel_that_dies_is_told(add_source, bare, tmp_path):
    folder = add_source(bare + "# %%\nimport os\n\nos._exit(1)\n")
    with pytest.raises(CourseError, match=r"code cell 3 `import os`: the kernel died"):
        run(folder, tmp_path / "build", versions=["learner"])


def test_names_choose_notebooks_in_any_form(add_source, bare):
    add_source(bare, "01_audio_features")
    sources = read_sources(add_source(bare, "02_faces"))
    for name in ("01", "audio_features", "01_audio_features", "notebooks/01_audio_features.ipynb"):
        assert [source.name for source in runner.choose(sources, [name])] == ["01_audio_features"]
    assert runner.choose(sources, []) == sources
    with pytest.raises(OptionError, match="choose from 01_audio_features, 02_faces"):
        runner.choose(sources, ["03"])


def test_an_unknown_parameter_is_refused_before_anything_runs(add_source, bare, tmp_path):
    folder = add_source(bare)
    with pytest.raises(OptionError, match="no parameter 'amuont'; it has profile"):
        run(folder, tmp_path / "build", parameters={"amuont": 3})
    assert not (tmp_path / "build").exists()


def test_parameters_are_read_as_yaml():
    given = commands.parse_parameters(("a=3", "b=0.5", "c=true", "d=word", "e=[1, 2]", "f=x=y"))
    assert given == {"a": 3, "b": 0.5, "c": True, "d": "word", "e": [1, 2], "f": "x=y"}
    for wrong in ("a", "=3", "a b=3", "a=["):
        with pytest.raises(OptionError):
            commands.parse_parameters((wrong,))


def test_the_commands_build_and_check(add_source, bare, doubling, capsys):
    folder = add_source(doubling)
    commands.build(folder)
    assert "2 notebooks are built" in capsys.readouterr().out
    with pytest.raises(CourseError, match="faults in the notebooks"):
        commands.check(folder)
    assert "1 exercises; there must be at least 3" in capsys.readouterr().out


def test_the_command_runs_without_clips_only_to_say_so(add_source, bare, monkeypatch, tmp_path):
    monkeypatch.delenv("LIPCOURSE_GRID", raising=False)
    from lipcourse.corpora import registry
    from lipcourse.errors import CorpusError

    def nowhere():
        raise CorpusError("nobody says where its clips are")

    monkeypatch.setattr(registry, "open_corpus", nowhere)
    with pytest.raises(CorpusError, match="nobody says"):
        commands.run(folder=add_source(bare), out=tmp_path / "build")


def test_a_folder_that_cannot_be_written_is_told(add_source, bare, tmp_path):
    (tmp_path / "build").write_text("a file")
    with pytest.raises(CourseError, match="cannot write"):
        run(add_source(bare), Path(tmp_path / "build"), versions=["learner"])
