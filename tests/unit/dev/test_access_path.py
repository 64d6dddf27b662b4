import json
from pathlib import Path
from typing import Any

from dev.local import access_path
from dev.local.cluster import KwokCluster
from tests.support.process import executable

Object = dict[str, Any]


def found(kind: str, name: str, *, labels: dict[str, str] | None = None, **fields: Any) -> Object:
    return {"kind": kind, "metadata": {"name": name, "namespace": "default", "labels": labels or {}}, **fields}


def pod(name: str, node: str, labels: dict[str, str], *, ready: bool = True) -> Object:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
    return found("Pod", name, labels=labels, spec={"nodeName": node}, status=status)


def tenant3(*, active_ready: bool = True) -> list[Object]:
    """tenant3's objects as the API server returns them, shortened."""
    ports, selector = [{"port": 5432}], {"role": "master", "tenant": "tenant3"}
    endpoint = {"addresses": ["10.0.0.1"], "conditions": {"ready": active_ready}}
    endpoint["targetRef"] = {"kind": "Pod", "name": "tenant3-master-0"}
    of_vip = {"kubernetes.io/service-name": "tenant3-vip"}
    return [
        found("ConfigMap", "tenant3-vip-cm", data={"192.168.143.144": "default/tenant3-vip"}),
        found("Service", "tenant3-vip", spec={"clusterIP": "10.0.0.7", "ports": ports, "selector": selector}),
        found("ReplicationController", "tenant3-vip", spec={"selector": {"name": "tenant3-vip"}}),
        found("EndpointSlice", "x", labels=of_vip, ports=ports, endpoints=[endpoint]),
        pod("tenant3-vip-abcde", "m1.adb.g1.com", {"name": "tenant3-vip"}),
        pod("tenant3-master-0", "m1.adb.g1.com", {"tenant": "tenant3", "role": "master"}, ready=active_ready),
        pod("tenant3-standby-0", "m2.adb.g1.com", {"tenant": "tenant3", "role": "standby"}),
    ]


def shown(tmp_path: Path, objects: list[Object]) -> list[access_path.TenantAccessPath]:
    """Return what is shown if kubectl lists these objects."""
    (tmp_path / "objects.json").write_text(json.dumps({"items": objects}))
    executable(tmp_path / "kubectl", f"#!/bin/sh\ncat {tmp_path}/objects.json\n")
    return access_path.of_all_tenants(KwokCluster("adb", tmp_path, f"{tmp_path}:/usr/bin:/bin"))


def test_every_link_from_client_to_active_pod_is_shown(tmp_path: Path) -> None:
    [path] = shown(tmp_path, tenant3())
    assert str(path) == (
        "tenant3:\n"
        "    client                    \n"
        "  → VIP                       192.168.143.144\n"
        "  → keepalived                pod tenant3-vip-abcde on node m1.adb.g1.com (ready)\n"
        "  → ConfigMap tenant3-vip-cm  192.168.143.144 → default/tenant3-vip\n"
        "  → Service tenant3-vip       10.0.0.7:5432, selects role=master,tenant=tenant3\n"
        "  → Endpoints                 10.0.0.1:5432, pod tenant3-master-0 on node m1.adb.g1.com (ready)"
    )


def test_an_active_pod_that_is_not_ready_breaks_the_path(tmp_path: Path) -> None:
    [path] = shown(tmp_path, tenant3(active_ready=False))
    assert path.missing == ("Service tenant3-vip has no ready endpoint",)


def test_a_missing_link_is_named(tmp_path: Path) -> None:
    [path] = shown(tmp_path, [item for item in tenant3() if item["kind"] == "ConfigMap"])
    assert path.missing == (
        "no ready keepalived pod of ReplicationController tenant3-vip",
        "no Service tenant3-vip",
        "Service tenant3-vip has no ready endpoint",
    )


def test_a_vip_in_a_nodes_config_map_is_shown_with_the_nodes_keepalived(tmp_path: Path) -> None:
    of_m1 = {"adb-keepalived": "m1.adb.g1.com"}
    entries = {"192.168.143.144": "default/tenant3-vip", "192.168.143.145": "default/tenant4-vip"}
    own = ("tenant3-vip-cm", "tenant3-vip-abcde")
    objects = [item for item in tenant3() if item["metadata"]["name"] not in own]
    objects = [item for item in objects if item["kind"] != "ReplicationController"]
    [path, other] = shown(
        tmp_path,
        [
            *objects,
            found("ConfigMap", "adb-keepalived-m1.adb.g1.com", labels=of_m1, data=entries),
            found("ConfigMap", "adb-keepalived-m2.adb.g1.com", labels={"adb-keepalived": "m2.adb.g1.com"}),
            found("ReplicationController", "adb-keepalived-m1.adb.g1.com", spec={"selector": of_m1}),
            pod("adb-keepalived-m1.adb.g1.com-xyz", "m1.adb.g1.com", of_m1),
        ],
    )
    assert (path.links[1:4], path.missing) == (
        (
            ("VIP", "192.168.143.144"),
            ("keepalived", "pod adb-keepalived-m1.adb.g1.com-xyz on node m1.adb.g1.com (ready)"),
            ("ConfigMap adb-keepalived-m1.adb.g1.com", "192.168.143.144 → default/tenant3-vip"),
        ),
        (),
    )
    assert (other.tenant, other.missing) == (
        "tenant4",
        ("no Service tenant4-vip", "Service tenant4-vip has no ready endpoint"),
    )


def test_objects_of_the_same_name_in_another_namespace_are_ignored(tmp_path: Path) -> None:
    elsewhere = [{**item, "metadata": {**item["metadata"], "namespace": "other"}} for item in tenant3()]
    config_map, *_ = tenant3()
    [here, other] = shown(tmp_path, [config_map, *elsewhere])
    assert (len(here.missing), len(other.missing)) == (3, 0)


def test_a_cluster_without_tenants_shows_none(tmp_path: Path) -> None:
    assert shown(tmp_path, [pod("other", "m1.adb.g1.com", {})]) == []
