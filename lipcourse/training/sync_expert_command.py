"""`lipcourse train sync`: what the command line calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from lipcourse.training.sync_expert import SyncOptions, train


def run(
    *,
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR [DIR ...]")],
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    start: Path | None = None,
    options: Annotated[SyncOptions, tyro.conf.arg(name="")] = SyncOptions(),  # noqa: B008 - frozen
) -> None:
    """Train the sync expert, the network that hears whether lips and sound are of one moment.

    Writes into the folder: first.safetensors after the stage that learns from the first corpus alone,
    sync-expert.safetensors after that of all, and latest.safetensors on the way. `lipcourse evaluate sync`
    then measures it and writes its card. Puppets must have no lead: lipcourse prepare makes them so for a
    training.

    Args:
        data: Corpora prepared by `lipcourse prepare`: "train" is learned from, "validation" measures.
        out: The folder to write into; it is made where it is missing.
        start: A network to go on from, such as latest.safetensors of a run that was stopped.
        options: All other options.
    """
    path = train(data, out, options, start=start)
    print(f"The network is {path}.")
