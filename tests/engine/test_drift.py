"""`python -m drift` lists manual changes, and together with `up --refresh` repairs them."""

import json
from pathlib import Path
from typing import Any

import pytest

from drift.cluster import KubectlClient
from drift.deployed import parse
from drift.findings import RESTARTS
from drift.repair import repair
from drift.survey import compare
from tests.support.cell import Cell, eventually
from tests.support.drift_list import Found, drift_list
from tests.support.fleets import Config, tenant3, with_tenants
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

UP, HERE, BY_HAND = "pulumi up --refresh", "python -m drift --repair", "by hand"
NONE, DECLARED, SECRET = "(none)", "(as declared)", "[secret]"


def east_and_west(cell: Cell, **changes: Any) -> Config:
    """Return two tenants that share m2; no other cell has tenants of these names, so labels cannot be confused."""
    common = tenant3(cell, **changes)["tenants"][0]
    east = {**common, "name": "east", "vip": "192.168.143.146"}
    hosts = {"master": cell.node("m2"), "standby": cell.node("m4")}
    west = {**common, "name": "west", "vip": "192.168.143.147", "hosts": hosts}
    return with_tenants(tenant3(cell), [east, west])


def patch(cell: Cell, of: str, change: Any) -> None:
    sort = "json" if isinstance(change, list) else "merge"
    kind, name = of.split()
    cell.kubectl("patch", kind, name, "--type", sort, "--patch", json.dumps(change))


def up(stack: Stack) -> None:
    """Run the command that repairs drift of declared fields."""
    stack.succeed("up", "--refresh", "--yes", "--skip-preview")


def swapped_mounts(cell: Cell, stateful_set: str) -> list[Any]:
    """Return a JSON patch that swaps a container's first two volume mounts."""
    containers = cell.get("statefulset", stateful_set)["spec"]["template"]["spec"]["containers"]
    first, second, *others = containers[0]["volumeMounts"]
    path = "/spec/template/spec/containers/0/volumeMounts"
    return [{"op": "replace", "path": path, "value": [second, first, *others]}]


def delete_one_of_each_kind(cell: Cell) -> set[Found]:
    """Delete objects, but no database's pod."""
    binding = f"adb-keepalived-{cell.namespace}"
    cell.kubectl("delete", "service", "west-master", "east-standby")
    cell.kubectl("delete", "statefulset", "east-standby", "--cascade=orphan")
    cell.kubectl("delete", "replicationcontroller", "west-vip")
    cell.kubectl("delete", "configmap", "west-vip-cm")
    cell.kubectl("delete", "secret", "mysql-connect")
    cell.kubectl("delete", "serviceaccount", "adb-keepalived")
    cell.kubectl("delete", "clusterrolebinding", binding)
    gone = (
        *("Service west-master", "Service east-standby", "StatefulSet east-standby"),
        *("ReplicationController west-vip", "ConfigMap west-vip-cm", "Secret mysql-connect"),
        *("ServiceAccount adb-keepalived", f"ClusterRoleBinding {binding}"),
    )
    return {Found(of, "", DECLARED, "(gone)", "", UP) for of in gone}


