from dataclasses import asdict, replace

import pytest

from lipcourse.errors import OptionError
from lipcourse.training.glance import Glance, train
from lipcourse.training.methods import METHODS, choose_methods
from lipcourse.training.presets import PRESETS, GlanceOptions

CHANGED = {
    "a": {"weights.adversarial": 0},
    "b": {"weights.pixel": 0},
    "c": {"weights.perceptual": 0},
    "d": {"weights.correlation": 0},
    "e": {},
    "f": {"derivative": False},
    "g": {"motion": "none"},
    "h": {"motion": "none", "weights.correlation": 0},
    "i": {"motion": "difference"},
}
"""What Table 2 says of each method, from the full one."""


def flat(options):
    told = asdict(options)
    return told | {f"weights.{name}": value for name, value in told.pop("weights").items()}


@pytest.mark.parametrize("letter", METHODS)
def test_a_method_changes_what_table_2_says_and_nothing_else(letter):
    full, changed = flat(GlanceOptions()), flat(METHODS[letter].options(GlanceOptions()))
    assert {
        name: value for name, value in changed.items() if full.get(name) != value and name != "weights"
    } == (CHANGED[letter])


def test_the_paper_is_the_full_method():
    assert METHODS["e"].options(GlanceOptions()) == GlanceOptions()


@pytest.mark.parametrize("profile", PRESETS)
def test_methods_keep_the_sizes_of_a_profile(profile):
    base = replace(PRESETS[profile], seed=7)
    for method in METHODS.values():
        options = method.options(base)
        assert replace(
            options, weights=base.weights, motion=base.motion, derivative=base.derivative
        ) == base  # fmt: skip


def test_the_paper_s_digits_are_those_of_its_orderings():
    lmd = {letter: method.paper.lmd for letter, method in METHODS.items()}
    assert min(lmd, key=lmd.get) == "e"
    assert max(lmd, key=lmd.get) == "f"
    assert min(METHODS, key=lambda letter: METHODS[letter].paper.cpbd) == "a"
    assert max(METHODS, key=lambda letter: METHODS[letter].paper.ssim) == "a"


def test_networks_are_those_of_the_method():
    streams = {}
    for letter, method in METHODS.items():
        glance = Glance(method.options(replace(PRESETS["fast"], width=1 / 32)))
        motion = glance.discriminator.motion_stream
        streams[letter] = None if motion is None else next(motion.parameters()).shape[1]
        assert glance.flow_encoder.inputs == (3 if letter == "f" else 2)
    assert streams == dict.fromkeys("abcdef", 2) | {"g": None, "h": None, "i": 3}


@pytest.mark.parametrize("letter", METHODS)
def test_each_method_trains(letter, tiny, shards, tmp_path):
    run = train(METHODS[letter].options(tiny), shards, tmp_path, progress=lambda line: None)
    told = run.progress[-1].losses
    weights = asdict(METHODS[letter].weights)
    assert {name for name, weight in weights.items() if weight} == told.keys() & weights.keys()


def test_methods_are_chosen_in_the_paper_s_order():
    assert list(choose_methods("ea")) == ["a", "e"]
    assert list(choose_methods(())) == list("abcdefghi")


def test_an_unknown_method_is_named():
    with pytest.raises(OptionError, match=r"no method 'z'.*choose of a, b, c"):
        choose_methods(["a", "z"])
