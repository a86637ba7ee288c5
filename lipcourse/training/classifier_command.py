"""`lipcourse train classifier`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from lipcourse.training.classifier import ClassifierOptions, train


def run(
    *,
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR [DIR ...]")],
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    start: Path | None = None,
    options: Annotated[ClassifierOptions, tyro.conf.arg(name="")] = ClassifierOptions(),  # noqa: B008 - frozen
) -> None:
    """Train the viseme classifier, the network behind the inception-style score.

    Writes into the folder: classifier.safetensors at the end, and latest.safetensors on the way. `lipcourse
    evaluate classifier` then measures it and writes its card.

    Args:
        data: Corpora prepared by `lipcourse prepare`: "train" is learned from, "validation" measures.
        out: The folder to write into; it is made where it is missing.
        start: A network to go on from, such as latest.safetensors of a run that was stopped.
        options: All other options.
    """
    path = train(data, out, options, start=start)
    print(f"The network is {path}.")
