"""Which picture becomes the reference."""

import numpy as np

from lbzf_ros.core.model import NS_PER_S, ReferenceView
from lbzf_ros.drift.features import find_features
from lbzf_ros.drift.reference import ReferenceChoice, ids_without
from test.drift.views import hall, knocked, seen, shift
from test.support.occupancy import rois, station

HALL = hall()
DARK = np.zeros_like(HALL)


def test_the_first_picture_once_it_was_found_again() -> None:
    choice = ReferenceChoice()
    told = []
    for number, stamp_s in enumerate((5.0, 5.2, 6.0)):
        proposed = choice.look(seen(HALL, number), round(stamp_s * NS_PER_S))
        told.append((proposed, choice.is_final))
    assert told == [(True, False), (False, False), (False, True)]
    assert choice.stamp_ns == 5 * NS_PER_S
    assert choice.features is not None
    assert choice.features.descriptors.tobytes() == find_features(seen(HALL, 0)).descriptors.tobytes()


def test_what_does_not_come_again_is_dropped() -> None:
    choice = ReferenceChoice()
    choice.look(hall(seed=5), 0)
    assert choice.look(seen(HALL, 1), NS_PER_S)
    assert not choice.look(seen(HALL, 2), 2 * NS_PER_S)
    assert choice.is_final
    assert choice.stamp_ns == NS_PER_S


def test_a_camera_that_is_still_being_mounted_is_waited_for() -> None:
    choice = ReferenceChoice()
    for second in range(5):
        assert choice.look(seen(knocked(HALL, shift(10 * second)), second), second * NS_PER_S)
    choice.look(seen(knocked(HALL, shift(40)), 9), 5 * NS_PER_S)
    assert choice.is_final


def test_the_dark_is_no_reference() -> None:
    choice = ReferenceChoice()
    assert not any(choice.look(DARK, second * NS_PER_S) for second in range(5))
    assert choice.features is None
    assert choice.look(seen(HALL, 1), 5 * NS_PER_S)


def test_zones_without_a_reference() -> None:
    zones = rois(station())
    ids = zones.identity[1]
    assert ids_without(zones, ()) == tuple(dict.fromkeys(ids))
    assert ids_without(zones, (ReferenceView(ids, b""),)) == ()
