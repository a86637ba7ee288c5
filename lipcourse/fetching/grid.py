"""GRID from Zenodo: archive by archive, each deleted when it is unpacked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lipcourse.corpora.base import in_order
from lipcourse.corpora.grid import SUFFIXES, GridCorpus
from lipcourse.errors import OptionError
from lipcourse.fetching.index import write_index
from lipcourse.fetching.ledger import note, unpacked_files
from lipcourse.fetching.script import CommonOptions, alone_in, say, shown
from lipcourse.fetching.selection import Selection
from lipcourse.fetching.unpack import ensure_room, gigabytes, unpack
from lipcourse.fetching.zenodo import ZENODO, RemoteFile, fetch, read_record

DOI = "10.5281/zenodo.3625687"

ALIGNMENTS = "alignments.zip"
"""When each word is said. About half of its folders bear a wrong talker's number, so `GridCorpus` finds a
clip's file by its name alone, and all of it is needed whichever talkers are."""


@dataclass(frozen=True)
class GridOptions(CommonOptions):
    """What the script for GRID can be asked.

    Attributes:
        server: Where Zenodo is; another server must behave like it.
    """

    server: str = ZENODO


def talker_of(path: PurePosixPath) -> str | None:
    """Say whose clip a file of GRID is: s1 for `s1/bbaf2n.mpg`, None for what is no video."""
    return path.parts[0] if path.suffix in SUFFIXES else None


def install(options: GridOptions) -> None:
    """Download, verify, unpack and list GRID.

    Taught in notebook 05.

    Raises:
        CorpusError: A file cannot be downloaded or unpacked, or is not what its checksum says.
        OptionError: There is no archive of a talker asked for.
    """
    archives = choose(read_record(DOI, server=options.server, tell=say), options.talkers)
    largest, total = max(file.size for file in archives), sum(file.size for file in archives)
    if options.dry_run:
        for file in archives:
            say(f"{file.name}: {gigabytes(file.size)}, {file.checksum}")
        say(
            f"nothing was done; {gigabytes(total)} would be downloaded, and {gigabytes(total + largest)} used"
        )
        return
    with alone_in(options.out):
        for file in archives:
            _install(file, options.out, options.limit)
        for line in write_index(GridCorpus(options.out), options.out):
            say(line)


def choose(files: dict[str, RemoteFile], talkers: tuple[str, ...] = ()) -> list[RemoteFile]:
    """Choose the archives of some talkers, or of all, and the times of words.

    The record also has the sound alone (`audio_25k.zip`), which the videos have too.

    Raises:
        OptionError: There is no archive of a talker.
    """
    there = sorted(
        (name.removesuffix(".zip") for name in files if re.fullmatch(r"s\d+\.zip", name)), key=in_order
    )
    missing = [talker for talker in talkers if talker not in there]
    if missing:
        raise OptionError(
            f"there is no talker {', '.join(missing)}", remedy=f"choose from {', '.join(there)}"
        )
    names = [f"{talker}.zip" for talker in there if talker in talkers or not talkers]
    return [files[name] for name in (ALIGNMENTS, *names) if name in files]


def _install(file: RemoteFile, folder: Path, limit: int | None) -> None:
    """Download, verify and unpack one archive and delete it, unless that was done."""
    selection = Selection(talker_of, limit=limit)
    if unpacked_files(folder, file.name, file.checksum, selection.text) is not None:
        say(f"{file.name}: was unpacked already")
        return
    part = folder / f"{file.name}.part"
    ensure_room(folder, 2 * file.size - (part.stat().st_size if part.is_file() else 0))
    with shown(f"downloading {file.name}") as progress:
        path = fetch(file, folder, progress=progress, tell=say)
    with shown(f"unpacking {file.name}") as progress:
        files = unpack([path], folder, wanted=selection, progress=progress)
    note(folder, file.name, file.checksum, selection.text, files)
    path.unlink()
    say(f"{file.name}: {len(files)} files, {gigabytes(sum(files.values()))}; the archive was deleted")
