"""The Pulumi CLI on PATH reads YAML as recorded in `tests/data/pulumi-yaml/`, like the linter."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import yaml_table
from tests.support.process import run
from tests.support.program import PROJECT
from tests.support.yaml_table import REFUSED, Case, exactly

pytestmark = pytest.mark.engine

Read = Callable[[str], Any]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Reads the configuration in a stack file by the CLI; returns `REFUSED` if it ends with an error."""
    directory = tmp_path_factory.mktemp("yaml")
    (directory / "state").mkdir()
    (directory / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": (directory / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "yaml",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "TZ": "UTC",
    }

    created = run("pulumi", "stack", "init", "dev", cwd=directory, env=environment)
    assert created.returncode == 0, "the CLI on PATH cannot create a stack in a local directory"

    def ask(file: str) -> Any:
        Path(directory, "Pulumi.dev.yaml").write_bytes(file.encode())
        answer = run("pulumi", "config", "--json", "--show-secrets", cwd=directory, env=environment)
        if answer.returncode:
            return REFUSED
        # `value` is the text that the program receives; `objectValue` has been converted by way of floats.
        return {
            key: json.loads(entry["value"]) if "objectValue" in entry else entry["value"]
            for key, entry in json.loads(answer.stdout).items()
        }

    return ask


def test_the_cli_reads_each_value_as_recorded(read: Read) -> None:
    recorded = yaml_table.written_values()
    found = read(yaml_table.value_file(list(recorded)))[f"{PROJECT}:cluster"]
    differing = {
        written: (found[f"v{number}"], expected)
        for number, (written, expected) in enumerate(recorded.items())
        if exactly(found[f"v{number}"]) != exactly(expected)
    }
    assert not differing, "read by the CLI, and recorded"


@pytest.mark.parametrize("case", [case for case in yaml_table.values() if case.read is REFUSED], ids=str)
def test_the_cli_refuses_each_value_as_recorded(read: Read, case: Case) -> None:
    assert read(case.file) is REFUSED


@pytest.mark.parametrize("case", yaml_table.files(), ids=str)
def test_the_cli_reads_or_refuses_each_file_as_recorded(read: Read, case: Case) -> None:
    found = read(case.file)
    assert (found is REFUSED) == (case.read is REFUSED)
    if found is not REFUSED:
        assert exactly(found) == exactly(case.read)
