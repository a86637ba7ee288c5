"""Batches of windows from prepared corpora, for one process or many, from any place in an epoch.

The order of an epoch is known before anything is read (`lipcourse.windows.order`). Each process takes its
share of each batch; its loader workers decode the clips in the order in which they are first needed, each
once; the process itself keeps those that are needed again, and cuts the windows. So the batches are the same
whatever the number of workers and processes, and an epoch can begin anywhere.

Needs what networks need, webdataset and safetensors. Taught in notebook 05.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lipcourse.errors import CorpusError, OptionError
from lipcourse.windows.batches import (
    SYSTEMS,
    AtvgBatch,
    Batch,
    Cut,
    GlanceBatch,
    Parts,
    RecurrentBatch,
    SystemName,
)
from lipcourse.windows.decoding import Decoded, Needed, decoding
from lipcourse.windows.index import is_address
from lipcourse.windows.order import Numbers, Order, count_windows, even_out, order_epoch
from lipcourse.windows.shards import DamagedShardWarning
from lipcourse.windows.shelf import DamagedShardError, Shelf, read_catalogue

__all__ = ["AtvgBatch", "Batch", "GlanceBatch", "RecurrentBatch", "WindowLoader", "WindowsWarning"]


class WindowsWarning(UserWarning):
    """Windows can be had, but not quite as one would expect of such a corpus."""


class WindowLoader:
    """Iterates over the batches of one epoch, and with each further `iter` over those of the next.

    A batch is shared by all processes: batch n of `world` processes with `batch` windows each holds the same
    windows as batch n of one process with `world * batch`. No window is repeated or lost; the last batch is
    smaller, and what is left then for fewer windows than processes joins the batch before it.

    A clip that cannot be read, of a damaged shard say, is named in a warning, noted in `damaged`, and its
    windows are left out: batches are smaller then. Where a process would have nothing left to give it
    leaves the batch out; if there are others, which would wait for it, it gives its nearest batch twice.

    Args:
        source: A folder that `lipcourse prepare` made, or its address on a web server; or several of them.
        system: "glance", "atvg" or "recurrent": what a batch holds (see `lipcourse.windows.batches`).
        split: "train", "validation" or "test".
        batch: Windows in a batch of this process.
        frames: Frames of a window, T.
        stride: Frames from the start of a window to the next one's; frames left at a clip's end are not used.
        seed: Of the order and the identity images.
        shuffle: False gives clips and windows in their own order.
        rank: Which of the processes this is.
        world: How many processes there are.
        workers: How many further processes decode for this one; 0 for none.
        drop_last: Leave out the last batch if it is smaller.
        even: Of several sources, show as many windows of each as of the smallest; a larger one shows those of
            other clips in each epoch.
        first_frames: The share of windows whose identity image is the first frame of their clip, as it is
            where a whole clip is made again; that of the others is any frame.
        unseen: What the protocol says that testing holds and training does not. With "talkers" a talker who
            is in both is an error, with "sentences" it is fine; None warns of it when testing.

    Attributes:
        windows: How many windows an epoch has, over all processes.
        damaged: By shard, what is wrong with the clip in it that could not be read last.
        lost: How many clips could not be read, so far.
        short: How many clips are too short for a window.

    Raises:
        CorpusError: There is no prepared corpus, or one of another version; the split is empty or has
            too few clips; a talker is where the protocol forbids it.
        OptionError: An option cannot be.

    Taught in notebook 05.
    """

    def __init__(
        self,
        source: str | Path | Sequence[str | Path],
        system: SystemName,
        *,
        split: str = "train",
        batch: int = 8,
        frames: int = 16,
        stride: int = 8,
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        world: int = 1,
        workers: int = 0,
        drop_last: bool = False,
        even: bool = False,
        first_frames: float = 0.0,
        unseen: Literal["talkers", "sentences"] | None = None,
    ) -> None:
        if system not in SYSTEMS:
            raise OptionError(f"there is no system {system!r}", remedy=f"choose from {', '.join(SYSTEMS)}")
        if not 0 <= first_frames <= 1:
            raise OptionError(f"a share of {first_frames} cannot be", remedy="give first_frames 0 to 1")
        if min(batch, frames, stride, world) < 1 or min(workers, seed) < 0 or not 0 <= rank < world:
            given = f"{batch=}, {frames=}, {stride=}, {world=}, {rank=}, {workers=}, {seed=}"
            raise OptionError(
                f"these options cannot be: {given}",
                remedy="the first four are 1 or more, rank 0 to world - 1, the others 0 or more",
            )
        sources = [source] if isinstance(source, str | Path) else list(source)
        self._where = ", ".join(map(str, sources))
        self._system = SYSTEMS[system]
        self._catalogue = read_catalogue(sources, split)
        self._frames = frames
        self._options: dict[str, Any] = {
            "length": frames,
            "stride": stride,
            "seed": seed,
            "shuffle": shuffle,
            "first_frames": first_frames,
        }
        self._batch, self._rank, self._world, self._drop_last = batch, rank, world, drop_last
        self._even = even
        self.windows = self._check(system, split, unseen)
        self.damaged: dict[str, str] = {}
        self.lost = 0
        self._epoch, self._position, self._begin_at = 0, 0, 0
        shards = self._catalogue.shards
        # Kept as an attribute, the folder lives as long as the loader does.
        self._copies = (
            tempfile.TemporaryDirectory(prefix="lipcourse-") if any(map(is_address, shards)) else None
        )
        self._shelf = Shelf(shards, Path(self._copies.name) if self._copies else None)
        self._spare: list[tuple[int, Parts]] = []
        self._needed = Needed()
        self._decoder = decoding(self._catalogue, self._shelf, system, self._needed, workers)
        self._workers = workers

    def __len__(self) -> int:
        """How many batches an epoch has, the same for each process."""
        return len(self._edges(0)) - 1

    def __iter__(self) -> Iterator[Any]:
        """Give the batches of the epoch, such as `GlanceBatch`, from where a loaded state says.

        Raises:
            CorpusError: Not one clip can be read, or a shard is of another version of the format.
        """
        begin, self._begin_at = self._begin_at, 0
        self._position = begin
        edges = self._edges(begin)
        order = self._order()
        uses = self._clips_of(order, np.arange(begin + self._rank, edges[-1], self._world))
        clips, firsts = np.unique(uses, return_index=True)
        self._needed.clips = clips[np.argsort(firsts)].tolist()
        wanted = np.bincount(uses, minlength=len(self._catalogue.keys))
        shards_wanted = np.bincount(self._catalogue.shard[uses], minlength=len(self._catalogue.shards))
        pool: dict[int, Parts | None] = {}
        arriving = iter(self._decoder)
        given: Batch | None = None
        owed = 0
        for first, end in pairwise(edges):
            share = np.arange(first + self._rank, end, self._world)
            used = self._clips_of(order, share)
            for clip in used.tolist():
                while clip not in pool:
                    self._receive(next(arriving), pool)
            cuts = [cut for window in share.tolist() if (cut := self._cut(order, window, pool))]
            self._give_up(used, wanted, shards_wanted, pool)
            self._position = end
            if cuts:
                given = self._system.cut(cuts, self._frames)
            elif self._world == 1:
                continue
            owed += 1
            while given and owed:
                owed -= 1
                yield given
        if len(edges) > 1 and not given:
            raise CorpusError(
                f"not one clip could be read; the first: {next(iter(self.damaged.values()))}",
                where=self._where,
            )
        self.set_epoch(self._epoch + 1)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next `iter` goes through; the one under way keeps its place."""
        if epoch != self._epoch:
            self._epoch, self._position, self._begin_at = epoch, 0, 0

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` needs to go on after the batch given last, JSON-ready."""
        done = self._position >= self._edges(0)[-1]
        place = (
            {"epoch": self._epoch + 1, "position": 0}
            if done
            else {"epoch": self._epoch, "position": self._position}
        )
        return place | self._identity()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next `iter` go on where the state was taken; the number of workers may be another.

        Raises:
            OptionError: It is the state of a loader of other windows, or of other batches.
        """
        for name, value in self._identity().items():
            if state.get(name) != value:
                raise OptionError(
                    f"this loader's {name} is {value}, that of the state {state.get(name)}",
                    remedy="go on with the options that the run began with, or begin anew",
                )
        self._epoch = state["epoch"]
        self._position = self._begin_at = state["position"]

    def _identity(self) -> dict[str, Any]:
        """Name all that the order of the windows and the size of whole batches depend on."""
        whole = self._batch * self._world
        return {"windows": self.windows, "whole_batch": whole, "even": self._even, **self._options}

    def _order(self) -> Order:
        """Order the windows of the epoch."""
        catalogue = self._catalogue
        corpora = catalogue.corpus if self._even else None
        return order_epoch(
            catalogue.frames, catalogue.shard, epoch=self._epoch, corpora=corpora, **self._options
        )

    def _edges(self, begin: int) -> list[int]:
        """Return where the whole batches from a place on begin, and where the last ends."""
        if self.windows - begin < self._world:
            return [begin]  # the epoch is over, or has too few left for more processes than it began with
        whole = self._batch * self._world
        edges = [*range(begin, self.windows, whole), self.windows]
        last = edges[-1] - edges[-2]
        if self._drop_last and last < whole:
            edges.pop()
        elif last < self._world and len(edges) > 2:
            del edges[-2]
        return edges

    def _clips_of(self, order: Order, share: Numbers) -> Numbers:
        """Name the clips that windows are cut from, in the order in which they are needed."""
        if not self._system.contrasts:
            return order.clip[share]
        return np.stack([order.clip[share], order.clip[order.other[share]]], axis=1).reshape(-1)

    def _receive(self, decoded: Decoded, pool: dict[int, Parts | None]) -> None:
        """Take a clip into the pool, or note why it cannot be had."""
        clip, parts = decoded
        if isinstance(parts, dict):
            # What comes from a worker lies in shared memory, of which a machine may have little.
            parts = {name: value.clone() if self._workers else value for name, value in parts.items()}
            pool[clip] = parts
            self._spare = [*self._spare[-1:], (clip, parts)]
            return
        if not isinstance(parts, DamagedShardError):
            raise parts
        pool[clip] = None
        self.lost += 1
        self.damaged[self._catalogue.shards[self._catalogue.shard[clip]]] = str(parts)
        warnings.warn(
            f"{self._catalogue.keys[clip]} was left out: {parts}", DamagedShardWarning, stacklevel=3
        )

    def _cut(self, order: Order, window: int, pool: Mapping[int, Parts | None]) -> Cut | None:
        """Say how a window is cut, unless its clip is lost; a lost mismatch is replaced by a recent clip."""
        clip = int(order.clip[window])
        parts = pool[clip]
        other, other_start = parts, 0
        if self._system.contrasts:
            contrast = order.other[window]
            other, other_start = pool[int(order.clip[contrast])], int(order.start[contrast])
            if other is None:
                spare = (held for number, held in self._spare if number != clip)
                other, other_start = next(spare, None), 0
        if parts is None or other is None:
            return None
        key, talker = self._catalogue.keys[clip], self._catalogue.talkers[clip]
        return Cut(key, talker, parts, int(order.start[window]), int(order.image[window]), other, other_start)

    def _give_up(
        self, used: Numbers, wanted: Numbers, shards_wanted: Numbers, pool: dict[int, Parts | None]
    ) -> None:
        """Forget the clips, and the copies of shards, that are not wanted again in this epoch."""
        for clip in used.tolist():
            shard = int(self._catalogue.shard[clip])
            wanted[clip] -= 1
            shards_wanted[shard] -= 1
            if not wanted[clip]:
                del pool[clip]
            if not shards_wanted[shard]:
                self._shelf.give_up(shard)

    def _check(self, system: str, split: str, unseen: str | None) -> int:
        """Count windows, and say clearly what is not as it should be."""
        catalogue, frames = self._catalogue, self._frames
        counts = count_windows(catalogue.frames, frames, self._options["stride"])
        usable = int(np.count_nonzero(counts))
        self.short = len(counts) - usable
        if self._even:
            counts = even_out(counts, np.arange(len(counts)), catalogue.corpus)
        windows = int(counts.sum())
        if not windows:
            longest = catalogue.frames.max()
            raise CorpusError(
                f"the longest clip of the split {split!r} has {longest} frames, a window {frames}",
                where=self._where,
                remedy=f"choose windows of {longest} frames or fewer",
            )
        if self._system.contrasts and usable < 2:
            raise CorpusError(
                f"{system} contrasts a window with one of another clip, and only one clip has a window",
                where=self._where,
                remedy="prepare two clips or more",
            )
        least = self._batch * self._world if self._drop_last else self._world
        if windows < least:
            raise OptionError(
                f"the split {split!r} has {windows} windows, too few for {self._world} processes' batch",
                remedy="choose a smaller batch, fewer processes or drop_last=False",
            )
        leak = f"{', '.join(catalogue.shared)}: for training as well as for testing"
        if catalogue.shared and unseen == "talkers":
            raise CorpusError(
                f"the protocol tests on unseen talkers, but there are clips of {leak}",
                where=self._where,
                remedy='split the corpus by talker, or say unseen="sentences"',
            )
        if catalogue.shared and unseen is None and split == "test":
            _warn(f"{self._where}: there are clips of {leak}; scores will not be those of unseen talkers")
        if self.short:
            _warn(
                f"{self._where}: {self.short} of {len(counts)} clips are shorter than {frames} frames, unused"
            )
        if self._system.contrasts and len(set(catalogue.talkers)) == 1:
            _warn(f"{self._where}: all clips are of one talker, so mismatched windows are of the same one")
        return windows


def _warn(text: str) -> None:
    """Say something of the corpus to whoever made the loader."""
    warnings.warn(text, WindowsWarning, stacklevel=4)
