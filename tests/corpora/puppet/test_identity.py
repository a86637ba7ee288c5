import dataclasses

import numpy as np
import pytest

from lipcourse.corpora.puppet.hair_styles import STYLES
from lipcourse.corpora.puppet.identity import LONG_STYLES, SHORT_STYLES, draw_identity, mix

CROWD = [draw_identity(seed) for seed in range(200)]


def test_same_seed_is_the_same_talker():
    assert draw_identity(7) == draw_identity(7)
    assert hash(draw_identity(7)) == hash(draw_identity(7))


def test_other_seeds_are_other_talkers():
    assert len({dataclasses.replace(person, seed=0) for person in CROWD}) == len(CROWD)


def test_colours_can_be_shown_and_light_has_unit_length():
    for person in CROWD:
        for colour in (person.skin, person.lips, person.iris, person.hair, person.wall, person.clothes):
            assert all(0.0 <= channel <= 1.0 for channel in colour)
        assert np.linalg.norm(person.light) == pytest.approx(1.0)
        assert person.light[2] > 0.3  # never from behind


def test_crowd_is_varied():
    brightness = np.array([np.mean(person.skin) for person in CROWD])
    shares, _ = np.histogram(brightness, bins=4, range=(brightness.min(), brightness.max()))
    assert shares.min() > 0.1 * len(CROWD)
    assert {person.beard for person in CROWD} == {"none", "stubble", "moustache", "goatee", "full"}
    assert {person.glasses for person in CROWD} == {"none", "round", "square"}
    assert 0.4 < np.mean([person.feminine > 0.5 for person in CROWD]) < 0.6
    ages = [person.age for person in CROWD]
    assert min(ages) >= 18
    assert max(ages) > 65


def test_every_hair_style_can_be_drawn_and_is_worn_by_someone():
    assert set(SHORT_STYLES) | set(LONG_STYLES) == set(STYLES) == {person.hair_style for person in CROWD}


def test_bearded_means_any_hair_on_the_face():
    assert all(person.bearded == (person.beard != "none") for person in CROWD)


def test_mix_goes_from_first_to_second():
    assert mix((0.0, 0.2, 1.0), (1.0, 0.4, 0.0), 0.5) == pytest.approx((0.5, 0.3, 0.5))
