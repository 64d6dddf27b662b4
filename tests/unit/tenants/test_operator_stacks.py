"""`python -m tenants operator` writes one resource for each stack file, without anything secret."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenants.__main__ import main
from tenants.operator_stacks import IMAGE
from tests.support.fleets import entry
from tests.support.program import ROOT
from tests.support.strategies import stack_file

REQUIRED = ("--repository", "https://git.example.com/adb.git", "--backend", "s3://adb-state")


def write(directory: Path, *stacks: str) -> list[str]:
    """Write a stack file for each, which conflicts with no other."""
    files = []
    for number, stack in enumerate(stacks, start=1):
        file = directory / f"Pulumi.{stack}.yaml"
        cluster = {"keepalivedAccount": f"account-{number}"}
        file.write_text(stack_file({"cluster": cluster, "tenants": [entry(number)]})[0])
        files.append(str(file))
    return files


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["operator", *arguments]) == 0
    return list(yaml.safe_load_all(capsys.readouterr().out))


def test_each_stack_file_gets_one_resource(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = made(capsys, *write(tmp_path, "prod", "prod-2"), *REQUIRED, "--namespace", "cells")
    assert [each["metadata"] for each in (one, two)] == [
        {"name": name, "namespace": "cells"} for name in ("prod", "prod-2")
    ]
    assert two["spec"] == {**one["spec"], "stack": "prod-2"}


def test_secrets_are_referred_to_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--variable", "AWS_ACCESS_KEY_ID", "--secret", "keys")
    (resource,) = made(capsys, *write(tmp_path, "prod"), *REQUIRED, *options)
    variables = resource["spec"]["envRefs"]
    assert {name: value["secret"] for name, value in variables.items() if value["type"] == "Secret"} == {
        name: {"name": "keys", "key": name} for name in ("PULUMI_CONFIG_PASSPHRASE", "AWS_ACCESS_KEY_ID")
    }
    literal = {name: value["literal"]["value"] for name, value in variables.items() if value["type"] == "Literal"}
    assert literal == {
        "PULUMI_RUN_PROGRAM": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "KUBECONFIG": "/etc/adb-tenants/kubeconfig/kubeconfig",
    }


def test_nothing_is_deleted_created_or_repaired_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cautious = {
        "useLocalStackOnly": True,
        "destroyOnFinalize": False,
        "retryOnUpdateConflict": False,
        "refresh": False,
        "continueResyncOnCommitMatch": False,
        "preview": False,
    }
    (resource,) = made(capsys, *write(tmp_path, "prod"), *REQUIRED)
    assert {key: resource["spec"][key] for key in cautious} == cautious
    (resource,) = made(capsys, *write(tmp_path, "prod"), *REQUIRED, "--repair", "--preview-only", "--seconds", "3600")
    asked = {"refresh": True, "continueResyncOnCommitMatch": True, "preview": True, "resyncFrequencySeconds": 3600}
    assert {key: resource["spec"][key] for key in {**cautious, **asked}} == {**cautious, **asked}


def test_a_reviewed_commit_replaces_the_branch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write(tmp_path, "prod")
    (following,) = made(capsys, *files, *REQUIRED)
    (pinned,) = made(capsys, *files, *REQUIRED, "--commit", "c0ffee")
    assert following["spec"]["branch"] == "main"
    assert pinned["spec"].get("commit") == "c0ffee"
    assert "branch" not in pinned["spec"]


@pytest.mark.parametrize(
    ("stack", "backend", "message"),
    [
        ("prod", "file:///srv/state", "choose a bucket"),
        ("Prod", "s3://adb-state", "lower-case letters"),
        ("prod_2", "s3://adb-state", "lower-case letters"),
    ],
)
def test_what_could_not_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stack: str, backend: str, message: str
) -> None:
    assert main(["operator", *write(tmp_path, stack), *REQUIRED, "--backend", backend]) == 2
    written = capsys.readouterr()
    assert (message in written.err, written.out) == (True, "")


def test_files_with_findings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text(stack_file({"tenants": [entry(1), entry(1)]})[0])
    assert main(["operator", str(tmp_path / "Pulumi.prod.yaml"), *REQUIRED]) == 2
    assert "python -m tenants lint" in capsys.readouterr().err


def test_the_operator_and_the_pipelines_run_one_engine() -> None:
    version = IMAGE.rpartition(":")[2].removesuffix("-nonroot")
    workflows = [file.read_text() for file in (ROOT / ".github" / "workflows").glob("*.yml")]
    pinned = {found for text in workflows for found in re.findall(r"pulumi-version: (\S+)", text)}
    assert pinned == {version}
