from dataclasses import replace

import pytest

from lipcourse.errors import OptionError
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.presets import PRESETS, GlanceOptions, choose_options


def test_full_is_what_the_paper_did():
    full = PRESETS["full"]
    assert (full.width, full.frames, full.stride, full.block_kernel) == (1, 16, 8, "1x3x3")
    assert (full.learning_rate, full.betas, full.weight_decay) == (2e-4, (0.5, 0.999), 4e-4)
    assert full.weights == ObjectiveWeights(correlation=1, pixel=0.5, perceptual=1, adversarial=1)
    assert (full.lambda_p, full.lambda_u, full.motion, full.correlation) == (0.5, 0.5, "flow", "flat")


def test_profiles_grow():
    fast, laptop, full = (PRESETS[name] for name in ("fast", "class", "full"))
    assert fast.width < laptop.width < full.width
    assert fast.steps < laptop.steps < full.steps


def test_the_environment_chooses_the_profile(monkeypatch):
    monkeypatch.setenv("LIPCOURSE_PROFILE", "fast")
    assert choose_options() == PRESETS["fast"]
    assert choose_options("full") == PRESETS["full"]
    with pytest.raises(OptionError, match="no profile 'slow'"):
        choose_options("slow")


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": 0},
        {"steps": 0},
        {"frames": 2},
        {"warmup": -1},
        {"learning_rate": float("nan")},
        {"clip_gradient": -1.0},
        {"average": 1.0},
        {"first_frames": 1.1},
    ],
)
def test_options_that_cannot_be_are_told(wrong):
    with pytest.raises(OptionError, match=f"{next(iter(wrong))} cannot be"):
        GlanceOptions(**wrong)


def test_what_is_not_weighed_is_not_prepared():
    nothing = GlanceOptions(weights=ObjectiveWeights(correlation=0, perceptual=0, adversarial=0))
    assert nothing.pretraining == 0
    assert not nothing.uses_flow
    assert not replace(nothing, weights=ObjectiveWeights(correlation=0), motion="difference").uses_flow
    assert replace(nothing, weights=ObjectiveWeights(adversarial=0)).uses_flow
    assert not replace(nothing, weights=ObjectiveWeights(adversarial=0), derivative=False).uses_flow
