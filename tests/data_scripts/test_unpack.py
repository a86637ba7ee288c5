"""Archives that nobody vouches for: what is good in them comes out, nothing leaves the folder."""

from __future__ import annotations

import errno
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from archives import tar_of, tree, zip_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.errors import CorpusError
from lipcourse.fetching import unpack as unpacking
from lipcourse.fetching.joined import JoinedFile, join_parts
from lipcourse.fetching.names import safe_path
from lipcourse.fetching.unpack import unpack

FILES = {
    f"s{talker}/film {number}.mpg": os.urandom(3000 + number) for talker in (1, 2) for number in range(3)
}
FILES |= {"labels.mlf": b"#!MLF!#\n" * 100, "s1/empty.txt": b""}

KINDS = {
    "zip": zip_of,
    "tar": tar_of,
    "tgz": lambda files: tar_of(files, "w:gz"),
    "bz2": lambda files: tar_of(files, "w:bz2"),
    "xz": lambda files: tar_of(files, "w:xz"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def put(place: Path, data: bytes, name: str = "archive") -> Path:
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(data)
    return place / name


def refuse(archive: Path, match: str) -> str:
    """See that an archive is refused in one line, and that nothing was written outside the folder."""
    outside = {name: data for name, data in tree(archive.parent).items() if not name.startswith("out/")}
    with pytest.raises(CorpusError, match=match) as error:
        unpack([archive], archive.parent / "out")
    after = tree(archive.parent)
    assert {name: data for name, data in after.items() if not name.startswith("out/")} == outside
    assert [path.name for path in archive.parent.parent.iterdir()] == [archive.parent.name]
    assert "\n" not in str(error.value)
    assert str(archive) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_packed_comes_out(place: Path, kind: str) -> None:
    archive = put(place, KINDS[kind](FILES))
    shown: list[tuple[int, int]] = []
    files = unpack([archive], place / "out", progress=lambda done, total: shown.append((done, total)))
    assert tree(place / "out") == FILES
    assert files == {name: len(data) for name, data in FILES.items()}
    size = archive.stat().st_size
    assert shown[-1] == (size, size)
    assert [done for done, _ in shown] == sorted(done for done, _ in shown)


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_parts_are_read_as_one(place: Path, kind: str) -> None:
    data = KINDS[kind](FILES)
    cuts = [0, 1, len(data) // 3, len(data) // 2, len(data)]
    parts = [
        put(place, data[a:b], f"x-parta{letter}")
        for letter, a, b in zip("abcd", cuts, cuts[1:], strict=False)
    ]
    assert join_parts(reversed(parts)) == {place / "x": parts}
    unpack(parts, place / "out")
    assert tree(place / "out") == FILES


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    parts = [tmp_path / f"vox2_dev_mp4_part{letters}" for letters in ("aa", "ac")]
    with pytest.raises(CorpusError, match="the part 'ab' before it is missing"):
        join_parts(parts)
    many = [tmp_path / f"x-part{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(60)]
    assert join_parts(many) == {tmp_path / "x": many}


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5), st.data())
@settings(max_examples=50, deadline=None)
def test_joined_files_read_as_one_file(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    paths = [put(folder, piece, str(number)) for number, piece in enumerate(pieces)]
    whole = io.BytesIO(b"".join(pieces))
    with io.BufferedReader(JoinedFile(paths), 7) as joined:
        for _ in range(5):
            offset, whence = data.draw(st.sampled_from([(0, 2), (0, 1), (0, 0), (3, 0), (11, 0)]))
            assert joined.seek(offset, whence) == whole.seek(offset, whence)
            count = data.draw(st.integers(0, 30))
            assert joined.read(count) == whole.read(count)
            assert joined.tell() == whole.tell()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_killed_run_is_gone_on_with(place: Path, kind: str) -> None:
    archive = put(place, KINDS[kind](FILES))

    def killed_at(path: PurePosixPath) -> bool:
        if path.name == "film 1.mpg" and path.parent.name == "s2":
            raise KeyboardInterrupt
        return True

    with pytest.raises(KeyboardInterrupt):
        unpack([archive], place / "out", wanted=killed_at)
    there = {path: path.stat().st_ino for path in (place / "out").rglob("*.mpg")}
    assert len(there) == 4
    unpack([archive], place / "out")
    assert tree(place / "out") == FILES
    assert {path: path.stat().st_ino for path in there} == there


def test_only_what_is_wanted_comes_out(place: Path) -> None:
    archive = put(place, zip_of(FILES))
    files = unpack([archive], place / "out", wanted=lambda path: path.parts[0] == "s2")
    assert set(files) == set(tree(place / "out")) == {name for name in FILES if name.startswith("s2/")}


# Names -----------------------------------------------------------------------------------------

HOSTILE = [
    "../evil", "s1/../../evil", "/evil", "//evil", "..", "s1/..", "C:evil", "C:/evil", "c:\\evil", "s1\\evil",
    "..\\evil", "\\\\host\\evil", "s1/file:stream", "NUL", "s1/con.txt", "COM1", "line\nbreak", "dot.",
    "s1 /film", "s1//film",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_lead_elsewhere_are_refused(place: Path, kind: str, name: str) -> None:
    refuse(put(place, KINDS[kind]({"good.txt": b"good", name: b"evil"})), "could lead out of its folder")


def test_a_name_with_a_null_byte_is_not_cut_short(place: Path) -> None:
    data = zip_of({"evil?.mpg": b"evil"})
    refuse(put(place, data.replace(b"evil?.mpg", b"evil\0.mpg")), "could lead out of its folder")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20) | st.text("./\\:ULN~x ", max_size=8))
def test_a_name_stays_below_its_folder_or_is_refused(name: str) -> None:
    try:
        path = safe_path(name, "archive")
    except CorpusError:
        return
    for kind in (PurePosixPath, PureWindowsPath):
        inside = kind(str(path))
        assert not inside.is_absolute()
        assert not inside.drive
        assert not inside.root
        assert ".." not in inside.parts
        assert len(inside.parts) == len(path.parts) >= 1


def test_ordinary_names_are_taken() -> None:
    for name in [
        "s1/bbaf2n.mpg",
        "./s1/x",
        "a/b/c/",
        "id00012/-bX_Y~z/00001.mp4",
        "Überfall/é.txt",
        "a..b",
        ".x",
    ]:
        assert str(safe_path(name, "archive")) == name.removeprefix("./").rstrip("/")


def test_a_tar_of_its_own_folder(place: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo("./")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        info = tarfile.TarInfo("./s1/x")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    unpack([put(place, buffer.getvalue())], place / "out")
    assert tree(place / "out") == {"s1/x": b"x"}


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(
    ("first", "second"),
    [("s1/film", "s1/FILM"), ("s1/é", "s1/e\u0301"), ("Straße", "STRASSE"), ("a", "a/b"), ("a/b", "A")],
)
def test_names_that_would_be_one_file_are_refused(place: Path, kind: str, first: str, second: str) -> None:
    refuse(put(place, KINDS[kind]({first: b"1", second: b"2"})), "is there twice")


def test_a_name_that_is_there_twice_is_refused(place: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("film", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("film", b"2")
    refuse(put(place, buffer.getvalue()), "is there twice")
    assert tree(place / "out") == {"film": b"1"}


# Links and devices -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "type_", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_tar_are_refused(place: Path, type_: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("s1")
        info.type, info.linkname = type_, "/etc"
        archive.addfile(info)
        info = tarfile.TarInfo("s1/passwd")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    refuse(put(place, buffer.getvalue()), "'s1' in it is a link or a device")
    assert not list((place / "out").iterdir())


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_zip_are_refused(place: Path, mode: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("s1")
        info.external_attr = (mode | 0o777) << 16
        archive.writestr(info, "/etc")
    refuse(put(place, buffer.getvalue()), "'s1' in it is a link or a device")
    assert not list((place / "out").iterdir())


def test_a_link_in_the_folder_is_not_followed(place: Path, tmp_path: Path) -> None:
    archive = put(place, zip_of({"s1/film": b"film"}))
    (place / "elsewhere").mkdir()
    (place / "out").mkdir()
    (place / "out" / "s1").symlink_to(place / "elsewhere")
    with pytest.raises(CorpusError, match="a link there leads out of the folder"):
        unpack([archive], place / "out")
    assert not list((place / "elsewhere").iterdir())


# Sizes -----------------------------------------------------------------------------------------


def test_a_bomb_does_not_go_off(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "SMALL_BYTES", 10_000)
    archive = put(place, zip_of({f"{number}": bytes(60_000) for number in range(10)}))
    assert archive.stat().st_size * unpacking.MOST_GROWTH < 60_000
    refuse(archive, "it says it grows from 0.0 MB to more than 0.0 MB; do not trust this archive")
    assert not tree(place / "out")


@pytest.mark.parametrize("said", [100, 60_001])
def test_a_size_that_is_a_lie(place: Path, said: int) -> None:
    data = zip_of({"film": bytes(60_000)})
    true, lie = (size.to_bytes(4, "little") for size in (60_000, said))
    assert data.count(true) == 2  # before the file, and in the directory at the end
    refuse(put(place, data.replace(true, lie)), "damaged|has not the 60001 bytes")
    assert not tree(place / "out")


def test_a_disk_too_small(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = put(place, zip_of(FILES))
    free = unpacking.shutil.disk_usage(place)._replace(free=3000)
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda folder: free)
    with pytest.raises(CorpusError, match=r"0\.0 MB are needed and 0\.0 MB are free; make room"):
        unpack([archive], place / "out")
    assert set(tree(place / "out")) == {"s1/film 0.mpg"}


def test_a_disk_that_fills_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = put(place, zip_of(FILES))
    copy, left = unpacking._copy, iter([True, True, False])

    def full(*args: object) -> None:
        if not next(left):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        copy(*args)

    with monkeypatch.context() as patch:
        patch.setattr(unpacking, "_copy", full)
        with pytest.raises(CorpusError, match=r"No space left on device.*make room"):
            unpack([archive], place / "out")
    assert len(list((place / "out").rglob("*.*"))) == 2  # the unfinished file is gone
    unpack([archive], place / "out")
    assert tree(place / "out") == FILES


# Damage ----------------------------------------------------------------------------------------


def damaged(data: bytes, name: str) -> Iterator[bytes]:
    yield data[: len(data) // 2]
    at = len(data) // 2
    yield data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


@pytest.mark.parametrize("kind", ["zip", "tgz", "bz2", "xz"])
def test_damage_is_found_where_there_are_checksums(place: Path, kind: str) -> None:
    for data in damaged(KINDS[kind](FILES), kind):
        refuse(put(place, data), "damaged or cut off|neither a zip nor a tar|cannot be read")
        there = tree(place / "out") if (place / "out").exists() else {}
        assert {name: FILES[name] for name in there} == there
    unpack([put(place, KINDS[kind](FILES))], place / "out")
    assert tree(place / "out") == FILES


def test_a_tar_that_is_cut_off_or_has_a_bad_header(place: Path) -> None:
    data = tar_of(FILES)
    second = 512 + 3072  # one header and one film
    for cut in (second + 100, second, len(tar_of(FILES).rstrip(b"\0"))):
        refuse(put(place, data[:cut]), "damaged or cut off")
    refuse(put(place, data[:second] + b"?" * 10 + data[second + 10 :]), "damaged or cut off")


def test_what_is_no_archive(place: Path) -> None:
    for data in (b"", b"<html>", b"Rar!\x1a\x07\x00"):
        refuse(put(place, data), "neither a zip nor a tar archive|damaged")


def test_an_encrypted_zip(place: Path) -> None:
    data = bytearray(zip_of({"film": b"film"}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    refuse(put(place, bytes(data)), "it is encrypted")
