"""`lipcourse evaluate`: from folders of videos and runs to report.html and report.json."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

from lipcourse import cli
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.evaluation.generated import FolderVideos, RunVideos, open_methods
from lipcourse.evaluation.references import PreparedClips, VideoFiles, open_references
from lipcourse.evaluation.trivial import BASELINES
from lipcourse.media import write_video


def evaluate(*words) -> int:
    return cli.main(["evaluate", *map(str, words), "--jobs", "1", "--draws", "100"])


@pytest.fixture(scope="module")
def report(soft, run_folder, prepared, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "report"
    status = evaluate(
        "--generated", soft, run_folder, "--reference", prepared, "--out", out, "--no-landmarks"
    )
    assert status == 0
    return out


def test_numbers_are_in_the_json(report) -> None:
    told = json.loads((report / "report.json").read_text())
    assert list(told["methods"]) == ["soft", "untrained", *BASELINES]
    for name, metric in (("soft", "ssim"), ("untrained", "psnr"), ("mean frame", "cpbd")):
        facts = told["methods"][name][metric]
        assert facts["n"] == 4
        assert facts["low"] <= facts["mean"] <= facts["high"]
    assert told["methods"]["soft"]["psnr"]["mean"] > told["methods"]["untrained"]["psnr"]["mean"]
    assert told["skipped"] == {}
    assert told["split"] == "test"


def test_the_page_shows_all_and_needs_no_network(report) -> None:
    page = (report / "report.html").read_text()
    for name in ("soft", "untrained", *BASELINES):
        assert f"<td>{name}" in page
    assert (
        page.count('<video controls src="data:video/mp4;base64,') == 8
    )  # films, and wrong audio, of 4 clips
    assert page.count('<img src="data:image/png;base64,') == 2
    assert "infinite in 4 clips" in page
    assert "∞" in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "http" not in re.sub(r'"data:[^"]*"', "", page)


def test_json_is_all_that_is_printed(soft, prepared, tmp_path, capsys) -> None:
    words = ("--generated", soft, "--reference", prepared, "--out", tmp_path, "--no-landmarks")
    assert evaluate(*words, "--limit", "2", "--baselines", "first frame repeated", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["methods"]) == ["soft", "first frame repeated"]
    assert told == json.loads((tmp_path / "report.json").read_text())


def test_landmarks_are_found_unless_told_otherwise(soft, prepared, tmp_path, capsys) -> None:
    words = ("--generated", soft, "--reference", prepared, "--out", tmp_path, "--limit", "2")
    assert evaluate(*words, "--baselines", "first frame repeated") == 0
    told = json.loads((tmp_path / "report.json").read_text())
    assert 0 < told["methods"]["soft"]["lmd"]["mean"] < told["methods"]["first frame repeated"]["lmd"]["mean"]
    assert told["methods"]["soft"]["lmd_true"]["n"] == 2, "puppets' points are known"
    assert told["frames_without_a_face"]["soft"] == 0
    assert "LMD, px" in capsys.readouterr().out


def test_a_folder_that_exists_keeps_its_other_files(report, soft, prepared) -> None:
    (report / "notes.txt").write_text("mine")
    before = (report / "report.json").read_text()
    words = ("--generated", soft, "--reference", prepared, "--out", report, "--no-landmarks", "--limit", "2")
    assert evaluate(*words) == 0
    assert (report / "notes.txt").read_text() == "mine"
    assert (report / "report.json").read_text() != before
    assert sorted(path.name for path in report.iterdir()) == ["notes.txt", "report.html", "report.json"]


def refused(capsys, *words) -> str:
    """What is said of options that cannot be used."""
    assert evaluate(*words, "--no-landmarks") in (1, 2)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_what_cannot_be_is_told_in_a_line(soft, prepared, tmp_path, capsys) -> None:
    out = ("--out", tmp_path / "out")
    given = ("--generated", soft, "--reference", prepared)
    file = tmp_path / "file"
    file.write_text("")
    (tmp_path / "empty").mkdir()
    copy = shutil.copytree(soft, tmp_path / "again" / "soft")
    assert "is a file, no folder" in refused(capsys, *given, "--out", file)
    assert "no baseline 'last frame'" in refused(capsys, *given, *out, "--baselines", "last frame")
    assert "no clip is in the split 'train'" in refused(capsys, *given, *out, "--split", "train")
    assert "1 or more" in refused(capsys, *given, *out, "--limit", "0")
    nothing = ("--generated", tmp_path / "nothing", "--reference", prepared)
    assert "there is no such folder" in refused(capsys, *nothing, *out)
    empty = ("--generated", tmp_path / "empty", "--reference", prepared)
    assert "holds no video and no trained network" in refused(capsys, *empty, *out)
    twice = ("--generated", soft, copy, "--reference", prepared)
    assert "two methods would have the name 'soft'" in refused(capsys, *twice, *out)
    assert not (tmp_path / "out").exists()


def test_clips_that_do_not_fit_are_left_out_and_told(soft, prepared, clips, tmp_path, capsys) -> None:
    made = shutil.copytree(soft, tmp_path / "odd")
    (made / "s0" / "a.mp4").unlink()
    write_video(made / "s0" / "b.mp4", clips[1].mouths[:9], fps=25)
    write_video(made / "s1" / "a.mp4", np.repeat(clips[2].mouths, 2, axis=2), fps=25)
    write_video(made / "stranger.mp4", clips[2].mouths, fps=25)
    words = ("--generated", made, "--reference", prepared, "--out", tmp_path / "out", "--no-landmarks")
    assert evaluate(*words) == 0
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert told["clips"] == 1
    assert told["skipped"]["puppet/s0/a"] == "odd has no video for it"
    assert "9 frames of 64 x 64" in told["skipped"]["puppet/s0/b"]
    assert "128 x 64" in told["skipped"]["puppet/s1/a"]
    assert "odd: no clip is named stranger" in told["notes"]
    assert "3 clips were left out" in capsys.readouterr().out
    assert "has no video for it" in (tmp_path / "out" / "report.html").read_text()


def test_names_find_their_clips(soft, prepared, clips, tmp_path) -> None:
    references = PreparedClips(prepared)
    videos = FolderVideos(soft, references)
    assert set(videos) == set(references)
    assert videos["puppet/s0/a"].shape == clips[0].mouths.shape
    made = tmp_path / "made"
    made.mkdir()
    shutil.copy(soft / "s0" / "a.mp4", made / "a.mp4")
    with pytest.raises(Exception, match="belongs to puppet/s0/a and puppet/s1/a"):
        FolderVideos(made, references)
    shutil.move(made / "a.mp4", made / "c.mp4")
    with pytest.raises(Exception, match="none of its 1 videos"):
        FolderVideos(made, references)


def test_a_run_speaks_with_the_references_sound(run_folder, prepared) -> None:
    references = PreparedClips(prepared, limit=2)
    videos = open_methods([run_folder], references)["untrained"]
    assert isinstance(videos, RunVideos)
    key = next(iter(references))
    assert videos[key].shape == references[key].video.shape
    assert key in videos
    assert "other" not in videos


def test_a_folder_of_filmed_faces_is_a_reference(tmp_path) -> None:
    corpus = PuppetCorpus(1, 1, size=240)
    clip = corpus.clip(corpus.keys()[0])
    frames, sound = clip.frames[:6], clip.waveform[: round(6 / 25 * clip.sample_rate)]
    for folder in ("true", "made"):
        (tmp_path / folder).mkdir()
        write_video(tmp_path / folder / "a.mp4", frames, fps=25, waveform=sound, sample_rate=clip.sample_rate)
    noise = np.random.default_rng(0).integers(0, 256, frames.shape, np.uint8)
    write_video(tmp_path / "true" / "b.mp4", noise, fps=25, waveform=sound, sample_rate=clip.sample_rate)
    references = open_references(tmp_path / "true")
    assert isinstance(references, VideoFiles)
    face, faceless = references["folder/a"], references["folder/b"]
    assert face.video.shape == (6, 64, 64, 3)
    assert face.clip is not None
    assert face.true_points is None, "they were found, not known"
    assert (faceless.video.shape, faceless.clip) == (frames.shape, None)
    mouths = FolderVideos(tmp_path / "made", references)["folder/a"]
    assert np.abs(mouths.astype(int) - face.video).max() <= 2, "the same face, the same mouth"


@pytest.fixture
def faceless(tmp_path):
    """Videos without a face: noise, black ones, and a single frame; true, copied, and all black."""
    noise = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    videos = {"noise": noise, "black": np.zeros_like(noise), "frame": noise[:1]}
    for name, video in videos.items():
        silence = np.zeros(640 * len(video), np.float32)
        for folder, shown in (("true", video), ("same", video), ("dark", np.zeros_like(video))):
            (tmp_path / folder / name).mkdir(parents=True)
            path = tmp_path / folder / name / f"{name}.mp4"
            write_video(path, shown, fps=25, waveform=silence, sample_rate=16_000)
    return tmp_path


def test_black_frames_one_frame_identical_videos_and_no_face(faceless, capsys) -> None:
    made = ("--generated", faceless / "same", faceless / "dark", "--reference", faceless / "true")
    assert evaluate(*made, "--out", faceless / "out") == 0
    told = json.loads((faceless / "out" / "report.json").read_text())
    assert told["skipped"] == {}
    same, dark = told["methods"]["same"], told["methods"]["dark"]
    assert (same["psnr"]["mean"], same["psnr"]["infinite"], same["psnr"]["n"]) == (None, 3, 3)
    assert same["ssim"]["mean"] == pytest.approx(1)
    assert dark["psnr"]["infinite"] == 1, "black for black"
    assert dark["cpbd"]["mean"] == 0
    assert same["movement"]["n"] == 2, "a single frame does not move"
    assert "lmd" not in same
    assert any(note.startswith("no face in the true video of 3 clips") for note in told["notes"])
    said = capsys.readouterr().out
    assert "∞" in said
    assert "no face in the true video of 3 clips" in said
    page = (faceless / "out" / "report.html").read_text()
    assert "infinite in 3 clips" in page
    assert "no face in the true video of 3 clips" in page


def test_a_face_painted_over_is_counted_as_lost(prepared, clips, tmp_path, capsys) -> None:
    for clip in clips:
        path = (tmp_path / "grey" / clip.key.removeprefix("puppet/")).with_suffix(".mp4")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path, np.random.default_rng(0).integers(0, 256, clip.mouths.shape, np.uint8), fps=25)
    words = (
        "--generated",
        tmp_path / "grey",
        "--reference",
        prepared,
        "--out",
        tmp_path / "out",
        "--limit",
        "2",
    )
    assert evaluate(*words, "--baselines", "first frame repeated") == 0
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    lost = told["frames_without_a_face"]["grey"]
    assert told["methods"]["grey"]["without_face"]["mean"] == pytest.approx(lost / told["frames"])


def test_a_missing_partner_is_told(soft, prepared, clips, tmp_path, capsys) -> None:
    words = ("--generated", soft, "--reference", prepared, "--out", tmp_path / "out", "--no-landmarks")
    assert evaluate(*words, "--limit", "1") == 0
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert "no 'another talker': there is no other talker" in told["notes"]
    assert "no 'right video, wrong audio': there is no other clip" in told["notes"]
    assert "another talker" not in told["methods"]
    assert "there is no other talker" in capsys.readouterr().out


def test_evaluate_alone_and_with_a_second_word(capsys) -> None:
    assert cli.main(["evaluate", "--help"]) == 0
    assert "--generated" in capsys.readouterr().out
    assert cli.main(["evaluate", "glance", "--help"]) == 0
    assert "--weights" in capsys.readouterr().out
    assert cli.main(["evaluate", "beauty"]) == 2
