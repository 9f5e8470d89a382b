"""What the detector by background alone has to do besides what every detector does."""

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.detectors.background import BackgroundDetector
from test.detectors.drawing import Image, person, room, watch

COMES_S, GOES_S, ENDS_S = 2.0, 60.0, 65.0


def test_who_works_at_his_place_is_seen_all_the_time_and_gone_when_he_has_left() -> None:
    """He stands, and only every third second something of him moves: nothing is learnt from him meanwhile."""
    empty = room()
    here, moved = person(empty, 320), person(empty, 323)

    def paint(t_s: float) -> Image:
        if not COMES_S <= t_s < GOES_S:
            return empty
        return moved if int(t_s) % 3 == 0 else here

    seen = {
        t_s: len(boxes)
        for t_s, boxes in watch(BackgroundDetector(DetectorSettings(learn_s=4.0)), paint, ENDS_S)
    }
    assert {count for t_s, count in seen.items() if COMES_S + 1 <= t_s < GOES_S} == {1}
    assert {count for t_s, count in seen.items() if t_s >= GOES_S + 1} == {0}
