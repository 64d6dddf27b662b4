"""The rows of docs/bad-day.md on a real API server: a machine fails, a node is missing, a state is lost."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.local import cluster as local_cluster
from dev.local.cluster import KwokCluster
from tests.support.cell import Cell, eventually, new_cell
from tests.support.fleets import Config, tenant3, with_every_tenant, with_tenant4, with_tenants
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine

STAYS: Config = {"metadata": {"finalizers": ["tests/never-ends"]}}
ENDS: Config = {"metadata": {"finalizers": []}}
SOON = 60
"""Seconds: far less than the plugin's 10-minute timeout, far more than a busy machine needs."""


def refusal(stack: Stack, config: Config) -> str:
    """Assert that a preview, and an `up` without one, are refused, and return the message."""
    output = ""
    for operation in (stack.preview, stack.up):
        with pytest.raises(Refused) as refused:
            operation(config)
        output = str(refused.value)
        assert "Traceback" not in output, output
    return output


def warnings(stack: Stack, config: Config) -> str:
    """Return the output of a successful preview."""
    stack.configure(config)
    return stack.succeed("preview")


def lose_kubelet(cell: Cell, *pods: str) -> None:
    """Keep these pods from terminating, as on a node whose kubelet is dead."""
    for pod in pods:
        cell.kubectl("patch", "pod", pod, "--type", "merge", "--patch", json.dumps(STAYS))


def bury(cell: Cell) -> None:
    """Let all pods terminate."""
    for pod in cell.live("pods"):
        cell.kubectl("patch", "pod", pod["metadata"]["name"], "--type", "merge", "--patch", json.dumps(ENDS))


def serves_from(cell: Cell, role: str, node: str) -> None:
    """Assert that a role is the VIP's backend, and keepalived runs on its node."""
    assert cell.get("service", "tenant3-vip")["spec"]["selector"]["role"] == role
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address(f"tenant3-{role}-0")]
    assert cell.keepalived_pod("tenant3")["spec"].get("nodeName") == cell.node(node)


def nodes(cell: Cell) -> set[str]:
    """Return the names of the cell's nodes."""
    return set(cell.tenancy_labels())


# A machine fails ------------------------------------------------------------------------------------------------------


