"""Files over an unsteady line: gone on with, not begun anew; every failure is told in one line."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from fake_zenodo import RECORD, FakeZenodo, Mood
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lipcourse.errors import CorpusError
from lipcourse.fetching.download import CHUNK_BYTES, LONGEST_WAIT_SECONDS, MOST_FAILURES, download

DATA = bytes(range(256)) * 40


class Run:
    """Downloads `film` and keeps what was told, waited and shown on the way."""

    def __init__(self, zenodo: FakeZenodo, path: Path, data: bytes = DATA) -> None:
        self.zenodo, self.path, self.data = zenodo, path, data
        self.told: list[str] = []
        self.waited: list[float] = []
        self.shown: list[tuple[int, int]] = []
        zenodo.files["film"] = data

    def __call__(self, size: int | None = None) -> None:
        download(
            f"{self.zenodo.address}/records/{RECORD}/files/film",
            self.path,
            size=len(self.data) if size is None else size,
            progress=lambda done, total: self.shown.append((done, total)),
            wait=self.waited.append,
            tell=self.told.append,
        )

    @property
    def ranges(self) -> list[str | None]:
        return self.zenodo.asked_for("film")


@pytest.fixture
def run(zenodo: FakeZenodo, tmp_path: Path) -> Run:
    return Run(zenodo, tmp_path / "film.part")


def one_line(error: pytest.ExceptionInfo[CorpusError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_comes_whole_and_is_not_asked_for_twice(run: Run) -> None:
    run()
    assert run.path.read_bytes() == DATA
    assert run.shown[-1] == (len(DATA), len(DATA))
    run()
    assert run.ranges == [None]


def test_what_is_there_is_not_downloaded_again(run: Run) -> None:
    run.path.write_bytes(DATA[:4000])
    run()
    assert run.path.read_bytes() == DATA
    assert run.ranges == ["bytes=4000-"]


def test_a_broken_connection_is_gone_on_from(run: Run) -> None:
    run.zenodo.moods["film"] = [Mood(breaks_after=3000), Mood(breaks_after=2000)]
    run()
    assert run.path.read_bytes() == DATA
    assert run.ranges == [None, "bytes=3000-", "bytes=5000-"]
    assert run.told == [
        f"the connection broke at {there} of {len(DATA)} bytes: going on from there" for there in (3000, 5000)
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(breaks=st.lists(st.integers(1, 4000), max_size=4), there=st.integers(0, 12_000), ranges=st.booleans())
def test_wherever_it_breaks_the_file_is_right(run: Run, breaks: list[int], there: int, ranges: bool) -> None:
    run.path.write_bytes((DATA + b"more")[:there])
    run.zenodo.moods["film"] = [Mood(breaks_after=after) for after in breaks]
    run.zenodo.ranges = ranges
    run()
    run.zenodo.moods["film"].clear()
    assert run.path.read_bytes() == DATA


def test_a_server_without_ranges_begins_anew(run: Run) -> None:
    run.zenodo.ranges = False
    run.path.write_bytes(b"x" * 4000)
    run()
    assert run.path.read_bytes() == DATA


def test_a_part_longer_than_the_file_is_no_part_of_it(run: Run) -> None:
    run.path.write_bytes(DATA + b"x")
    run()
    assert run.path.read_bytes() == DATA


def test_a_line_that_breaks_at_once_again_and_again(run: Run) -> None:
    run.zenodo.moods["film"] = [Mood(breaks_after=1000), *[Mood(breaks_after=0)] * MOST_FAILURES]
    with pytest.raises(CorpusError, match="broke 5 times at 1000 of 10240 bytes") as error:
        run()
    assert "run it again: what is there is kept" in one_line(error)
    assert run.path.read_bytes() == DATA[:1000]
    run()
    assert run.path.read_bytes() == DATA


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_shorter_than_announced_is_not_waited_for_forever(run: Run, ranges: bool) -> None:
    run.zenodo.ranges = ranges
    with pytest.raises(CorpusError, match="of 10250 bytes"):
        run(len(DATA) + 10)


def test_a_file_longer_than_announced_is_stopped(zenodo: FakeZenodo, tmp_path: Path) -> None:
    run = Run(zenodo, tmp_path / "film.part", bytes(4 * CHUNK_BYTES))
    with pytest.raises(CorpusError, match="more than the 100 bytes announced"):
        run(100)
    assert run.path.stat().st_size <= 100


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "no such file"), (403, "refuses"), (401, "a name and a password"), (410, "fails")],
)
def test_what_will_not_change_is_told_at_once(run: Run, status: int, words: str) -> None:
    run.zenodo.moods["film"] = [Mood(status)]
    with pytest.raises(CorpusError, match=words) as error:
        run()
    assert str(status) in one_line(error)
    assert "/files/film" in one_line(error)
    assert len(run.ranges) == 1
    assert not run.waited


def test_a_busy_server_is_waited_for_as_long_as_it_says(run: Run) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    run.zenodo.moods["film"] = [
        Mood(429, {"Retry-After": "7"}),
        Mood(429, {"Retry-After": then}),
        Mood(503),
        Mood(429, {"Retry-After": "?"}),
    ]
    run()
    assert run.path.read_bytes() == DATA
    assert run.waited[0] == 7
    assert 80 < run.waited[1] <= 100
    assert run.waited[2:] == [4, 8]
    assert run.told[0] == "the server is asked too often (429): trying again in 7 s"


def test_a_server_that_stays_busy(run: Run) -> None:
    run.path.write_bytes(DATA[:10])
    run.zenodo.moods["film"] = [Mood(429)] * MOST_FAILURES
    with pytest.raises(CorpusError, match="asked too often") as error:
        run()
    assert "what is there is kept" in one_line(error)
    assert run.path.read_bytes() == DATA[:10]
    assert len(run.waited) == MOST_FAILURES - 1


def test_nobody_waits_for_hours(run: Run) -> None:
    run.zenodo.moods["film"] = [Mood(429, {"Retry-After": str(LONGEST_WAIT_SECONDS + 1200)})]
    with pytest.raises(CorpusError, match="asks to wait 30 minutes"):
        run()
    assert not run.waited


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    waited: list[float] = []
    with pytest.raises(CorpusError, match="cannot be reached") as error:
        download(
            f"http://127.0.0.1:{port}/x", tmp_path / "x", size=1, wait=waited.append, tell=lambda text: None
        )
    assert "Connection refused" in one_line(error)
    assert waited == [1, 2, 4, 8]


def test_an_address_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="the address cannot be used"):
        download("nowhere", tmp_path / "x", size=1)


def test_a_full_disk(run: Run) -> None:
    run.path.symlink_to("/dev/full")  # every write there fails as on a full disk
    with pytest.raises(CorpusError, match="No space left on device") as error:
        run()
    assert "make room" in one_line(error)
