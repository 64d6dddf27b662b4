"""README's table of tenant fields, in each language, is the contract's: every key of an entry, and its default."""

import re
from collections.abc import Iterator, Mapping

import pytest

from tenants import load
from tenants.contract import DEFAULTS, TENANT
from tenants.kinds import Field, ListOf, Record
from tests.support.program import ROOT

PAGES = {"README.md": "| tenant field |", "README.zh-CN.md": "| 租户字段 |"}
REQUIRED = "\N{EN DASH}"

Row = tuple[str, str]
"""Default and meaning."""


def rows(page: str) -> dict[str, Row]:
    """The table by key; a row of several keys counts for each of them, with its own default where there are several."""
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


def parts(field: Field[object]) -> tuple[Field[object], ...]:
    """The keys of a field that is a map, or a list of maps."""
    kind = field.kind.entry if isinstance(field.kind, ListOf) else field.kind
    return kind.fields if isinstance(kind, Record) else ()


def keys(table: Mapping[str, Row]) -> Iterator[tuple[str, Field[object]]]:
    """What the table must hold: a map is one row, or a row for each of its keys, as the page prefers."""
    for field in TENANT.fields:
        if isinstance(field.kind, Record) and field.key not in table:
            yield from ((f"{field.key}.{part.key}", part) for part in parts(field))
        else:
            yield field.key, field


def told(table: Mapping[str, Row]) -> Iterator[tuple[str, Field[object], Row]]:
    """What is in the contract and in the table; that nothing else is, has a test of its own."""
    return ((key, field, table[key]) for key, field in keys(table) if key in table)


@pytest.mark.parametrize("page", PAGES)
def test_the_table_has_every_key_of_an_entry_and_no_other(page: str) -> None:
    table = rows(page)
    expected = {key for key, _ in keys(table)}
    missing, unknown = expected - table.keys(), table.keys() - expected
    assert not missing, f"{page} does not tell of {sorted(missing)}: add a row to its table of tenant fields"
    assert not unknown, f"{page} tells of {sorted(unknown)}, which no entry may hold: remove the row, or rename it"


@pytest.mark.parametrize("page", PAGES)
def test_the_table_has_the_contracts_defaults(page: str) -> None:
    for key, field, (written, _) in told(rows(page)):
        expected = REQUIRED if field.required else field.default.partition(": ")[0]
        literal = re.fullmatch(r"`(.+)`", written)
        if page == "README.md" or literal or field.required:
            assert (literal[1] if literal else written) == expected, (
                f"{page} gives {key} the default {written}; the contract says {expected}"
            )


@pytest.mark.parametrize("page", PAGES)
def test_a_row_of_a_map_names_each_of_its_keys(page: str) -> None:
    for key, field, (_, meaning) in told(rows(page)):
        named = set(re.findall(r"\w+", " ".join(re.findall(r"`\{([^`]*)\}`", meaning))))
        if named or (parts(field) and isinstance(field.kind, Record)):
            assert named == {part.key for part in parts(field)}, (
                f"{page} names {sorted(named)} as the keys of {key}, which has {sorted(p.key for p in parts(field))}"
            )


def test_a_default_that_is_a_value_is_the_one_that_a_tenant_gets() -> None:
    entry = {"name": "t", "vip": "10.0.0.1", "hosts": {"master": "a", "standby": "b"}}
    (tenant,) = load({"tenants": [entry]}).tenants
    (toleration,) = tenant.tolerations
    gets = {
        "activeRole": tenant.active_role,
        "state": tenant.state,
        "adopt": str(tenant.adopt).lower(),
        "memory": tenant.memory,
        "memoryLimit": str(tenant.memory_limit),
        "image": tenant.image,
        "dataPath": tenant.data_path.replace("/t/", "/<tenant>/"),
        "logPath": tenant.log_path.replace("/t/", "/<tenant>/"),
        "updateStrategy": tenant.update_strategy,
        "keepalived.image": tenant.keepalived.image,
        "tolerations": f"{toleration.key}={toleration.value}:{toleration.effect}",
    }
    table = rows("README.md")
    assert gets.keys() == {key for key, (default, _) in table.items() if default.startswith("`")}
    for key, field, _ in told(table):
        if key in gets:
            assert gets[key] == field.default, (
                f"the contract says that {key} is {field.default}, a tenant gets {gets[key]}"
            )


def test_what_the_page_keeps_out_of_defaults_is_what_defaults_refuse() -> None:
    (said,) = re.findall(r"any tenant field below but ([\w, ]+)", (ROOT / "README.md").read_text())
    own = {field.key for field in TENANT.fields} - {field.key for field in DEFAULTS.fields}
    assert set(re.findall(r"\w+", said)) - {"and"} == own