def change_what_is_declared(cell: Cell) -> set[Found]:
    """Change or remove declared fields."""
    patch(cell, "service east-vip", {"spec": {"selector": {"role": "standby"}}, "metadata": {"labels": {"app": None}}})
    cell.kubectl("scale", "statefulset", "west-master", "--replicas", "2")
    # Its only key: no field of the object has Pulumi as its manager any more.
    patch(cell, "configmap east-vip-cm", {"data": {"192.168.143.146": "elsewhere/east-vip"}})
    patch(cell, "configmap adbops-cm", {"data": {"rm.addr": "192.168.143.99"}})
    patch(cell, "secret adb-connect-secret", {"data": {"adb.password": "Y2hhbmdlZC1wYXNzd29yZA=="}})
    patch(cell, "statefulset west-master", swapped_mounts(cell, "west-master"))
    cell.kubectl("label", "--overwrite", "node", cell.node("m1"), "tenancy-east=standby")
    kubectl = ("kubectl-patch", UP)
    right, wrong = f'"{cell.namespace}/east-vip"', '"elsewhere/east-vip"'
    mounts = "spec.template.spec.containers[west-master].volumeMounts"
    order = '["data", "adminlog", "tomcatlogs", "root-ssh-volume", "gpadmin-ssh-volume"]'
    order_found = order.replace('"data", "adminlog"', '"adminlog", "data"')
    return {
        Found("Service east-vip", "spec.selector.role", '"master"', '"standby"', *kubectl),
        Found("Service east-vip", "metadata.labels.app", '"east-vip"', NONE, "", UP),
        Found("StatefulSet west-master", "spec.replicas", "1", "2", "kubectl", UP),
        Found("ConfigMap east-vip-cm", 'data["192.168.143.146"]', right, wrong, *kubectl),
        Found("ConfigMap adbops-cm", 'data["rm.addr"]', SECRET, SECRET, *kubectl),
        Found("Secret adb-connect-secret", 'data["adb.password"]', SECRET, SECRET, *kubectl),
        Found("StatefulSet west-master", mounts, order, order_found, "", UP),
        Found(f"Node {cell.node('m1')}", "metadata.labels.tenancy-east", '"master"', '"standby"', "kubectl-label", UP),
    }


