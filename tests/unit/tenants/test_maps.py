"""A field that is not declared completely is an error on import, never a value that is lost."""

from dataclasses import dataclass
from typing import Any

import pytest

from tenants.kinds import Boolean, Integer, Kind
from tenants.maps import Field, Record, Section


@dataclass(frozen=True, kw_only=True)
class Spec:
    size: int
    cell: str = ""


def field(kind: Kind[Any], default: Any = None) -> Field[Any]:
    return Field(key="size", kind=kind, about="The size.", default=default)


SIZE = field(Integer(1, 9), 5)


@pytest.mark.parametrize("fields", [{}, {"size": SIZE, "cpu": SIZE}, {"Size": SIZE}, {"size": SIZE, "cell": SIZE}])
@pytest.mark.parametrize("kind", [Section, Record])
def test_keys_and_attributes_of_a_spec_must_match(kind: type[Any], fields: dict[str, Field[Any]]) -> None:
    with pytest.raises(TypeError, match="needs a key of its own"):
        kind(spec=Spec, fields=fields, set_elsewhere=("cell",))


@pytest.mark.parametrize("kind", [Section, Record])
def test_two_attributes_cannot_have_one_key(kind: type[Any]) -> None:
    with pytest.raises(TypeError, match="needs a key of its own"):
        kind(spec=Spec, fields={"size": SIZE, "cell": SIZE})


@pytest.mark.parametrize(("kind", "default"), [(Integer(1, 9), 10), (Integer(1, 9), "5"), (Boolean(), 1)])
def test_a_default_must_be_valid_for_its_own_field(kind: Kind[Any], default: Any) -> None:
    with pytest.raises(ValueError, match="the default is not valid"):
        field(kind, default)


def test_defaults_and_values_are_read_into_the_spec() -> None:
    section = Section(spec=Spec, fields={"size": SIZE}, set_elsewhere=("cell",))
    assert section.build(section.filled({})) == Spec(size=5)
    assert section.build({**section.filled({"size": 3}), "cell": "a"}) == Spec(size=3, cell="a")


def test_a_value_that_is_missing_without_a_finding_is_an_error() -> None:
    section = Section(spec=Spec, fields={"size": SIZE}, set_elsewhere=("cell",))
    with pytest.raises(AssertionError, match="size is missing"):
        section.build({"size": None})
