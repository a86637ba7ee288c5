"""What `lipcourse inspect` measures: what the networks of the course are given.

Landmarks, face and mouth crops, the log-mel spectrogram and the two forms of MFCC. Taught in notebooks 01
and 02.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.errors import SignalError
from lipcourse.media import Clip
from lipcourse.signals.audio import log_mel, mfcc_atvg, mfcc_recurrent
from lipcourse.signals.faces import FaceTrack, align_faces, crop_mouths, mouth_opening, track_landmarks

FEWEST_FRAMES = 16
"""What glance makes at once: a shorter clip is no input to any network of the course."""

SILENT_PEAK = 1e-4


@dataclass(frozen=True)
class Inspection:
    """What was measured on a clip.

    Attributes:
        clip: The clip itself.
        track: Its face.
        opening: float32 (T,), how far the inner lips are apart, in pixels.
        faces: uint8 (T, 128, 128, 3), upright faces.
        mouths: uint8 (T, 64, 64, 3), upright mouths.
        sound: Name to array: log_mel (4T, 128), mfcc_atvg (T, 28, 12), mfcc_recurrent (T, 35, 12).
        notes: What is odd about the clip, a sentence each.
    """

    clip: Clip
    track: FaceTrack
    opening: NDArray[np.floating]
    faces: NDArray[np.uint8]
    mouths: NDArray[np.uint8]
    sound: dict[str, NDArray[np.float32]]
    notes: tuple[str, ...]

    def summary(self) -> dict[str, object]:
        """Return what inspect.json holds."""
        shapes = {
            "landmarks": self.track.landmarks.shape,
            "faces": self.faces.shape,
            "mouths": self.mouths.shape,
            **{name: feature.shape for name, feature in self.sound.items()},
        }
        return {
            "frames": len(self.clip.frames),
            "fps": self.clip.fps,
            "seconds": self.clip.seconds,
            "sample_rate": self.clip.sample_rate,
            # The share of the frames that show a face.
            "face_share": round(float(self.track.found.mean()), 4),
            "mouth_opening_px": [round(float(pixels), 2) for pixels in self.opening],
            "features": {name: list(shape) for name, shape in shapes.items()},
            "notes": list(self.notes),
        }


def measure(clip: Clip, *, where: object | None = None, own_fps: float | None = None) -> Inspection:
    """Measure a clip.

    Args:
        clip: The clip.
        where: What to call it in an error; by default its key.
        own_fps: Frames a second of the file it was read from, to say where it was resampled.

    Raises:
        SignalError: It has under 16 frames, no face, or a waveform that holds NaN.
        ModelError: dlib's predictor is missing.
    """
    where = where or clip.key
    count = len(clip.frames)
    if count < FEWEST_FRAMES:
        raise SignalError(
            f"{count} frames at {clip.fps:g} fps are fewer than the {FEWEST_FRAMES} that a network is given",
            where=where,
            remedy=f"choose a clip of {FEWEST_FRAMES / clip.fps:.2f} s or more",
        )
    bad = np.flatnonzero(~np.isfinite(clip.waveform))
    if bad.size:
        raise SignalError(
            f"the sound holds NaN or infinity, {bad.size} times",
            where=f"{where} at {bad[0] / clip.sample_rate:.3f} s",
            remedy="record or convert it again",
        )
    with warnings.catch_warnings():
        # More than one face: said below, with what else is odd.
        warnings.simplefilter("ignore", UserWarning)
        track = track_landmarks(clip.frames, where=where)
    waveform = torch.from_numpy(clip.waveform)[None]
    forms = {"log_mel": log_mel, "mfcc_atvg": mfcc_atvg, "mfcc_recurrent": mfcc_recurrent}
    sound = {
        name: form(waveform, clip.sample_rate, clip.fps, frames=count)[0].numpy()
        for name, form in forms.items()
    }
    return Inspection(
        clip=clip,
        track=track,
        opening=mouth_opening(track.landmarks),
        faces=align_faces(clip.frames, track.landmarks)[0],
        mouths=crop_mouths(clip.frames, track.landmarks)[0],
        sound=sound,
        notes=tuple(odd_things(clip, track, own_fps)),
    )


def odd_things(clip: Clip, track: FaceTrack, own_fps: float | None = None) -> Iterator[str]:
    """Say what is odd about a clip that works all the same."""
    if track.faces > 1:
        yield f"{track.faces} faces in a frame: the larger is taken"
    if track.missing:
        times = np.flatnonzero(~track.found) / clip.fps
        yield f"no face in {track.missing} frames, first at {times[0]:.2f} s: points there are interpolated"
    if own_fps and abs(own_fps - clip.fps) > 0.01:
        yield f"{own_fps:g} fps in the file: resampled to {clip.fps:g}"
    peak = float(np.abs(clip.waveform).max(initial=0))
    if peak < SILENT_PEAK:
        yield "the sound is silent"
    if clip.sample_rate < 16000:
        yield (
            f"sound at {clip.sample_rate} Hz: there is nothing above {clip.sample_rate / 2000:g} kHz, "
            "where consonants such as s and f have most of theirs"
        )
    shorter = clip.seconds - len(clip.waveform) / clip.sample_rate
    if shorter > 0.1:
        yield f"the sound ends {shorter:.2f} s before the pictures: silence is taken for the rest"


def readable(inspection: Inspection) -> dict[str, str]:
    """Return what was found as names and texts, for people."""
    clip, track, opening = inspection.clip, inspection.track, inspection.opening
    facts = {
        "pictures": f"{len(clip.frames)} frames of {clip.frames.shape[2]} x {clip.frames.shape[1]}, "
        f"{clip.fps:g} a second, {clip.seconds:.2f} s",
        "sound": f"{clip.sample_rate} Hz, {len(clip.waveform) / clip.sample_rate:.2f} s, "
        f"peak {np.abs(clip.waveform).max(initial=0):.2f}",
        "face": f"in {track.found.mean():.0%} of the frames",
        "mouth opening": f"{opening.min():.1f} to {opening.max():.1f} px, "
        f"widest at {opening.argmax() / clip.fps:.2f} s",
    }
    facts |= {name: " x ".join(map(str, feature.shape)) for name, feature in inspection.sound.items()}
    if inspection.notes:
        facts["note"] = "; ".join(inspection.notes)
    return facts
