"""Methods and trivial videos on the same clips."""

import dataclasses
import json
import math

import numpy as np
import pytest

from lipcourse.errors import CorpusError, OptionError
from lipcourse.evaluation.comparison import compare
from lipcourse.evaluation.intervals import bootstrap
from lipcourse.evaluation.measures import MEASURES
from lipcourse.evaluation.measuring import Measured, Task, measure
from lipcourse.evaluation.references import ClipsInMemory
from lipcourse.evaluation.trivial import (
    ANOTHER_TALKER,
    BASELINES,
    BLURRED_TRUTH,
    FIRST_FRAME,
    WRONG_AUDIO,
    as_long,
    blurred,
    find_partners,
)


@pytest.fixture(scope="module")
def many(clips):
    """Six clips of three talkers, of the two there are."""
    return [
        dataclasses.replace(clip, key=f"made/s{number % 3}/{number}", talker=f"s{number % 3}")
        for number, clip in enumerate(clips * 3)
    ]


@pytest.fixture(scope="module")
def soft(many):
    return {clip.key: blurred(clip.mouths, 3) for clip in many}


@pytest.fixture(scope="module")
def comparison(many, soft):
    return compare({"soft": soft}, many, landmarks=False, draws=200)


def test_every_method_and_baseline_has_every_metric(comparison, many) -> None:
    assert list(comparison.scores) == ["soft", *BASELINES]
    assert comparison.keys == tuple(clip.key for clip in many)
    for scores in comparison.scores.values():
        assert scores.keys() == MEASURES.keys()
        assert all(each.shape == (6,) for each in scores.values())


def test_baselines_are_what_they_are_called(comparison) -> None:
    assert np.isposinf(comparison.values(WRONG_AUDIO, "psnr")).all()
    assert (comparison.values(FIRST_FRAME, "movement") == 0).all()
    order = [comparison.interval(name, "psnr").mean for name in (ANOTHER_TALKER, "soft", BLURRED_TRUTH)]
    assert order == sorted(order)


def test_differences_are_paired(comparison) -> None:
    first, second = comparison.values("soft", "psnr"), comparison.values(FIRST_FRAME, "psnr")
    expected = bootstrap(first - second, comparison.talkers, draws=200)
    assert comparison.difference("soft", FIRST_FRAME, "psnr") == expected
    assert comparison.difference("soft", WRONG_AUDIO, "psnr").mean == -math.inf
    assert comparison.difference(WRONG_AUDIO, WRONG_AUDIO, "psnr").n == 0


def test_json_holds_what_the_contract_says(comparison) -> None:
    told = json.loads(json.dumps(comparison.as_json(), allow_nan=False))
    ssim = told["methods"]["soft"]["ssim"]
    assert ssim.keys() == {"mean", "low", "high", "n"}
    assert ssim["low"] <= ssim["mean"] <= ssim["high"]
    assert ssim["n"] == 6
    infinite = told["methods"][WRONG_AUDIO]["psnr"]
    assert (infinite["mean"], infinite["infinite"], infinite["n"]) == (None, 6, 6)
    assert "lmd" not in told["methods"]["soft"], "no landmarks were looked for"
    assert told["differences"]["soft"][FIRST_FRAME]["ssim"]["n"] == 6
    assert told["frames_without_a_face"]["soft"] is None


def test_two_processes_find_the_same(comparison, many, soft) -> None:
    again = compare({"soft": soft}, many, landmarks=False, draws=200, jobs=2)
    assert again.keys == comparison.keys
    for name, scores in comparison.scores.items():
        for metric, values in scores.items():
            np.testing.assert_array_equal(again.scores[name][metric], values)


