"""`lipcourse puppets`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import track

from lipcourse.corpora.puppet.corpus import SEED
from lipcourse.corpora.puppet.writer import PuppetOptions, write_puppets


def run(
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    clips: int = 100,
    talkers: int = 10,
    seed: int = SEED,
    size: int = 160,
    noise_snr: float | None = None,
    voices: str = "",
    lead_frames: int | None = None,
    jobs: int = -1,
) -> None:
    """Write a corpus of talking puppets, laid out as GRID.

    Each clip is four files, s1/bbaf2n.mp4, .align (words), .safetensors (landmarks) and .json (phones, and
    how far the lips lead the sound). A run that was stopped continues where it was when it is started again;
    the same options give the same bytes.

    Args:
        out: The folder to write into: a new or empty one, or that of a stopped run.
        clips: How many clips, of 3 seconds each.
        talkers: How many talkers, up to 100. Of ten, one is for validation and one for testing.
        seed: Another seed is another corpus.
        size: Side of the pictures in pixels, 64 or more.
        noise_snr: Add white noise, this many decibels below the speech.
        voices: Names of the voices to use, with commas between; all by default.
        lead_frames: How many frames all lips come before their sound, 0 to 7; by default drawn for each clip.
        jobs: How many processes draw; -1 for as many as there are processors.
    """
    names = tuple(name.strip() for name in voices.split(",") if name.strip())
    options = PuppetOptions(clips, talkers, seed, size, noise_snr, names, lead_frames)
    written = write_puppets(options, out, jobs=jobs)
    console = Console(stderr=True)
    for _ in track(written, "drawing puppets", total=clips, console=console, transient=True):
        pass
    last = Console(highlight=False, markup=False, soft_wrap=True)
    last.print(f"{out} holds its puppets (clips: {clips}, talkers: {min(talkers, clips)})")
