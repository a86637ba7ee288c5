from dataclasses import asdict, replace

import pytest
import torch
from safetensors.torch import load_file

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks.weights import describe
from lipcourse.training.glance import Glance, train
from lipcourse.training.methods import METHODS, RIVALS, choose_methods
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
            options, weights=base.weights, motion=base.motion, derivative=base.derivative,
            painted=base.painted, hearing_steps=base.hearing_steps,
        ) == base  # fmt: skip
        assert (options.painted, options.hearing_steps) == (0, 0)


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


@pytest.mark.parametrize("name", RIVALS)
def test_each_rival_trains_and_is_saved_as_what_it_is(name, tiny, shards, tmp_path):
    options = RIVALS[name].options(tiny)
    run = train(options, shards, tmp_path, progress=lambda line: None)
    assert describe(run.generator).system == name == options.network
    with pytest.raises(ModelError, match=f"begun with network {name}, not glance"):
        train(tiny, shards, tmp_path, progress=lambda line: None)


def test_rivals_begin_from_no_glance(tiny, shards, tmp_path):
    glance = train(tiny, shards, tmp_path / "glance", progress=lambda line: None).generator
    with pytest.raises(ModelError, match="holds a network of the system glance, no Speech2Vid"):
        train(RIVALS["speech2vid"].options(tiny), shards, tmp_path / "rival", initial=glance)


def test_from_given_weights_all_else_is_measured(tiny, shards, tmp_path):
    """A generator keeps the fixed statistics it came with; what judges it takes those of the data."""
    fixed = replace(tiny, fixed_statistics=True)
    first = train(fixed, shards, tmp_path / "first", progress=lambda line: None).generator
    known = load_file(first)
    again = train(replace(fixed, steps=1, learning_rate=0), shards, tmp_path / "again", initial=first)
    kept = load_file(again.generator)
    assert all(torch.equal(kept[name], known[name]) for name in known)
    means = [
        value
        for name, value in load_file(tmp_path / "again/checkpoint.safetensors").items()
        if "running_mean" in name and "discriminator" in name
    ]
    assert means
    assert all(mean.abs().sum() > 0 for mean in means)


def test_methods_are_chosen_in_the_paper_s_order():
    assert list(choose_methods("ea")) == ["a", "e"]
    assert list(choose_methods()) == [*"abcdefghi", "speech2vid", "video_gan"]


def test_an_unknown_method_is_named():
    with pytest.raises(OptionError, match=r"no method 'z'.*choose of a, b, c"):
        choose_methods(["a", "z"])
