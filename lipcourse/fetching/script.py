"""What the scripts of data_scripts/ share: their options, their progress, how they fail in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import tyro
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from lipcourse.errors import CorpusError, LipcourseError, OptionError
from lipcourse.fetching import download

Options = TypeVar("Options")


@dataclass(frozen=True)
class CommonOptions:
    """What every script can be asked.

    Attributes:
        out: The folder that the corpus goes into; it is made where it is missing.
        talkers: Take only these talkers; all by default.
        limit: Take so many clips of each talker at most; all by default.
        dry_run: Only say what would be done.
    """

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    talkers: Annotated[tuple[str, ...], tyro.conf.arg(metavar="TALKER [TALKER ...]")] = ()
    limit: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise OptionError(f"{self.limit} clips cannot be taken", remedy="choose a limit of 1 or more")


def main(
    options: type[Options],
    run: Callable[[Options], None],
    description: str,
    argv: Sequence[str] | None = None,
) -> int:
    """Read the options of a script and run it.

    Args:
        options: Its options, a dataclass.
        run: What it does with them.
        description: Its help.
        argv: The words after the script's name; by default those of this process.

    Returns:
        Its exit status: 0, or 1 where it could not do its work, 2 where its options are wrong, 130 after
        Ctrl-C.
    """
    errors = Console(stderr=True)
    try:
        run(tyro.cli(options, description=description, args=argv, config=(tyro.conf.FlagCreatePairsOff,)))
    except LipcourseError as error:
        errors.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        return error.exit_status
    except KeyboardInterrupt:
        errors.print("interrupted: run it again to go on from here", style="red")
        return 130
    return 0


def say(text: str) -> None:
    """Tell the user something, in one line."""
    print(text, flush=True)


@contextmanager
def shown(label: str) -> Iterator[download.Progress]:
    """Show the progress of something in bytes, where there is a terminal."""
    words = TextColumn("{task.description}")
    columns = (words, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """See that no other run writes into the folder, which is made where it is missing.

    Raises:
        CorpusError: One does, or the folder cannot be made.
    """
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise CorpusError("another run is writing into it", where=folder, remedy="wait for it") from error
    except OSError as error:
        raise CorpusError(
            f"cannot be used ({error.strerror})", where=folder, remedy="choose another"
        ) from error
    try:
        yield
    finally:
        lock.release()


def main_of(options: type[Options], run: Callable[[Options], None], description: str | None) -> None:
    """Run a script and end the process with its exit status."""
    sys.exit(main(options, run, description or ""))
