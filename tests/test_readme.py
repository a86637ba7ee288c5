"""What README.md promises is there."""

from __future__ import annotations

import re
from pathlib import Path

from lipcourse.cli import COMMANDS
from lipcourse.course.source import read_sources

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_table_lists_every_notebook_with_its_minutes() -> None:
    rows = [
        f"| [{source.name}](notebooks/{source.name}.ipynb) | {source.front['builds']} "
        f"| {source.front['minutes']['cpu']} | {source.front['minutes']['gpu']} |"
        for source in read_sources(ROOT / "notebooks")
    ]
    assert re.findall(r"^\| \[.*$", README, re.MULTILINE) == rows


def test_every_make_target_exists() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"\bmake ([a-z]+)\b", README)
    assert {"course", "test"} <= set(named) <= set(targets)


def test_every_command_exists() -> None:
    named = re.findall(r"^ +\.venv/bin/lipcourse (\w+) (\w+)?", README, re.MULTILINE)
    assert named
    assert [words for words in named if not {words[0], " ".join(words)} & set(COMMANDS)] == []


def test_every_picture_and_file_exists() -> None:
    for path in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / path).is_file(), path
