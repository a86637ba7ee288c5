"""Algorithm 1: what it must do on any corpus, against plain loops, and on the puppets' sentences."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import rel_entr
from scipy.stats import chisquare

from lipcourse.corpora.grid import sentence
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.errors import OptionError, SignalError
from lipcourse.signals.pronunciation import pronounce, split_words
from lipcourse.signals.selection import (
    PHONEMES,
    SMALLEST_SHARE,
    count_phonemes,
    distance_to_uniform,
    phoneme_shares,
    score_rarity,
    select_clips,
)

DISTANCES = ("kl", "l1", "chi2")
SCORES = ("inverse_frequency", "information", "rarest")
SEEDS = range(20)

COUNTS = hnp.arrays(np.int64, st.tuples(st.integers(1, 30), st.just(39)), elements=st.integers(0, 9)).filter(
    lambda counts: counts.sum(axis=1).all()
)


def counts_of_puppets(seed: int, clips: int = 400) -> np.ndarray:
    """What the puppets say, by the dictionary: no face is drawn and no voice heard."""
    keys = PuppetCorpus(clips, 40, seed=seed).keys()
    texts = [sentence(key.split("/")[2]) for key in keys]
    spoken = [split_words(text) for text in texts]
    readings, _ = pronounce(sorted({word for words in spoken for word in words}))
    return count_phonemes([phone for word in words for phone in readings[word][0]] for words in spoken)


@pytest.fixture(scope="module")
def puppets() -> np.ndarray:
    return counts_of_puppets(16)


def test_phonemes_are_counted_clip_by_clip() -> None:
    clips = [("HH", "AH", "L", "OW"), (), ("AH", "AH", "ZH")]
    counts = count_phonemes(clips)
    assert counts.shape == (3, 39)
    for row, phones in zip(counts, clips, strict=True):
        assert {phone: n for phone, n in zip(PHONEMES, row, strict=True) if n} == Counter(phones)
    assert count_phonemes([]).shape == (0, 39)


@pytest.mark.parametrize("phone", ["AH0", "SIL", "ah", ""])
def test_what_is_no_phoneme_is_refused(phone: str) -> None:
    with pytest.raises(SignalError, match="is no phoneme of ARPABET; leave out stress"):
        count_phonemes([("AH", phone)])


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_distances_agree_with_scipy(counts: np.ndarray) -> None:
    shares, uniform = phoneme_shares(counts), np.full(39, 1 / 39)
    assert shares.sum() == pytest.approx(1)
    assert distance_to_uniform(shares) == pytest.approx(rel_entr(shares, uniform).sum(), abs=1e-12)
    assert distance_to_uniform(shares, "chi2") == pytest.approx(chisquare(shares, uniform).statistic)
    assert distance_to_uniform(shares, "l1") == pytest.approx(sum(abs(p - 1 / 39) for p in shares))


@pytest.mark.parametrize("distance", DISTANCES)
def test_only_a_uniform_histogram_has_no_distance(distance: str) -> None:
    assert distance_to_uniform(np.full(39, 1 / 39), distance) == pytest.approx(0, abs=1e-12)
    one = np.eye(39)
    assert (distance_to_uniform(one, distance) > 1).all()
    nearer = distance_to_uniform(0.9 * one + 0.1 / 39, distance)
    assert (nearer < distance_to_uniform(one, distance)).all()
    assert distance_to_uniform(one).max() == pytest.approx(math.log(39))


@settings(max_examples=30, deadline=None)
@given(COUNTS)
def test_scores_agree_with_plain_loops(counts: np.ndarray) -> None:
    shares = phoneme_shares(counts)
    plain: dict[str, list[float]] = {score: [] for score in SCORES}
    for row in counts:
        phones = [shares[index] for index, n in enumerate(row) for _ in range(n)]
        plain["inverse_frequency"].append(sum(1 / p for p in phones) / len(phones))
        plain["information"].append(sum(-math.log(p) for p in phones) / len(phones))
        plain["rarest"].append(1 / min(phones))
    for score, expected in plain.items():
        np.testing.assert_allclose(score_rarity(counts, score), expected)


def test_a_clip_that_says_nothing_ranks_last() -> None:
    counts = count_phonemes([(), ("AH",) * 9, ("ZH", "AH")])
    for score in SCORES:
        assert select_clips(counts, score=score, smallest=3).chosen.tolist() == [2, 1, 0]


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.sampled_from(DISTANCES), st.sampled_from(SCORES), st.integers(0, 1000))
def test_the_algorithm_agrees_with_a_plain_loop(
    counts: np.ndarray, distance: str, score: str, seed: int
) -> None:
    selection = select_clips(counts, distance=distance, score=score, seed=seed, draws=7)
    rarity = score_rarity(counts, score)
    ranked = sorted(range(len(counts)), key=lambda clip: -rarity[clip])
    tried = [distance_to_uniform(phoneme_shares(counts[ranked[:size]]), distance) for size in selection.sizes]
    np.testing.assert_allclose(selection.distances, tried)
    best = int(np.argmin(selection.distances))
    assert selection.chosen.tolist() == ranked[: selection.sizes[best]]
    assert selection.distance_after == pytest.approx(min(tried))
    np.testing.assert_allclose(selection.after, phoneme_shares(counts[selection.chosen]))
    np.testing.assert_allclose(selection.before, phoneme_shares(counts))
    assert selection.distance_before == pytest.approx(distance_to_uniform(selection.before, distance))


def test_sizes_are_scaled_to_the_corpus(puppets: np.ndarray) -> None:
    sizes = select_clips(puppets, draws=5000).sizes
    assert sizes.min() == round(len(puppets) * SMALLEST_SHARE)
    assert sizes.max() == len(puppets)
    own = select_clips(puppets, smallest=10, largest=12, draws=500).sizes
    assert set(own.tolist()) == {10, 11, 12}
    assert len(select_clips(puppets, largest=20).chosen) <= 20
    assert len(select_clips(puppets[:1]).chosen) == 1


def test_the_seed_decides(puppets: np.ndarray) -> None:
    first, same, other = (select_clips(puppets, seed=seed) for seed in (3, 3, 4))
    assert first.chosen.tolist() == same.chosen.tolist()
    assert first.sizes.tolist() == same.sizes.tolist() != other.sizes.tolist()


def test_the_order_of_the_clips_does_not_matter(puppets: np.ndarray) -> None:
    mixed = np.random.default_rng(0).permutation(len(puppets))
    a, b = select_clips(puppets), select_clips(puppets[mixed])
    assert a.distance_after == pytest.approx(b.distance_after, rel=0.02)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("score", SCORES)
def test_it_comes_nearer_to_uniform_than_chance_in_every_seed(
    puppets: np.ndarray, distance: str, score: str
) -> None:
    nearer = 0
    for seed in SEEDS:
        selection = select_clips(puppets, distance=distance, score=score, seed=seed)
        chance = np.random.default_rng(seed).choice(len(puppets), len(selection.chosen), replace=False)
        by_chance = distance_to_uniform(phoneme_shares(puppets[chance]), distance)
        nearer += selection.distance_after < min(by_chance, selection.distance_before)
    assert nearer == len(SEEDS)


def test_it_comes_nearer_than_chance_in_every_corpus() -> None:
    nearer = 0
    for seed in SEEDS:
        counts = counts_of_puppets(seed, clips=120)
        selection = select_clips(counts, seed=seed)
        chance = np.random.default_rng(seed).choice(len(counts), len(selection.chosen), replace=False)
        nearer += selection.distance_after < distance_to_uniform(phoneme_shares(counts[chance]))
    assert nearer == len(SEEDS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"smallest": 0}, "from 0 to 400 of 400 clips cannot be kept"),
        ({"largest": 401}, "to 401 of 400 clips"),
        ({"smallest": 20, "largest": 10}, "from 20 to 10 of"),
        ({"draws": 0}, "0 draws choose nothing"),
        ({"distance": "cosine"}, "there is no distance 'cosine'; choose from kl, l1, chi2"),
        ({"score": "idf"}, "there is no score 'idf'; choose from inverse_frequency, information, rarest"),
    ],
)
def test_options_that_cannot_be_are_refused(
    puppets: np.ndarray, options: dict[str, object], told: str
) -> None:
    with pytest.raises(OptionError) as caught:
        select_clips(puppets, **options)
    assert told in str(caught.value)


@pytest.mark.parametrize("counts", [np.zeros((3, 39)), np.zeros((1, 39))])
def test_clips_that_say_nothing_are_refused(counts: np.ndarray) -> None:
    with pytest.raises(SignalError, match="the clips say nothing"):
        select_clips(counts)
