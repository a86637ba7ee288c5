"""All that a training needs to go on where it stopped, in one file that is whole or not there.

Tensors and a text in one safetensors file, written beside its place, forced to the disk, and renamed.
Whenever a run is killed there is thus one whole checkpoint, of one step: weights and optimisers never come
from two different ones. Nothing is unpickled. Taught in notebook 11.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer

from lipcourse.errors import ModelError
from lipcourse.networks.weights import check_shapes
from lipcourse.whole import beside

VERSION = 1
_ENTRY = "lipcourse checkpoint"
ANEW = "choose another --out, or begin anew with --no-resume"


class Checkpoint(NamedTuple):
    """What a checkpoint holds.

    Attributes:
        tensors: Weights, statistics, the state of optimisers and of random numbers, by name.
        state: The rest, as JSON knows it: "step", "options", where the data loader stood.
    """

    tensors: dict[str, Tensor]
    state: dict[str, Any]


def save_checkpoint(path: Path, system: str, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write a checkpoint; until the very end the one before it stays.

    Args:
        path: The file, in a folder that there is.
        system: What is trained, such as "glance": another one cannot load it.
        tensors: By name.
        state: What JSON knows.

    Raises:
        ModelError: It cannot be written.
    """
    text = json.dumps({"version": VERSION, "system": system, "state": state}, sort_keys=True)
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        with beside(path) as unfinished:
            save_file(kept, unfinished, {_ENTRY: text})
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot be written ({error})", where=path, remedy="make room") from error


def load_checkpoint(path: Path, system: str) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        ModelError: It is cut off or damaged, of another system or version, or no checkpoint at all.
    """
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_ENTRY)
            # Copies: what safetensors gives lies where it lay in the file, and kernels like whole blocks.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        if text is None:
            raise ModelError("is no checkpoint of a training", where=path, remedy=ANEW)
        told = json.loads(text)
        held = (told["system"], told["version"])
        state: dict[str, Any] = told["state"]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"the checkpoint is cut off or damaged ({error})", where=path, remedy=ANEW
        ) from error
    if held != (system, VERSION):
        raise ModelError(
            f"is a checkpoint of {held[0]}, version {held[1]}, not of {system}, version {VERSION}",
            where=path,
            remedy=ANEW,
        )
    return Checkpoint(tensors, state)


def load_weights(network: torch.nn.Module, tensors: Mapping[str, Tensor], where: Path) -> None:
    """Put a checkpoint's weights into a network.

    Raises:
        ModelError: They are those of a network of another kind or width.
    """
    remedy = f"give the options that it was begun with, {ANEW}"
    check_shapes(network, tensors, where, remedy=remedy)
    network.load_state_dict(tensors)


def pack_optimizer(optimizer: Optimizer, prefix: str) -> dict[str, Tensor]:
    """Return an optimiser's state as tensors by name; its options are not kept, since a run gives them."""
    return {
        f"{prefix}.{index}.{name}": value
        for index, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def unpack_optimizer(optimizer: Optimizer, prefix: str, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `pack_optimizer` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in take(tensors, prefix).items():
        index, entry = name.split(".")
        state.setdefault(int(index), {})[entry] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def take(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `prefix` and a dot, by the rest of their names."""
    return {
        name.removeprefix(f"{prefix}."): t for name, t in tensors.items() if name.startswith(f"{prefix}.")
    }
