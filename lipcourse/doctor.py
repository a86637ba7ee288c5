"""What works on this machine, what does not, and what to do about it: `lipcourse doctor`.

Nothing that may be broken is imported here: each package is tried in a Python of its own, so that one which
crashes takes only its own line of the report with it.
"""

from __future__ import annotations

import json as jsonlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lipcourse.cache import cache_root

Status = Literal["ok", "warn", "fail"]

COLOURS: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "red"}
GIGABYTE = 1e9

# Each is run in a fresh Python. What it prints is shown.
IMPORTS = {
    "dlib": "import dlib; dlib.get_frontal_face_detector(); print(dlib.__version__)",
    "OpenCV": "import cv2; print(cv2.__version__)",
    "librosa": "import librosa; print(librosa.__version__)",
    "PyAV": "import av; print(av.__version__)",
}
TORCH_PROBE = """
import torch, torchaudio
print(torch.__version__, "and", torchaudio.__version__)
print(*map(torch.cuda.get_device_name, range(torch.cuda.device_count())), sep=", ")
"""
CODEC_PROBE = """
import av
for name, mode in (("h264", "w"), ("aac", "w"), ("mpeg1video", "r"), ("mp2", "r")):
    try:
        av.Codec(name, mode)
    except ValueError:
        print(name, "encoder" if mode == "w" else "decoder")
"""


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        name: What was looked at.
        status: "ok", "warn" (a part of the course does without it) or "fail".
        found: What is there.
        remedy: What to do about it; "" where all is well.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""


