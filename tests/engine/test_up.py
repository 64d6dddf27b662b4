"""The effects of `pulumi up` on a real API server."""

import json

import pytest

from tests.support.cell import Cell
from tests.support.fleets import tenant3, with_tenant4
from tests.support.stack import Changes, Refused, Stack

pytestmark = pytest.mark.engine

SHARED_BY_ALL_TENANTS = {
    "ConfigMap adbops-cm",
    "ConfigMap mysql-configmap",
    "Secret adb-connect-secret",
    "Secret gpadmin-ssh-key",
    "Secret mysql-connect",
    "Secret root-ssh-key",
    "ServiceAccount adb-keepalived",
}


def objects_of(tenant: str) -> set[str]:
    """Return every object of a tenant except the keepalived pod, whose name is generated."""
    return {
        f"ConfigMap {tenant}-vip-cm",
        f"Pod {tenant}-master-0",
        f"Pod {tenant}-standby-0",
        f"ReplicationController {tenant}-vip",
        f"Service {tenant}-master",
        f"Service {tenant}-standby",
        f"Service {tenant}-vip",
        f"StatefulSet {tenant}-master",
        f"StatefulSet {tenant}-standby",
    }


def without_keepalived_pods(objects: set[str]) -> set[str]:
    """Leave out pods with generated names."""
    return {name for name in objects if not (name.startswith("Pod ") and "-vip-" in name)}


def test_the_first_up_creates_everything_and_the_next_changes_nothing(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)

    assert without_keepalived_pods(cell.objects()) == objects_of("tenant3") | SHARED_BY_ALL_TENANTS
    assert cell.tenancy_labels() == {
        cell.node("m1"): {"tenancy-tenant3": "master"},
        cell.node("m2"): {"tenancy-tenant3": "standby"},
    }
    placed = {name: cell.get("pod", name)["spec"]["nodeName"] for name in ("tenant3-master-0", "tenant3-standby-0")}
    assert placed == {"tenant3-master-0": cell.node("m1"), "tenant3-standby-0": cell.node("m2")}
    keepalived = cell.keepalived_pod("tenant3")
    assert keepalived["spec"]["nodeName"] == cell.node("m1")
    assert cell.get("configmap", "tenant3-vip-cm")["data"] == {"192.168.143.144": f"{cell.namespace}/tenant3-vip"}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-master-0")]

    assert stack.preview(config) == Changes(counts={})


def test_a_control_pod_has_the_hostname_that_the_databases_use(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    spec = cell.get("pod", "tenant3-master-0")["spec"]
    # The controller has overwritten `hostname`; the kubelet uses the override.
    assert (spec["hostname"], spec["hostnameOverride"]) == ("tenant3-master-0", "tenant3-master")


def test_keepalived_has_read_access_to_watched_kinds_only(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))

    def may(verb: str, resource: str) -> bool:
        account = f"system:serviceaccount:{cell.namespace}:adb-keepalived"
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": account, "resourceAttributes": {"verb": verb, "resource": resource}},
        }
        answer = cell.kubectl("create", "-f", "-", "--output", "json", stdin=json.dumps(review))
        return bool(json.loads(answer)["status"]["allowed"])

    watched = ("pods", "nodes", "endpoints", "services", "configmaps")
    assert {(verb, kind): may(verb, kind) for verb in ("get", "list", "watch") for kind in watched} == {
        (verb, kind): True for verb in ("get", "list", "watch") for kind in watched
    }
    assert {kind: may("get", kind) for kind in ("secrets", "events")} == {"secrets": False, "events": False}
    assert not may("update", "services")


def test_a_new_tenant_changes_no_existing_one(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()
    stack.up(with_tenant4(cell, config))
    after = cell.uids()

    assert {name: after.get(name) for name in before} == before
    assert without_keepalived_pods(set(after) - set(before)) == objects_of("tenant4")
    assert cell.tenancy_labels() == {
        cell.node("m1"): {"tenancy-tenant3": "master", "tenancy-tenant4": "standby"},
        cell.node("m2"): {"tenancy-tenant3": "standby", "tenancy-tenant4": "master"},
    }
    assert cell.endpoint_addresses("tenant4-vip") == [cell.pod_address("tenant4-master-0")]


def test_a_changed_vip_updates_the_config_map_in_place(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell, vrid=144))
    before = cell.uids()
    stack.up(tenant3(cell, vrid=144, vip="192.168.143.150"))

    assert cell.get("configmap", "tenant3-vip-cm")["data"] == {"192.168.143.150": f"{cell.namespace}/tenant3-vip"}
    # The keepalived pod too: it watches the ConfigMap, and a restart would clear the node's IPVS table.
    assert cell.uids() == before


def test_a_changed_image_restarts_no_database(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    before = cell.uids()
    stack.up(tenant3(cell, image="docker.dtdream.com/adb/adb-control:v1.2.0"))

    containers = cell.get("statefulset", "tenant3-master")["spec"]["template"]["spec"]["containers"]
    assert [container["image"] for container in containers] == ["docker.dtdream.com/adb/adb-control:v1.2.0"]
    assert cell.uids() == before


def test_a_changed_vrrp_id_replaces_the_keepalived_pod_only(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    before = cell.uids()
    old_pod = cell.keepalived_pod("tenant3")
    stack.up(tenant3(cell, vrid=77))
    after = cell.uids()

    new_pod = cell.keepalived_pod("tenant3")
    assert "--vrid=77" in new_pod["spec"]["containers"][0]["args"]
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {
        "ReplicationController tenant3-vip",
        f"Pod {old_pod['metadata']['name']}",
        f"Pod {new_pod['metadata']['name']}",
    }


def test_an_unknown_node_is_refused_and_not_created(cell: Cell, stack: Stack) -> None:
    hosts = {"master": cell.node("m1"), "standby": cell.node("m9")}
    message = f"tenant3: hosts.standby is {hosts['standby']}, which is not a node of this cluster: did you mean "
    with pytest.raises(Refused, match=message):
        stack.preview(tenant3(cell, hosts=hosts))
    with pytest.raises(Refused, match=message):
        stack.up(tenant3(cell, hosts=hosts))
    assert set(cell.tenancy_labels()) == {cell.node("m1"), cell.node("m2")}
    assert cell.objects() == set()


def test_secrets_are_encrypted_in_the_state(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    state = stack.exported_state()
    assert "tenant3-master" in state
    for plain in ("demo-adb-password", "ZGVtby1hZGItcGFzc3dvcmQ=", "demo-mysql-password"):
        assert plain not in state