def test_a_process_is_sent_the_clips_that_it_measures_and_their_partners(many, soft) -> None:
    keys = [clip.key for clip in many]
    partners = find_partners({clip.key: clip.talker for clip in many})
    task = Task(ClipsInMemory(many), {"soft": soft}, tuple(BASELINES), partners, False, False)
    part = task.only(keys[:2])
    assert set(part.references) == {*keys[:2], partners["talker"][keys[0]], partners["talker"][keys[1]]}
    assert set(part.methods["soft"]) == set(keys[:2])
    for (_, here), (_, there) in zip(measure(task, keys[:2]), measure(part, keys[:2]), strict=True):
        assert isinstance(here, Measured)
        assert isinstance(there, Measured)
        assert here.values["soft"] == pytest.approx(there.values["soft"], nan_ok=True)


def test_lips_are_found_and_lost_frames_counted(clips) -> None:
    blank = {clip.key: np.full_like(clip.mouths, 128) for clip in clips}
    faceless = [dataclasses.replace(clip, faces=np.full_like(clip.faces, 128)) for clip in clips]
    seen = compare({"right": {clip.key: clip.mouths.copy() for clip in clips}}, clips, baselines=())
    assert seen.interval("right", "lmd").mean == 0
    assert seen.lost_frames("right") == 0
    lost = compare({"blank": blank}, faceless, baselines=())
    assert lost.lost_frames("blank") == sum(len(clip.mouths) for clip in clips)
    assert lost.interval("blank", "lmd").n == 0


def test_a_clip_that_one_method_has_not_counts_for_none(many, soft) -> None:
    fewer = {key: video for key, video in soft.items() if not key.endswith("/2")}
    fewer["made/s0/3"] = fewer["made/s0/3"][:5]
    found = compare({"soft": soft, "fewer": fewer}, many, baselines=(FIRST_FRAME,), landmarks=False)
    assert len(found.keys) == 4
    assert found.skipped["made/s2/2"] == "fewer has no video for it"
    assert "5 frames of 64 x 64 where the reference has 12 frames" in found.skipped["made/s0/3"]
    assert all(len(scores["ssim"]) == 4 for scores in found.scores.values())


def test_nothing_left_is_an_error(many) -> None:
    with pytest.raises(CorpusError, match="no clip is left to measure; the first: mine has no video"):
        compare({"mine": {}}, many)


def test_one_talker_has_no_other(clips) -> None:
    alone = [dataclasses.replace(clip, talker="s1") for clip in clips]
    films = {clip.key: clip.mouths for clip in clips}
    found = compare({"right": films}, alone, landmarks=False)
    assert ANOTHER_TALKER not in found.scores
    assert WRONG_AUDIO in found.scores
    assert any("there is no other talker" in note for note in found.notes)
    assert math.isnan(found.interval("right", "ssim").low)
    single = compare({"right": films}, alone[:1], landmarks=False)
    assert WRONG_AUDIO not in single.scores


def test_partners_are_others() -> None:
    talkers = {"a": "s1", "b": "s1", "c": "s2", "d": "s3", "e": "s1"}
    partners = find_partners(talkers)
    assert partners["talker"] == partners["clip"] == {"a": "c", "b": "c", "c": "d", "d": "e", "e": "c"}
    assert find_partners({"a": "s1", "b": "s1"}) == {"talker": {}, "clip": {"a": "b", "b": "a"}}


def test_another_clip_is_cut_or_held() -> None:
    video = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1).repeat(3, axis=3)
    assert as_long(video, 2)[:, 0, 0, 0].tolist() == [0, 1]
    assert as_long(video, 5)[:, 0, 0, 0].tolist() == [0, 1, 2, 2, 2]


def test_names_that_do_not_exist_are_refused(comparison, many, soft) -> None:
    with pytest.raises(OptionError, match="no method 'sharp'; choose from soft, first frame"):
        comparison.interval("sharp", "psnr")
    with pytest.raises(OptionError, match="no metric 'beauty'"):
        comparison.difference("soft", FIRST_FRAME, "beauty")
    with pytest.raises(OptionError, match="no baseline 'last frame'"):
        compare({"soft": soft}, many, baselines=("last frame",))
    with pytest.raises(OptionError, match="is the name of a baseline"):
        compare({FIRST_FRAME: soft}, many)
