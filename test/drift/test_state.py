"""From single checks to what is known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.core.model import NS_PER_S, Drift
from lbzf_ros.drift.estimate import corners_px, moved
from lbzf_ros.drift.state import ViewState
from test.drift.views import SIZE, shift, turn


class Checks:
    """Checks of one view, one a second."""

    def __init__(self, size: tuple[int, int] = SIZE, **settings: object) -> None:
        self.state = ViewState(DriftSettings.model_validate(settings), *size)
        self.now_ns = 1_000 * NS_PER_S

    def find(self, *matrices: NDArray[np.float64]) -> Drift:
        for matrix in matrices:
            self.now_ns += NS_PER_S
            self.state.observe(matrix, self.now_ns)
            self.state.pass_time(self.now_ns)
        return self.state.drift

    def homography(self) -> tuple[float, ...]:
        return self.state.homography or ()

    def miss(self, seconds: float) -> Drift:
        self.now_ns += round(seconds * NS_PER_S)
        self.state.pass_time(self.now_ns)
        return self.state.drift


@pytest.fixture
def checks() -> Checks:
    """A camera that was in its place."""
    checks = Checks()
    checks.find(shift(0.2))
    return checks


def test_nothing_is_known_before_the_first_check() -> None:
    state = Checks().state
    assert state.drift is Drift.UNKNOWN
    assert math.isnan(state.shift_px)
    assert state.homography is None


def test_a_view_in_its_place_is_known_at_once_and_a_moved_one_after_three_checks() -> None:
    assert Checks().find(shift(3)) is Drift.OK
    moved_away = Checks()
    assert [moved_away.find(shift(15)) for _ in range(3)] == [Drift.UNKNOWN, Drift.UNKNOWN, Drift.DRIFTED]


def test_one_wrong_check_is_no_alarm(checks: Checks) -> None:
    assert checks.find(shift(40), shift(0), shift(40), shift(40), shift(0)) is Drift.OK
    assert checks.state.shift_px < 1


def test_checks_that_do_not_agree_are_no_alarm(checks: Checks) -> None:
    assert checks.find(shift(40), shift(15), shift(-30), shift(20, 20), turn(3)) is Drift.OK
    assert checks.state.is_in_doubt


def test_three_that_agree_are(checks: Checks) -> None:
    assert checks.find(shift(15), shift(15.5), shift(14.5)) is Drift.DRIFTED
    assert checks.state.shift_px == pytest.approx(15)
    assert not checks.state.is_in_doubt


def test_the_limit_has_a_hysteresis(checks: Checks) -> None:
    assert checks.find(*[shift(9)] * 3) is Drift.OK
    assert checks.find(*[shift(11)] * 3) is Drift.DRIFTED
    assert checks.find(*[shift(8)] * 3) is Drift.DRIFTED
    assert checks.find(*[shift(6)] * 3) is Drift.OK


def test_the_limit_grows_with_the_picture() -> None:
    checks = Checks(size=(1280, 960))
    assert checks.find(*[shift(15)] * 3) is Drift.OK
    assert checks.find(*[shift(30)] * 3) is Drift.DRIFTED


def test_the_state_holds_for_a_while_without_checks_and_is_then_unknown(checks: Checks) -> None:
    checks.find(*[shift(15)] * 3)
    assert checks.miss(29) is Drift.DRIFTED
    assert checks.homography()
    assert checks.miss(2) is Drift.UNKNOWN
    assert not checks.homography()
    assert math.isnan(checks.state.shift_px)
    assert checks.find(shift(15)) is Drift.UNKNOWN
    assert checks.find(shift(15), shift(15)) is Drift.DRIFTED


def test_a_camera_that_keeps_swinging_is_unknown(checks: Checks) -> None:
    swings = [shift(20 * math.sin(1.3 * i) + 25) for i in range(40)]
    assert checks.find(*swings) is Drift.UNKNOWN


def test_zones_are_followed_while_drifted_and_do_not_tremble(checks: Checks) -> None:
    checks.find(*[shift(15)] * 3)
    homography = checks.homography()
    corners = corners_px(*SIZE)
    followed = moved(np.array(homography).reshape(3, 3), corners) - corners
    np.testing.assert_allclose(followed, np.tile([15, 0], (4, 1)), atol=0.01)
    checks.find(shift(15.8), shift(14.3), shift(15.5), shift(15.9))
    assert checks.homography() == homography
    checks.find(*[shift(18)] * 3)
    assert checks.homography() != homography


@pytest.mark.parametrize(
    "settings", [{"follow": False}, {"follow_limit_px": 14}], ids=["unwanted", "too far"]
)
def test_zones_are_not_followed(settings: dict[str, object]) -> None:
    checks = Checks(SIZE, **settings)
    assert checks.find(*[shift(15)] * 3) is Drift.DRIFTED
    assert checks.state.homography is None


def test_how_the_view_has_moved_is_told_once_and_also_below_the_limit(checks: Checks) -> None:
    checks.find(*[shift(5.2)] * 3)
    step = np.array(checks.state.step).reshape(3, 3)
    np.testing.assert_allclose(step, shift(5), atol=0.01)
    checks.find(shift(5.2))
    assert checks.state.step is None
    checks.find(*[shift(15.2)] * 3)
    np.testing.assert_allclose(np.array(checks.state.step).reshape(3, 3), shift(10), atol=0.01)


def test_how_it_has_moved_is_told_after_a_time_in_which_nothing_was_known(checks: Checks) -> None:
    checks.miss(100)
    checks.find(*[shift(20.2)] * 3)
    np.testing.assert_allclose(np.array(checks.state.step).reshape(3, 3), shift(20), atol=0.01)


def test_a_camera_that_was_put_back_is_in_its_place(checks: Checks) -> None:
    checks.find(*[shift(40)] * 3)
    assert checks.find(*[shift(1)] * 3) is Drift.OK
    assert checks.state.homography is None
