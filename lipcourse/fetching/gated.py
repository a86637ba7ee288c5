"""Corpora that nobody may pass on: check, unpack and list what the user got from their owners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated

import tyro

from lipcourse.corpora.base import FileCorpus
from lipcourse.errors import CorpusError, OptionError
from lipcourse.fetching.index import write_index
from lipcourse.fetching.joined import join_parts
from lipcourse.fetching.ledger import note, unpacked_files
from lipcourse.fetching.script import CommonOptions, alone_in, say, shown
from lipcourse.fetching.selection import Selection
from lipcourse.fetching.sums import read_sums, verify
from lipcourse.fetching.unpack import ensure_room, gigabytes, unpack


@dataclass(frozen=True)
class GatedCorpus:
    """A corpus that must be applied for.

    Attributes:
        apply: Where to apply for it, as a clause.
        archives: How the names of its archives look, as in a shell.
        talker_of: Says whose a file in an archive is, or None.
        reader: Reads the corpus when it is unpacked.
        group_of: Says what a limit counts apart in place of talkers.
        in_folders: Its archives are told apart by the folders they lie in and by their names, and are
            unpacked into folders of those names.
    """

    apply: str
    archives: tuple[str, ...]
    talker_of: Callable[[PurePosixPath], str | None]
    reader: Callable[[Path], FileCorpus]
    group_of: Callable[[PurePosixPath], str | None] | None = None
    in_folders: bool = False


@dataclass(frozen=True)
class GatedOptions(CommonOptions):
    """What a script for a corpus that must be applied for can be asked.

    Attributes:
        archives: The folder of the archives that you got, searched with all folders in it. Without it, what
            lies unpacked in the folder `out` is checked and listed.
        checksums: A list of the archives' checksums, as md5sum or sha256sum write it; they are verified
            before anything is unpacked.
        delete_archives: Delete each archive when all of it is unpacked. Without this they are kept.
    """

    archives: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    checksums: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    delete_archives: bool = False


def install(corpus: GatedCorpus, options: GatedOptions) -> None:
    """Verify, unpack and list a corpus whose archives the user has put in a folder.

    An archive that is unpacked is not unpacked again. The disk needs room for the archives and their content:
    twice the corpus.

    Taught in notebook 05.

    Raises:
        CorpusError: There is no archive or no clip, or something is wrong with one.
        OptionError: No talker of a name asked for is there.
    """
    found = _archives(corpus, options.archives) if options.archives else {}
    if options.dry_run:
        for path, parts in found.items():
            say(
                f"{path.relative_to(options.archives or '')}: {len(parts)} file(s), {gigabytes(_size(parts))}"
            )
        say(f"nothing was done; unpacked, the archives need about as much again in {options.out}")
        return
    if not found and not options.out.is_dir():
        raise CorpusError("no such folder", where=options.out, remedy=corpus.apply)
    sums = read_sums(options.checksums) if options.checksums else {}
    with alone_in(options.out):
        talkers = {
            talker for path, parts in found.items() for talker in _install(corpus, path, parts, options, sums)
        }
        missing = [talker for talker in options.talkers if talker not in talkers]
        if found and missing:
            some = ", ".join(sorted(talkers)[:20])
            raise OptionError(f"there is no talker {', '.join(missing)}", remedy=f"choose from {some}, ...")
        for line in write_index(corpus.reader(options.out), options.out):
            say(line)


def _archives(corpus: GatedCorpus, folder: Path) -> dict[Path, list[Path]]:
    if not folder.is_dir():
        raise CorpusError("no such folder", where=folder, remedy=corpus.apply)
    files = {path for pattern in corpus.archives for path in folder.rglob(pattern) if path.is_file()}
    if not files:
        raise CorpusError(f"no {' or '.join(corpus.archives)} in it", where=folder, remedy=corpus.apply)
    return join_parts(files)


def _install(
    corpus: GatedCorpus, path: Path, parts: list[Path], options: GatedOptions, sums: dict[str, str]
) -> set[str]:
    """Verify and unpack one archive, unless that was done; return the talkers in it."""
    assert options.archives is not None
    name = path.relative_to(options.archives).as_posix()
    inside = PurePosixPath(name).with_suffix("") if corpus.in_folders else PurePosixPath()
    identity = " ".join(f"{part.name}:{part.stat().st_size}:{part.stat().st_mtime_ns}" for part in parts)
    selection = Selection(corpus.talker_of, options.talkers, options.limit, corpus.group_of)
    files = unpacked_files(options.out, name, identity, selection.text)
    if files is not None:
        say(f"{name}: was unpacked already")
        for file in files:
            selection(PurePosixPath(file))
        return selection.seen
    for part in parts:
        _verify(part, options.checksums, sums)
    if selection.text == "all":
        ensure_room(options.out, _size(parts))
    with shown(f"unpacking {name}") as progress:
        unpacked = unpack(
            parts, options.out / inside, wanted=lambda file: selection(inside / file), progress=progress
        )
    files = {str(inside / file): size for file, size in unpacked.items()}
    note(options.out, name, identity, selection.text, files)
    say(f"{name}: {len(files)} files, {gigabytes(sum(files.values()))}, are unpacked")
    if options.delete_archives and selection.text == "all":
        for part in parts:
            part.unlink()
        say(f"{name}: deleted")
    return selection.seen


def _verify(part: Path, path: Path | None, sums: dict[str, str]) -> None:
    if path is None:
        return
    if part.name not in sums:
        raise CorpusError("no checksum is given for it", where=part, remedy=f"add it to {path}")
    verify(part, sums[part.name])
    say(f"{part.name}: its checksum is right")


def _size(parts: list[Path]) -> int:
    return sum(part.stat().st_size for part in parts)
