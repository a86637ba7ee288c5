"""Measure a trained glance generator on clips it has never seen, and write it with its card.

    lipcourse evaluate glance --run run --data prepared --out weights/glance-puppets.safetensors

Taught in notebook 11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from numpy.typing import NDArray

from lipcourse import pictures
from lipcourse.errors import CorpusError
from lipcourse.evaluation.glance import GENERATED, OTHER_SOUND, RIGHT_VIDEO, make_films, score
from lipcourse.evaluation.sources import held_out, talkers, training_sources
from lipcourse.networks.cards import write_card
from lipcourse.networks.glance import Generator
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.training.presets import PRESETS
from lipcourse.windows.prepared import PreparedClip

CLIPS = 12
SHEET_FRAMES = 10
SHEET_CLIPS = 2
"""Of each corpus and split."""


def ship(
    weights: Path,
    folders: Sequence[Path],
    out: Path,
    *,
    clips: int = CLIPS,
    progress: Callable[[str], None] = print,
) -> Path:
    """Measure a generator on held-out clips, and write it in half precision with its card.

    What is measured is the network as it is stored. Clips of a corpus's splits "validation" and "test" are
    kept apart: of GRID the first has the training's talker with other sentences, the second other talkers.

    Args:
        weights: What `lipcourse train glance` wrote, such as run/best.safetensors.
        folders: The prepared corpora that it learned from.
        out: The file to write, such as weights/glance-puppets.safetensors.
        clips: How many clips of each corpus and split are measured at most.
        progress: Told what is being done.

    Returns:
        The card.

    Raises:
        CorpusError: A folder holds no prepared corpus, or none has held-out clips.
        ModelError: The network cannot be read, or the result not written.
    """
    told = describe(weights)
    network = load_network(weights, Generator).half().float()  # as it will be stored
    figures, tiles = [], []
    for folder in folders:
        for split in ("validation", "test"):
            chosen = held_out(folder, split, clips)
            if len(chosen) < 2:
                continue
            progress(f"measuring {len(chosen)} clips of {folder.name}, {split}")
            figures.append(score(network, chosen).figure(_title(folder, split, chosen)))
            tiles += sheet_rows(network, chosen[: SHEET_CLIPS + 1])
    if not figures:
        raise CorpusError(
            "no corpus has held-out clips", where=", ".join(map(str, folders)), remedy="prepare more"
        )
    trainings = [told.facts]
    while (before := trainings[0].get("begun_from")) is not None:
        trainings.insert(0, before)
    facts = {
        "purpose": "glance's generator: frames of lips, 64x64 pixels, from speech and one picture of the "
        "lips. Made for the course: it runs on a laptop.",
        "data": training_sources(folders),
        "command": commands(trainings),
        "steps": sum(each["steps"] for each in trainings),
        "seed": told.facts["seed"],
        "seconds": sum(each["seconds"] for each in trainings),
        "device": told.facts["device"],
        "figures": figures,
        "picture": "Lips of clips never trained on, three rows a clip: the truth, what the network makes of "
        "the clip's first frame and sound, and of the first frame and another clip's sound",
        "limits": "A narrow network, trained on a few talkers: what it makes is blurred, and of a face "
        "unlike those that it has seen it makes another. Do not show what it makes as a recording, and make "
        "none of a person who has not agreed.",
        "training": told.facts["training"],
    }
    save_network(out, network, system=told.system, options=told.options, facts=facts, half=True)
    sheet = pictures.contact_sheet([tile for row in tiles for tile in row], columns=SHEET_FRAMES, width=9.0)
    return write_card(out, pictures.png_bytes(sheet))


def sheet_rows(network: Generator, clips: Sequence[PreparedClip]) -> list[list[NDArray[np.uint8]]]:
    """Return three rows of frames for each clip but the last: truth, generated, another clip's sound."""
    rows = []
    for clip, other in pairwise(clips):
        films = make_films(network, clip, other)
        # Talk is in the middle: clips begin and end in silence.
        frames = np.linspace(0.2, 0.7, SHEET_FRAMES) * (len(clip.mouths) - 1)
        shown = (films[film] for film in (RIGHT_VIDEO, GENERATED, OTHER_SOUND))
        rows += [list(film[np.rint(frames).astype(int)]) for film in shown]
    return rows


def commands(trainings: Sequence[Mapping[str, Any]]) -> str:
    """Return what trains a network again, from the facts of all its trainings, in order."""
    return " && ".join(command(each, number) for number, each in enumerate(trainings, start=1))


def command(facts: Mapping[str, Any], number: int = 1) -> str:
    """Return what does one training again, the first or a later one, from its facts."""
    data = " ".join(f"CORPUS{corpus}" for corpus in range(1, facts.get("corpora", 1) + 1))
    words = ["lipcourse train glance --profile class --data", data, f"--out RUN{number}"]
    if number > 1:
        words.append(f"--initial RUN{number - 1}/best.safetensors")
    usual = _flat(asdict(PRESETS["class"]))
    for name, value in _flat(facts["training"]).items():
        if name in usual and value == usual[name]:
            continue
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            values = value if isinstance(value, list | tuple) else [value]
            words.append(f"--{option} {' '.join(map(str, values))}")
    return " ".join(words)


def run(
    *,
    weights: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR [DIR ...]")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    clips: int = CLIPS,
) -> None:
    """Measure a trained glance generator on held-out clips, and write it in half precision with its card.

    Beside it stand films that need no network: the first frame repeated, the mean frame, and the truth.

    Args:
        weights: What `lipcourse train glance` wrote, such as run/best.safetensors.
        data: The prepared corpora that it learned from; their splits "validation" and "test" measure.
        out: Where to write it, such as weights/glance-puppets.safetensors.
        clips: How many clips of each corpus and split are measured at most.
    """
    print(f"The card is {ship(weights, data, out, clips=clips)}.")


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    """Name the options within options as the command line does: weights.pixel. JSON has no tuples."""
    flat: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": each for inner, each in _flat(value).items()}
        else:
            flat[name] = list(value) if isinstance(value, tuple) else value
    return flat


def _title(folder: Path, split: str, clips: Sequence[PreparedClip]) -> str:
    """Say whose clips these are, and what of them is new to the network."""
    speaking = {clip.talker for clip in clips}
    new = "sentences" if speaking & talkers(folder, "train") else "talkers"
    name = clips[0].origin[0].split(" (")[0]
    return f"{name}, {new} never trained on: {len(clips)} clips of {len(speaking)} talkers ({split})"
