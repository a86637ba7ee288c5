"""Generated videos: found in a folder, or made by a trained network when they are asked for.

Both are mappings from a clip's key to its video, and go to other processes as a path. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.folder import VIDEO_SUFFIXES
from lipcourse.errors import CorpusError, ModelError, OptionError, SignalError
from lipcourse.evaluation.references import LARGEST_SIDE, References
from lipcourse.generation.glance import generate
from lipcourse.media import read_frames
from lipcourse.networks.lips import LipGenerator
from lipcourse.networks.weights import load_network
from lipcourse.signals.alignment import crop_mouths, invert_transforms, transform_points

BEST = "best.safetensors"
"""The network that a training run keeps."""

Videos = Mapping[str, NDArray[np.uint8]]


class FolderVideos(Videos):
    """The videos of a folder, by the key of the reference that each is named after.

    `s1/bbaf2n.mp4` and `bbaf2n.mp4` both belong to the clip "grid/s1/bbaf2n". Videos are mouths of the
    reference's size; of a reference that is a video of a face, they may show all of it.

    Args:
        folder: The folder; folders in it count.
        references: The true clips.

    Raises:
        CorpusError: It holds no video, none named after a clip, or two of one clip.
    """

    def __init__(self, folder: Path, references: References) -> None:
        self.folder, self._references = folder, references
        found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in VIDEO_SUFFIXES]
        if not found:
            raise CorpusError(
                "holds no video and no trained network",
                where=folder,
                remedy=f"give a folder of videos, or a run of lipcourse train with its {BEST}",
            )
        ends: dict[str, list[str]] = {}
        for key in references:
            parts = key.split("/")
            for start in range(len(parts)):
                ends.setdefault("/".join(parts[start:]), []).append(key)
        self.paths: dict[str, Path] = {}
        self.strangers: list[str] = []
        for path in found:
            name = path.relative_to(folder).with_suffix("").as_posix()
            keys = ends.get(name, [])
            if len(keys) > 1 or (keys and keys[0] in self.paths):
                told = (
                    " and ".join(keys) if len(keys) > 1 else f"{keys[0]}, as does {self.paths[keys[0]].name}"
                )
                raise CorpusError(f"belongs to {told}", where=path, remedy="name each after one clip")
            if keys:
                self.paths[keys[0]] = path
            else:
                self.strangers.append(name)
        if not self.paths:
            raise CorpusError(
                f"none of its {len(found)} videos has a clip's name, such as {next(iter(references))}.mp4",
                where=folder,
                remedy="name each after the clip it was made for",
            )

    def __getitem__(self, key: str) -> NDArray[np.uint8]:
        path, reference = self.paths[key], self._references[key]
        frames = read_frames(path, fps=reference.fps, max_side=LARGEST_SIDE)
        clip, shape = reference.clip, frames.shape[1:3]
        if clip is None or shape != reference.whole or shape == reference.video.shape[1:3]:
            return frames  # who measures it says whether it has the reference's size
        if len(frames) != len(reference.video):
            raise SignalError(
                f"{len(frames)} frames where the reference has {len(reference.video)}",
                where=path,
                remedy="make it as long",
            )
        # The whole face: its mouth is where the true one is in the true video.
        landmarks = transform_points(clip.face_landmarks, invert_transforms(clip.face_transforms))
        return crop_mouths(frames, landmarks, reference.video.shape[1])[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, key: object) -> bool:  # Mapping's own would read the video
        return key in self.paths


class RunVideos(Videos):
    """What a trained network makes of each reference's first frame and sound, at its length.

    Args:
        weights: A file of `lipcourse train`, such as run/best.safetensors.
        references: The true clips: mouths of 64 x 64 pixels, 25 a second.
    """

    def __init__(self, weights: Path, references: References) -> None:
        self.weights, self._references = weights, references

    def __getitem__(self, key: str) -> NDArray[np.uint8]:
        reference = self._references[key]
        if reference.sound is None or reference.video.shape[1:3] != (64, 64):
            raise SignalError("no mouth of 64 x 64 pixels with sound, which the network needs", where=key)
        count = len(reference.video)
        samples = round(count * reference.sound.sample_rate / reference.fps)
        waveform = reference.sound.waveform[:samples]
        waveform = np.pad(waveform, (0, samples - len(waveform)))
        made = generate(_network(self.weights), waveform, reference.sound.sample_rate, reference.video[0])
        return np.concatenate(list(made))

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)

    def __contains__(self, key: object) -> bool:  # Mapping's own would make the video
        return key in self._references.talkers


def open_generated(path: Path, references: References) -> Videos:
    """Open a training run, a file of weights, or a folder of videos.

    Raises:
        CorpusError: There is nothing of the kind.
        ModelError: The network cannot be read, or moves no lips.
    """
    weights = path / BEST if path.is_dir() else path
    if weights.suffix == ".safetensors" and weights.is_file():
        _network(weights)  # what is wrong with it is wrong with every clip
        return RunVideos(weights, references)
    if not path.is_dir():
        raise CorpusError("there is no such folder", where=path, remedy="give a folder of videos, or a run")
    return FolderVideos(path, references)


def open_methods(paths: Sequence[Path], references: References) -> dict[str, Videos]:
    """Open several, each a method named after its folder or file.

    Raises:
        OptionError: Two have one name.
        CorpusError: There is nothing of the kind at one of them.
        ModelError: A network cannot be read.
    """
    methods: dict[str, Videos] = {}
    for path in paths:
        name = path.resolve().stem if path.is_file() else path.resolve().name
        if name in methods:
            raise OptionError(f"two methods would have the name {name!r}", remedy="rename one folder")
        methods[name] = open_generated(path, references)
    return methods


@lru_cache(maxsize=2)
def _network(weights: Path) -> LipGenerator:
    """Load a network once a process."""
    network = load_network(weights)
    if not isinstance(network, LipGenerator):
        raise ModelError("holds no network that moves lips", where=weights, remedy="give one that does")
    return network
