from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from lipcourse.corpora.align import only_words, read_align
from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.puppet.command import run
from lipcourse.corpora.puppet.writer import SUFFIXES, PuppetOptions, format_align, write_puppets
from lipcourse.errors import CorpusError, OptionError
from lipcourse.media import Segment, read_clip

OPTIONS = PuppetOptions(clips=5, talkers=2, size=64)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("puppets") / "deeper"
    assert sorted(write_puppets(OPTIONS, out)) == sorted(OPTIONS.open().keys())
    return out


def test_a_clip_is_four_files_in_its_talkers_folder(written: Path) -> None:
    names = {f"{key.removeprefix('puppet/')}{suffix}" for key in OPTIONS.open().keys() for suffix in SUFFIXES}  # noqa: SIM118
    assert set(contents(written)) == names | {"puppets.json"}


def test_files_tell_what_the_corpus_knows(written: Path) -> None:
    corpus = OPTIONS.open()
    key = corpus.keys()[1]
    clip = corpus.clip(key)
    path = written / key.removeprefix("puppet/")
    facts = json.loads(path.with_suffix(".json").read_text())
    assert facts["transcript"] == clip.transcript
    assert facts["metadata"] == clip.metadata
    assert facts["split"] == "test"
    assert [tuple(phone)[2] for phone in facts["phones"]] == [phone.label for phone in clip.phones]
    np.testing.assert_allclose(
        [phone[:2] for phone in facts["phones"]], [p[:2] for p in clip.phones], atol=1e-6
    )
    np.testing.assert_array_equal(load_file(path.with_suffix(".safetensors"))["landmarks"], clip.landmarks)
    words = only_words(read_align(path.with_suffix(".align")))
    assert [word.label for word in words] == clip.transcript.split()
    np.testing.assert_allclose([w[:2] for w in words], [w[:2] for w in clip.words], atol=1 / 25_000)


def test_the_video_has_the_pictures_and_the_sound_in_time(written: Path) -> None:
    corpus = OPTIONS.open()
    key = corpus.keys()[0]
    clip = corpus.clip(key)
    seen = read_clip((written / key.removeprefix("puppet/")).with_suffix(".mp4"))
    assert seen.frames.shape == clip.frames.shape
    assert np.abs(seen.frames.astype(float) - clip.frames).mean() < 6
    heard, said = seen.waveform.astype(float), clip.waveform.astype(float)
    shifts = range(-200, 201, 5)
    matches = [np.dot(said[20_000:100_000], heard[20_000 + shift : 100_000 + shift]) for shift in shifts]
    assert abs(shifts[int(np.argmax(matches))]) <= 10  # of 44 100 a second


def test_align_files_are_grids() -> None:
    words = (Segment(0.5, 0.75, "bin"), Segment(0.75, 1.0, "blue"), Segment(1.1, 1.2, "at"))
    assert format_align(words, 3.0) == (
        "0 12500 sil\n12500 18750 bin\n18750 25000 blue\n25000 27500 sil\n27500 30000 at\n30000 75000 sil\n"
    )


def test_several_processes_write_the_same_bytes(written: Path, tmp_path: Path) -> None:
    list(write_puppets(OPTIONS, tmp_path, jobs=2))
    assert contents(tmp_path) == contents(written)


def test_a_stopped_run_goes_on_to_the_same_bytes(written: Path, tmp_path: Path) -> None:
    started = write_puppets(OPTIONS, tmp_path)
    next(started)
    started.close()
    clip = next(tmp_path.rglob("*.json"))
    partial = clip.with_name(f".{clip.stem}.mp4.1234.part")
    partial.write_bytes(b"half a video")
    for path in list(tmp_path.rglob("s2/*.json")):
        path.unlink()  # a clip whose last file was not reached
    assert len(list(write_puppets(OPTIONS, tmp_path))) == 5
    assert contents(tmp_path) == contents(written)


def test_a_killed_command_goes_on_to_the_same_bytes(written: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "from pathlib import Path; from lipcourse.corpora.puppet.command import run\n"
        f"run(out=Path({str(out)!r}), clips=5, talkers=2, size=64, jobs=1)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not list(out.rglob("*.mp4")) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    assert (out / "puppets.json").is_file()
    run(out=out, clips=5, talkers=2, size=64, jobs=1)
    assert contents(out) == contents(written)


def test_a_finished_corpus_is_left_alone(written: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in written.rglob("*")}
    assert len(list(write_puppets(OPTIONS, written))) == 5
    assert {path: path.stat().st_mtime_ns for path in written.rglob("*")} == before


def test_a_folder_of_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CorpusError, match=r"holds other files, such as thesis\.tex; choose a new folder"):
        list(write_puppets(OPTIONS, tmp_path))
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


def test_a_corpus_of_other_options_is_refused_and_left_alone(written: Path) -> None:
    before = contents(written)
    with pytest.raises(CorpusError, match="holds puppets of other options"):
        list(write_puppets(PuppetOptions(clips=5, talkers=2, size=64, seed=1), written))
    (written / "s1" / "notes.txt").write_text("mine")
    with pytest.raises(CorpusError, match=r"holds other files, such as s1.notes\.txt"):
        list(write_puppets(OPTIONS, written))
    (written / "s1" / "notes.txt").unlink()
    assert contents(written) == before


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CorpusError, match=r"out: cannot be used as a folder \(File exists\)"):
        list(write_puppets(OPTIONS, tmp_path / "out"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CorpusError, match="cannot be written"):
        list(write_puppets(OPTIONS, tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clips": 0}, "0 clips"),
        ({"size": 32}, "32 pixels is too small"),
        ({"voices": "linda, nobody"}, "no voice 'nobody'"),
        ({"jobs": 0}, "0 jobs cannot be"),
        ({"talkers": 0}, "0 talkers"),
    ],
)
def test_the_command_refuses_what_cannot_be_before_it_makes_a_folder(
    options: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        run(out=tmp_path / "out", **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2
    assert not (tmp_path / "out").exists()


def test_the_command_says_where_the_clips_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(out=tmp_path, clips=1, talkers=3, size=64, jobs=1)
    assert capsys.readouterr().out == f"{tmp_path} holds its puppets (clips: 1, talkers: 1)\n"


def test_readers_of_grid_read_puppets_too(written: Path) -> None:
    corpus, puppets = GridCorpus(written), OPTIONS.open()
    assert {key.removeprefix("grid/") for key in corpus.keys()} == {  # noqa: SIM118
        key.removeprefix("puppet/")
        for key in puppets.keys()  # noqa: SIM118
    }
    clip, puppet = corpus.clip("grid/" + puppets.keys()[0].removeprefix("puppet/")), next(iter(puppets))
    assert clip.transcript == puppet.transcript
    assert [word.label for word in clip.words] == [word.label for word in puppet.words]
    assert clip.frames.shape == puppet.frames.shape


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot withhold processors")
def test_bytes_do_not_depend_on_the_number_of_processors(written: Path, tmp_path: Path) -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from pathlib import Path; from lipcourse.corpora.puppet.writer import PuppetOptions, write_puppets;"
        f"list(write_puppets(PuppetOptions(clips=1, talkers=1, size=64), Path({str(tmp_path / 'one')!r})))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    (alone,) = (tmp_path / "one").glob("s1/*.mp4")
    assert alone.read_bytes() == (written / "s1" / alone.name).read_bytes()
