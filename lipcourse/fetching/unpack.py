"""Unpack an archive whose names nobody vouches for: nothing outside the folder, nothing larger than it says.

Python's `extractall` believes the sizes that an archive gives and lets names that differ in case overwrite
each other, and it does not go on where a killed run stopped.
"""

from __future__ import annotations

import collections
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from gzip import BadGzipFile
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO, Literal, NamedTuple

from lipcourse.errors import CorpusError
from lipcourse.fetching.download import CHUNK_BYTES, Progress, no_progress
from lipcourse.fetching.joined import JoinedFile
from lipcourse.fetching.names import Names, safe_path
from lipcourse.whole import beside

MOST_GROWTH = 20
"""Video hardly shrinks in an archive: one that says it grows twenty times is a bomb."""

SMALL_BYTES = 10**9
"""What any archive may fill, however small it is."""

_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, BadGzipFile, EOFError, zlib.error, lzma.LZMAError,
    NotImplementedError,  # a way to compress that Python does not know
)  # fmt: skip


class DamagedArchiveError(CorpusError):
    """An archive is damaged or cut off."""


class Member(NamedTuple):
    """A file or folder in an archive, or something that should not be in one.

    Attributes:
        name: As the archive has it.
        kind: What it is; "other" are links, devices and pipes.
        size: In bytes, as the archive says.
        position: How many bytes of the archive lie before it.
        open: Opens it for reading.
        is_certain: Whether damage to it would be seen when it is read, not at the end of the archive only.
    """

    name: str
    kind: Literal["file", "folder", "other"]
    size: int
    position: int
    open: Callable[[], IO[bytes]]
    is_certain: bool = True


def everything(_path: PurePosixPath) -> bool:
    """Choose every file."""
    return True


def unpack(
    parts: Sequence[Path],
    folder: Path,
    *,
    wanted: Callable[[PurePosixPath], bool] = everything,
    progress: Progress = no_progress,
) -> dict[str, int]:
    """Unpack a zip or tar archive, compressed or not, into a folder.

    Files that are there with the right size are left as they are: each is written beside its place and
    renamed, so a run that was killed is gone on with. zip's checksums (CRC-32) are verified; tar has none of
    its files.

    Taught in notebook 05.

    Args:
        parts: The archive, or the files that make it one after another.
        folder: Where its files go; it is made where it is missing.
        wanted: Says of a path in the archive whether to unpack it. Names that are not wanted are checked too.
        progress: Called with the bytes of the archive read and all its bytes.

    Returns:
        The files that are there now, with their sizes in bytes, by their paths in `folder`.

    Raises:
        CorpusError: It is no archive, it is damaged or encrypted; a name in it could lead out of the folder
            or is there twice; it holds a link or a device; it holds more than it says, or more than it can be
            believed to; the disk is too small. What was unpacked before is kept, unless damage to an archive
            that is compressed as a whole leaves it in doubt.
    """
    total = sum(part.stat().st_size for part in parts)
    most = max(SMALL_BYTES, MOST_GROWTH * total)
    folder.mkdir(parents=True, exist_ok=True)
    names = Names(parts[0])
    unpacked: dict[str, int] = {}
    doubtful: list[Path] = []
    filled = 0
    with closing(_members(parts)) as members, _removed_if_damaged(doubtful):
        for member in members:
            if member.kind == "folder" and member.name in (".", "./"):
                continue
            path = safe_path(member.name, parts[0])
            if member.kind == "folder":
                continue
            if member.kind == "other":
                raise CorpusError(
                    f"{member.name!r} in it is a link or a device",
                    where=parts[0],
                    remedy="nothing was written there; do not trust this archive",
                )
            names.add(path)
            if not wanted(path):
                continue
            filled += member.size
            if filled > most:
                raise CorpusError(
                    f"it says it grows from {gigabytes(total)} to more than {gigabytes(most)}",
                    where=parts[0],
                    remedy="do not trust this archive",
                )
            if not member.is_certain:
                doubtful.append(folder / path)
            _place(member, folder / path, folder, parts[0])
            unpacked[str(path)] = member.size
            progress(min(member.position, total), total)
    progress(total, total)
    return unpacked


@contextmanager
def _removed_if_damaged(files: list[Path]) -> Generator[None, None, None]:
    try:
        yield
    except DamagedArchiveError:
        for file in files:
            file.unlink(missing_ok=True)
        raise


