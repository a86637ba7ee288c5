"""Clips decoded in the order in which they are needed, by this process or by workers of its own.

PyTorch keeps the order and does the sending; a clip, not a window, is what is sent, since the windows
of a clip overlap and are needed at different times.

Needs what networks need, webdataset and safetensors. Taught in notebook 05.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from lipcourse.errors import CorpusError, LipcourseError
from lipcourse.windows.batches import SYSTEMS, Parts
from lipcourse.windows.shards import PREPARE_AGAIN
from lipcourse.windows.shelf import Catalogue, DamagedShardError, Shelf

CLIPS_AHEAD = 6
"""Clips that each worker decodes before they are asked for."""

Decoded = tuple[int, Parts | LipcourseError]
"""The number of a clip, and its parts or why there are none."""


class Needed(Sampler[int]):
    """The clips that are needed next, by their number in the catalogue, in order."""

    def __init__(self) -> None:
        self.clips: list[int] = []

    def __iter__(self) -> Iterator[int]:
        return iter(self.clips)


def decoding(
    catalogue: Catalogue, shelf: Shelf, system: str, needed: Needed, workers: int
) -> DataLoader[Decoded]:
    """Return what decodes the clips that are needed, each time that it is iterated over.

    Args:
        catalogue: The clips.
        shelf: Where their members are.
        system: "glance", "atvg" or "recurrent": which parts of a clip are decoded.
        needed: Which clips.
        workers: How many processes; 0 for this one. They live as long as what is returned.
    """
    return DataLoader(
        _Clips(catalogue, shelf, system),
        batch_size=None,
        sampler=needed,
        num_workers=workers,
        collate_fn=_as_it_is,
        persistent_workers=workers > 0,
        prefetch_factor=CLIPS_AHEAD if workers else None,
        generator=torch.Generator(),  # else it would draw from the one that training draws from
    )


class _Clips(Dataset[Decoded]):
    """What a worker process does: decode any clip of a catalogue."""

    def __init__(self, catalogue: Catalogue, shelf: Shelf, system: str) -> None:
        self.catalogue, self.shelf, self.system = catalogue, shelf, system

    def __getitem__(self, clip: int) -> Decoded:
        """Decode a clip; errors are values, since one raised in another process would lose its parts."""
        system, shard = SYSTEMS[self.system], int(self.catalogue.shard[clip])
        try:
            members = self.shelf.read(shard, self.catalogue.keys[clip], system.members)
        except CorpusError as error:
            return clip, error
        try:
            parts = system.decode(members)
            if len(parts["pictures"]) != self.catalogue.frames[clip]:
                raise CorpusError("is not as long as index.json says", where=members["__url__"])
        except LipcourseError as error:
            return clip, DamagedShardError(error.what, where=error.where, remedy=PREPARE_AGAIN)
        return clip, parts


def _as_it_is(decoded: Any) -> Any:
    """Leave a decoded clip alone, where PyTorch would put several together."""
    return decoded
