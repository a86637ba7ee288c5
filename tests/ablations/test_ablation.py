"""Ablations of a tiny glance: trained once, gone on with, measured side by side."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lipcourse.ablations.report import markdown, results
from lipcourse.errors import OptionError
from lipcourse.evaluation import ablation as ablation_module
from lipcourse.evaluation.ablation import FILMS, Films, Plan, ablate, train_and_speak
from lipcourse.networks.weights import describe
from lipcourse.training.presets import PRESETS

TINY = replace(
    PRESETS["fast"], width=1 / 16, frames=4, stride=4, batch=2, steps=2, autoencoder_steps=1, device="cpu"
)
FEW = ["a", "e", "speech2vid"]


@pytest.fixture(scope="module")
def plan(short_corpus, tmp_path_factory):
    return Plan(tmp_path_factory.mktemp("ablations"), short_corpus, TINY, clips=2)


@pytest.fixture(scope="module")
def ablation(plan):
    return ablate(plan, FEW, landmarks=False, progress=lambda line: None)


def test_methods_stand_side_by_side(ablation):
    comparison = ablation.comparison
    assert comparison.methods == ("a", "e", "speech2vid")
    assert len(comparison.keys) == 2
    for name in FEW:
        assert comparison.interval(name, "psnr").n == 2
        assert ablation.runs[name]["steps"] == 2
        assert ablation.runs[name]["seconds"] > 0
    assert {(each.better, each.worse) for each in ablation.orderings} <= {("a", "e"), ("e", "a")}
    assert {each.metric for each in ablation.orderings} == {"ssim", "psnr", "cpbd"}
    assert {each.better for each in ablation.table_3} | {each.worse for each in ablation.table_3} == {
        "e",
        "speech2vid",
    }


def test_films_are_those_of_the_clips(ablation, plan):
    references = plan.references()
    for name in FEW:
        films = Films(plan.out / name / FILMS)
        assert set(films) == set(references)
        assert len(films) == 2
        for key in films:
            assert films[key].shape == references[key].video.shape
            assert films[key].dtype == np.uint8


def test_what_is_done_is_not_done_again(ablation, plan, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(ablation_module, "train", refuse)
    told = []
    again = ablate(plan, FEW, landmarks=False, progress=told.append)
    assert told[:3] == [f"{name}: done before" for name in FEW]
    assert all(
        np.array_equal(again.comparison.values(name, "psnr"), ablation.comparison.values(name, "psnr"))
        for name in FEW
    )


def test_a_killed_run_goes_on(short_corpus, tmp_path, monkeypatch):
    """Killed after the training, before the films: the training's steps are not done again."""
    plan = Plan(tmp_path, short_corpus, TINY, clips=1)

    class Killed(BaseException):
        """What no code catches."""

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ablation_module, "RunVideos", die)
        with pytest.raises(Killed):
            train_and_speak(plan, "d")
    assert not plan.is_done("d")
    trained = describe(tmp_path / "d" / "best.safetensors").facts["seconds"]
    train_and_speak(plan, "d")
    assert plan.is_done("d")
    assert describe(tmp_path / "d" / "best.safetensors").facts["seconds"] == trained
    assert not list((tmp_path / "d").glob(".*.part"))


def test_other_options_want_another_folder(ablation, plan):
    other = replace(plan, options=replace(TINY, seed=5))
    with pytest.raises(OptionError, match="begun with seed 0, not 5"):
        ablate(other, FEW, progress=lambda line: None)
    more = replace(plan, clips=1)
    with pytest.raises(OptionError, match="begun with clips 2, not 1"):
        ablate(more, FEW, progress=lambda line: None)


def test_an_unknown_method_is_named_before_anything_is_written(short_corpus, tmp_path):
    with pytest.raises(OptionError, match=r"no method 'q'.*a, b, c.*video_gan"):
        ablate(Plan(tmp_path / "out", short_corpus, TINY), ["q"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("order", ["aabbccdd", "abcdabcd", "aaaabcdd"])
@pytest.mark.parametrize("count", [4, 6, 20])
def test_as_many_talkers_as_can_be_are_measured(order, count):
    talkers = {f"{place}": talker for place, talker in enumerate(order)}
    chosen = ablation_module._go_round(talkers, count)
    assert len(chosen) == min(count, 8)
    assert set(chosen.values()) == set("abcd")
    assert all(talkers[key] == talker for key, talker in chosen.items())


def test_the_plan_is_kept(ablation, plan):
    told = json.loads((plan.out / "plan.json").read_text())
    assert told["options"]["steps"] == 2
    assert told["clips"] == 2


def test_all_glances_begin_from_the_weights_given(ablation, plan, short_corpus, tmp_path):
    given = plan.out / "e" / "best.safetensors"
    still = replace(TINY, learning_rate=0.0, weight_decay=0.0, fixed_statistics=True)
    begun = Plan(tmp_path, short_corpus, still, initial=given, clips=1)
    ablation = ablate(begun, ["d", "speech2vid"], landmarks=False, progress=lambda line: None)
    from safetensors.torch import load_file

    first, kept = load_file(given), load_file(tmp_path / "d" / "best.safetensors")
    assert all((first[name] == kept[name]).all() for name in first)
    assert describe(tmp_path / "speech2vid" / "best.safetensors").system == "speech2vid"
    assert ablation.comparison.methods == ("before", "d", "speech2vid")
    assert ablation.comparison.difference("d", "before", "psnr").mean == 0  # nothing was learned
    told = results(ablation)
    assert list(told["methods"]) == ["d", "speech2vid"]
    assert told["gains"]["d"]["ssim"]["mean"] == 0
    assert told["initial"]["steps"] == 2
    assert "method less before" in markdown(told)


def test_a_cluster_trains_as_this_process_does(ablation, plan, short_corpus, tmp_path):
    from distributed import LocalCluster

    there = Plan(tmp_path, short_corpus, TINY, clips=2)
    workers = {"n_workers": 1, "threads_per_worker": 1, "processes": False}
    with LocalCluster(host="127.0.0.1", protocol="tcp", dashboard_address=":0", **workers) as cluster:
        told = []
        far = ablate(there, ["a"], dask=cluster.scheduler_address, landmarks=False, progress=told.append)
    assert told[0] == "a: trained, and its films are made"
    near = ablation.comparison
    assert np.allclose(far.comparison.values("a", "psnr"), near.values("a", "psnr"), atol=0.01)