def ensure_room(folder: Path, needed: int) -> None:
    """See that a disk has room for so many bytes.

    Raises:
        CorpusError: It has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CorpusError(
            f"{gigabytes(needed)} are needed and {gigabytes(free)} are free",
            where=folder,
            remedy="make room, or choose another folder; what is there is kept",
        )


def gigabytes(count: int) -> str:
    """Write a number of bytes for people: "1.3 GB", "0.2 MB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _place(member: Member, target: Path, folder: Path, archive: Path) -> None:
    """Write one file, unless it is there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(folder.resolve()) or target.is_symlink():
            raise CorpusError(
                "a link there leads out of the folder",
                where=target,
                remedy="remove it, or choose another folder",
            )
        if target.is_file() and target.stat().st_size == member.size:
            return
        ensure_room(folder, member.size)
        with beside(target) as unfinished, unfinished.open("wb") as file:
            _copy(member, file, archive)
    except _DAMAGED as error:
        raise _damaged(archive, member.name, error) from error
    except OSError as error:
        raise CorpusError(
            f"cannot be written ({error.strerror})",
            where=target,
            remedy="make room, or choose another folder; what is there is kept",
        ) from error


def _copy(member: Member, file: IO[bytes], archive: Path) -> None:
    left = member.size
    with member.open() as source:
        # One byte more than is due is asked for: it must not come.
        while chunk := source.read(min(CHUNK_BYTES, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            file.write(chunk)
    if left:
        raise CorpusError(
            f"{member.name!r} in it has not the {member.size} bytes that it says",
            where=archive,
            remedy="get the archive again",
        )


def _members(parts: Sequence[Path]) -> Generator[Member, None, None]:
    """Go through an archive, whichever kind it is."""
    try:
        with BufferedReader(JoinedFile(parts), CHUNK_BYTES) as file:
            if tarfile.is_tarfile(file):
                yield from _tar_members(file)
            elif zipfile.is_zipfile(file):
                yield from _zip_members(file, parts[0])
            else:
                raise CorpusError(
                    "it is neither a zip nor a tar archive", where=parts[0], remedy="get it again"
                )
    except _DAMAGED as error:
        raise _damaged(parts[0], "", error) from error
    except OSError as error:
        raise CorpusError(f"it cannot be read ({error})", where=parts[0]) from error


def _zip_members(file: IO[bytes], archive: Path) -> Generator[Member, None, None]:
    with zipfile.ZipFile(file) as opened:
        position = 0
        for info in opened.infolist():
            if info.flag_bits & 0x1:
                raise CorpusError(
                    "it is encrypted", where=archive, remedy="unpack it with its password yourself"
                )
            mode = stat.S_IFMT(info.external_attr >> 16)
            kind: Literal["file", "folder", "other"]
            kind = "folder" if info.is_dir() else "file" if mode in (0, stat.S_IFREG) else "other"
            # zipfile itself cuts names at a null byte and turns other separators into "/".
            yield Member(info.orig_filename, kind, info.file_size, position, partial(opened.open, info))
            position += info.compress_size


def _tar_members(file: IO[bytes]) -> Generator[Member, None, None]:
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:*") as opened:
        while (info := opened.next()) is not None:
            opened.members.clear()  # type: ignore[attr-defined]  # It would keep all of a million.
            kind: Literal["file", "folder", "other"]
            kind = "folder" if info.isdir() else "file" if info.isreg() else "other"
            content = partial(_extracted, opened, info)
            yield Member(info.name, kind, info.size, file.tell(), content, is_certain=opened.fileobj is file)
        if opened.fileobj is file:
            # tar has no checksum of a file, and tarfile takes a damaged header for the end.
            file.seek(opened.offset)
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("it does not end as a tar archive does")
        else:
            # The checksum of what was compressed comes at its end.
            collections.deque(iter(partial(opened.fileobj.read, CHUNK_BYTES), b""), maxlen=0)


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:  # only of what is no file
        raise tarfile.ReadError(f"{info.name} has no content")
    return file


def _damaged(archive: Path, name: str, error: BaseException) -> DamagedArchiveError:
    place = f"{archive} at {name}" if name else archive
    return DamagedArchiveError(
        f"the archive is damaged or cut off ({error})", where=place, remedy="get it again"
    )
