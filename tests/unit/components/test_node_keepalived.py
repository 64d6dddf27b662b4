"""What is registered for keepalived per node, as whole objects, and what is refused before."""

from typing import Any

import pytest

from components.guards.announcement import refused_keepalived
from kube.facts import pod_spec
from tenants import load
from tests.support.fleets import config_with, per_node
from tests.support.live_fleet import live_fleet
from tests.support.program import Program, run_program

CONFIG_MAP_PATCH = "kubernetes:core/v1:ConfigMapPatch"
NODE = "adb-keepalived-m1.adb.g1.com"


@pytest.fixture(scope="module")
def tenant3() -> Program:
    return run_program(per_node(config_with()))


def test_a_vip_is_an_entry_in_the_config_map_of_its_node(tenant3: Program) -> None:
    entry = tenant3.of_type(CONFIG_MAP_PATCH)["tenant3-vip"]
    assert entry.inputs == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NODE, "namespace": "default"},
        "data": {"192.168.143.144": "default/tenant3-vip"},
    }
    assert entry.delete_before_replace, "two nodes would announce the VIP"
    config_map = tenant3.of_type("kubernetes:core/v1:ConfigMap")[NODE]
    service = tenant3.of_type("kubernetes:core/v1:Service")["tenant3-vip"]
    assert {config_map.urn, service.urn} <= entry.dependencies
    controller = tenant3.of_type("kubernetes:core/v1:ReplicationController")[NODE]
    assert config_map.urn in controller.dependencies
    assert entry.urn not in controller.dependencies, "one tenant's promotion would hold up the VIPs of the others"


def test_the_config_map_has_no_vip_of_its_own(tenant3: Program) -> None:
    assert tenant3.of_type("kubernetes:core/v1:ConfigMap")[NODE].inputs == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": NODE,
            "namespace": "default",
            "labels": {"adb-keepalived": "m1.adb.g1.com"},
            "annotations": {"adb-tenants/stack": "adb-tenants/dev"},
        },
        "data": {"169.254.0.201": ""},
    }


def test_the_pod_is_a_tenants_but_for_its_name_config_map_and_id() -> None:
    own = pod_spec(run_program(config_with()).manifest("ReplicationController", "tenant3-vip"))
    nodes: Any = pod_spec(run_program(per_node(config_with())).manifest("ReplicationController", NODE))

    def common(pod: Any) -> Any:
        (container,) = pod["containers"]
        rest = {key: value for key, value in container.items() if key not in ("name", "args")}
        return {**pod, "containers": [rest], "nodeSelector": None}

    assert common(nodes) == common(own)
    assert nodes["containers"][0]["args"] == [f"--services-configmap=default/{NODE}", "--vrid=201"]
    assert "nodeSelector" not in nodes, "the labels of nodes are the tenants'"


def test_a_tenant_without_a_keepalived_of_its_own_exports_no_id(tenant3: Program) -> None:
    exported = tenant3.exports["tenants"]["tenant3"]
    assert exported["keepalived"] == "node"
    assert "vrid" not in exported


def test_every_keepalived_pod_uses_the_account_with_permissions(tenant3: Program) -> None:
    controllers = tenant3.of_type("kubernetes:core/v1:ReplicationController").values()
    assert {pod_spec(each.inputs)["serviceAccountName"] for each in controllers} == {"adb-keepalived"}


FOREIGN = {"metadata": {"managedFields": [{"manager": "kubectl"}]}}
OTHERS = {"metadata": {"annotations": {"adb-tenants/stack": "adb-tenants/other"}}}

OURS = {
    "metadata": {"labels": {"adb-keepalived": "m1.adb.g1.com"}, "annotations": {"adb-tenants/stack": "adb-tenants/dev"}}
}
TAKEN = {
    "metadata": {"labels": {"adb-keepalived": "m1.adb.g1.com"}, **OTHERS["metadata"]},
    "data": {"192.168.143.144": "default/t9-vip"},
}


@pytest.mark.parametrize(
    ("of", "found", "message"),
    [
        (None, {}, None),
        (None, {("ReplicationController", "tenant3-vip"): FOREIGN}, "tenant3 has a keepalived of its own"),
        (None, {("ConfigMap", NODE): FOREIGN}, "exists and was not created by Pulumi: delete it first"),
        # Recreated by hand: it is taken over.
        (None, {("ConfigMap", NODE): FOREIGN, ("ReplicationController", NODE): OURS}, None),
        (None, {("ReplicationController", "tenant3-vip"): OURS}, None),
        (
            None,
            {("ReplicationController", "tenant3-vip"): OURS, ("ReplicationController", NODE): OURS},
            "would not announce the VIP: the keepalived pod of node m1.adb.g1.com is not ready",
        ),
        (
            "adb-tenants/other",
            {("ConfigMap", NODE): OTHERS, ("ReplicationController", "tenant3-vip"): OURS},
            "would not announce the VIP: no keepalived pod is declared for node m1.adb.g1.com",
        ),
        (None, {("ReplicationController", NODE): OTHERS}, "belongs to stack adb-tenants/other, whose keepalived pods"),
        ("adb-tenants/other", {("ConfigMap", NODE): OTHERS}, None),
        ("adb-tenants/other", {}, "is not declared by stack adb-tenants/other: run `pulumi up` of that stack"),
        ("adb-tenants/dev", {}, "names this stack itself"),
        (
            None,
            {("ConfigMap", NODE): TAKEN, ("Service", "t9-vip"): OTHERS},
            "tenant3: vip 192.168.143.144 is that of Service default/t9-vip",
        ),
        # Made by hand: `up --refresh` repairs it.
        (None, {("ConfigMap", NODE): {**TAKEN, **OURS}}, None),
    ],
)
def test_objects_of_others_are_refused(of: str | None, found: Any, message: str | None) -> None:
    config = per_node(config_with())
    config["cluster"]["nodeKeepalived"] |= {"of": of} if of else {}
    of_both_nodes = {
        (kind, name.replace("m1", node)): each for (kind, name), each in found.items() for node in ("m1", "m2")
    }
    refused = list(refused_keepalived(live_fleet(load(config), objects=of_both_nodes)))
    assert (refused == []) if message is None else any(message in each for each in refused), refused


def test_a_node_that_does_not_exist_is_refused() -> None:
    config = per_node(config_with())
    config["cluster"]["nodeKeepalived"]["nodes"].append({"name": "m3.adb.g1.com", "vrid": 9})
    assert list(refused_keepalived(live_fleet(load(config)))) == [
        (
            "cluster.nodeKeepalived.nodes has m3.adb.g1.com, which is not a node of this cluster: did you mean "
            "m2.adb.g1.com or m1.adb.g1.com?"
        )
    ]
