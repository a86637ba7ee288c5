"""What a Zenodo record holds: its files, how large they are, and their checksums, asked for when needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pooch
import requests
from pooch.downloaders import ZenodoRepository
from pooch.hashes import hash_algorithm

from lipcourse.errors import CorpusError
from lipcourse.fetching.download import KEPT, Progress, ask, download, no_progress
from lipcourse.fetching.names import safe_path

ZENODO = "https://zenodo.org"


class RemoteFile(NamedTuple):
    """A file that can be downloaded.

    Attributes:
        name: Its name, without folders.
        size: In bytes.
        checksum: As pooch writes it: "md5:5eb63b...".
        address: Where it can be downloaded from.
    """

    name: str
    size: int
    checksum: str
    address: str


class _Record(ZenodoRepository):  # type: ignore[misc]
    """A record as pooch reads it, from any server that behaves like Zenodo, with its refusals told."""

    def __init__(
        self, doi: str, server: str, wait: Callable[[float], None], tell: Callable[[str], None]
    ) -> None:
        super().__init__(doi, archive_url=f"{server}/records/{doi.rpartition('.')[2]}")
        self.base_api_url = f"{server}/api/records"
        self._wait, self._tell = wait, tell

    @cached_property
    def api_response(self) -> Any:
        """What the server's interface says of the record; pooch would take its "429" for the record."""
        address = f"{self.base_api_url}/{self.archive_url.rpartition('/')[2]}"
        with ask(address, wait=self._wait, tell=self._tell) as response:
            try:
                return response.json()
            except requests.RequestException as error:
                raise CorpusError("the server's answer is no record", where=address, remedy=KEPT) from error


def read_record(
    doi: str,
    *,
    server: str = ZENODO,
    wait: Callable[[float], None] = time.sleep,
    tell: Callable[[str], None] = print,
) -> dict[str, RemoteFile]:
    """Ask Zenodo for the files of a record, with pooch.

    Taught in notebook 05.

    Args:
        doi: Of the record: "10.5281/zenodo.3625687".
        server: Zenodo, or one that behaves like it.
        wait: Waits for so many seconds.
        tell: Is told why it waits.

    Returns:
        The files by their names.

    Raises:
        CorpusError: There is no such record, it cannot be reached, or a name in it is no file name.
    """
    record = _Record(doi, server.rstrip("/"), wait, tell)
    known = pooch.create(path=Path(), base_url=f"doi:{doi}/")
    files = {}
    try:
        record.populate_registry(known)
        sizes = {
            entry.get("key") or entry["filename"]: int(entry["size"])
            for entry in record.api_response["files"]
        }
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(
            "the server's answer is no record", where=record.archive_url, remedy="look at it in a browser"
        ) from error
    for name, checksum in known.registry.items():
        if len(safe_path(name, record.archive_url).parts) > 1:
            raise CorpusError(f"{name!r} is no file name", where=record.archive_url)
        # Not the address that the interface gives, /api/.../content: it serves no ranges (zenodo issue 2593).
        address = f"{record.archive_url}/files/{quote(name)}?download=1"
        files[name] = RemoteFile(name, sizes[name], checksum, address)
    return files


def fetch(
    file: RemoteFile,
    folder: Path,
    *,
    progress: Progress = no_progress,
    wait: Callable[[float], None] = time.sleep,
    tell: Callable[[str], None] = print,
) -> Path:
    """Download a file into a folder and verify it; one that is there and right is left as it is.

    Taught in notebook 05.

    Returns:
        Where it is.

    Raises:
        CorpusError: It cannot be downloaded (what is there of it is kept), or it is not what its checksum
            says (it is deleted).
    """
    path = folder / file.name
    if path.is_file() and matches(path, file.checksum):
        return path
    part = folder / f"{file.name}.part"
    download(file.address, part, size=file.size, progress=progress, wait=wait, tell=tell)
    if not matches(part, file.checksum):
        part.unlink()
        raise CorpusError(
            f"what came is not what the record's checksum says ({file.checksum})",
            where=file.address,
            remedy="it was deleted; run it again",
        )
    return part.replace(path)


def matches(path: Path, checksum: str) -> bool:
    """Compare a file with its checksum, such as "md5:5eb63b..."; one without "md5:" is SHA-256 (pooch)."""
    algorithm = hash_algorithm(checksum)
    return bool(pooch.file_hash(path, alg=algorithm) == checksum.rpartition(":")[2].lower())
