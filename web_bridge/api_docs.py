"""`docs/api.md` from the OpenAPI description, so that the page cannot disagree with the program.

python -m web_bridge.api_docs > docs/api.md
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.running import WebSettings
from lbzf_ros.graph import DEMO_PLANT
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import rules_of
from lbzf_ros.resources import resource_path
from lbzf_ros.store.reader import StoreReader
from web_bridge.access.access import Access
from web_bridge.access.permissions import TABLE
from web_bridge.app import create_app
from web_bridge.context import Context
from web_bridge.live import LiveState

_NOWHERE = Path("/nonexistent")
_METHODS = ("get", "post", "put", "patch", "delete")
_HEAD = """# API

Made from the description at `/api/v1/openapi.json` by `python -m web_bridge.api_docs`; do not edit. `docs/access.md`
says how a program signs in.

"""
_COMMON = """## What holds for every route

- **Errors** are problem details (RFC 9457, `application/problem+json`): `type`, `title`, `status`, `detail`,
  `instance`, `request_id`, `errors`. `request_id` is also the header `X-Request-ID` and in the log; you may
  choose it yourself.
- **Reads** carry an `ETag`. Send it back as `If-None-Match`: 304 without a body means that nothing has changed.
- **Writes** take `Idempotency-Key: <anything that is new>`. The same key with the same body is entered once and
  answered the same (`Idempotency-Replayed: true`), also after a restart, for two days; with another body: 422. What
  failed may be sent again with its key.
- **Lists** have `limit` (1 to 500) and `after`; `next_after` of an answer is the next `after`; null: that was all.
- **Times** are given in ISO 8601 with a zone and answered in UTC. A unit is in the name of its figure: `_s`, `_px`,
  `_minutes`, `_percent`.
- 503 with `Retry-After`: the database is busy or cannot be read; nothing was entered.
"""


def description() -> dict[str, Any]:
    """OpenAPI, as the application gives it. Nothing is read: an application reads when a request comes."""
    engine, plant = create_engine("sqlite://"), load_plant(resource_path("config", DEMO_PLANT))
    context = Context(
        reader=StoreReader(engine),
        live=LiveState(diagnostics_period_s=1.0),
        data=_NOWHERE,
        access=Access(WebSettings(), _NOWHERE),
        plant=plant,
        days=DayReader(engine, rules_of(plant)),
        time_zone=plant.time_zone,
        recent_cycles=1,
    )
    return create_app(context).openapi()


def markdown(api: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = [_HEAD, f"{api['info']['description']}\n\n", _COMMON]
    for tag in api["tags"]:
        routes = list(_routes(api, tag["name"]))
        if routes:
            parts.append(f"\n## {tag['name'].capitalize()}\n\n{tag['description']}\n")
            parts += routes
    parts.append("\n## Schemas\n\nFields with `?` may be absent; a type with `null` may be not known.\n")
    parts += _schemas(api["components"]["schemas"])
    return "".join(parts)


def _routes(api: Mapping[str, Any], tag: str) -> Iterator[str]:
    for path, item in api["paths"].items():
        for method in _METHODS:
            operation = item.get(method)
            if operation and operation.get("tags", [""])[0] == tag:
                yield _route(path, method, operation)


def _route(path: str, method: str, operation: Mapping[str, Any]) -> str:
    lines = [f"\n### {method.upper()} {path}\n", operation.get("description", "").strip(), ""]
    rule = TABLE.get((method.upper(), path))
    who = ", ".join(sorted(role.value for role in rule.roles)) if rule else "nobody"
    lines.append(f"For: {who}.")
    if body := operation.get("requestBody"):
        lines.append(f"Body: {_type(_schema(body['content']))}.")
    answers = [
        f"{status}: {_answer(one)}" for status, one in operation["responses"].items() if status < "300"
    ]
    lines.append(f"Answer: {'; '.join(answers)}.")
    lines.append(f"Errors: {', '.join(s for s in sorted(operation['responses']) if s >= '400')}.")
    if rows := list(_parameters(operation.get("parameters", []))):
        lines += ["", "| parameter | in | type | meaning |", "|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _answer(one: Mapping[str, Any]) -> str:
    content = one.get("content", {})
    schema = _schema(content)
    kind = next(iter(content), "")
    return _type(schema) if schema.get("$ref") else f"`{kind}`"


def _schema(content: Mapping[str, Any]) -> dict[str, Any]:
    for answer in content.values():
        return dict(answer.get("schema", {}))
    return {}


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in parameters:
        if one["name"] in ("If-None-Match", "Idempotency-Key"):
            continue  # said once, above
        name = f"`{one['name']}`" + ("" if one.get("required") else "?")
        cells = (name, one["in"], _type(one["schema"]), _cell(one.get("description", "")))
        yield f"| {' | '.join(cells)} |"


def _schemas(schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name in sorted(schemas):
        schema = schemas[name]
        lines = [f"\n### {name}\n", schema.get("description", "").strip(), ""]
        lines += ["| field | type | meaning | example |", "|---|---|---|---|"]
        needed = schema.get("required", [])
        for field, kind in schema.get("properties", {}).items():
            title = f"`{field}`" + ("" if field in needed else "?")
            example = json.dumps(kind["examples"][0], ensure_ascii=False) if kind.get("examples") else ""
            shown = f"`{_cell(example)}`" if example else ""
            lines.append(f"| {title} | {_type(kind)} | {_cell(kind.get('description', ''))} | {shown} |")
        yield "\n".join(lines) + "\n"


def _type(schema: Mapping[str, Any]) -> str:  # noqa: PLR0911  # one line a kind
    if ref := schema.get("$ref"):
        name = ref.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if parts := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(_type(part) for part in parts))
    if words := schema.get("enum"):
        return ", ".join(f"`{word}`" for word in words)
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(values := schema.get("additionalProperties"), dict):
        return f"{_type(values)} by name"
    return f"{schema.get('format', kind)}{_range(schema)}"


def _range(schema: Mapping[str, Any]) -> str:
    signs = {"minimum": "≥ ", "exclusiveMinimum": "> ", "maximum": "≤ ", "exclusiveMaximum": "< "}
    found = [f"{sign}{schema[name]:g}" for name, sign in signs.items() if name in schema]
    return f" ({', '.join(found)})" if found else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(markdown(description()))
