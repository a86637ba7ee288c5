"""What a Zenodo record says of its files, and files that are what it says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fake_zenodo import RECORD, FakeZenodo, Mood

from lipcourse.errors import CorpusError
from lipcourse.fetching.sums import read_sums, verify
from lipcourse.fetching.zenodo import RemoteFile, fetch, read_record

DOI = f"10.5281/zenodo.{RECORD}"


def read(zenodo: FakeZenodo) -> dict[str, RemoteFile]:
    return read_record(DOI, server=zenodo.address, wait=lambda seconds: None, tell=lambda text: None)


def quietly(file: RemoteFile, folder: Path) -> Path:
    return fetch(file, folder, wait=lambda seconds: None, tell=lambda text: None)


@pytest.mark.parametrize("old_interface", [True, False])
def test_names_sizes_and_checksums_come_from_the_record(zenodo: FakeZenodo, old_interface: bool) -> None:
    zenodo.files = {"s1.zip": b"one", "read me.txt": b"two words"}
    zenodo.old_interface = old_interface
    files = read(zenodo)
    assert list(files) == ["s1.zip", "read me.txt"]
    for name, data in zenodo.files.items():
        assert (files[name].size, files[name].checksum) == (len(data), f"md5:{hashlib.md5(data).hexdigest()}")


def test_files_are_asked_for_where_ranges_are_served(zenodo: FakeZenodo, tmp_path: Path) -> None:
    zenodo.files = {"read me.txt": b"0123456789"}
    (tmp_path / "read me.txt.part").write_bytes(b"01234")
    path = quietly(read(zenodo)["read me.txt"], tmp_path)
    assert path.read_bytes() == b"0123456789"
    assert zenodo.requests[-1] == (f"/records/{RECORD}/files/read me.txt", "bytes=5-")
    assert [path.name for path in tmp_path.iterdir()] == ["read me.txt"]


def test_a_busy_record_is_asked_again(zenodo: FakeZenodo) -> None:
    zenodo.files = {"s1.zip": b"one"}
    zenodo.moods["record"] = [Mood(429, {"Retry-After": "1"}), Mood(502)]
    assert list(read(zenodo)) == ["s1.zip"]


def test_a_record_that_is_not_there(zenodo: FakeZenodo) -> None:
    zenodo.moods["record"] = [Mood(404)]
    with pytest.raises(CorpusError, match=r"no such file on the server \(404\); look whether"):
        read(zenodo)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"files": [{"key": "x"}]}', b'{"status": 200}'])
def test_an_answer_that_is_no_record(
    zenodo: FakeZenodo, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zenodo, "record", lambda: answer)
    with pytest.raises(CorpusError, match="the server's answer is no record"):
        read(zenodo)


@pytest.mark.parametrize("name", ["../evil.zip", "/etc/evil", "folder/s1.zip", "C:evil", "a\\b", ""])
def test_a_record_cannot_name_files_elsewhere(zenodo: FakeZenodo, name: str) -> None:
    zenodo.files = {name: b""}
    with pytest.raises(CorpusError, match=r"could lead out of its folder|is no file name|no record"):
        read(zenodo)


def test_a_wrong_checksum_is_told_and_nothing_is_kept(zenodo: FakeZenodo, tmp_path: Path) -> None:
    zenodo.files = {"s1.zip": b"one"}
    file = read(zenodo)["s1.zip"]
    zenodo.files = {"s1.zip": b"eno"}
    with pytest.raises(CorpusError, match="not what the record's checksum says") as error:
        quietly(file, tmp_path)
    assert "run it again" in str(error.value)
    assert not list(tmp_path.iterdir())
    zenodo.files = {"s1.zip": b"one"}
    assert quietly(file, tmp_path).read_bytes() == b"one"


def test_what_is_there_and_right_is_kept_and_what_is_wrong_is_got_anew(
    zenodo: FakeZenodo, tmp_path: Path
) -> None:
    zenodo.files = {"s1.zip": b"one"}
    file = read(zenodo)["s1.zip"]
    path = quietly(file, tmp_path)
    quietly(file, tmp_path)
    assert len(zenodo.asked_for("s1.zip")) == 1
    path.write_bytes(b"bad")
    assert quietly(file, tmp_path).read_bytes() == b"one"


def test_lists_of_checksums_are_read(tmp_path: Path) -> None:
    data = b"a film"
    film, sums = tmp_path / "a film.zip", tmp_path / "sums"
    film.write_bytes(data)
    lines = [
        f"{getattr(hashlib, name)(data).hexdigest()} *folder/{name}" for name in ("md5", "sha1", "sha256")
    ]
    sums.write_text(
        "\n".join(["# of films", "", *lines, f"{hashlib.md5(data).hexdigest().upper()}  a film.zip"])
    )
    read_back = read_sums(sums)
    assert list(read_back) == ["md5", "sha1", "sha256", "a film.zip"]
    for checksum in read_back.values():
        verify(film, checksum)
        with pytest.raises(CorpusError, match="not what its checksum says"):
            verify(sums, checksum)


@pytest.mark.parametrize(
    "line", ["film.zip", "0123 film.zip", "x" * 32 + " film.zip", "0" * 33 + " film.zip"]
)
def test_a_line_that_is_no_checksum_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "sums").write_text(f"# films\n{line}\n")
    with pytest.raises(CorpusError, match=r"sums line 2.*is not a checksum and a file name"):
        read_sums(tmp_path / "sums")
    with pytest.raises(CorpusError, match="cannot be read"):
        read_sums(tmp_path / "none")
