"""Figures in one style: landmarks on a face, waveforms, spectrograms, film strips.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any kind of colour
vision can tell apart; maps of numbers use matplotlib's `magma` (amounts) and `PuOr` (amounts with a sign).
Nothing here changes matplotlib's settings behind the caller's back: call `use_style` once for that.

Taught in notebook 00; used in all.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Sequence
from typing import Any, cast

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from numpy.typing import ArrayLike, NDArray

COLOURS = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}

STYLE: dict[Any, Any] = {
    "axes.grid": False,
    "axes.prop_cycle": cycler(
        color=[COLOURS[name] for name in ("blue", "vermillion", "green", "orange", "sky", "purple", "black")]
    ),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.figsize": (8.0, 3.0),
    "font.size": 11,
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.dpi": 110,
}

# The parts of dlib's 68 points: first, one past the last, whether the line closes, colour.
# "Right" is the talker's right, which is left in the picture.
REGIONS: dict[str, tuple[int, int, bool, str]] = {
    "jaw": (0, 17, False, "sky"),
    "right brow": (17, 22, False, "orange"),
    "left brow": (22, 27, False, "orange"),
    "nose bridge": (27, 31, False, "yellow"),
    "nose base": (31, 36, False, "yellow"),
    "right eye": (36, 42, True, "green"),
    "left eye": (42, 48, True, "green"),
    "outer lips": (48, 60, True, "vermillion"),
    "inner lips": (60, 68, True, "purple"),
}


def use_style() -> None:
    """Make the course's style the default of every figure from here on."""
    mpl.rcParams.update(STYLE)


def subplots(
    rows: int = 1, columns: int = 1, *, width: float = 8.0, height: float | None = None, **options: Any
) -> tuple[Figure, Any]:
    """Make a figure in the course's style, as wide as a notebook, that only `show` displays.

    Args:
        rows: How many axes from top to bottom.
        columns: How many axes from left to right.
        width: Inches.
        height: Inches; by default 2.4 a row.
        options: For `matplotlib.figure.Figure.subplots`, such as `sharex=True`.

    Returns:
        The figure, and one Axes or an array of them, as `matplotlib.pyplot.subplots` does.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height or 2.4 * rows))
        return figure, figure.subplots(rows, columns, **options)


def show(figure: Figure, alt: str) -> None:
    """Display a figure with a text for those who cannot see it, then close it.

    In a notebook the picture's output carries `alt` in its metadata, where nbconvert and Jupyter look for it.
    Outside IPython the text alone is printed.

    Args:
        figure: Any matplotlib figure.
        alt: What the figure shows, in a sentence.
    """
    data = {"image/png": base64.b64encode(png_bytes(figure)).decode(), "text/plain": alt}
    close(figure)
    # Outside IPython `display` would print the picture's bytes.
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(f"[figure] {alt}")
    else:
        ipython.display.display(data, metadata={"image/png": {"alt": alt}}, raw=True)


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as the bytes of a PNG file, in the course's style."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format="png")
    return buffer.getvalue()


def close(figure: Figure) -> None:
    """Let go of a figure, so that a notebook does not show it a second time."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)


