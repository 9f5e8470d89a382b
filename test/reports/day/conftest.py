from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.model import RoiSet
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from test.reports.day.line import clock, plant_data, reader_of
from test.store.examples import plant_of


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / DATABASE_NAME
    migrate(path, now_ns=clock("00:00", "2026-06-01"))
    return path


@pytest.fixture
def database(tmp_path: Path, migrated: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / DATABASE_NAME))


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """A connection that writes."""
    engine = writing_engine(database)
    yield engine
    engine.dispose()


@pytest.fixture
def rois(engine: Engine) -> dict[str, RoiSet]:
    """The plant, in the database since long before the day."""
    return sync_plant(
        engine, plant_of(plant_data()), now_ns=clock("00:00", "2026-06-01"), software_version="0.1.0"
    )


@pytest.fixture
def days(database: Path, rois: dict[str, RoiSet]) -> Iterator[DayReader]:
    """Figures of the same database."""
    engine = reading_engine(database)
    yield reader_of(engine, plant_data())
    engine.dispose()
