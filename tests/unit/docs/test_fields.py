"""README's table of tenant fields, in each language, has every key of an entry and its default."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tenants import load
from tenants.contract import SETTINGS, TENANT
from tenants.kinds import ListOf
from tenants.maps import Field, Record, Section
from tests.support.program import ROOT

PAGES = {"README.md": "| tenant field |", "README.zh-CN.md": "| 租户字段 |"}
REQUIRED = "\N{EN DASH}"

Row = tuple[str, str]
"""Default and meaning."""


def rows(page: str) -> dict[str, Row]:
    """Read the table by key; a row of several keys counts for each, with its own default where there are several."""
    lines = (ROOT / page).read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(PAGES[page]))
    found: dict[str, Row] = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        keys, default, meaning = (cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|")))
        several = default.split(", ")
        for number, key in enumerate(re.findall(r"`([^`]+)`", keys)):
            found[key] = several[min(number, len(several) - 1)], meaning
    return found


def parts(field: Field[Any]) -> tuple[Field[Any], ...]:
    """Return the keys of a field that is a map, or a list of maps."""
    kind: object = field.kind.entry if isinstance(field.kind, ListOf) else field.kind
    return tuple(kind.fields.values()) if isinstance(kind, Section | Record) else ()


def keys(table: Mapping[str, Row]) -> Iterator[tuple[str, Field[Any]]]:
    """List what the table must hold: a map is one row, or a row for each of its keys, as the page prefers."""
    for field in TENANT.fields.values():
        if parts(field) and field.key not in table:
            yield from ((f"{field.key}.{part.key}", part) for part in parts(field))
        else:
            yield field.key, field


def default_of(field: Field[Any]) -> str:
    """Spell a default as the table does."""
    if field.required:
        return REQUIRED
    match field.default:
        case None | []:
            return field.otherwise.partition(",")[0] or "none"
        case dict() if not field.default:
            return "none"
        case [{"key": key, "operator": "Equal", "value": value, "effect": effect}]:
            return f"{key}={value}:{effect}"
        case bool():
            return str(field.default).lower()
        case _:
            return str(field.default)


def described(table: Mapping[str, Row]) -> Iterator[tuple[str, Field[Any], Row]]:
    """List what both the contract and the table have; another test finds what only one of them has."""
    return ((key, field, table[key]) for key, field in keys(table) if key in table)


@pytest.mark.parametrize("page", PAGES)
def test_the_table_has_every_key_of_an_entry_and_no_other(page: str) -> None:
    table = rows(page)
    expected = {key for key, _ in keys(table)}
    missing, unknown = expected - table.keys(), table.keys() - expected
    assert not missing, f"{page} lacks {sorted(missing)}: add a row to its table of tenant fields"
    assert not unknown, f"{page} has {sorted(unknown)}, which no entry may hold: remove the row, or rename it"


@pytest.mark.parametrize("page", PAGES)
def test_the_table_has_the_contracts_defaults(page: str) -> None:
    for key, field, (written, _) in described(rows(page)):
        literal = re.fullmatch(r"`(.+)`", written)
        if page == "README.md" or literal or field.required:
            assert (literal[1] if literal else written) == default_of(field), (
                f"{page} gives {key} the default {written}; the contract says {default_of(field)}"
            )


@pytest.mark.parametrize("page", PAGES)
def test_a_row_of_a_map_names_each_of_its_keys(page: str) -> None:
    for key, field, (_, meaning) in described(rows(page)):
        named = set(re.findall(r"\w+", " ".join(re.findall(r"`\{([^`]*)\}`", meaning))))
        of_field = {part.key for part in parts(field)}
        if named or not isinstance(field.kind, ListOf):
            assert named == of_field, f"{page} names {sorted(named)} as the keys of {key}, which has {sorted(of_field)}"


def test_a_tenant_gets_the_contracts_defaults() -> None:
    entry = {"name": "t", "vip": "10.0.0.1", "hosts": {"master": "a", "standby": "b"}}
    (tenant,) = load({"tenants": [entry]}).tenants
    expected = {
        name: field.kind.build(field.value or {}) if isinstance(field.kind, Section) else field.value
        for name, field in SETTINGS.items()
    }
    derived = {
        "vrid": 1,
        **{name: SETTINGS[name].otherwise.replace("<tenant>", "t") for name in ("data_path", "log_path")},
    }
    assert {name: getattr(tenant, name) for name in SETTINGS} == expected | derived


def test_readme_names_the_fields_that_defaults_refuse() -> None:
    (listed,) = re.findall(r"any tenant field below but ([\w, ]+)", (ROOT / "README.md").read_text())
    own = {field.key for name, field in TENANT.fields.items() if name not in SETTINGS}
    assert set(re.findall(r"\w+", listed)) - {"and"} == own
