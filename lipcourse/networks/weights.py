"""Networks as files: weights in safetensors, and with them what they are weights of.

A file holds numbers and one text: the name of the system, the options that build it, and facts about its
training. Nothing in it is ever run, as unpickling would. The same network gives the same file, byte for byte:
the text is a single entry, since safetensors writes several in random order.

    network = load_network("flownet")  # one of the small networks shipped with the course
    network = load_network("runs/mine.safetensors", Generator, width=0.5)  # a file, of no other kind

Needs torch and safetensors only. Taught in notebook 11.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar, overload

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from lipcourse.errors import LipcourseError, ModelError
from lipcourse.whole import beside

SYSTEMS = {
    "glance": "lipcourse.networks.glance:Generator",
    "speech2vid": "lipcourse.networks.speech2vid:Speech2Vid",
    "video_gan": "lipcourse.networks.video_gan:VideoGan",
    "autoencoder": "lipcourse.networks.autoencoder:PerceptualAutoencoder",
    "flownet": "lipcourse.networks.flownet:FlowNet",
    "sync": "lipcourse.networks.sync_expert:SyncExpert",
    "classifier": "lipcourse.networks.classifier:VisemeClassifier",
}
"""The class of each system, imported when one is built: no network needs to know of this file."""

SUFFIX = ".safetensors"
LARGEST_SHIPPED = 16_000_000
"""Bytes that a network shipped with the course may take."""

_ENTRY = "lipcourse"
_VERSION = 1
_TRAIN_AGAIN = "train it again with this lipcourse, or install the one that wrote it"

_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True)
class Description:
    """What a file says of the network in it.

    Attributes:
        path: The file.
        system: One of `SYSTEMS`.
        options: What its class was called with.
        facts: What is known of its training, as it was given to `save_network`.
        parameters: How many numbers are learned.
        stored: The type they are stored in, such as "float16".
    """

    path: Path
    system: str
    options: dict[str, Any]
    facts: dict[str, Any]
    parameters: int
    stored: str

    @property
    def name(self) -> str:
        """What the network is called: the file's name less its ending."""
        return self.path.stem


