"""What ends a preview, in the words that a user reads on the terminal: no traceback, nothing made."""

import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cell import Cell
from tests.support.drift_list import drift_list
from tests.support.fleets import tenant3, with_every_tenant, with_tenants
from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def refused_preview(stack: Stack, config: dict[str, Any], **environment: str) -> str:
    """Preview by the CLI, expect it to fail, and return all that it prints."""
    stack.configure(config)
    done = stack.pulumi("preview", **environment)
    said = done.stdout + done.stderr
    assert done.returncode != 0, f"not refused:\n{said}"
    assert "Traceback" not in said
    return said


def edited_kubeconfig(cell: Cell, directory: Path, edit: str, value: dict[str, Any]) -> str:
    """Copy the kubeconfig with its one cluster changed, or its user made another; returns the copy's path."""
    kubeconfig = yaml.safe_load(Path(cell.environment["KUBECONFIG"]).read_text())
    (entry,) = kubeconfig[f"{edit}s"]
    entry[edit] = {**entry[edit], **value} if edit == "cluster" else value
    path = directory / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    return str(path)


def test_every_fault_of_the_configuration_is_listed_at_once_by_path(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell, vip="192.168.143.300", hots={}, vrid="144")
    del config["tenants"][0]["hosts"]
    said = refused_preview(stack, config)
    for finding in ("tenants[0].vip:", "tenants[0].hots:", "tenants[0].vrid:", "tenants[0]: hosts is missing"):
        assert finding in said, f"{finding} is not among the findings:\n{said}"
    assert cell.objects() == set()


def test_a_context_that_is_not_there_is_named_with_those_that_are(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    config["cluster"]["context"] = "elsewhere"
    said = refused_preview(stack, config)
    assert 'context "elsewhere" does not exist' in said
    assert "set adb-tenants:cluster.context to one of `kubectl config get-contexts`" in said


def test_a_cluster_that_does_not_answer_is_named_and_no_state_is_offered_up(
    cell: Cell, stack: Stack, tmp_path: Path
) -> None:
    dead = edited_kubeconfig(cell, tmp_path, "cluster", {"server": "https://127.0.0.1:9"})
    said = refused_preview(stack, tenant3(cell), KUBECONFIG=dead)
    assert "The API server https://127.0.0.1:9 cannot be reached (Connection refused)" in said
    # The plugin's own advice at this point; following it would drop every tenant from the state.
    assert "DELETE_UNREACHABLE" not in said


def test_a_missing_permission_is_named(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    cell.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}})
    token = cell.kubectl("create", "token", "nobody").strip()
    nobody = edited_kubeconfig(cell, tmp_path, "user", {"token": token})
    said = refused_preview(stack, tenant3(cell), KUBECONFIG=nobody)
    user = f'User "system:serviceaccount:{cell.namespace}:nobody"'
    assert f'namespaces "kube-system" is forbidden: {user} cannot get resource "namespaces"' in said
    assert 'what README.md lists under "What the kubeconfig\'s user needs"' in said


def test_a_shared_object_that_is_missing_or_lacks_a_key_is_named(cell: Cell, stack: Stack) -> None:
    declaring = tenant3(cell)
    reading = {key: value for key, value in declaring.items() if key != "platform"}
    assert "adbops-cm" in refused_preview(stack, reading)

    with_one_key = copy.deepcopy(declaring["platform"])
    del with_one_key["adbops"]
    cell.create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "adbops-cm"}, "data": {"rm.addr": "10.0.0.1"}}
    )
    said = refused_preview(stack, {**declaring, "platform": with_one_key})
    assert f"ConfigMap {cell.namespace}/adbops-cm has no rm.port" in said
    assert cell.objects() == {"ConfigMap adbops-cm"}


def test_two_fleets_in_two_namespaces_of_one_cluster_do_not_collide(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()

    west = dataclasses.replace(cell, namespace=f"{cell.namespace}-west")
    west.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": west.namespace}})
    west.add_node("m1")
    west.add_node("m2")
    other = Stack(tmp_path / "west", name="dev", environment=west.environment)
    other.up(tenant3(west))
    # The labels are the same on both fleets' nodes; only the node's name keeps a pod at home.
    assert west.get("pod", "tenant3-master-0")["spec"]["nodeName"] == west.node("m1")
    assert west.keepalived_pod("tenant3")["spec"]["nodeName"] == west.node("m1")
    assert drift_list(stack).none, "the other fleet's labels are no drift of this one"
    other.up(with_every_tenant(tenant3(west), state="retired"))
    other.up(with_tenants(tenant3(west), []))

    assert cell.uids() == before
    assert not stack.preview(config).counts
