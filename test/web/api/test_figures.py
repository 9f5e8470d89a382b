"""Figures of a day through the API."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from starlette.testclient import TestClient

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S
from test.web.factory import line_of, plant_of
from web_bridge.app import create_app


def test_without_a_date_it_is_the_day_whose_shift_runs(tmp_path: Path) -> None:
    """After midnight a night shift goes on: the board must not begin a day that has no shift yet."""
    described = plant_of(2).model_dump(mode="json")
    described["modules"][0]["shift_hours"] = [{"label": "noche", "start": "22:00", "end": "06:00"}]
    now = {"02:00": "2026-07-15", "07:00": "2026-07-16"}
    for time, day in now.items():
        now_ns = round(dt.datetime.fromisoformat(f"2026-07-16T{time}:00-05:00").timestamp()) * NS_PER_S
        plant = Plant.model_validate(described)
        line = line_of(tmp_path / day, 2, plant, clock_ns=lambda now_ns=now_ns: now_ns)
        client = TestClient(create_app(line.context), raise_server_exceptions=False)
        assert client.get("/api/v1/hour-board?module=ANGELA").json()["date"] == day
        page = client.get("/", headers={"accept": "text/html"})
        assert f"{day[8:]}/{day[5:7]}/{day[:4]}" in page.text
        line.close()
