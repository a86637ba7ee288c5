"""Figures carry alt text, leave the caller's settings alone and put every point where it belongs."""

from __future__ import annotations

import base64
import io

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.image import imread

from lipcourse import pictures

GREY = np.full((40, 60, 3), 128, dtype=np.uint8)


@pytest.fixture
def interactive():
    """An IPython shell, as in a notebook."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_show_puts_alt_text_beside_the_png(interactive):
    figure, axes = pictures.subplots()
    axes.plot([0, 1])
    with capture_output() as captured:
        pictures.show(figure, "a rising line")
    (output,) = captured.outputs
    assert output.metadata == {"image/png": {"alt": "a rising line"}}
    png = base64.b64decode(output.data["image/png"])
    assert imread(io.BytesIO(png), format="png").shape[1] == 880


def test_show_outside_ipython_prints_the_text_alone(capsys):
    figure, _ = pictures.subplots()
    pictures.show(figure, "an empty plot")
    assert capsys.readouterr().out == "[figure] an empty plot\n"


def test_show_closes_a_pyplot_figure():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, _ = pyplot.subplots()
    pictures.show(figure, "an empty plot")
    assert figure.number not in pyplot.get_fignums()


def test_plotting_leaves_the_callers_settings_alone():
    before = dict(mpl.rcParams)
    figure, axes = pictures.subplots(3)
    pictures.plot_waveform(axes[0], np.zeros(100), 100)
    pictures.plot_spectrogram(axes[1], np.zeros((8, 128)))
    pictures.plot_mfcc(axes[2], np.zeros((2, 28, 12)))
    pictures.png_bytes(figure)
    assert dict(mpl.rcParams) == before


def test_use_style_sets_the_defaults():
    with mpl.rc_context():
        pictures.use_style()
        assert mpl.rcParams["figure.constrained_layout.use"]


@pytest.mark.parametrize(
    ("scale", "x", "y"), [(1, 30.0, 20.0), (1, 12.25, 7.5), (4, 30.0, 20.0), (4, 11.5, 9.25)]
)
def test_a_landmark_is_drawn_where_it_is(scale, x, y):
    landmarks = np.full((68, 2), -1000.0)
    landmarks[30] = x, y
    drawn = pictures.draw_landmarks(GREY, landmarks, scale=scale, lines=False, radius=2)
    assert drawn.shape == (40 * scale, 60 * scale, 3)
    weight = np.abs(drawn.astype(float) - 128).sum(axis=2)
    rows, columns = np.indices(weight.shape)
    centre = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    np.testing.assert_allclose((centre + 0.5) / scale - 0.5, [x, y], atol=0.1)


def test_drawing_leaves_the_frame_alone_and_shows_every_part():
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(5, 35, (68, 2))
    drawn = pictures.draw_landmarks(GREY, landmarks, scale=4, lines=False)
    assert (GREY == 128).all()
    inks = {tuple(ink) for ink in drawn.reshape(-1, 3).tolist()}
    for *_, colour in pictures.REGIONS.values():
        assert tuple(bytes.fromhex(pictures.COLOURS[colour][1:])) in inks


def test_mouth_points_alone_look_like_those_of_the_face():
    landmarks = np.full((68, 2), -1000.0)
    landmarks[48:] = np.random.default_rng(1).uniform(5, 35, (20, 2))
    alone = pictures.draw_landmarks(GREY, landmarks[48:])
    np.testing.assert_array_equal(alone, pictures.draw_landmarks(GREY, landmarks))


def test_landmarks_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(5, 2\)"):
        pictures.draw_landmarks(GREY, np.zeros((5, 2)))


def test_regions_cover_each_point_once():
    covered = [point for start, stop, *_ in pictures.REGIONS.values() for point in range(start, stop)]
    assert sorted(covered) == list(range(68))


def test_spectrogram_axes_are_seconds_and_bands_with_their_frequencies():
    librosa = pytest.importorskip("librosa")
    figure, axes = pictures.subplots()
    pictures.plot_spectrogram(axes, np.zeros((300, 128)), sample_rate=44100)
    assert axes.images[0].get_extent() == [0, 3.0, 0, 128]
    hertz = next(other for other in figure.axes if other.get_ylim() == (0, 128) and other is not axes)
    centres = librosa.mel_frequencies(130, fmin=0, fmax=22050)[1:-1]
    for height, label in zip(hertz.get_yticks(), hertz.get_yticklabels(), strict=True):
        frequency = 1000 * float(label.get_text().removesuffix(" kHz"))
        # Band k fills the height from k to k + 1.
        assert abs(int(np.abs(centres - frequency).argmin()) + 0.5 - height) < 1.2


def test_mfcc_of_a_clip_shows_the_middle_of_each_window_in_time():
    _, axes = pictures.subplots()
    steps = np.arange(16.0).reshape(4, 4)
    windows = np.repeat(np.pad(steps, ((0, 0), (12, 12)), constant_values=99)[..., None], 12, axis=2)
    pictures.plot_mfcc(axes, windows)
    image = axes.images[0]
    assert image.get_extent() == [0.0, 0.16, 0.5, 12.5]
    assert (np.diff(image.get_array()[0]) > 0).all()


def test_film_strip_takes_first_and_last_and_says_when():
    frames = np.arange(75, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), dtype=np.uint8)
    figure = pictures.film_strip(frames, 4)
    assert [int(axes.images[0].get_array()[0, 0, 0]) for axes in figure.axes] == [0, 25, 49, 74]
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["0.00 s", "1.00 s", "1.96 s", "2.96 s"]
    assert len(pictures.film_strip(frames[:2], 8).axes) == 2


def test_contact_sheet_has_the_rows_it_needs_and_refuses_too_few_labels():
    figure = pictures.contact_sheet([GREY] * 5, list("abcde"), columns=4)
    assert [len(axes.images) for axes in figure.axes] == [1] * 5 + [0] * 3
    with pytest.raises(ValueError, match="5 pictures with 1 labels"):
        pictures.contact_sheet([GREY] * 5, ["a"])
