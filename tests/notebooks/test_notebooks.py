"""Every notebook of the course, run from top to bottom at the profile "fast" with the network closed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from lipcourse.course import builder, lint, runner
from lipcourse.course.source import read_sources
from lipcourse.profiles import PROFILES

FOLDER = Path(__file__).parents[2] / "notebooks"
FAST = replace(PROFILES["fast"], cell_seconds=300)  # a busy machine is slow, and no test is timed
SOURCES = {source.name: source for source in read_sources(FOLDER)}


def test_the_notebooks_are_what_their_sources_make():
    assert builder.compare(FOLDER) == []


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_source_keeps_the_rules(name):
    assert lint.lint(SOURCES[name]) == []


@pytest.mark.parametrize("version", builder.VERSIONS)
@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_notebook_keeps_its_promises(name, version, corpus, offline, tmp_path):
    console = Console(file=io.StringIO())
    outcomes = runner.run(
        FOLDER, tmp_path, FAST, names=[name], versions=[version], corpus=corpus, console=console
    )
    assert [outcome.faults for outcome in outcomes] == [[]]
    executed = nbformat.read(outcomes[0].path, as_version=4)
    nbformat.validate(executed)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_nbval_runs_the_learners_notebook(name, corpus, offline, tmp_path):
    notebook = builder.make_notebook(SOURCES[name], "learner")
    parameters = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += '\nprofile = "fast"'
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(notebook, path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "--nbval-current-env",
            "-p",
            "no:cacheprovider",
            "-q",
            path.name,
        ],
        cwd=tmp_path,
        env={
            name: value for name, value in os.environ.items() if name not in {"MPLBACKEND", "PYTEST_ADDOPTS"}
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    assert f"{cells} passed" in done.stdout


@pytest.mark.parametrize(
    ("reach", "told"),
    [
        ("socket.create_connection(('192.0.2.1', 80), timeout=1)", "the network is closed in tests"),
        ("socket.getaddrinfo('example.org', 80)", "the network is closed in tests"),
        ("socket.create_connection(('127.0.0.1', 1), timeout=1)", "refused"),
    ],
)
def test_the_network_is_closed_for_kernels(reach, told, offline):
    done = subprocess.run(
        [sys.executable, "-c", f"import socket; {reach}"], capture_output=True, text=True, check=False
    )
    assert told in done.stderr
