from __future__ import annotations

from pathlib import Path

from web_bridge.api_docs import description, markdown

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def test_the_page_says_what_the_program_does() -> None:
    made = markdown(description())
    assert PAGE.read_text("utf-8") == made, "run: python -m web_bridge.api_docs > docs/api.md"


def test_every_route_says_what_it_is_and_every_field_what_it_means() -> None:
    api = description()
    for path, item in api["paths"].items():
        for method, operation in item.items():
            assert operation.get("description"), f"{method} {path} has no description"
            assert operation.get("tags"), f"{method} {path} has no topic"
