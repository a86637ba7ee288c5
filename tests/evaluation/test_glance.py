"""A network's scores beside those of films that need none."""

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from lipcourse.errors import SignalError
from lipcourse.evaluation.glance import (
    COLUMNS,
    FILMS,
    FIRST_FRAME,
    GENERATED,
    MEAN_FRAME,
    OTHER_SOUND,
    RIGHT_VIDEO,
    compare,
    make_films,
    score,
    speak,
)
from lipcourse.evaluation.landmarks import MouthPoints
from lipcourse.networks.glance import Generator
from lipcourse.networks.lips import Generated


class Shutter(nn.Module):
    """No network of any use: it darkens its image where there is sound."""

    def __init__(self) -> None:
        super().__init__()
        self.shade = nn.Parameter(torch.tensor(0.5))
        self.reach = 0

    def forward(self, log_mel: torch.Tensor, image: torch.Tensor) -> Generated:
        loud = log_mel.reshape(len(log_mel), -1, 4 * 128).mean(dim=-1) > -60
        dark = 1 - self.shade * loud.float()[:, None, :, None, None]
        return Generated((image[:, :, None] + 1) * dark - 1, log_mel)


@pytest.fixture(scope="module")
def evaluation(clips):
    return score(Shutter(), clips)  # type: ignore[arg-type]


def test_each_film_has_a_score_for_each_clip(clips, evaluation) -> None:
    assert tuple(evaluation.scores) == FILMS
    assert evaluation.keys == tuple(clip.key for clip in clips)
    assert all(len(each) == len(clips) for each in evaluation.scores.values())
    assert len(evaluation.noise) == len(clips)


def test_the_right_video_is_right(evaluation) -> None:
    for each in evaluation.scores[RIGHT_VIDEO]:
        assert (each.lmd, each.psnr, each.without_face) == (0, math.inf, 0)
        assert each.ssim == pytest.approx(1)
        assert each.opening == pytest.approx(1)


def test_a_still_mouth_is_worse_and_does_not_move_with_the_truth(evaluation) -> None:
    for still in (FIRST_FRAME, MEAN_FRAME):
        assert evaluation.mean(still, "lmd") > 0.3
        assert 10 < evaluation.mean(still, "psnr") < 45
    assert evaluation.mean(MEAN_FRAME, "psnr") > evaluation.mean(FIRST_FRAME, "psnr")


def test_films_are_made_of_the_sound_they_are_named_after(clips) -> None:
    films = make_films(Shutter(), *clips)  # type: ignore[arg-type]
    first = clips[0].mouths[0]
    np.testing.assert_array_equal(films[GENERATED], speak(Shutter(), first, clips[0], 12))  # type: ignore[arg-type]
    np.testing.assert_array_equal(films[OTHER_SOUND], speak(Shutter(), first, clips[1], 12))  # type: ignore[arg-type]
    assert all(film.shape == clips[0].mouths.shape for film in films.values())


def test_a_sound_too_short_ends_in_silence(clips) -> None:
    frames = speak(Shutter(), clips[0].mouths[0], clips[1], 40)  # type: ignore[arg-type]
    assert frames.shape == (40, 64, 64, 3)
    np.testing.assert_array_equal(frames[-1], clips[0].mouths[0])


def test_the_table_goes_into_a_card(evaluation) -> None:
    figure = json.loads(json.dumps(evaluation.figure("Puppets"), allow_nan=False))
    assert figure["columns"] == list(COLUMNS)
    assert [row[0] for row in figure["rows"]] == list(FILMS)
    assert all(len(row) == len(COLUMNS) for row in figure["rows"])
    assert figure["rows"][-1][1:4] == ["0.00", "∞", "∞"]
    assert f"{evaluation.against_still:.2f}" in figure["note"]
    assert f"{evaluation.listening:.2f}" in figure["note"]


def test_frames_in_which_no_face_was_found_do_not_count() -> None:
    random = np.random.default_rng(0)
    true = MouthPoints(random.uniform(0, 64, (4, 20, 2)).astype(np.float32), np.array([1, 1, 1, 0], bool))
    made = MouthPoints(true.landmarks.copy(), np.array([1, 1, 0, 1], bool))
    made.landmarks[2:] += random.uniform(0, 9, (2, 20, 2))
    pictures = np.zeros((4, 64, 64, 3), np.uint8)
    scored = compare(pictures, pictures, true, made)
    assert (scored.lmd, scored.without_face, scored.frames) == (0, 1, 4)
    assert scored.opening == pytest.approx(1)
    lost = compare(pictures, pictures, true, MouthPoints(made.landmarks * np.nan, np.zeros(4, bool)))
    assert math.isnan(lost.lmd)
    assert math.isnan(lost.opening)


def test_one_clip_has_no_others_sound(clips) -> None:
    with pytest.raises(SignalError, match="two clips"):
        score(Generator(1 / 64).eval(), clips[:1])