def run(*, json: bool = False) -> int:
    """Say what works on this machine, what does not, and what to do about it.

    Looks at Python, packages and their versions, dlib's model, ffmpeg's codecs, CUDA, free disk and the
    folder of clips. Exits 1 if anything that the course needs is broken.

    Args:
        json: Print the findings as JSON.
    """
    with Console(stderr=True).status("looking; torch takes some seconds"):
        findings = examine()
    if json:
        print(jsonlib.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        print_report(findings)
    return int(any(finding.status == "fail" for finding in findings))


def examine() -> list[Finding]:
    """Look at everything and return what was found, in a fixed order."""
    looks: list[Callable[[], Iterable[Finding]]] = [
        check_python,
        check_packages,
        check_torch,
        *(partial(check_import, name, code) for name, code in IMPORTS.items()),
        check_codecs,
        check_face_model,
        partial(check_disk, "disk here", Path.cwd()),
        partial(check_disk, "disk of the cache", cache_root()),
        check_clips,
    ]
    # Most of the time is spent in waiting for other Pythons to import things.
    with ThreadPoolExecutor(max_workers=len(looks)) as pool:
        return [finding for findings in pool.map(lambda look: list(look()), looks) for finding in findings]


def print_report(findings: list[Finding]) -> None:
    """Print the findings as a table, and how many need something done."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        text = Text(finding.found)
        if finding.remedy:
            text.append(f"\n-> {finding.remedy}", style="bold")
        table.add_row(Text(finding.status, style=COLOURS[finding.status]), Text(finding.name), text)
    console = Console(highlight=False)
    console.print(table)
    fails, warns = (sum(finding.status == status for finding in findings) for status in ("fail", "warn"))
    console.print(f"\n{len(findings)} looked at: {fails} fail, {warns} warn")


def check_python() -> list[Finding]:
    """Compare this Python with the one that lipcourse asks for."""
    wanted = SpecifierSet(metadata.metadata("lipcourse")["Requires-Python"])
    found = platform.python_version()
    if wanted.contains(found, prereleases=True):
        return [Finding("Python", "ok", found)]
    return [Finding("Python", "fail", found, f"use Python {wanted}")]


def check_packages() -> Iterator[Finding]:
    """Compare each package that lipcourse needs with the version that is installed."""
    for requirement in map(Requirement, metadata.requires("lipcourse") or []):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        wanted = f"{requirement.name}{requirement.specifier}"
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Finding(requirement.name, "fail", "not installed", f"pip install '{wanted}'")
            continue
        if requirement.specifier.contains(version, prereleases=True):
            yield Finding(requirement.name, "ok", version)
        else:
            yield Finding(requirement.name, "fail", version, f"pip install '{wanted}'")


def check_torch() -> Iterator[Finding]:
    """Import torch and torchaudio, which only work as a pair, and ask for a GPU."""
    worked, text = _python(TORCH_PROBE)
    if not worked:
        remedy = "install the pair in requirements.lock: other pairs of torch and torchaudio do not import"
        yield Finding("import torch and torchaudio", "fail", text, remedy)
        return
    versions, _, devices = text.partition("\n")
    yield Finding("import torch and torchaudio", "ok", versions)
    if devices:
        yield Finding("CUDA", "ok", devices)
    else:
        yield Finding("CUDA", "warn", "no GPU", "CPU only: profiles fast and class")


def check_import(name: str, code: str) -> list[Finding]:
    """Run `code` in a fresh Python: "ok" and what it prints, or "fail" and why."""
    worked, text = _python(code)
    if worked:
        return [Finding(f"import {name}", "ok", text)]
    return [Finding(f"import {name}", "fail", text, "install the versions in requirements.lock")]


def check_codecs() -> list[Finding]:
    """Ask PyAV's ffmpeg for what reading GRID (MPEG-1, MP2) and writing MP4 (H.264, AAC) needs."""
    worked, text = _python(CODEC_PROBE)
    if not worked:
        return [Finding("ffmpeg codecs", "fail", text, "see the line on PyAV")]
    if text:
        missing = ", ".join(text.splitlines())
        return [
            Finding(
                "ffmpeg codecs", "fail", f"missing: {missing}", "install PyAV's own wheel: pip install av"
            )
        ]
    return [Finding("ffmpeg codecs", "ok", "h264 and aac written, mpeg1video and mp2 read")]


def check_face_model() -> list[Finding]:
    """Look for dlib's 68-point predictor."""
    remedy = "pip install --force-reinstall face-recognition-models"
    package = util.find_spec("face_recognition_models")
    if package is None or not package.submodule_search_locations:
        return [Finding("dlib's face model", "fail", "face-recognition-models is not installed", remedy)]
    path = Path(package.submodule_search_locations[0]) / "models" / "shape_predictor_68_face_landmarks.dat"
    if not path.is_file():
        return [Finding("dlib's face model", "fail", f"no {path}", remedy)]
    megabytes = path.stat().st_size / 1e6
    if megabytes < 90:
        return [Finding("dlib's face model", "fail", f"{path} has {megabytes:.1f} MB of 100", remedy)]
    return [Finding("dlib's face model", "ok", f"{path.name}, {megabytes:.0f} MB")]


def check_disk(name: str, folder: Path) -> list[Finding]:
    """Compare the space left with what the course writes."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / GIGABYTE
    found = f"{free:.1f} GB free at {folder}"
    if free < 1:
        return [Finding(name, "fail", found, "free at least 1 GB: what the course builds needs that")]
    if free < 5:
        return [Finding(name, "warn", found, "free 5 GB to train at profile full")]
    return [Finding(name, "ok", found)]


def check_clips() -> list[Finding]:
    """Look for the clips that the notebooks run on."""
    folder = os.environ.get("LIPCOURSE_GRID")
    remedy = "set LIPCOURSE_GRID to a folder of GRID clips, <talker>/<sentence>.mpg"
    if not folder:
        return [Finding("LIPCOURSE_GRID", "ok", "not set: the notebooks run on puppets")]
    clips = sum(
        path.suffix in (".mpg", ".mp4") and not path.name.startswith(".")
        for path in Path(folder).glob("s[0-9]*/**/*")
    )
    if not clips:
        found = f"{folder} holds no clips" if Path(folder).is_dir() else f"{folder} is not a folder"
        return [Finding("LIPCOURSE_GRID", "fail", found, remedy)]
    return [Finding("LIPCOURSE_GRID", "ok", f"{clips} clips in {folder}")]


def _python(code: str) -> tuple[bool, str]:
    """Run code in a fresh Python; return whether it worked, and what it printed or why it did not."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        return False, "no answer within 120 s"
    if done.returncode == 0:
        return True, done.stdout.strip()
    lines = done.stderr.strip().splitlines()
    return False, lines[-1] if lines else f"crashed (exit status {done.returncode})"
