"""`lipcourse inspect`: what the command line calls."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import av
import tyro
from rich.console import Console

from lipcourse.errors import MediaError
from lipcourse.inspection.measure import Inspection, measure, readable
from lipcourse.inspection.report import CONTENTS, draw
from lipcourse.media import read_clip


def run(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    json: bool = False,
) -> None:
    """Measure a video of a talking face and show what was found.

    Writes into the folder: landmarks.mp4 (the 68 points over the video, with its sound), crops.mp4 (face and
    mouth, upright), sound.png, mfcc.png, faces.png, mouths.png, inspect.json (the numbers), and index.html,
    which shows it all in a browser.

    Args:
        file: A video with sound, of one face.
        out: The folder to write into; it is made where it is missing. Other files in it are left alone.
        json: Print inspect.json, and nothing else, on standard output.
    """
    with Console(stderr=True).status("") as line, publishing(out) as folder:
        line.update("reading the file")
        own_fps = file_fps(file)
        clip = read_clip(file)
        line.update("following the face")
        inspection = measure(clip, where=file, own_fps=own_fps)
        line.update("drawing")
        draw(inspection, folder, title=file.name)
        summary = jsonlib.dumps(inspection.summary(), indent=2)
        (folder / "inspect.json").write_text(summary + "\n", encoding="utf-8")
    if json:
        print(summary)
    else:
        print_summary(inspection, file, out)


def print_summary(inspection: Inspection, file: Path, out: Path) -> None:
    """Print what was found, and where it can be looked at."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(str(file), style="bold")
    for name, text in readable(inspection).items():
        console.print(f"  {name:<16}{text}", style="yellow" if name == "note" else None)
    console.print(f"Look at {out / 'index.html'}; also written there:")
    for name in sorted({*CONTENTS, "inspect.json"}):
        console.print(f"  {out / name}")


def file_fps(path: Path) -> float | None:
    """Return how many pictures a second a file says it has; None where that cannot be told."""
    try:
        with av.open(path.absolute()) as container:
            rate = container.streams.video[0].average_rate if container.streams.video else None
    except (OSError, av.FFmpegError):
        return None
    return float(rate) if rate else None


@contextmanager
def publishing(out: Path) -> Iterator[Path]:
    """Give a folder to write into; when all went well, what is in it moves into `out`, replacing namesakes.

    Raises:
        MediaError: `out` is no folder and cannot become one, or cannot be written to.
    """
    above = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    try:
        with TemporaryDirectory(prefix=".inspect-", dir=above) as temporary:
            folder = Path(temporary)
            yield folder
            out.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                path.replace(out / path.name)
    except OSError as error:
        raise MediaError(
            f"cannot write there ({error.strerror or error})",
            where=out,
            remedy="name a folder that you may write to",
        ) from error
