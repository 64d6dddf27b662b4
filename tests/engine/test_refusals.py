"""Errors that end a preview, as a user reads them: without a traceback, and nothing is created."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cell import Cell, new_cell
from tests.support.drift_list import drift_list
from tests.support.fleets import tenant3, with_every_tenant, with_tenants
from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def refused_preview(stack: Stack, config: dict[str, Any], **environment: str) -> str:
    """Preview by the CLI, expect it to fail, and return its output."""
    stack.configure(config)
    done = stack.pulumi("preview", **environment)
    output = done.stdout + done.stderr
    assert done.returncode != 0, f"not refused:\n{output}"
    assert "Traceback" not in output
    return output


def edited_kubeconfig(cell: Cell, directory: Path, edit: str, value: dict[str, Any]) -> str:
    """Copy the kubeconfig with its cluster changed or its user replaced, and return the copy's path."""
    kubeconfig = yaml.safe_load(Path(cell.environment["KUBECONFIG"]).read_text())
    (entry,) = kubeconfig[f"{edit}s"]
    entry[edit] = {**entry[edit], **value} if edit == "cluster" else value
    path = directory / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    return str(path)


def test_all_configuration_errors_are_listed_by_path(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell, vip="192.168.143.300", hots={}, vrid="144")
    del config["tenants"][0]["hosts"]
    output = refused_preview(stack, config)
    for finding in ("tenants[0].vip:", "tenants[0].hots:", "tenants[0].vrid:", "tenants[0]: hosts is missing"):
        assert finding in output, f"{finding} is not among the findings:\n{output}"
    assert cell.objects() == set()


def test_an_unknown_context_is_refused_with_a_hint(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    config["cluster"]["context"] = "elsewhere"
    output = refused_preview(stack, config)
    assert 'context "elsewhere" does not exist' in output
    assert "choose one of `kubectl config get-contexts`" in output


def test_an_unreachable_cluster_is_reported_without_the_plugins_advice(
    cell: Cell, stack: Stack, tmp_path: Path
) -> None:
    dead = edited_kubeconfig(cell, tmp_path, "cluster", {"server": "https://127.0.0.1:9"})
    output = refused_preview(stack, tenant3(cell), KUBECONFIG=dead)
    assert "The API server https://127.0.0.1:9 cannot be reached (Connection refused)" in output
    # The plugin's advice; following it would drop every tenant from the state.
    assert "DELETE_UNREACHABLE" not in output


def test_a_missing_permission_is_reported(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    cell.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}})
    token = cell.kubectl("create", "token", "nobody").strip()
    nobody = edited_kubeconfig(cell, tmp_path, "user", {"token": token})
    output = refused_preview(stack, tenant3(cell), KUBECONFIG=nobody)
    user = f'User "system:serviceaccount:{cell.namespace}:nobody"'
    assert f'namespaces "kube-system" is forbidden: {user} cannot get resource "namespaces"' in output
    assert 'what README.md lists under "What the kubeconfig\'s user needs"' in output


def test_a_missing_or_incomplete_shared_object_is_refused(cell: Cell, stack: Stack) -> None:
    declaring = tenant3(cell)
    reading = {key: value for key, value in declaring.items() if key != "platform"}
    assert "adbops-cm" in refused_preview(stack, reading)

    with_one_key = copy.deepcopy(declaring["platform"])
    del with_one_key["adbops"]
    cell.create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "adbops-cm"}, "data": {"rm.addr": "10.0.0.1"}}
    )
    output = refused_preview(stack, {**declaring, "platform": with_one_key})
    assert f"ConfigMap {cell.namespace}/adbops-cm lacks rm.port" in output
    assert cell.objects() == {"ConfigMap adbops-cm"}


def test_fleets_in_two_namespaces_are_independent(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()

    west = new_cell(f"{cell.namespace}-west", cell.environment, "m1", "m2")
    other = Stack(tmp_path / "west", name="dev", environment=west.environment)
    other.up(tenant3(west))
    # The labels are the same on both fleets' nodes; only the node's name distinguishes them.
    assert west.get("pod", "tenant3-master-0")["spec"]["nodeName"] == west.node("m1")
    assert west.keepalived_pod("tenant3")["spec"]["nodeName"] == west.node("m1")
    assert drift_list(stack).none, "labels of the other fleet are reported as drift"
    other.up(with_every_tenant(tenant3(west), state="retired"))
    other.up(with_tenants(tenant3(west), []))

    assert cell.uids() == before
    assert not stack.preview(config).counts