def save_network(
    path: str | os.PathLike[str],
    network: nn.Module,
    *,
    system: str,
    options: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
    half: bool = False,
) -> Path:
    """Write a network beside its place and rename it, so that no file is ever half-written.

    Args:
        path: The file; its name must end in ".safetensors". Folders are made.
        network: What `SYSTEMS[system]` builds from `options`; its device and mode do not matter.
        system: Its name in `SYSTEMS`.
        options: How to build it again, such as {"width": 0.5}.
        facts: What is known of its training, as JSON knows it; `lipcourse.networks.cards` says what a card
            needs.
        half: Store what is learned in half precision (float16): half the size, each number good to 1 in
            2000. Statistics of normalisation stay in single precision, whose range they need.

    Returns:
        The file's path.

    Raises:
        ModelError: The network is no such system, holds numbers that are not finite, options or facts do not
            go into JSON, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ModelError("a network's file has another name", where=path, remedy=f"let it end in {SUFFIX}")
    told: dict[str, Any] = {
        "version": _VERSION,
        "system": system,
        "options": dict(options),
        "facts": dict(facts or {}),
    }
    try:
        text = json.dumps(told, sort_keys=True, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ModelError(f"options or facts do not go into JSON ({error})", where=path) from error
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    check_shapes(_build(system, told["options"], path), tensors, path)
    if half:
        learned = dict(network.named_parameters())
        tensors = {name: part.half() if name in learned else part for name, part in tensors.items()}
    unusable = [name for name, part in tensors.items() if not torch.isfinite(part).all()]
    if unusable:
        raise ModelError(
            f"{unusable[0]} is not finite{' in half precision' if half else ''}, so nothing was saved",
            where=path,
            remedy="go back to an earlier state of the network",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as unfinished:
            unfinished.write_bytes(save(tensors, {_ENTRY: text}))
    except OSError as error:
        raise ModelError(f"cannot be written ({error.strerror or error})", where=path) from error
    return path


@overload
def load_network(name_or_path: str | os.PathLike[str]) -> nn.Module: ...
@overload
def load_network(name_or_path: str | os.PathLike[str], kind: type[_Network], **options: Any) -> _Network: ...
def load_network(
    name_or_path: str | os.PathLike[str], kind: type[nn.Module] = nn.Module, **options: Any
) -> nn.Module:
    """Build the network of a file, on the CPU, in single precision and ready for use (`eval` mode).

    Args:
        name_or_path: One of `available()`, or a file.
        kind: The class it must be, such as `lipcourse.networks.glance.Generator`; by default any.
        options: What it must have been built with, such as `width=0.5`.

    Returns:
        The network.

    Raises:
        ModelError: There is no such file, it is cut off, no safetensors file or none of this package, it
            holds another system or width, or its weights are not those of its system.
    """
    path = find(name_or_path)
    with _opened(path) as file:
        told = _describe(file, path)
        # On the "meta" device nothing is drawn or stored: the weights come from the file.
        network = _build(told.system, told.options, path)
        if not isinstance(network, kind):
            raise ModelError(f"holds a network of the system {told.system}, no {kind.__name__}", where=path)
        _check_options(network, told, options)
        wanted = network.state_dict()
        check_shapes(network, {name: file.get_slice(name) for name in file.keys()}, path)  # noqa: SIM118
        tensors = {
            name: file.get_tensor(name).to(wanted[name].dtype, copy=True)  # a copy, not the file's memory
            for name in wanted
        }
    network.load_state_dict(tensors, assign=True)
    return network.eval()


def describe(name_or_path: str | os.PathLike[str]) -> Description:
    """Read what a file says of its network, without building it.

    Raises:
        ModelError: As for `load_network`.
    """
    path = find(name_or_path)
    with _opened(path) as file:
        return _describe(file, path)


def check_shapes(
    network: nn.Module,
    tensors: Mapping[str, Any],
    path: Path,
    *,
    remedy: str = f"it is of another width or version: {_TRAIN_AGAIN}",
) -> None:
    """Make sure that tensors, or slices of a file, are those of a network.

    Args:
        network: Whose weights they are to be.
        tensors: By name; of each only the shape is looked at.
        path: Where they are from.
        remedy: What to do where they are another network's.

    Raises:
        ModelError: One is missing, too many, or of another shape.
    """
    wanted = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {
        name: list(part.shape if isinstance(part, Tensor) else part.get_shape())
        for name, part in tensors.items()
    }
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        first = wrong[0]
        raise ModelError(
            f"{len(wrong)} weights are not those of its {type(network).__name__}: {first} has shape "
            f"{found.get(first, 'none')}, not {wanted.get(first, 'none')}",
            where=path,
            remedy=remedy,
        )


def weights_folder() -> Path:
    """Return the folder of the networks shipped with the course: in the package, or beside it."""
    package = Path(__file__).parents[1]
    installed = package / "weights"
    return installed if installed.is_dir() else package.parent / "weights"


def available() -> list[str]:
    """Return the names of the networks shipped with the course."""
    return sorted(path.stem for path in weights_folder().glob(f"*{SUFFIX}"))


def find(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the file of a shipped network, or the file named itself.

    Raises:
        ModelError: There is none.
    """
    path = Path(name_or_path)
    if path.suffix == SUFFIX or len(path.parts) > 1:
        if not path.is_file():
            raise ModelError("there is no such file", where=path)
        return path
    shipped = weights_folder() / f"{path.name}{SUFFIX}"
    if not shipped.is_file():
        raise ModelError(
            f"no network {path.name!r} is shipped",
            remedy=f"choose of {', '.join(available()) or 'none'}, or give a {SUFFIX} file",
        )
    return shipped


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file; whatever is wrong with it becomes a ModelError."""
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        cut_off = "incomplete" in str(error).lower()
        raise ModelError(
            f"is {'cut off' if cut_off else 'no safetensors file'} ({error})",
            where=path,
            remedy="copy or download it again" if cut_off else "give a file that lipcourse saved",
        ) from error


def _describe(file: Any, path: Path) -> Description:
    """Read the one text of a file."""
    text = (file.metadata() or {}).get(_ENTRY)
    if text is None:
        raise ModelError("does not say which network it holds", where=path, remedy="give a file of lipcourse")
    try:
        told = json.loads(text)
        if told["version"] != _VERSION:
            raise ModelError(
                f"its format is version {told['version']}; this code reads version {_VERSION}",
                where=path,
                remedy=_TRAIN_AGAIN,
            )
        system, options, facts = str(told["system"]), dict(told["options"]), dict(told["facts"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"what it says of its network is damaged ({error})", where=path) from error
    if system not in SYSTEMS:
        raise ModelError(
            f"holds a network of the system {system!r}, which is none of {', '.join(SYSTEMS)}", where=path
        )
    network = _build(system, options, path)
    learned = dict(network.named_parameters())
    kinds = {str(file.get_slice(name).get_dtype()) for name in file.keys() if name in learned}  # noqa: SIM118
    stored = "float16" if kinds == {"F16"} else "float32"
    return Description(path, system, options, facts, sum(p.numel() for p in learned.values()), stored)


def _build(system: str, options: Mapping[str, Any], path: Path) -> nn.Module:
    """Build a system's network without memory for its weights."""
    if system not in SYSTEMS:
        raise ModelError(f"there is no system {system!r}", where=path, remedy=f"one of {', '.join(SYSTEMS)}")
    module, name = SYSTEMS[system].split(":")
    try:
        with torch.device("meta"):
            network: nn.Module = getattr(import_module(module), name)(**options)
    except (TypeError, ValueError, RuntimeError, LipcourseError) as error:
        raise ModelError(
            f"no {system} can be built with the options {dict(options)} ({error})", where=path
        ) from error
    return network


def _check_options(network: nn.Module, told: Description, wanted: Mapping[str, Any]) -> None:
    """Make sure that a network was built as the caller wants it; what its file leaves out is the default."""
    defaults = {name: each.default for name, each in signature(type(network)).parameters.items()}
    found = defaults | told.options
    for name, value in wanted.items():
        if found.get(name) != value:
            raise ModelError(
                f"its {told.system} has {name} {found.get(name)}, not {value}",
                where=told.path,
                remedy="choose other weights, or leave the option to the file",
            )
