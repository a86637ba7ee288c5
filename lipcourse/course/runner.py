"""Running the course: every notebook asked for, in both versions, under one progress line."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from lipcourse.course.builder import VERSIONS, Version, notebook_path
from lipcourse.course.execution import Outcome, execute
from lipcourse.course.export import write_html
from lipcourse.course.index import write_index
from lipcourse.course.source import Source, read_sources
from lipcourse.errors import CourseError, OptionError
from lipcourse.profiles import Profile


def run(
    folder: Path,
    out: Path,
    profile: Profile,
    *,
    names: Sequence[str] = (),
    versions: Sequence[Version] = VERSIONS,
    parameters: Mapping[str, Any] | None = None,
    jobs: int = 1,
    corpus: str = "",
    console: Console | None = None,
) -> list[Outcome]:
    """Run notebooks, write each as a notebook and as a page, and an index page.

    Args:
        folder: The course, with its sources in `folder/source`.
        out: Where everything goes: executed notebooks, pages, `index.html`. Nothing is written in `folder`.
        profile: How much work to do.
        names: Which notebooks: "01", "01_audio_features" or "audio_features"; all if empty.
        versions: The learner's, the one with solutions, or both.
        parameters: Further parameters for every notebook.
        jobs: How many notebooks run at once.
        corpus: What the clips are from, for the index page.
        console: Where the progress is shown.

    Returns:
        What became of each notebook. All are run, whatever becomes of the first.

    Raises:
        OptionError: A name or a parameter that no notebook knows.
        CourseError: A notebook did not do what it promises, or `out` cannot be written.
    """
    sources = choose(read_sources(folder), names)
    values = {"profile": profile.name, **(parameters or {})}
    check_parameters(sources, values)
    try:
        out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out).close()
    except OSError as fault:
        raise CourseError(
            f"cannot write there: {fault.strerror}", where=out, remedy="choose another --out"
        ) from fault
    console = console or Console()
    tasks = [(source, version) for version in versions for source in sources]
    threads = max(1, (os.cpu_count() or 1) // max(1, min(jobs, len(tasks))))
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
        TextColumn("· left"),
        TimeRemainingColumn(),
        console=console,
    ) as progress:
        cells = sum(_code_cells(source) for source, _ in tasks)
        line = progress.add_task(f"Running {len(tasks)} notebooks", total=cells)

        def run_one(task: tuple[Source, Version]) -> Outcome:
            source, version = task
            path = notebook_path(out, source.name, version)
            outcome, executed = execute(
                source,
                version,
                path,
                values,
                cell_seconds=profile.cell_seconds,
                threads=threads,
                tick=lambda: progress.advance(line),
            )
            try:
                write_html(executed, path.with_suffix(".html"))
            except CourseError as unwritten:
                outcome.faults.append(str(unwritten))
            sign = "[red]✗[/]" if outcome.faults else "[green]✓[/]"
            progress.console.print(
                f"{sign} {source.name} ({version}) {outcome.seconds:.1f} s", highlight=False
            )
            for fault in outcome.faults:
                progress.console.print(f"    {fault}", markup=False, highlight=False, soft_wrap=True)
            return outcome

        with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
            outcomes = list(pool.map(run_one, tasks))
        progress.update(line, completed=cells)
    index = write_index(outcomes, out / "index.html", profile=profile, corpus=corpus)
    failed = [outcome for outcome in outcomes if outcome.faults]
    if failed:
        told = "; ".join(f"{o.source.name} ({o.version}): {o.faults[0]}" for o in failed)
        raise CourseError(
            f"{len(failed)} of {len(outcomes)} notebooks did not do what they promise: {told}",
            remedy=f"see {index}",
        )
    return outcomes


def choose(sources: Sequence[Source], names: Sequence[str]) -> list[Source]:
    """The sources that are asked for, in the order of the course.

    Raises:
        OptionError: A name that is none of theirs.
    """
    for name in names:
        if not any(_called(source, name) for source in sources):
            known = ", ".join(source.name for source in sources)
            raise OptionError(f"there is no notebook {name!r}", remedy=f"choose from {known}")
    return [source for source in sources if not names or any(_called(source, name) for name in names)]


def check_parameters(sources: Sequence[Source], values: Mapping[str, Any]) -> None:
    """Refuse a parameter that one of the notebooks does not have: papermill would only warn.

    Raises:
        OptionError: There is one.
    """
    for source in sources:
        known = source.parameters()
        for name in values:
            if name not in known:
                raise OptionError(
                    f"the notebook has no parameter {name!r}",
                    where=source.name,
                    remedy=f"it has {', '.join(known) or 'none'}",
                )


def _called(source: Source, name: str) -> bool:
    stem = Path(name).stem
    return stem == source.name or stem in source.name.split("_", 1)


def _code_cells(source: Source) -> int:
    # papermill adds a cell with the parameters, and we one that moves the widgets.
    return sum(cell.kind == "code" for cell in source.cells) + 2
