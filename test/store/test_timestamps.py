from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.timestamps import from_text, to_ms, to_text

YEAR_1_NS = -62_135_596_800 * 10**9
YEAR_9999_NS = 253_402_300_799 * 10**9
times_ns = st.integers(YEAR_1_NS, YEAR_9999_NS)


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        pytest.param(0, "1970-01-01T00:00:00.000Z", id="epoch"),
        pytest.param(1_784_122_251_250_000_000, "2026-07-15T13:30:51.250Z", id="whole-milliseconds"),
        pytest.param(1_784_122_251_250_499_999, "2026-07-15T13:30:51.250Z", id="down"),
        pytest.param(1_784_122_251_250_500_000, "2026-07-15T13:30:51.251Z", id="half-goes-up"),
        pytest.param(1_784_122_251_999_500_000, "2026-07-15T13:30:52.000Z", id="into-the-next-second"),
        pytest.param(-1, "1970-01-01T00:00:00.000Z", id="before-1970"),
        pytest.param(4_102_444_800_000_000_000, "2100-01-01T00:00:00.000Z", id="year-2100"),
    ],
)
def test_to_text(time_ns: int, text: str) -> None:
    assert to_text(time_ns) == text


@given(times_ns)
def test_text_keeps_the_millisecond(time_ns: int) -> None:
    assert from_text(to_text(time_ns)) == to_ms(time_ns) * 1_000_000
    assert abs(from_text(to_text(time_ns)) - time_ns) <= 500_000


@given(times_ns, times_ns)
def test_text_sorts_like_time(a_ns: int, b_ns: int) -> None:
    assert (to_ms(a_ns) <= to_ms(b_ns)) == (to_text(a_ns) <= to_text(b_ns))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-07-15T13:30:51Z",
        "2026-07-15T13:30:51.250",
        "2026-07-15T13:30:51.250+00:00",
        "2026-07-15 13:30:51.250Z",
        "2026-02-30T13:30:51.250Z",
        "2026-07-15T25:30:51.250Z",
        "2026-07-15T13:30:51.250Z\n",
        "٢٠٢٦-07-15T13:30:51.250Z",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="must be UTC text such as"):
        from_text(text)


@pytest.mark.parametrize("time_ns", [YEAR_1_NS - 10**9, 10**30, -(10**30)])
def test_times_that_no_calendar_has_are_refused(time_ns: int) -> None:
    with pytest.raises(InvalidValue, match="outside the years 1 to 9999"):
        to_text(time_ns)
