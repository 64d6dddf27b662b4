"""Pulumi property values as plain Python, with `Secret` for secrets and `UNKNOWN` for values that are not known yet."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime import rpc

from kube.masking import SECRET_SIGNATURE

Manifest = dict[str, Any]
"""A Kubernetes object, or a part of one."""

# The value by which the engine's protocol marks a secret in a Struct.
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a password


class Unknown(Enum):
    """The type of `UNKNOWN`, the value of an output before its resource exists."""

    UNKNOWN = rpc.UNKNOWN


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that the engine encrypts in the state and never prints."""

    value: Any


def from_struct(struct: Struct) -> Manifest:
    """Decode values from the engine."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def _decode(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":  # A Struct has doubles only; the API server rejects `5432.0`.
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            if SECRET_SIGNATURE in fields and fields[SECRET_SIGNATURE].string_value == _SECRET:
                return Secret(_decode(fields["value"]))
            return from_struct(value.struct_value)
        case _:
            return None


def to_struct(values: Manifest) -> Struct:
    """Encode values for the engine."""
    struct = Struct()
    struct.update(_encode(values))
    return struct


def _encode(value: Any) -> Any:
    match value:
        case Secret():
            return {SECRET_SIGNATURE: _SECRET, "value": _encode(value.value)}
        case Unknown():
            return value.value
        case dict():
            return {key: _encode(item) for key, item in value.items()}
        case list():
            return [_encode(item) for item in value]
        case _:
            return value


def plain(value: Any) -> Any:
    """Return a deep copy with secrets unwrapped."""
    match value:
        case Secret():
            return plain(value.value)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case _:
            return value


def contains(value: Any, sort: type[Secret] | type[Unknown]) -> bool:
    """Whether `value` is or contains a value of `sort`."""
    match value:
        case dict():
            return any(contains(item, sort) for item in value.values())
        case list():
            return any(contains(item, sort) for item in value)
        case Secret() if sort is not Secret:
            return contains(value.value, sort)
        case _:
            return isinstance(value, sort)


def with_secrets_of(inputs: Manifest, values: Manifest) -> Manifest:
    """Mark those of `values` as secret that are secret in `inputs`, and always the payload of a `Secret`."""
    if values.get("kind") == "Secret":
        return values | {key: Secret(values[key]) for key in ("data", "stringData") if key in values}
    marked = dict(values)
    for key in inputs.keys() & values.keys():
        if isinstance(inputs[key], dict) and isinstance(values[key], dict):
            marked[key] = with_secrets_of(inputs[key], values[key])
        elif contains(inputs[key], Secret):
            marked[key] = Secret(values[key])
    return marked
