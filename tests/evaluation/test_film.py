"""What is found once in a video or a sound is what is found each time."""

import numpy as np
import pytest
import torch

from lipcourse.errors import SignalError
from lipcourse.evaluation.comparison import compare
from lipcourse.evaluation.experts import Experts, class_sums
from lipcourse.evaluation.film import Film, Sound, Voice, see_together
from lipcourse.evaluation.measures import MEASURES, measure_clip, measure_film
from lipcourse.evaluation.trivial import (
    ANOTHER_TALKER,
    BASELINES,
    FIRST_FRAME,
    WRONG_AUDIO,
    blurred,
    first_frame,
)
from lipcourse.metrics.cpbd import cpbd
from lipcourse.metrics.images import psnr, ssim
from lipcourse.metrics.motion import movement_intensity
from lipcourse.networks.classifier import VisemeClassifier
from lipcourse.networks.sync_expert import SyncExpert


@pytest.fixture(scope="module")
def experts():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Experts(SyncExpert(1 / 4).eval(), VisemeClassifier(1 / 4).eval())


@pytest.fixture(scope="module")
def moving(clips):
    return np.concatenate([clips[0].mouths, clips[0].mouths[::-1]])  # long enough for the sync expert


@pytest.fixture(params=["moving", "standing still"])
def video(request, moving):
    return moving if request.param == "moving" else first_frame(moving)


def test_a_film_knows_what_its_frames_show(video, experts) -> None:
    film, frames = Film(video, experts), torch.from_numpy(video)
    seen = frames.permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    assert film.still == bool((video == video[0]).all())
    assert film.sharpness == pytest.approx(float(cpbd(frames)))
    assert film.motion is not None
    assert film.motion.movement == pytest.approx(float(movement_intensity(seen).mean()), abs=1e-9)
    assert film.motion.opening.shape == (len(video) - 1,)
    with torch.no_grad():
        expected = experts.sync.see(seen)[0]
    torch.testing.assert_close(film.points, expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(film.classes, class_sums(experts.classifier.probabilities(video)), atol=1e-4)


def test_films_seen_together_are_as_alone(moving, experts) -> None:
    videos = [moving, first_frame(moving), blurred(moving), moving[:6], moving[:1], moving[:, ::8, ::8]]
    together, alone = ([Film(np.ascontiguousarray(each), experts) for each in videos] for _ in range(2))
    see_together(together)
    for film, other in zip(together, alone, strict=True):
        assert {"motion", "points", "classes"} <= vars(film).keys()
        for name in ("points", "classes"):
            seen, expected = getattr(film, name), getattr(other, name)
            assert (seen is None) == (expected is None)
            if seen is not None:
                np.testing.assert_allclose(seen, expected, atol=1e-4)
        if other.motion is None:
            assert film.motion is None
        else:
            assert film.motion.movement == pytest.approx(other.motion.movement, abs=1e-6)
            np.testing.assert_allclose(film.motion.opening, other.motion.opening, atol=1e-5)
    assert [film.motion is None for film in together] == [False] * 4 + [True] * 2
    assert [film.points is None for film in together] == [False] * 4 + [True] * 2
    assert [film.classes is None for film in together] == [False] * 5 + [True]


@pytest.mark.parametrize("made", [blurred, first_frame])
def test_two_films_are_as_near_as_their_frames(moving, made) -> None:
    values = measure_film(Film(made(moving)), Film(moving))
    pair = torch.from_numpy(moving), torch.from_numpy(made(moving))
    assert values["ssim"] == pytest.approx(float(ssim(*pair)), abs=1e-6)
    assert values["psnr"] == pytest.approx(float(psnr(*pair)))


def test_sharing_changes_no_number(clips) -> None:
    made = {clip.key: blurred(clip.mouths, 2) for clip in clips}
    shared = compare({"soft": made}, clips, landmarks=False, experts=False)
    for place, clip in enumerate(clips):
        other = clips[1 - place]
        own, wrong = (Sound(each.waveform, each.sample_rate) for each in (clip, other))
        alone = {
            "soft": (made[clip.key], own),
            FIRST_FRAME: (first_frame(clip.mouths), own),
            ANOTHER_TALKER: (other.mouths.copy(), own),
            WRONG_AUDIO: (clip.mouths.copy(), wrong),
        }
        for name, (film, sound) in alone.items():
            values = measure_clip(film, clip.mouths, sound=sound, fps=clip.fps)
            for metric in MEASURES.keys() - {"sync_error"}:
                assert shared.values(name, metric)[place] == pytest.approx(
                    values[metric], abs=1e-6, nan_ok=True
                ), (name, metric)
    assert len(shared.scores) == 1 + len(BASELINES)


def test_too_little_to_look_at_is_told_by_nothing(moving, experts, clips) -> None:
    film = Film(moving[:1], experts)
    assert film.motion is None
    assert film.points is None
    assert film.classes is not None
    small = Film(moving[:, :12, :12], experts)
    assert small.motion is None
    assert small.classes is None
    assert np.isnan(small.sharpness)
    sound = Sound(clips[0].waveform, clips[0].sample_rate)
    assert Voice(sound, 3, experts=experts).points is None
    assert Voice(sound, 12).points is None, "nobody was asked"
    with pytest.raises(SignalError, match="no video"):
        Film(moving[0])