def draw_landmarks(
    frame: NDArray[np.uint8],
    landmarks: ArrayLike,
    *,
    scale: int = 1,
    colour: str | None = None,
    lines: bool = True,
    radius: float = 1.5,
) -> NDArray[np.uint8]:
    """Draw 68 points over a copy of a frame, each part of the face in its colour.

    Args:
        frame: uint8 (H, W, 3), RGB.
        landmarks: (68, 2) pixels, x then y, pixel centres at whole numbers; or (20, 2) for the mouth alone.
        scale: Enlarge the frame so many times first; a crop of 64 pixels wants 4.
        colour: A name in `COLOURS` for all points; by default each part has its own.
        lines: Join the points of a part.
        radius: Of a point, in pixels of the enlarged picture.

    Returns:
        uint8 (H * scale, W * scale, 3).

    Raises:
        ValueError: `landmarks` has another shape.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape not in {(68, 2), (20, 2)}:
        raise ValueError(f"landmarks must be (68, 2) or (20, 2), not {points.shape}")
    first_point = 68 - len(points)
    height, width = frame.shape[:2]
    picture = cv2.resize(frame, (width * scale, height * scale), interpolation=cv2.INTER_CUBIC).astype(
        np.uint8
    )
    # OpenCV draws between pixels when it is given whole numbers of 1/16 pixel.
    shift = 4
    fixed = np.rint(((points + 0.5) * scale - 0.5) * 2**shift).astype(np.int32)
    for start, stop, closed, own_colour in REGIONS.values():
        if start < first_point:
            continue
        part = fixed[start - first_point : stop - first_point]
        ink = _rgb(colour or own_colour)
        if lines:
            cv2.polylines(picture, [part], closed, ink, 1, cv2.LINE_AA, shift)
        for point in part.tolist():
            cv2.circle(picture, point, round(radius * 2**shift), ink, cv2.FILLED, cv2.LINE_AA, shift)
    return picture


@mpl.rc_context(STYLE)
def plot_waveform(axes: Axes, waveform: ArrayLike, sample_rate: int, *, colour: str = "blue") -> None:
    """Plot sound pressure against seconds.

    Args:
        axes: Where to draw.
        waveform: (N,) in [-1, 1].
        sample_rate: Samples a second.
        colour: A name in `COLOURS`.
    """
    samples = np.asarray(waveform, dtype=np.float64)
    seconds = np.arange(len(samples)) / sample_rate
    axes.plot(seconds, samples, color=COLOURS[colour], linewidth=0.5)
    axes.set(xlabel="seconds", ylabel="amplitude", xlim=(0, len(samples) / sample_rate), ylim=(-1.05, 1.05))


@mpl.rc_context(STYLE)
def plot_spectrogram(
    axes: Axes, log_mel: ArrayLike, *, fps: float = 25.0, sample_rate: float = 44100
) -> None:
    """Plot a log-mel spectrogram: seconds to the right, mel bands up, their frequencies at the right edge.

    What lies more than 80 dB below the loudest is drawn alike: it cannot be heard.

    Args:
        axes: Where to draw.
        log_mel: (4T, bands) in decibels, four columns a video frame.
        fps: Video frames a second.
        sample_rate: Of the sound that the bands divide, from 0 Hz to half of it.
    """
    spectrogram = np.asarray(log_mel, dtype=np.float64)
    columns, bands = spectrogram.shape
    seconds = columns / (4 * fps)
    image = axes.imshow(
        spectrogram.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        extent=(0, seconds, 0, bands),
        vmin=spectrogram.max() - 80,
    )
    axes.set(xlabel="seconds", ylabel="mel band", yticks=np.linspace(0, bands, 5))
    ticks = [hertz for hertz in (500, 1000, 2000, 4000, 8000, 16000) if hertz < sample_rate / 2]
    right = axes.twinx()
    top = _mel(sample_rate / 2)
    right.set(ylim=(0, bands), yticks=[_mel(hertz) / top * bands for hertz in ticks])
    right.set(yticklabels=[f"{hertz / 1000:g} kHz" for hertz in ticks])
    right.tick_params(length=3)
    axes.figure.colorbar(image, ax=[axes, right], label="decibels", pad=0.02)


@mpl.rc_context(STYLE)
def plot_mfcc(axes: Axes, mfcc: ArrayLike, *, fps: float = 25.0) -> None:
    """Plot cepstral coefficients: one window of a frame, or the whole clip.

    Each coefficient is shown in its own standard deviations, since the first would drown the others.

    Args:
        axes: Where to draw.
        mfcc: (W, 12), one window of 10 ms steps, drawn about its centre; or (T, W, 12), one window a video
            frame, of which the 4 steps in the middle are drawn end to end.
        fps: Video frames a second.
    """
    coefficients = np.asarray(mfcc, dtype=np.float64)
    if coefficients.ndim == 3:
        middle = coefficients.shape[1] // 2
        coefficients = coefficients[:, middle - 2 : middle + 2].reshape(-1, coefficients.shape[2])
        left, right, label = 0.0, len(coefficients) / (4 * fps), "seconds"
    else:
        left, right, label = -5.0 * len(coefficients), 5.0 * len(coefficients), "milliseconds from the frame"
    spread = np.maximum(coefficients.std(axis=0), 1e-8)
    scores = (coefficients - coefficients.mean(axis=0)) / spread
    count = scores.shape[1]
    image = axes.imshow(
        scores.T,
        origin="lower",
        aspect="auto",
        cmap="PuOr",
        vmin=-3,
        vmax=3,
        extent=(left, right, 0.5, count + 0.5),
    )
    axes.set(xlabel=label, ylabel="coefficient", yticks=range(1, count + 1, 3))
    axes.figure.colorbar(image, ax=axes, label="standard deviations", pad=0.02)


def film_strip(
    frames: NDArray[np.uint8], count: int = 8, labels: Sequence[str] | None = None, *, fps: float = 25.0
) -> Figure:
    """Show frames of a video in a row, evenly spaced from the first to the last.

    Args:
        frames: uint8 (T, H, W, 3), RGB.
        count: How many frames to show; all, where there are fewer.
        labels: One text a frame shown; by default its time.
        fps: Frames a second.
    """
    chosen = np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int)
    texts = [f"{index / fps:.2f} s" for index in chosen] if labels is None else labels
    return contact_sheet([frames[index] for index in chosen], texts, columns=len(chosen))


def contact_sheet(
    images: Sequence[NDArray[np.uint8]],
    labels: Sequence[str] | None = None,
    columns: int = 4,
    *,
    width: float = 8.0,
) -> Figure:
    """Show pictures in rows, each with a label below.

    Args:
        images: uint8 (H, W, 3), RGB, or (H, W), grey; of one shape.
        labels: One text a picture; by default none.
        columns: Pictures in a row.
        width: Of the figure, in inches.

    Raises:
        ValueError: There is no picture, or the labels are not one a picture.
    """
    texts = [""] * len(images) if labels is None else list(labels)
    if not len(images) or len(texts) != len(images):
        raise ValueError(f"{len(images)} pictures with {len(texts)} labels")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    tall = width / columns * images[0].shape[0] / images[0].shape[1]
    figure, grid = subplots(
        rows, columns, width=width, height=rows * (tall + (0.25 if any(texts) else 0.06)), squeeze=False
    )
    with mpl.rc_context(STYLE):
        figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
        for axes in grid.flat:
            axes.set_axis_off()
            axes.set_anchor("N")
        for axes, image, text in zip(grid.flat, images, texts, strict=False):
            axes.imshow(image, cmap="gray" if image.ndim == 2 else None, vmin=0, vmax=255)
            axes.text(0.5, -0.02, text, transform=axes.transAxes, ha="center", va="top", fontsize=9)
    return figure


def _rgb(name: str) -> tuple[int, int, int]:
    """Return a colour of `COLOURS` as red, green, blue in 0 to 255."""
    return cast("tuple[int, int, int]", tuple(bytes.fromhex(COLOURS[name][1:])))


def _mel(hertz: float) -> float:
    """Return a frequency on Slaney's mel scale: linear to 1 kHz, logarithmic above (librosa's default)."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))
