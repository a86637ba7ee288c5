"""Download a large file over an unsteady line: go on where it broke, wait when told to, say why it failed.

pooch downloads a file whole or not at all: its HTTPDownloader opens the file anew and asks for no range. A
corpus takes hours, so what is there must count; this module is the part that pooch lacks.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import urllib3

from lipcourse import __version__
from lipcourse.errors import CorpusError

# A server may refuse clients without a name.
HEADERS = {"User-Agent": f"lipcourse/{__version__}", "Accept-Encoding": "identity"}
CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 60
MOST_FAILURES = 5
"""How often in a row the server may fail without a byte gained."""

LONGEST_WAIT_SECONDS = 600
BUSY = frozenset({429, 500, 502, 503, 504})
RANGE_NOT_SATISFIABLE = 416
PARTIAL_CONTENT = 206

REASONS = {
    401: ("the server asks for a name and a password (401)", "apply for access"),
    403: ("the server refuses it (403)", "look whether the terms of the corpus have changed"),
    404: ("there is no such file on the server (404)", "look whether the corpus has moved"),
    429: ("the server is asked too often (429)", "run it again in an hour: what is there is kept"),
}
KEPT = "run it again: what is there is kept"

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do, in bytes."""


def no_progress(_done: int, _total: int) -> None:
    """Show nothing."""


def ask(
    address: str,
    *,
    start: int = 0,
    wait: Callable[[float], None] = time.sleep,
    tell: Callable[[str], None] = print,
) -> requests.Response:
    """Ask a server for what lies at an address, again where it is busy or cannot be reached.

    Taught in notebook 05.

    Args:
        address: Of the file.
        start: The first byte wanted. A server that cannot do that sends the whole file.
        wait: Waits for so many seconds.
        tell: Is told why it waits.

    Returns:
        The server's answer, its body not yet read. Its status is 416 where `start` is behind the file's end.

    Raises:
        CorpusError: The server has no such file, refuses it, asks to wait for long, or fails again and again.
    """
    headers = HEADERS | ({"Range": f"bytes={start}-"} if start else {})
    told = ("the server was not asked", KEPT)
    for failures in range(MOST_FAILURES):
        seconds = 2.0**failures
        try:
            response = requests.get(address, headers=headers, stream=True, timeout=TIMEOUT_SECONDS)
        except (requests.ConnectionError, requests.Timeout) as error:
            told = (f"the server cannot be reached ({_root(error)})", f"look at the network, then {KEPT}")
        except requests.RequestException as error:
            raise CorpusError(f"the address cannot be used ({_root(error)})", where=address) from error
        else:
            status = response.status_code
            if response.ok or status == RANGE_NOT_SATISFIABLE:
                return response
            response.close()
            told = REASONS.get(status, (f"the server fails ({status} {response.reason})", KEPT))
            if status not in BUSY:
                break
            seconds = max(_retry_after(response), seconds)
        if seconds > LONGEST_WAIT_SECONDS:
            raise CorpusError(
                f"the server asks to wait {seconds / 60:.0f} minutes",
                where=address,
                remedy="run it again then: what is there is kept",
            )
        if failures < MOST_FAILURES - 1:
            tell(f"{told[0]}: trying again in {seconds:.0f} s")
            wait(seconds)
    raise CorpusError(told[0], where=address, remedy=told[1])


def download(
    address: str,
    path: Path,
    *,
    size: int,
    progress: Progress = no_progress,
    wait: Callable[[float], None] = time.sleep,
    tell: Callable[[str], None] = print,
) -> None:
    """Download a file, going on from what is there of it.

    Taught in notebook 05.

    Args:
        address: Of the file.
        path: Where it goes. What is there already counts as its beginning; who wants to be sure compares
            checksums afterwards.
        size: How many bytes it has.
        progress: Called with the bytes there and `size`.
        wait: Waits for so many seconds.
        tell: Is told why it waits.

    Raises:
        CorpusError: As in `ask`; or the connection breaks again and again, the file is longer than `size`, or
            it cannot be written. What is there is kept.
    """
    most = have = _length(path)
    failures = 0
    while have != size:
        if have > size:
            path.unlink()  # It cannot be the beginning of this file.
            have = 0
        response = ask(address, start=have, wait=wait, tell=tell)
        reason = "the file ends there"
        with response:
            if response.status_code == RANGE_NOT_SATISFIABLE:
                path.unlink()
            else:
                try:
                    _save(response, path, have, size, progress)
                except urllib3.exceptions.HTTPError as error:
                    reason = f"{_root(error)}"
        have = _length(path)
        failures = 0 if have > most else failures + 1
        most = max(most, have)
        if have != size and failures == MOST_FAILURES:
            raise CorpusError(
                f"the connection broke {failures} times at {have} of {size} bytes ({reason})",
                where=address,
                remedy=KEPT,
            )
        if have != size:
            tell(f"the connection broke at {have} of {size} bytes: going on from there")
            wait(2.0**failures)


def _save(response: requests.Response, path: Path, have: int, size: int, progress: Progress) -> None:
    """Append to a file what the server sends, or write it anew where the server begins at the beginning."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    goes_on = response.status_code == PARTIAL_CONTENT and first == str(have)
    with path.open("ab" if goes_on else "wb", buffering=0) as file:
        done = have if goes_on else 0
        # read1 gives what has come. iter_content waits for a full chunk, and loses it where the line breaks.
        while chunk := response.raw.read1(CHUNK_BYTES):
            done += len(chunk)
            if done > size:
                raise CorpusError(
                    f"the server sends more than the {size} bytes announced", where=response.url, remedy=KEPT
                )
            _write(file, chunk, path)
            progress(done, size)


def _write(file: io.FileIO, data: bytes, path: Path) -> None:
    # An unbuffered file takes as much as it can; the rest fails here, not when it is closed.
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise CorpusError(
            f"it cannot be written ({error.strerror})", where=path, remedy=f"make room, then {KEPT}"
        ) from error


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _retry_after(response: requests.Response) -> float:
    """How long the server asks to wait, in seconds: it says so as a number or as a date; else 0."""
    asked = response.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)
    try:
        return (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def _root(error: BaseException) -> BaseException:
    """Find what was behind an error: "Connection refused" rather than five lines of nested reasons."""
    while error.__context__ is not None:
        error = error.__context__
    return error
