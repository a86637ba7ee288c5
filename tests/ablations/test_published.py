"""The results in docs/results are whole, and their pages say what they say."""

from collections import Counter

import pytest

from lipcourse.ablations.report import markdown, published, read_results
from lipcourse.evaluation.intervals import Interval
from lipcourse.evaluation.orderings import LOWER_IS_BETTER, judge
from lipcourse.training.methods import METHODS, RIVALS

NAMES = ("ablations_puppets", "rivals_puppets")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_made_of_the_results(name):
    assert published(name, ".md").read_text() == markdown(read_results(published(name)))
    assert published(name, ".png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", NAMES)
def test_all_were_trained_alike(name):
    told = read_results(published(name))
    assert len({(each["steps"], each["seed"]) for each in told["methods"].values()}) == 1
    assert not told["skipped"]
    assert {each["metrics"]["lmd"]["n"] for each in told["methods"].values()} == {told["clips"]}
    for letter, each in told["methods"].items():
        assert each["paper"] == (METHODS | RIVALS)[letter].paper._asdict()


@pytest.mark.parametrize("name", NAMES)
def test_verdicts_are_those_of_the_intervals(name):
    told = read_results(published(name))
    counted = Counter()
    for claim in told["orderings"]:
        sign = -1 if claim["metric"] in LOWER_IS_BETTER else 1
        assert claim["verdict"] == judge(Interval(**claim["found"]), sign)
        counted[claim["metric"], claim["verdict"]] += 1
    for metric, counts in told["verdicts"].items():
        for verdict, count in counts.items():
            assert counted[metric, verdict] == count


def test_all_nine_methods_are_there():
    assert list(read_results(published("ablations_puppets"))["methods"]) == list(METHODS)
