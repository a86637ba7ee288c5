"""`lipcourse course build | check | run`: what the command line calls.

Nothing heavy is imported until a command runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import tyro

from lipcourse.errors import CourseError, OptionError
from lipcourse.profiles import choose_profile

JOBS = min(4, os.cpu_count() or 1)


def build(folder: Path = Path("notebooks"), *, overwrite: bool = False) -> None:
    """Make both versions of every notebook from its source.

    Args:
        folder: The course: its sources are in FOLDER/source.
        overwrite: Replace notebooks that somebody has worked in, too.

    Raises:
        CourseError: A source cannot be built.
    """
    from lipcourse.course import builder

    written, kept = builder.build(folder, overwrite=overwrite)
    print(f"{len(written)} notebooks are built in {folder}.")
    for path in kept:
        print(f"Kept {path}: somebody has worked in it (--overwrite replaces it).")


def check(folder: Path = Path("notebooks")) -> None:
    """Say whether the notebooks are what their sources make, and the sources keep the course's rules.

    Args:
        folder: The course: its sources are in FOLDER/source.

    Raises:
        CourseError: They differ, or a source breaks a rule; each fault has been printed.
    """
    from lipcourse.course import builder, lint
    from lipcourse.course.source import read_sources

    sources = read_sources(folder)
    faults = [fault for source in sources for fault in lint.lint(source)]
    # A source that breaks a rule may not be buildable at all.
    faults = faults or builder.compare(folder)
    for fault in faults:
        print(fault)
    if faults:
        raise CourseError(f"{len(faults)} faults in the notebooks", where=folder)
    print(f"{len(sources)} sources keep the rules, and both versions of each are what they make.")


def run(
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    *,
    profile: str | None = None,
    version: Literal["both", "learner", "solutions"] = "both",
    parameter: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = (),
    out: Path = Path("build/course"),
    jobs: int = JOBS,
    folder: Path = Path("notebooks"),
) -> None:
    """Run notebooks from top to bottom and leave them, as notebooks and pages, beside an index page.

    Args:
        names: Which notebooks ("01", "audio_features"); all if none is named.
        profile: How much work to do: fast, class or full. By default what LIPCOURSE_PROFILE names, else fast.
        version: The learner's notebooks, those with solutions, or both.
        parameter: A further parameter of the notebooks, NAME=VALUE; may be given several times.
        out: Where everything goes.
        jobs: How many notebooks run at once.
        folder: The course: its sources are in FOLDER/source.

    Raises:
        OptionError: A notebook, profile or parameter that does not exist.
        CorpusError: There are no clips to run on.
        CourseError: A notebook did not do what it promises.
    """
    from lipcourse.corpora.registry import open_corpus
    from lipcourse.course import runner
    from lipcourse.course.builder import VERSIONS

    runner.run(
        folder,
        out,
        choose_profile(profile or os.environ.get("LIPCOURSE_PROFILE") or "fast"),
        names=names,
        versions=[name for name in VERSIONS if version in ("both", name)],
        parameters=parse_parameters(parameter),
        jobs=jobs,
        corpus=open_corpus().name,
    )
    print(f"Look at {out / 'index.html'}")


def parse_parameters(given: tuple[str, ...]) -> dict[str, object]:
    """Read NAME=VALUE pairs; a value is a number, true, false, a list or text, as in YAML.

    Raises:
        OptionError: There is no `=`, or the value is not YAML.
    """
    import yaml

    parameters: dict[str, object] = {}
    for pair in given:
        name, separator, value = pair.partition("=")
        if not separator or not name.isidentifier():
            raise OptionError(f"{pair!r} is no parameter", remedy="write --parameter NAME=VALUE")
        try:
            parameters[name] = yaml.safe_load(value)
        except yaml.YAMLError as fault:
            raise OptionError(f"{value!r} is no value", where=f"--parameter {name}") from fault
    return parameters
