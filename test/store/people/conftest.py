from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.model import RoiSet
from lbzf_ros.store.engine import reading_engine
from lbzf_ros.store.people.reading import PeopleReader


@pytest.fixture
def plant(engine: Engine, roi_sets: dict[str, RoiSet]) -> Engine:
    """A database with the example plant in it."""
    return engine


@pytest.fixture
def people(database: Path) -> Iterator[PeopleReader]:
    """Named queries on the same database."""
    engine = reading_engine(database)
    yield PeopleReader(engine)
    engine.dispose()