def add_undeclared_fields(cell: Cell) -> set[Found]:
    """Add fields, and change a default, which neither a refresh nor an `up` would detect."""
    access = f"adb-keepalived-{cell.namespace}"
    patch(cell, "service west-vip", {"spec": {"selector": {"debug": "on"}, "internalTrafficPolicy": "Local"}})
    for labelled in ("service/east-master", "statefulset/east-master", "secret/root-ssh-key"):
        cell.kubectl("label", labelled, "foreign=x")
    patch(cell, "configmap east-vip-cm", {"data": {"192.168.143.148": "elsewhere/east-vip"}})
    patch(cell, "secret root-ssh-key", {"data": {"id_dsa": "c3RvbGVuLWtleQ=="}})
    variable, note = {"name": "DEBUG", "value": "1"}, {"note": "x"}
    patch(
        cell,
        "statefulset east-master",
        [
            {"op": "add", "path": "/spec/template/spec/containers/0/env/0", "value": variable},
            {"op": "add", "path": "/spec/template/metadata/annotations", "value": note},
        ],
    )
    sidecar = {"name": "debug", "image": "busybox"}
    containers = "/spec/template/spec/containers/-"
    patch(cell, "replicationcontroller east-vip", [{"op": "add", "path": containers, "value": sidecar}])
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    patch(cell, f"clusterrole {access}", [{"op": "add", "path": "/rules/-", "value": rule}])
    cell.kubectl("label", "node", cell.node("m3"), "tenancy-west=master")
    with_defaults = {
        **sidecar,
        "imagePullPolicy": "Always",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    shown = json.dumps(with_defaults, sort_keys=True)[:159] + "…"
    pod = "spec.template.spec.containers"
    label, kubectl = ("metadata.labels.foreign", NONE, '"x"', "kubectl-label", HERE), ("kubectl-patch", HERE)
    return {
        Found("Service west-vip", "spec.selector.debug", NONE, '"on"', *kubectl),
        Found("Service west-vip", "spec.internalTrafficPolicy", '"Cluster"', '"Local"', *kubectl),
        Found("Service east-master", *label),
        Found("StatefulSet east-master", *label),
        Found("Secret root-ssh-key", *label),
        Found("ConfigMap east-vip-cm", 'data["192.168.143.148"]', NONE, '"elsewhere/east-vip"', *kubectl),
        Found("Secret root-ssh-key", "data.id_dsa", NONE, SECRET, *kubectl),
        Found("StatefulSet east-master", f"{pod}[east-master].env[DEBUG]", NONE, json.dumps(variable), *kubectl),
        Found("StatefulSet east-master", "spec.template.metadata.annotations.note", NONE, '"x"', *kubectl),
        Found("ReplicationController east-vip", f"{pod}[debug]", NONE, shown, *kubectl),
        Found(f"ClusterRole {access}", "rules[1]", NONE, json.dumps(rule), *kubectl),
        Found(f"Node {cell.node('m3')}", "metadata.labels.tenancy-west", NONE, '"master"', "kubectl-label", HERE),
    }


def recreate_a_node(cell: Cell) -> set[Found]:
    """Recreate a node without its label, so that its pod is pending."""
    cell.kubectl("delete", "node", cell.node("m4"))
    cell.add_node("m4")
    cell.kubectl("delete", "pod", "west-standby-0", "--force", "--grace-period", "0")
    return {Found(f"Node {cell.node('m4')}", "metadata.labels.tenancy-west", '"standby"', NONE, "", UP)}


def test_manual_changes_are_listed_and_repaired_without_restarts(cell: Cell, stack: Stack) -> None:
    for node in ("m3", "m4"):
        cell.add_node(node)
    stack.up(east_and_west(cell))
    assert drift_list(stack).none
    databases, keepalived = cell.database_pods(), cell.keepalived_pod("east")["metadata"]["uid"]

    seen_by_the_engine = delete_one_of_each_kind(cell) | change_what_is_declared(cell) | recreate_a_node(cell)
    added = add_undeclared_fields(cell)
    listed = drift_list(stack)
    assert listed.drift == seen_by_the_engine | added
    assert not listed.leftovers
    for secret in ("Y2hhbmdlZC1wYXNzd29yZA==", "c3RvbGVuLWtleQ==", "demo-adb-password", "ZGVtby1hZGItcGFzc3dvcmQ="):
        assert secret not in listed.printed

    after = drift_list(stack, "--repair")
    assert (after.repaired, after.drift) == (added, seen_by_the_engine)
    up(stack)
    assert drift_list(stack).none
    assert stack.pulumi("preview", "--refresh", "--expect-no-changes").returncode == 0
    eventually(lambda: bool(cell.endpoint_addresses("west-standby")), what="the pod runs on its node again")
    # That pod was deleted with the node; west-master-1 was not declared.
    assert {**cell.database_pods(), "Pod west-standby-0": ""} == {**databases, "Pod west-standby-0": ""}
    assert cell.keepalived_pod("east")["metadata"]["uid"] == keepalived
    for tenant in ("east", "west"):
        assert cell.endpoint_addresses(f"{tenant}-vip") == [cell.pod_address(f"{tenant}-master-0")]
    assert cell.tenancy_labels() == {
        cell.node("m1"): {"tenancy-east": "master"},
        cell.node("m2"): {"tenancy-east": "standby", "tenancy-west": "master"},
        cell.node("m3"): {},
        cell.node("m4"): {"tenancy-west": "standby"},
    }


def test_drift_that_cannot_be_repaired_safely_is_reported_with_a_remedy(cell: Cell, stack: Stack) -> None:
    rolling = tenant3(cell, name="north", updateStrategy="RollingUpdate")
    stack.up(rolling)
    master = cell.database_pods()["Pod north-master-0"]
    # Not by kubectl: `up` adopts its fields, and removes them with the next change of the object.
    change = json.dumps({"spec": {"template": {"metadata": {"annotations": {"note": "x"}}}}})
    cell.kubectl("patch", "statefulset", "north-master", "--patch", change, "--field-manager", "console")
    cell.kubectl("label", "statefulset", "north-master", "foreign=x")
    patch(cell, "configmap mysql-configmap", {"immutable": True})
    standby = cell.get("statefulset", "north-standby")
    cell.kubectl("delete", "statefulset", "north-standby", "--cascade=orphan")
    cell.create(
        {
            **standby,
            "metadata": {"name": "north-standby", "annotations": standby["metadata"]["annotations"]},
            "spec": {**standby["spec"], "podManagementPolicy": "Parallel"},
        }
    )
    eventually(
        lambda: (
            cell.database_pods().get("Pod north-master-0", master) != master
            and bool(cell.endpoint_addresses("north-master"))
        ),
        what="the changed template has restarted the master",
    )
    databases = cell.database_pods()

    label = Found("StatefulSet north-master", "metadata.labels.foreign", NONE, '"x"', "kubectl-label", HERE)
    template = Found(
        "StatefulSet north-master", "spec.template.metadata.annotations.note", NONE, '"x"', "console", BY_HAND
    )
    frozen = "immutable: Forbidden: field is immutable when `immutable` is set"
    other_kind = (
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
        "forbidden"
    )
    refused = {
        Found(of, "", DECLARED, f"(the API server rejects the declared object: {why})", "", BY_HAND)
        for of, why in {"ConfigMap mysql-configmap": frozen, "StatefulSet north-standby": other_kind}.items()
    }
    listed = drift_list(stack)
    assert listed.drift == {label, template} | refused
    freed = f"kubectl --namespace {cell.namespace} delete configmap mysql-configmap"
    orphaned = f"kubectl --namespace {cell.namespace} delete statefulset north-standby --cascade=orphan"
    assert listed.advice == {
        f"`{freed}`, then `pulumi up --refresh`",
        f"`{orphaned}`, then `pulumi up --refresh`",
        RESTARTS,
    }

    after = drift_list(stack, "--repair")
    assert (after.repaired, after.drift) == ({label}, {template} | refused)
    for command in (freed, orphaned):
        cell.kubectl(*command.split()[1:])
    stack.configure(tenant3(cell, name="north", updateStrategy="OnDelete"))
    up(stack)
    assert drift_list(stack).drift == {template._replace(repair=HERE)}
    assert drift_list(stack, "--repair").none
    assert stack.pulumi("preview", "--refresh", "--expect-no-changes").returncode == 0
    assert cell.database_pods() == databases


def test_an_object_that_changes_during_its_repair_is_not_repaired(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", cell.environment["KUBECONFIG"])
    cell.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "east"}, "data": {"a": "1", "b": "2"}})
    made = cell.get("configmap", "east")
    inputs = {**made, "metadata": {"name": "east", "namespace": cell.namespace}, "data": {"a": "1"}}
    urn = "urn:pulumi:dev::adb-tenants::kubernetes:core/v1:ConfigMap::east"
    resource = {"urn": urn, "type": "kubernetes:core/v1:ConfigMap", "inputs": inputs, "outputs": {}}
    deployed = parse(json.dumps({"version": 3, "deployment": {"resources": [resource]}}).encode())
    survey = compare(deployed, KubectlClient(None))
    patch(cell, "configmap east", {"data": {"b": "3"}})

    done = repair(survey, KubectlClient(None))
    assert not done.repaired
    (error,) = done.failed.values()
    assert "the object has been modified" in error
    assert cell.get("configmap", "east")["data"] == {"a": "1", "b": "3"}


