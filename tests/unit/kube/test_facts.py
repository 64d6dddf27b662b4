"""Facts are read by their meaning, whatever names the objects have, and any manifest is read without an error."""

import copy
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube import facts
from kube.facts import DataLocation, Forward
from kube.manifest import Manifest, items, mapping
from tests.support.legacy import posted_objects
from tests.support.manifests import ODD, Json, node, one_of, places


def posted(kind: str, name: str) -> Json:
    """Return one of the objects that the old service posted."""
    return one_of(posted_objects("default", "old", "192.168.143.145"), kind, name)


def pod(**spec: Any) -> Json:
    return {"kind": "Pod", "spec": spec}


def affinity(kind: str, key: str, *values: str, operator: str = "In") -> Json:
    terms = [{kind: [{"key": key, "operator": operator, "values": list(values)}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": required}}


DATABASE = posted("StatefulSet", "old-master")
KEEPALIVED = posted("ReplicationController", "old-vip")
PATHS = {facts.DATA_MOUNT: "/data0/old/data", facts.LOG_MOUNT: "/data0/old/adminlog"}


def test_facts_of_the_old_services_objects_are_read() -> None:
    paths, container = facts.data_paths(DATABASE), facts.control_container(DATABASE)
    assert {mount: paths[mount] for mount in PATHS} == PATHS
    assert facts.data_location(DATABASE) == DataLocation(
        host="", data_path="/data0/old/data", log_path="/data0/old/adminlog"
    )
    assert facts.secret_mounts(DATABASE) == {"/opt/root-ssh": "root-ssh-key", "/opt/gpadmin-ssh": "gpadmin-ssh-key"}
    assert container is not None
    assert [facts.resource(container, of, "memory") for of in ("limits", "requests")] == ["16Gi", ""]
    assert facts.variables(container)["MEMORY_LIMIT"]["value"] == "2048"
    assert facts.replicas(DATABASE) == 1
    assert facts.vrid(KEEPALIVED) == 145
    assert facts.selected_role(posted("Service", "old-vip")) == "master"
    config_map = posted("ConfigMap", "old-vip-cm")
    assert facts.vips(config_map) == ("192.168.143.145",)
    assert facts.forward(config_map, "192.168.143.145") == Forward(namespace="default", service="old-vip")


def test_the_control_container_is_recognised_beside_others() -> None:
    sidecar = {"name": "exporter", "image": "exporter:1", "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]}
    signs: list[Json] = [
        {"name": "db", "image": "x", "volumeMounts": [{"name": "d", "mountPath": "/home/gpadmin/data/"}]},
        {"name": "db", "image": "x", "command": ["/bin/sh", "-c", "/entry/entry-point.sh"]},
        {"name": "db", "image": "mirror.example/adb/adb-control:v9"},
    ]
    for control in signs:
        assert facts.control_container(pod(containers=[sidecar, control])) == control
    assert facts.control_container(pod(containers=[sidecar, {"name": "other"}])) is None
    assert facts.control_container(pod(containers=[{"name": "alone"}])) == {"name": "alone"}


def test_directories_are_found_by_their_mount_paths() -> None:
    mounts = [
        {"name": "v1", "mountPath": "/home/gpadmin/data/"},
        {"name": "v2", "mountPath": "/home/gpadmin//gpAdminLogs", "subPath": "logs/"},
        {"name": "v3", "mountPath": "/scratch"},
        {"name": "nowhere", "mountPath": "/x"},
    ]
    volumes = [
        {"name": "v1", "hostPath": {"path": "/data0//x/./"}},
        {"name": "v2", "hostPath": {"path": "//data1"}},
        {"name": "v3", "emptyDir": {}},
    ]
    assert facts.data_paths(pod(containers=[{"volumeMounts": mounts}], volumes=volumes)) == {
        facts.DATA_MOUNT: "/data0/x",
        facts.LOG_MOUNT: "/data1/logs",
    }


@pytest.mark.parametrize(
    ("spec", "host"),
    [
        ({"nodeName": "m1"}, "m1"),
        ({"nodeSelector": {"kubernetes.io/hostname": "m1"}}, "m1"),
        (affinity("matchFields", "metadata.name", "m1"), "m1"),
        (affinity("matchExpressions", "kubernetes.io/hostname", "m1"), "m1"),
        (affinity("matchExpressions", "kubernetes.io/hostname", "m1", "m2"), ""),
        (affinity("matchExpressions", "kubernetes.io/hostname", "m1", operator="NotIn"), ""),
        ({"nodeSelector": {"tenancy-old": "master"}}, ""),
        ({}, ""),
    ],
    ids=repr,
)
def test_a_pod_is_pinned_to_the_one_node_that_is_named(spec: Json, host: str) -> None:
    assert facts.pinned_node(pod(**spec)) == host


@pytest.mark.parametrize(
    ("spec", "hosts"),
    [
        ({"nodeSelector": {"tenancy-old": "master"}}, ["m1"]),
        ({"nodeSelector": {"disk": "ssd"}}, ["m1", "m2"]),
        ({"nodeSelector": {"disk": "ssd"}, **affinity("matchFields", "metadata.name", "m2")}, ["m2"]),
        (affinity("matchExpressions", "tenancy-old", operator="Exists"), ["m1", "m2"]),
        (affinity("matchExpressions", "tenancy-old", operator="DoesNotExist"), ["m3"]),
        (affinity("matchExpressions", "tenancy-old", "master", operator="NotIn"), ["m2", "m3"]),
        (affinity("matchExpressions", "rank", "1", operator="Gt"), ["m3"]),
        ({"nodeName": "m3"}, ["m3"]),
        ({"nodeName": "m9"}, []),
        ({}, ["m1", "m2", "m3"]),
    ],
    ids=repr,
)
def test_a_pod_may_run_where_selector_and_affinity_agree(spec: Json, hosts: list[str]) -> None:
    nodes = [
        node("m1", tenancy_old="master", disk="ssd", rank="1"),
        node("m2", tenancy_old="standby", disk="ssd"),
        node("m3", rank="2"),
    ]
    assert facts.allowed_nodes(pod(**spec), nodes) == hosts


@pytest.mark.parametrize(
    ("container", "vrid"),
    [
        ({"args": ["--services-configmap=a/b", "--vrid=7"]}, 7),
        ({"args": ["--vrid", "8"]}, 8),
        ({"command": ["sh", "-c", "/kube-keepalived-vip --services-configmap=a/b --vrid=9 --v=2"]}, 9),
        ({"args": ["--vrid=1", "--vrid=2"]}, 2),
        ({"args": ["--services-configmap=a/b"]}, 50),
        ({"args": ["--vrid=$(VRID)"]}, None),
        ({"args": ["--vrid"]}, None),
    ],
    ids=repr,
)
def test_the_vrrp_id_is_the_one_that_keepalived_uses(container: Json, vrid: int | None) -> None:
    assert facts.vrid({"spec": {"template": {"spec": {"containers": [container]}}}}) == vrid


def test_forward_methods_and_invalid_lines_are_recognised() -> None:
    data = {"10.0.0.1": "a/b:DR", "10.0.0.2": "a/b:NAT", "10.0.0.3": "b", "10.0.0.4": 5}
    assert {vip: facts.forward({"data": data}, vip) for vip in facts.vips({"data": data})} == {
        "10.0.0.1": Forward(namespace="a", service="b", method="DR"),
        "10.0.0.2": Forward(namespace="a", service="b"),
        "10.0.0.3": None,
        "10.0.0.4": None,
    }


READERS: Mapping[str, Callable[[Manifest], Any]] = {
    **{
        name: found
        for name, found in inspect.getmembers(facts, inspect.isfunction)
        if found.__module__ == facts.__name__ and not name.startswith("_")
    },
    "normal_path": lambda manifest: facts.normal_path(json.dumps(manifest)),
    "is_pinning_label": lambda manifest: facts.is_pinning_label(json.dumps(manifest)),
    "allowed_nodes": lambda manifest: facts.allowed_nodes(manifest, [manifest]),
    "forward": lambda manifest: facts.forward(manifest, "192.168.143.145"),
    "resource": lambda manifest: facts.resource(manifest, "limits", "memory"),
    "requests": lambda manifest: facts.requests(manifest, "cpu"),
    "runs_old_template": lambda manifest: facts.runs_old_template(manifest, manifest),
}
"""Every public function of the module."""


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_manifest_is_read_without_an_error(data: st.DataObject) -> None:
    manifest = copy.deepcopy(data.draw(st.sampled_from([DATABASE, KEEPALIVED, posted("ConfigMap", "old-vip-cm")])))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(manifest)))
        holder[key] = data.draw(ODD)
    for part in (manifest, *map(mapping, items(facts.pod_spec(manifest).get("containers")))):
        for reader in READERS.values():
            reader(part)
