"""Lip frames of any length from sound and one lip image, made by a glance generator as the sound comes.

The paper makes 16 frames at once and leaves longer video to future work. The generator is convolutional, so
it takes sound of any length; here it takes a window at a time, with as much of its surroundings as it can
hear. Source: Chen et al., "Lip Movements Generation at a Glance" (2018). Taught in notebook 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.errors import SignalError
from lipcourse.generation.listening import windows
from lipcourse.networks.lips import LipGenerator

WINDOW = 128
"""Frames made at a time: enough that the 18 at its ends, which are made twice, cost little."""


def generate(
    network: LipGenerator,
    waveform: NDArray[np.floating] | Iterable[NDArray[np.floating]],
    sample_rate: float,
    image: NDArray[np.uint8],
    *,
    window: int = WINDOW,
    precision: torch.dtype = torch.float32,
) -> Iterator[NDArray[np.uint8]]:
    """Make the lip frames of a person who says what is heard, a window at a time.

    The frames are those that the network would make of the whole sound at once: windows overlap by as much as
    it can hear, so that there is no seam. Memory does not grow with the sound's length.

    Args:
        network: A trained generator in `eval` mode, on any device.
        waveform: Mono sound in [-1, 1], (N,), or pieces of it one after the other.
        sample_rate: Samples a second.
        image: The person's lips, uint8 (64, 64, 3), RGB, cut as `lipcourse.signals.alignment.crop_mouths`
            cuts them.
        window: How many frames are made at a time.
        precision: torch.bfloat16 computes convolutions in half the digits, where the device has them.

    Yields:
        uint8 (T, 64, 64, 3), RGB, at 25 frames a second; all together as many frames as the sound lasts,
        at least one.

    Raises:
        SignalError: The image has another shape, or the sound holds NaN.
        OptionError: `window` is below 1, or the sample rate cannot be.
    """
    if image.shape != (64, 64, 3) or image.dtype != np.uint8:
        raise SignalError(
            f"a picture of shape {image.shape} and type {image.dtype} is no lip image",
            remedy="give uint8 (64, 64, 3), such as crop_mouths returns",
        )
    device = next(network.parameters()).device
    person = to_network(image[None]).to(device)[:, :, 0]
    pieces = [waveform] if isinstance(waveform, np.ndarray) else waveform
    for heard in windows(pieces, sample_rate, window, network.reach):
        # Not around the loop: what the caller does between two windows is no business of this function.
        with torch.inference_mode(), torch.autocast(device.type, precision, precision != torch.float32):
            video = network(heard.log_mel.to(device), person).video
        yield to_frames(video[:, :, heard.before : heard.before + heard.frames])


def to_network(frames: NDArray[np.uint8]) -> Tensor:
    """Turn RGB frames (T, H, W, 3) into a network's video (1, 3, T, H, W) in [-1, 1]."""
    return torch.from_numpy(frames).permute(3, 0, 1, 2)[None].float() / 127.5 - 1


def to_frames(video: Tensor) -> NDArray[np.uint8]:
    """Turn a network's video (1, 3, T, H, W) in [-1, 1] into RGB frames (T, H, W, 3)."""
    levels = ((video[0].float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(levels.permute(1, 2, 3, 0).cpu().numpy())
