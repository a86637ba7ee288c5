"""What `lipcourse inspect` shows: videos, pictures, and a page with all of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lipcourse import pages, pictures
from lipcourse.inspection.measure import Inspection, readable
from lipcourse.media import write_video

CROP_SIDE = 384
"""Pixels of a crop in crops.mp4, enlarged so that lips can be seen moving."""

# What is written, in the page's order.
CONTENTS = {
    "landmarks.mp4": "The 68 points over the video, with its sound.",
    "sound.png": "Waveform, log-mel spectrogram and mouth opening, in seconds.",
    "crops.mp4": "Face (128 x 128) and mouth (64 x 64), upright and enlarged, with the sound.",
    "faces.png": "The face at eight times.",
    "mouths.png": "The mouth, from closed to widest.",
    "mfcc.png": "Cepstral coefficients, each in its own standard deviations.",
}


def draw(inspection: Inspection, folder: Path, *, title: str) -> None:
    """Write the videos, the pictures and the page that shows them into a folder."""
    clip, track = inspection.clip, inspection.track
    scale = 2 if clip.frames.shape[2] < 640 else 1
    drawn = [
        pictures.draw_landmarks(frame, points, scale=scale) if found else enlarge(frame, scale)
        for frame, points, found in zip(clip.frames, track.landmarks, track.found, strict=True)
    ]
    write = partial(write_video, fps=clip.fps, waveform=clip.waveform, sample_rate=clip.sample_rate)
    write(folder / "landmarks.mp4", np.stack(drawn))
    pairs = zip(inspection.faces, inspection.mouths, strict=True)
    both = [np.hstack([enlarge(crop, CROP_SIDE // len(crop)) for crop in pair]) for pair in pairs]
    write(folder / "crops.mp4", np.stack(both))

    figure, axes = pictures.subplots(3, height=7.0)
    pictures.plot_waveform(axes[0], clip.waveform, clip.sample_rate)
    pictures.plot_spectrogram(axes[1], inspection.sound["log_mel"], fps=clip.fps)
    seconds = (np.arange(len(inspection.opening)) + 0.5) / clip.fps
    axes[2].plot(seconds, inspection.opening, color=pictures.COLOURS["vermillion"])
    axes[2].set(xlabel="seconds", ylabel="mouth opening (px)")
    for panel in axes:
        panel.set_xlim(0, clip.seconds)
    save(figure, folder / "sound.png")

    figure, axes = pictures.subplots(2, height=5.0)
    for panel, name in zip(axes, ("mfcc_atvg", "mfcc_recurrent"), strict=True):
        pictures.plot_mfcc(panel, inspection.sound[name], fps=clip.fps)
        panel.set_title(f"{name}, {' x '.join(map(str, inspection.sound[name].shape[1:]))} a frame")
    save(figure, folder / "mfcc.png")

    # From the closed mouth to the widest: the frames that say most about the talker's lips.
    widest = np.argsort(inspection.opening)[np.linspace(0, len(clip.frames) - 1, 12).round().astype(int)]
    labels = [f"{t / clip.fps:.2f} s, {inspection.opening[t]:.1f} px" for t in widest]
    save(pictures.contact_sheet(inspection.mouths[widest], labels, columns=6), folder / "mouths.png")
    save(pictures.film_strip(inspection.faces, 8, fps=clip.fps), folder / "faces.png")
    (folder / "index.html").write_text(page(inspection, title), encoding="utf-8")


def enlarge(image: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """Make a picture `scale` times as large, smoothly."""
    height, width = image.shape[:2]
    return cv2.resize(image, (width * scale, height * scale), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    path.write_bytes(pictures.png_bytes(figure))


def page(inspection: Inspection, title: str) -> str:
    """Return a web page that shows the videos and pictures beside it; it needs no network."""
    shown = (
        pages.video(name, text) if name.endswith(".mp4") else pages.image(name, text)
        for name, text in CONTENTS.items()
    )
    return pages.page(title, pages.facts(readable(inspection)) + "".join(shown))
