"""`lipcourse generate glance`: what the command line calls."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Literal

import torch
import tyro
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from lipcourse.errors import MediaError, OptionError
from lipcourse.generation.film import make_film
from lipcourse.generation.portrait import Portrait, find_mouth, take_lips
from lipcourse.media import read_image
from lipcourse.networks.lips import LipGenerator
from lipcourse.networks.weights import find, load_network

WEIGHTS = "glance-puppets-and-grid"
"""The weights used where none are named: those that know real faces."""


def run(
    *,
    audio: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    image: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.mp4")],
    weights: Annotated[str, tyro.conf.arg(metavar="NAME|FILE")] = WEIGHTS,
    full_frame: bool = False,
    lip_crop: bool = False,
    scale: int = 4,
    device: Literal["auto", "cpu", "cuda"] = "auto",
) -> None:
    """Make a person in a picture say what is heard in a file: any length, any voice.

    Writes a film with the sound in it, whose title and comment say that it is synthetic and by which weights.
    Show it to nobody as a recording, and make none of a person who has not agreed.

    Args:
        audio: A sound or video file of someone who speaks; only its sound is used.
        image: A picture of the person: of the face, or of the lips alone with --lip-crop.
        out: The film to write; another of that name is replaced when this one is whole.
        weights: The name of weights shipped with the course, or a .safetensors file.
        full_frame: Show the whole picture with the mouth moving in it, else the mouth alone.
        lip_crop: Take the whole picture as lips: upright, from side to side 4/3 of the mouth's width.
        scale: How many times as large the mouth alone is shown; 1 is 64 pixels.
        device: Where the network runs; auto takes a CUDA GPU where there is one.
    """
    console = Console(stderr=True, highlight=False)
    if not 1 <= scale <= 16:
        raise OptionError(f"a mouth cannot be shown {scale} times as large", remedy="choose from 1 to 16")
    place = choose_device(device)
    if not out.absolute().parent.is_dir():
        raise MediaError("no such folder", where=out.parent, remedy="make it first, or choose another")
    if out.suffix.lower() != ".mp4":
        raise OptionError("the film is an MP4 file", where=out, remedy="let its name end in .mp4")
    name = find(weights).stem
    network = load_network(weights, LipGenerator).to(place)
    # Channels beside each other in memory make convolutions an eighth quicker on a CPU.
    for layer in network.modules():
        if isinstance(layer, nn.Conv3d | nn.ConvTranspose3d):
            layer.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    portrait = find_portrait(image, lip_crop, console)
    with Progress(
        TextColumn("making {task.completed:.0f} frames"),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("frames", total=None)
        film = make_film(
            network,
            audio,
            portrait,
            out,
            full_frame=full_frame,
            scale=scale,
            title="Synthetic video of a speaking mouth",
            comment=f"Synthetic: made by lipcourse with the weights {name!r} from a sound and one picture. "
            "Nobody was filmed saying this.",
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if film.silent:
        console.print("warning: the sound is silent, so the mouth has nothing to say", style="yellow")
    Console(highlight=False, markup=False, soft_wrap=True).print(
        f"{film.frames} frames ({film.seconds:.2f} s) by {name}: look at {out}"
    )


def choose_device(name: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """Return the device of that name; "auto" is a CUDA GPU where there is one, else the CPU.

    Raises:
        OptionError: There is no CUDA GPU, or PyTorch cannot use it.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise OptionError(
            "there is no CUDA GPU that PyTorch can use", remedy="say --device cpu, or see lipcourse doctor"
        )
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def find_portrait(image: Path, lip_crop: bool, console: Console) -> Portrait:
    """Read a picture and find its mouth; what is odd about it is said in yellow.

    Raises:
        MediaError: It is no picture.
        SignalError: There is no mouth to be found.
    """
    picture = read_image(image)
    if lip_crop:
        return take_lips(picture, where=image)
    with warnings.catch_warnings(record=True) as odd:
        warnings.simplefilter("always")
        portrait = find_mouth(picture, where=image)
    for each in odd:
        console.print(f"warning: {each.message}", style="yellow", markup=False, soft_wrap=True)
    return portrait