def per_node(cell: Cell, *tenants: Config, **cluster: Any) -> Config:
    """Return tenants on m1 and m2 that share the keepalived of these nodes."""
    config = tenant3(cell)
    nodes = [{"name": cell.node(node), "vrid": vrid} for node, vrid in (("m1", 201), ("m2", 202))]
    common = {**config["tenants"][0], "keepalived": {"per": "node"}}
    entries = [{**common, **tenant} for tenant in tenants]
    cluster = {**config["cluster"], "nodeKeepalived": {"nodes": nodes, **cluster.pop("nodeKeepalived", {})}, **cluster}
    return with_tenants({**config, "cluster": cluster}, entries)


UPTON, DOWNTON, OTHERTON = (
    {"name": name, "vip": f"192.168.143.{number}"}
    for name, number in (("upton", 151), ("downton", 152), ("otherton", 153))
)


def vips_on(cell: Cell, node: str) -> dict[str, str]:
    """Return what a node's keepalived announces, without its own address, which forwards to nothing."""
    found: dict[str, str] = cell.get("configmap", f"adb-keepalived-{cell.node(node)}").get("data", {})
    return {vip: service for vip, service in found.items() if service}


def backend(cell: Cell, tenant: Config) -> dict[str, str]:
    return {tenant["vip"]: f"{cell.namespace}/{tenant['name']}-vip"}


