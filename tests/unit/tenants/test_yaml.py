"""The linter reads YAML as the recorded Pulumi CLI did; `tests/engine/test_yaml.py` asks a real one."""

import pytest

from tenants import goyaml, stackfile
from tenants.findings import FieldPath, UnusableFileError
from tenants.kinds import Encrypted
from tests.support import yaml_table
from tests.support.program import PROJECT
from tests.support.yaml_table import REFUSED, Case, exactly


def refusal(file: str) -> str | None:
    """Return why the linter does not take the file for one that Pulumi reads, if so."""
    try:
        faults = stackfile.read(file.encode()).faults
    except UnusableFileError as error:
        faults = (error.fault,)
    return next((fault.message for fault in faults if fault.rule.id in {"E001", "E002"}), None)


def test_the_table_holds_at_least_forty_scalars_and_forty_structures() -> None:
    read = yaml_table.written_values().values()
    assert sum(not isinstance(value, dict | list) for value in read) >= 40
    assert sum(isinstance(value, dict | list) for value in read) + len(yaml_table.files()) >= 40


@pytest.mark.parametrize("case", yaml_table.values(), ids=str)
def test_a_value_is_read_as_the_cli_reads_it(case: Case) -> None:
    if case.read is REFUSED:
        assert refusal(case.file)
    else:
        assert refusal(case.file) is None
        assert exactly(stackfile.read(case.file.encode()).sections["cluster"]["v0"]) == exactly(case.read)


@pytest.mark.parametrize("case", yaml_table.files(), ids=str)
def test_a_file_is_read_as_the_cli_reads_it(case: Case) -> None:
    if case.read is REFUSED:
        assert refusal(case.file)
        return
    assert refusal(case.file) is None
    try:
        sections = stackfile.read(case.file.encode()).sections
    except UnusableFileError:
        assert not any(key.startswith(PROJECT) for key in case.read)
        return
    expected = {key.removeprefix(f"{PROJECT}:"): value for key, value in case.read.items() if key.startswith(PROJECT)}
    # At the top of the configuration Pulumi makes text of numbers.
    expected = {key: int(value) if key == "other" else value for key, value in expected.items()}
    assert exactly(sections) == exactly(expected)


def test_only_a_secure_map_of_one_text_is_an_encrypted_value() -> None:
    read = stackfile.read(
        b"config:\n  adb-tenants:cluster: {a: {secure: v1:x}, b: {secure: 1}, c: {secure: x, d: y}, e: [{secure: z}]}\n"
    ).sections["cluster"]
    assert isinstance(read["a"], Encrypted)
    assert isinstance(read["e"][0], Encrypted)
    assert (type(read["b"]), type(read["c"])) == (goyaml.Map, goyaml.Map)


def test_every_value_has_its_position_through_merges_and_aliases() -> None:
    stack = stackfile.read(
        b"config:\n"  # 1
        b"  adb-tenants:defaults: &d\n"  # 2
        b"    memory: 16Gi\n"  # 3
        b"    dataPath:\n"  # 4
        b"  adb-tenants:tenants:\n"  # 5
        b"    - &one {name: a}\n"  # 6
        b"    - *one\n"  # 7
        b"    -\n"  # 8
        b"      <<: *d\n"  # 9
        b"      name: \xc3\xa4  # columns count letters\n"  # 10
        b"      vip: \xc3\xa4\n"  # 11
    )
    positions: dict[FieldPath, tuple[int, int]] = {
        ("defaults", "memory"): (3, 13),
        ("defaults", "dataPath"): (4, 5),
        ("tenants", 0): (6, 7),
        ("tenants", 0, "name"): (6, 19),
        ("tenants", 1): (7, 7),
        ("tenants", 1, "name"): (6, 19),
        ("tenants", 2): (9, 7),
        ("tenants", 2, "memory"): (3, 13),
        ("tenants", 2, "name"): (10, 13),
        ("tenants", 2, "missing"): (9, 7),
        ("platform",): (1, 1),
    }
    assert {path: tuple(stack.position(path)) for path in positions} == positions
    assert stack.position(("tenants", 2, "name"), at_key=True) == (10, 7)