def test_a_failover_does_not_wait_for_a_pod_on_a_dead_node(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    lose_kubelet(cell, cell.keepalived_pod("tenant3")["metadata"]["name"], "tenant3-master-0")
    started = time.monotonic()
    stack.up(tenant3(cell, activeRole="standby"))
    assert time.monotonic() - started < SOON
    serves_from(cell, "standby", "m2")
    assert not stack.preview(tenant3(cell, activeRole="standby")).counts
    bury(cell)


def test_a_failover_does_not_need_the_old_node(cell: Cell, stack: Stack) -> None:
    tenant4: Config = {"name": "tenant4", "vip": "192.168.143.145"}
    tenant4["hosts"] = {"master": cell.add_node("m3"), "standby": cell.node("m2")}
    config = with_tenants(tenant3(cell), [*tenant3(cell)["tenants"], tenant4])
    stack.up(config)
    lose_kubelet(cell, cell.keepalived_pod("tenant3")["metadata"]["name"], "tenant3-master-0")
    cell.kubectl("delete", "node", cell.node("m1"))

    edited = with_tenants(config, [config["tenants"][0], {**config["tenants"][1], "image": "adb-control:v9"}])
    output = warnings(stack, edited)
    assert f"tenant3: node {cell.node('m1')} of its master does not exist" in output
    stack.up(edited)
    assert nodes(cell) == {cell.node("m2"), cell.node("m3")}, "an edit of another tenant has created a phantom node"

    failed_over = with_tenants(edited, [{**edited["tenants"][0], "activeRole": "standby"}, edited["tenants"][1]])
    assert f"tenant3: fails over from {cell.node('m1')}, whose kubelet" in warnings(stack, failed_over)
    for flags in ((), ("--refresh",)):
        stack.configure(failed_over)
        stack.succeed("up", "--yes", *flags)
        serves_from(cell, "standby", "m2")
        assert nodes(cell) == {cell.node("m2"), cell.node("m3")}, f"`up {flags}` has created a phantom node"

    # The data has been restored on another node.
    moved = {**failed_over["tenants"][0], "hosts": {"master": cell.node("m3"), "standby": cell.node("m2")}}
    moved["allowMove"] = [{"role": "master", "host": cell.node("m3")}]
    bury(cell)
    stack.up(with_tenants(failed_over, [moved, failed_over["tenants"][1]]))
    assert nodes(cell) == {cell.node("m2"), cell.node("m3")}
    # The pending pod has the old template, and waits for its old node.
    cell.kubectl("delete", "pod", "tenant3-master-0", "--ignore-not-found", "--wait=false")
    eventually(lambda: bool(cell.endpoint_addresses("tenant3-master")), what="the master runs on its new node")
    assert cell.get("pod", "tenant3-master-0")["spec"]["nodeName"] == cell.node("m3")


def test_a_tenant_on_a_lost_node_can_be_retired_and_removed(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)
    lose_kubelet(cell, cell.keepalived_pod("tenant3")["metadata"]["name"], "tenant3-master-0")
    cell.kubectl("delete", "node", cell.node("m1"))
    started = time.monotonic()
    stack.up(with_every_tenant(config, state="retired"))
    stack.up(with_tenants(config, []))
    assert time.monotonic() - started < 2 * SOON
    bury(cell)
    eventually(
        lambda: not any("tenant3" in name for name in cell.objects()),
        what="every object of tenant3 is deleted",
        # Kubernetes deletes the pods of a node that has been missing for 40 s.
        seconds=2 * SOON,
    )
    assert nodes(cell) == {cell.node("m2")}


def test_a_failover_does_not_wait_for_the_other_role(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    cell.kubectl("cordon", cell.node("m1"))
    cell.kubectl("delete", "pod", "tenant3-master-0")
    stack.refresh()
    started = time.monotonic()
    stack.up(tenant3(cell, activeRole="standby"))
    assert time.monotonic() - started < SOON
    serves_from(cell, "standby", "m2")

    cell.kubectl("uncordon", cell.node("m1"))
    eventually(lambda: bool(cell.endpoint_addresses("tenant3-master")), what="the master's pod is ready again")
    stack.up(tenant3(cell))
    serves_from(cell, "master", "m1")


# Pods cannot run on a node --------------------------------------------------------------------------------------------


def condition(cell: Cell, node: str, kind: str, status: str) -> None:
    """Set a condition of a node, and keep the simulated kubelet from resetting it."""
    cell.kubectl("annotate", "node", cell.node(node), "kwok.x-k8s.io/node-", "--overwrite")
    reported = {"type": kind, "status": status, "reason": "Test", "message": "set by a test"}
    patch = json.dumps({"status": {"conditions": [reported]}})
    cell.kubectl("patch", "node", cell.node(node), "--subresource", "status", "--patch", patch)


def test_a_failover_to_an_unusable_node_is_refused_with_the_reason(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    before = cell.uids()
    failed_over, name = tenant3(cell, activeRole="standby"), cell.node("m2")

    def refused(reason: str) -> None:
        with pytest.raises(Refused) as preview:
            stack.preview(failed_over)
        assert f"node {name} {reason}" in str(preview.value)
        assert "force: <the reason>" in str(preview.value)

    cell.kubectl("label", "node", name, "tenancy-tenant3-")
    refused("has lost its label tenancy-tenant3=standby")
    cell.kubectl("label", "node", name, "tenancy-tenant3=standby")
    cell.kubectl("taint", "node", name, "dedicated=others:NoExecute")
    refused("has the taint dedicated=others:NoExecute, which the tenant does not tolerate")
    cell.kubectl("taint", "node", name, "dedicated=others:NoExecute-")
    condition(cell, "m2", "DiskPressure", "True")
    refused("reports DiskPressure")
    condition(cell, "m2", "Ready", "False")
    refused("is not ready")
    assert cell.get("service", "tenant3-vip")["spec"]["selector"]["role"] == "master"
    kept = {name: uid for name, uid in before.items() if "standby" not in name}
    assert {name: uid for name, uid in cell.uids().items() if name in kept} == kept


def test_no_pod_is_started_on_a_cordoned_node(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()
    cell.kubectl("cordon", cell.node("m2"))
    cordoned = f"node {cell.node('m2')} is cordoned"
    assert cordoned in refusal(stack, tenant3(cell, activeRole="standby"))
    hosts = {"master": cell.node("m2"), "standby": cell.add_node("m3")}
    newcomer = {"name": "tenant5", "vip": "192.168.143.146", "hosts": hosts}
    assert cordoned in refusal(stack, with_tenants(config, [*config["tenants"], newcomer]))
    after = cell.uids()
    assert {name: after.get(name) for name in before} == before

    # A keepalived pod is not replaced there either; changes that start no pod are not refused.
    cell.kubectl("cordon", cell.node("m1"))
    assert "its keepalived pod could not start" in refusal(stack, tenant3(cell, vrid=99))
    stack.up(tenant3(cell, image="adb-control:v9"))
    stack.up(tenant3(cell, image="adb-control:v9", activeRole="standby", force="m1 is lost"))
    assert cell.get("service", "tenant3-vip")["spec"]["selector"]["role"] == "standby"


def test_a_failover_is_refused_if_pod_security_forbids_the_pods(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    cell.kubectl("label", "namespace", cell.namespace, "pod-security.kubernetes.io/enforce=baseline")
    output = refusal(stack, tenant3(cell, activeRole="standby"))
    assert f"namespace {cell.namespace} enforces the PodSecurity level baseline" in output
    assert cell.get("service", "tenant3-vip")["spec"]["selector"]["role"] == "master"


def test_more_memory_or_cpu_than_a_node_can_allocate_is_refused(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    assert "requests 2Ti of memory" in refusal(stack, tenant3(cell, memory="2Ti"))
    assert "requests 65 of cpu" in refusal(stack, tenant3(cell, cpu=65))


def test_a_vip_that_is_an_address_of_a_node_is_refused(cell: Cell, stack: Stack) -> None:
    output = refusal(stack, tenant3(cell, vip="192.168.143.101"))
    assert "vip 192.168.143.101 is the address of node" in output


def test_unneeded_force_and_allow_move_are_reported(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    move = {"role": "master", "host": cell.node("m1")}
    output = warnings(stack, tenant3(cell, force="m1 is lost", allowMove=[move]))
    assert "tenant3: force is no longer needed" in output
    assert "tenant3: allowMove of its master is no longer needed" in output


# The live cluster counts ----------------------------------------------------------------------------------------------


def test_a_tenant_of_another_stack_is_refused_unless_adopted(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()
    other = Stack(tmp_path / "other", name="other", environment=cell.environment)
    moved = tenant3(cell, vip="192.168.143.200", dataPath="/data9/x", adopt=True)
    output = refusal(other, moved)
    assert "tenant3 belongs to stack adb-tenants/dev" in output
    assert "adoptFrom: adb-tenants/dev" in output
    assert cell.uids() == before

    adopting = {**config, "cluster": {**config["cluster"], "adoptFrom": "adb-tenants/dev"}}
    other.up(adopting)
    assert cell.uids() == before, "adoption has restarted something"
    assert not other.preview(adopting).counts
    # The first stack no longer owns the objects in its state, and cannot delete them.
    assert "belongs to stack adb-tenants/other" in refusal(stack, config)
    assert "belongs to stack adb-tenants/other" in refusal(stack, with_tenants(config, []))
    assert cell.uids() == before


def test_a_renamed_stack_keeps_its_fleet(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()
    stack.rename("renamed")
    stack.configure(config)
    refused = stack.pulumi("preview")
    assert refused.returncode != 0, refused.stdout
    output = refused.stdout + refused.stderr
    assert "If this stack was called adb-tenants/dev until now, add only `adoptFrom: adb-tenants/dev`" in output

    stack.configure({**config, "cluster": {**config["cluster"], "adoptFrom": "adb-tenants/dev"}})
    stack.succeed("up", "--yes")
    assert cell.uids() == before, "a renamed stack has replaced something"
    stack.configure(config)
    stack.succeed("preview")


def test_two_stacks_can_share_a_namespace(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    both = with_tenant4(cell, tenant3(cell))
    first, second = (with_tenants(both, [entry]) for entry in both["tenants"])
    stack.up(first)
    other = Stack(tmp_path / "other", name="other", environment=cell.environment)
    assert "keepalivedAccount: adb-keepalived-other" in refusal(other, second)
    second["cluster"] = {**second["cluster"], "keepalivedAccount": "adb-keepalived-other"}
    del second["platform"]
    other.up(second)

    stack.up(with_every_tenant(first, state="retired"))
    stack.up(with_tenants(first, []))
    kept = {name for name in cell.objects() if "tenant3" not in name}
    refused = stack.pulumi("destroy", "--yes", "--run-program")
    assert "stack adb-tenants/other" in refused.stdout + refused.stderr, "the shared objects are in use"
    assert cell.objects() == kept

    other.up(with_every_tenant(second, state="retired"))
    other.succeed("destroy", "--yes", "--run-program")
    stack.succeed("destroy", "--yes", "--run-program")
    eventually(lambda: cell.objects() == set(), what="every object is deleted")


def test_a_lost_state_is_repaired_by_the_matching_entry_only(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    config = tenant3(cell)
    stack.up(config)
    cell.add_node("m3")
    before = cell.uids()
    new = Stack(tmp_path / "new", name="dev", environment=cell.environment)
    wrong_entries: dict[str, Config] = {
        "host": {"hosts": {"master": cell.node("m3"), "standby": cell.node("m2")}},
        "path": {"dataPath": "/data9/tenant3"},
        "VIP": {"vip": "192.168.143.200", "vrid": 144},
        "active role": {"activeRole": "standby"},
        "VRRP id": {"vrid": 99},
    }
    for what, wrong in wrong_entries.items():
        output = refusal(new, tenant3(cell, **wrong))
        assert "would start on an empty disk" in output or "Change the entry to match the live object" in output, (
            f"{what}: {output}"
        )
        assert cell.uids() == before, what
    new.up(config)
    assert cell.uids() == before
    assert not new.preview(config).counts


def test_an_old_state_is_repaired_by_the_matching_entry_only(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)
    old = stack.exported_state()
    m3 = cell.add_node("m3")
    hosts = {"master": m3, "standby": cell.node("m2")}
    moved = tenant3(cell, hosts=hosts, activeRole="standby")
    stack.up(tenant3(cell, hosts=hosts, allowMove=[{"role": "master", "host": m3}]))
    cell.kubectl("delete", "pod", "tenant3-master-0")
    eventually(lambda: bool(cell.endpoint_addresses("tenant3-master")), what="the master runs on m3")
    stack.up(moved)
    before = cell.database_pods()

    stack.import_state(old)
    assert "would start on an empty disk" in refusal(stack, config)
    stack.up(moved)
    assert cell.database_pods() == before
    serves_from(cell, "standby", "m2")


def test_a_changed_namespace_is_refused(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()
    elsewhere = {**config, "cluster": {**config["cluster"], "namespace": "default"}}
    output = refusal(stack, elsewhere)
    assert f"cluster.namespace is default, but this stack's tenants are in {cell.namespace}" in output
    assert cell.uids() == before


@pytest.fixture
def another_cluster(tmp_path: Path) -> Iterator[KwokCluster]:
    """A second control plane."""
    with local_cluster.running(directory=tmp_path / "another", name="adb-another", nodes=()) as started:
        yield started


def test_another_cluster_is_refused_and_the_state_stays(
    cell: Cell, stack: Stack, another_cluster: KwokCluster, cluster_environment: dict[str, str]
) -> None:
    config = tenant3(cell)
    stack.up(config)
    state = json.loads(stack.exported_state())["deployment"]["resources"]
    before = cell.uids()
    other_environment = {**cluster_environment, "KUBECONFIG": str(another_cluster.kubeconfig)}
    wrong = new_cell(cell.namespace, other_environment, "m1", "m2")
    for command in (
        ("preview",),
        ("preview", "--refresh"),
        ("up", "--yes"),
        ("up", "--yes", "--refresh"),
        ("up", "--yes", "--skip-preview", "--refresh", "--run-program"),
        ("destroy", "--yes", "--run-program"),
    ):
        done = stack.pulumi(*command, KUBECONFIG=str(another_cluster.kubeconfig))
        output = done.stdout + done.stderr
        assert done.returncode != 0, f"{command}: {output}"
        assert "This stack belongs to another cluster" in output, f"{command}: {output}"
        assert wrong.objects() == set(), command
    after = json.loads(stack.exported_state())["deployment"]["resources"]
    assert {each["urn"] for each in after} == {each["urn"] for each in state}
    # A renamed context is not another cluster.
    renamed = Path(stack.project / "renamed")
    renamed.write_text(Path(cluster_environment["KUBECONFIG"]).read_text().replace("kwok-", "renamed-"))
    stack.succeed("preview", "--expect-no-changes", KUBECONFIG=str(renamed))
    assert cell.uids() == before

    rebuilt = {**config, "cluster": {**config["cluster"], "uid": uid_of(wrong)}}
    stack.configure(rebuilt)
    flags = ("--yes", "--refresh", "--run-program")
    stack.succeed("up", *flags, KUBECONFIG=str(another_cluster.kubeconfig))
    eventually(lambda: len(wrong.database_pods()) == 2, what="the fleet runs in the rebuilt cluster")


def uid_of(cell: Cell) -> str:
    """Return the uid that identifies a cluster."""
    uid: str = cell.get("namespace", "kube-system")["metadata"]["uid"]
    return uid
