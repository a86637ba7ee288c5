"""`lipcourse train flownet`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from lipcourse.training.flownet import FlowNetOptions, train


def run(
    *,
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR [DIR ...]")],
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    start: Path | None = None,
    options: Annotated[FlowNetOptions, tyro.conf.arg(name="")] = FlowNetOptions(),  # noqa: B008 - frozen
) -> None:
    """Train FlowNetS, the network that sees movement: on warps of mouths, then on mouths with a teacher.

    Writes into the folder: warps.safetensors after the first stage, flownet.safetensors after the second, and
    latest.safetensors on the way. `lipcourse evaluate flow` then measures it and writes its card.

    Args:
        data: Corpora prepared by `lipcourse prepare`: "train" is learned from, the talkers of "test" measure.
        out: The folder to write into; it is made where it is missing.
        start: A network to go on from, such as latest.safetensors of a run that was stopped.
        options: All other options.
    """
    path = train(data, out, options, start=start)
    print(f"The network is {path}.")
