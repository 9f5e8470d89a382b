from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.model import RoiSet
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import StoreReader
from test.store.examples import MORNING_NS, plant_data, plant_of


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, to be copied: to migrate takes half a second."""
    path = tmp_path_factory.mktemp("empty") / DATABASE_NAME
    migrate(path, now_ns=MORNING_NS)
    return path


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Path:
    """An empty database with the whole schema."""
    return Path(shutil.copy(empty_database, tmp_path / DATABASE_NAME))


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """A connection that writes."""
    engine = writing_engine(database)
    yield engine
    engine.dispose()


@pytest.fixture
def roi_sets(engine: Engine) -> dict[str, RoiSet]:
    """The example plant, in the database."""
    return sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")


@pytest.fixture
def reader(database: Path) -> Iterator[StoreReader]:
    """Named queries on the same database."""
    engine = reading_engine(database)
    yield StoreReader(engine)
    engine.dispose()
