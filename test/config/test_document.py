"""The page of all settings is what the schema says."""

from pathlib import Path

from lbzf_ros.config.document import SECTIONS, markdown

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == markdown(), "run: lbzf schema > docs/configuration.md"


def test_every_setting_has_a_meaning() -> None:
    fields = [(title, name, info) for title, kind in SECTIONS for name, info in kind.model_fields.items()]
    assert [f"{title}.{name}" for title, name, info in fields if not info.description] == []
