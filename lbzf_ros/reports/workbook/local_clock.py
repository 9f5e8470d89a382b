"""Times of the database as the plant's clock showed them."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from lbzf_ros.store.timestamps import to_text


class LocalClock:
    """Turns times into the plant's; the offset of a quarter of an hour is looked up once."""

    def __init__(self, time_zone: str) -> None:
        """Of an IANA zone."""
        self._zone = ZoneInfo(time_zone)
        self._offsets_ms: dict[str, int] = {}

    def ms(self, text: str) -> int:
        """UTC text of the database as milliseconds of the plant's clock since 1970-01-01 00:00."""
        hour, minute = text[:13], int(text[14:16])
        begin_ms = self._offsets_ms.get(hour)
        if begin_ms is None:  # clocks are put forward and back on a full hour of UTC
            local = datetime.fromisoformat(f"{hour}:00:00+00:00").astimezone(self._zone)
            begin_ms = self._offsets_ms[hour] = int(local.replace(tzinfo=timezone.utc).timestamp()) * 1000
        return begin_ms + minute * 60_000 + int(text[17:19]) * 1000 + int(text[20:23])

    def ms_of(self, time_ns: int) -> int:
        """The same of nanoseconds since the epoch."""
        return self.ms(to_text(time_ns))