def test_vips_that_are_entered_or_removed_by_hand_are_found_and_repaired(cell: Cell, stack: Stack) -> None:
    stack.up(per_node(cell, UPTON, DOWNTON))
    assert drift_list(stack).none
    stack.up(per_node(cell, {**UPTON, "activeRole": "standby"}, DOWNTON))
    assert drift_list(stack).none
    as_declared = {"m1": backend(cell, DOWNTON), "m2": backend(cell, UPTON)}
    assert {node: vips_on(cell, node) for node in as_declared} == as_declared
    pods = {name: uid for name, uid in cell.uids().items() if name.startswith("Pod ")}

    m1, m2 = (f"adb-keepalived-{cell.node(node)}" for node in ("m1", "m2"))
    # The second as an `up` that was killed before it had removed the entry would leave it.
    stray = {"192.168.143.199": f"{cell.namespace}/nobody-vip", **backend(cell, UPTON)}
    patch(cell, f"configmap {m1}", {"data": stray})
    patch(cell, f"configmap {m2}", {"data": {UPTON["vip"]: None}})
    entered = {
        Found(f"ConfigMap {m1}", f'data["{address}"]', NONE, f'"{service}"', "kubectl-patch", HERE)
        for address, service in stray.items()
    }
    removed = Found(f"ConfigMap {m2}", f'data["{UPTON["vip"]}"]', f'"{cell.namespace}/upton-vip"', NONE, "", UP)
    assert drift_list(stack).drift == {*entered, removed}
    after = drift_list(stack, "--repair")
    assert (after.repaired, after.drift) == (entered, {removed})
    up(stack)
    assert drift_list(stack).none
    assert {node: vips_on(cell, node) for node in as_declared} == as_declared

    cell.kubectl("delete", "configmap", m1)
    assert drift_list(stack).drift == {Found(f"ConfigMap {m1}", "", DECLARED, "(gone)", "", UP)}
    up(stack)
    assert drift_list(stack).none
    assert {node: vips_on(cell, node) for node in as_declared} == as_declared
    assert {name: uid for name, uid in cell.uids().items() if name.startswith("Pod ")} == pods
    assert stack.pulumi("preview", "--refresh", "--expect-no-changes").returncode == 0


def test_vips_of_another_stack_in_a_nodes_config_map_are_no_drift(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    stack.up(per_node(cell, UPTON))
    other = Stack(tmp_path, name="other", environment=cell.environment)
    declared_by = {"nodeKeepalived": {"of": "adb-tenants/dev"}, "keepalivedAccountOf": "adb-tenants/dev"}
    others = per_node(cell, OTHERTON, **declared_by)
    del others["platform"]
    other.up(others)
    assert vips_on(cell, "m1") == backend(cell, UPTON) | backend(cell, OTHERTON)
    assert drift_list(stack).none
    assert drift_list(other).none

    # An entry that the other stack has left behind is nobody's.
    m1 = f"adb-keepalived-{cell.node('m1')}"
    cell.kubectl("delete", "service", "otherton-vip")
    entry = f'data["{OTHERTON["vip"]}"]'
    left = Found(f"ConfigMap {m1}", entry, NONE, f'"{cell.namespace}/otherton-vip"', "", HERE)
    assert drift_list(stack).drift == {left}
    up(other)
    assert drift_list(stack).none
    patch(cell, f"configmap {m1}", {"data": {OTHERTON["vip"]: None}})
    assert {each.path for each in drift_list(other).drift} == {entry}
    assert drift_list(stack).none
    up(other)
    assert drift_list(other).none
