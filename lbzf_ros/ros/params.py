"""ROS parameters made from the settings' schema: the same default, range and help, in one place."""

from __future__ import annotations

from typing import Any, TypeVar

import annotated_types
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from lbzf_ros.config.base import Settings
from lbzf_ros.config.secrets import WRITE_INSTEAD, hidden, holds_secret
from lbzf_ros.core.errors import ConfigError

S = TypeVar("S", bound=Settings)


def declare_settings(node: Node, settings: S) -> S:
    """Declare a parameter for every plain field of a settings section, and read them back.

    Args:
        node: the node that gets the parameters; a value given on its command line wins over the plant file.
        settings: the section as read from the plant file.

    Raises:
        ConfigError: a value given on the command line is out of range or of another type.
    """
    values: dict[str, Any] = {}
    # Before anything is declared: what is declared is published on /parameter_events.
    node.add_on_set_parameters_callback(_refuse_secrets)
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, bool | int | float | str):
            values[name] = _declare(node, name, value, info)
    try:
        return type(settings).model_validate({**settings.model_dump(), **values})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ConfigError(
            f"parameter {wrong['loc'][0] if wrong['loc'] else '?'} of {node.get_name()}: "
            f"found {hidden(repr(wrong['input']))}: {wrong['msg']}"
        ) from None


def declare_text(node: Node, name: str, default: str, help_text: str) -> str:
    """Declare one read-only text parameter (a path, a label) and read it."""
    descriptor = ParameterDescriptor(name=name, description=help_text, read_only=True)
    return str(node.declare_parameter(name, default, descriptor).value)


def _declare(node: Node, name: str, value: Any, info: FieldInfo) -> Any:
    descriptor = ParameterDescriptor(name=name, description=info.description or "", read_only=True)
    low = _bound(info, annotated_types.Ge, "ge", annotated_types.Gt, "gt")
    high = _bound(info, annotated_types.Le, "le", annotated_types.Lt, "lt")
    if low is not None and high is not None and not isinstance(value, bool | str):
        if isinstance(value, int):
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
        else:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(low), to_value=float(high))
            ]
    try:
        return node.declare_parameter(name, value, descriptor).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        raise ConfigError(f"parameter {name} of {node.get_name()}: {hidden(str(error))}") from None


def _refuse_secrets(parameters: list[Any]) -> SetParametersResult:
    for parameter in parameters:
        if isinstance(parameter.value, str) and holds_secret(parameter.value):
            return SetParametersResult(successful=False, reason=f"holds a password; {WRITE_INSTEAD}")
    return SetParametersResult(successful=True)


def _bound(info: FieldInfo, *kinds: Any) -> float | None:
    for kind, attribute in zip(kinds[::2], kinds[1::2], strict=True):
        for item in info.metadata:
            if isinstance(item, kind):
                return float(getattr(item, attribute))
    return None
