"""A knock is noticed at once; people, noise and daylight are not taken for one."""

import numpy as np

from lbzf_ros.drift.sudden import SuddenChange
from test.drift.views import hall, knocked, seen, shift

HALL = hall()


def test_a_knock() -> None:
    for matrix in (shift(5), shift(-15), shift(0, 40)):
        sudden = SuddenChange()
        assert not sudden.update(seen(HALL, 0))
        assert sudden.update(seen(knocked(HALL, matrix), 1))


def test_noise_and_people_and_slow_light() -> None:
    sudden = SuddenChange()
    for number in range(30):
        picture = seen(HALL, number, light=1 - 0.01 * number, sigma=8)
        left = 15 * number
        picture[100:400, left : left + 120] = 60
        assert not sudden.update(picture)


def test_a_blank_wall_shows_nothing() -> None:
    sudden = SuddenChange()
    assert not any(sudden.update(np.full((480, 640, 3), grey, np.uint8)) for grey in (10, 200, 10))
