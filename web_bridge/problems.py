"""Causes of errors as the API names them, and what pydantic says as one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lbzf_ros.core.causes import Cause, Param
from lbzf_ros.core.errors import InvalidValue

Code = Literal[
    Cause,
    # what the status says too
    "not_possible",
    "not_signed_in",
    "not_allowed",
    "not_found",
    "no_such_method",
    "too_slow",
    "conflict",
    "gone",
    "too_large",
    "wrong_format",
    "not_valid",
    "too_many_requests",
    "unexpected",
    "unavailable",
    # what it does not
    "page_expired",
    "no_role",
    "other_module",
    "database_unavailable",
    "row_refused",
    "too_many_pages",
    "busy",
    "export_busy",
    "export_failed",
    "detector_silent",
]
"""Each has a text in the catalogues of the pages (`problem_…`)."""

BY_STATUS: Mapping[int, Code] = {
    400: "not_possible",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "no_such_method",
    408: "too_slow",
    409: "conflict",
    410: "gone",
    413: "too_large",
    415: "wrong_format",
    422: "not_valid",
    429: "too_many_requests",
    500: "unexpected",
    503: "unavailable",
}
"""Where nothing closer is known."""

_CAUSES: Mapping[str, Cause] = {
    "missing": "missing",
    "extra_forbidden": "not_known_here",
    "float_type": "not_a_number",
    "float_parsing": "not_a_number",
    "finite_number": "not_a_number",
    "int_type": "not_a_whole_number",
    "int_parsing": "not_a_whole_number",
    "int_parsing_size": "not_a_whole_number",
    "int_from_float": "not_a_whole_number",
    "string_type": "not_text",
    "literal_error": "not_a_choice",
    "enum": "not_a_choice",
    "bool_type": "not_a_choice",
    "bool_parsing": "not_a_choice",
    "datetime_parsing": "not_a_time",
    "datetime_from_date_parsing": "not_a_time",
    "datetime_type": "not_a_time",
    "timezone_aware": "not_a_time",
    "string_pattern_mismatch": "not_written_so",
    "uuid_parsing": "not_written_so",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_few",
    "too_long": "too_many",
    "greater_than_equal": "at_least",
    "less_than_equal": "at_most",
    "greater_than": "above",
    "less_than": "below",
}
_LIMITS = dict.fromkeys(("ge", "gt", "min_length"), "least") | dict.fromkeys(
    ("le", "lt", "max_length"), "most"
)


def wrong_values(items: Sequence[Any]) -> dict[str, InvalidValue]:
    """What pydantic has found, by the place of each value."""
    return {".".join(str(part) for part in item["loc"]): _invalid(item) for item in items}


def _invalid(item: Mapping[str, Any]) -> InvalidValue:
    known = item.get("ctx", {})
    inner = known.get("error")
    if isinstance(inner, InvalidValue):  # a check of ours said why
        return InvalidValue(str(inner), inner.cause, **inner.params)
    cause = _CAUSES.get(item["type"])
    if cause == "too_short" and item.get("input") == "":
        cause = "missing"
    if cause == "too_few" and item["loc"][-1] == "polygon_px":
        cause = "zone_corners"
    limits: dict[str, Param] = {}
    for key, value in known.items():
        if name := _LIMITS.get(key):
            limits[name] = value
    return InvalidValue(str(item["msg"]).removeprefix("Value error, "), cause, **limits)
