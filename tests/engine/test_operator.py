"""An API server with the CRD of Pulumi's Kubernetes Operator accepts the generated resources, strictly validated.

The CRD is that of the operator's last version 1, the newest that is served as a Go module; what version 2 has added and
the resources use is added here, from its reference. With STACK_CRD, the tests use a file instead, such as one from
`kubectl get crd stacks.pulumi.com -o yaml` or https://github.com/pulumi/pulumi-kubernetes-operator (deploy/crds):

    STACK_CRD=pulumi.com_stacks.yaml python -m pytest tests/engine/test_operator.py
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.local import go_build, places
from dev.local.go_build import ModuleFile, ToolSet
from dev.local.versions import Version
from tests.support.cell import Cell, eventually
from tests.support.process import run
from tests.support.program import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("cluster_with_crd")]

CRD = ToolSet(
    name="pulumi-operator",
    version=Version(1, 16, 0),
    commands=(),
    files=(
        ModuleFile(
            name="stacks.yaml",
            module="pulumi-operator",
            go_module="github.com/pulumi/pulumi-kubernetes-operator",
            path="deploy/crds/pulumi.com_stacks.yaml",
        ),
    ),
)
TEXT = {"type": "string"}


def structure(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def list_of(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": structure(**properties)}


ADDED_BY_VERSION_2 = {
    "preview": {"type": "boolean"},
    "serviceAccountName": TEXT,
    "workspaceReclaimPolicy": {"type": "string", "enum": ["Retain", "Delete"]},
    "workspaceTemplate": structure(
        spec=structure(
            image=TEXT,
            podTemplate=structure(
                spec=structure(
                    containers=list_of(
                        name=TEXT,
                        volumeMounts=list_of(name=TEXT, mountPath=TEXT, readOnly={"type": "boolean"}),
                    ),
                    volumes=list_of(name=TEXT, secret=structure(secretName=TEXT, items=list_of(key=TEXT, path=TEXT))),
                )
            ),
        )
    ),
}


def definition() -> dict[str, Any]:
    """Return the CRD."""
    if "STACK_CRD" in os.environ:
        given: dict[str, Any] = yaml.safe_load(Path(os.environ["STACK_CRD"]).read_text())
        return given
    found: dict[str, Any] = yaml.safe_load(
        (go_build.build(CRD, places.of_checkout(), lambda: "") / "stacks.yaml").read_text()
    )
    for version in found["spec"]["versions"]:
        spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        assert not spec.keys() & ADDED_BY_VERSION_2.keys(), "this version has the fields that are added here"
        spec |= ADDED_BY_VERSION_2
    return found


@pytest.fixture(scope="module")
def cluster_with_crd(cluster_environment: dict[str, str]) -> Iterator[None]:
    """Install the CRD."""
    default = Cell(namespace="default", environment=cluster_environment)
    crd = definition()
    default.create(crd)
    try:
        listed = ("kubectl", "get", "stacks.v1.pulumi.com")
        eventually(lambda: run(*listed, env=cluster_environment).returncode == 0, what="the kind is served")
        yield
    finally:
        default.kubectl("delete", f"crd/{crd['metadata']['name']}")


def resources(cell: Cell, *options: str) -> list[dict[str, Any]]:
    """Return what the command prints for the checkout's stack file."""
    required = ("--repository", "https://git.example.com/adb/tenants.git", "--backend", "s3://adb-state")
    arguments = ("Pulumi.dev.yaml", *required, "--namespace", cell.namespace, *options)
    done = run(sys.executable, "-m", "tenants", "operator", *arguments, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


OPTIONS = {
    "the defaults": (),
    "every option": (
        *("--commit", "c0ffee", "--directory", "db", "--secret", "s", "--variable", "AWS_ACCESS_KEY_ID"),
        *("--service-account", "runner", "--image", "pulumi:1", "--seconds", "3600", "--repair", "--preview-only"),
    ),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_the_api_server_accepts_each_resource(cell: Cell, options: tuple[str, ...]) -> None:
    made = resources(cell, *options)
    assert [each["metadata"]["name"] for each in made] == ["dev"]
    accepted = cell.kubectl(
        *("apply", "--dry-run=server", "--validate=strict", "--output", "json", "-f", "-"),
        stdin=json.dumps(made[0]),
    )
    assert json.loads(accepted)["spec"] == made[0]["spec"], "the API server has dropped or changed a field"


def test_the_validation_is_strict(cell: Cell) -> None:
    (made,) = resources(cell)
    arguments = ("apply", "--dry-run=server", "--validate=strict", "-f", "-")
    for changed in ({"repoDirectory": "."}, {"resyncFrequencySeconds": "300"}, {"stack": None}):
        wrong = json.dumps({**made, "spec": {**made["spec"], **changed}})
        done = run("kubectl", *arguments, env=cell.environment, stdin=wrong)
        assert done.returncode != 0, f"{changed} was accepted"
        assert next(iter(changed)) in done.stderr
