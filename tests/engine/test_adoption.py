"""`adopt: true` adopts the old service's objects: in place, without restarting pods, and edits apply afterwards."""

import json
import re
from typing import Any

import pytest

from kube.facts import DATA_MOUNT, data_paths
from tenants.discover import KINDS, discover
from tests.support.cell import Cell, eventually
from tests.support.drift_list import drift_list
from tests.support.fleets import tenant3, with_tenants
from tests.support.legacy import JAVA_CLIENT, create_legacy_tenant
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine

TENANTS = 10


def is_of(cell: Cell, item: dict[str, Any]) -> bool:
    """Whether an object belongs to the cell: the tests share one cluster, and labels of the same names."""
    name: str = item["metadata"]["name"]
    return item["kind"] != "Node" or name.endswith(f".{cell.namespace}")


def test_tenants_of_the_old_service_are_adopted_in_place_and_editable(cell: Cell, stack: Stack) -> None:
    entries = []
    for number in range(TENANTS):
        hosts = {role: cell.add_node(f"n{number}-{role}") for role in ("master", "standby")}
        name, vip = f"old{number}", f"192.168.143.{100 + number}"
        create_legacy_tenant(cell, name, vip=vip, hosts=hosts)
        entries.append({"name": name, "vip": vip, "hosts": hosts, "adopt": True})
    eventually(
        lambda: all(cell.endpoint_addresses(f"old{number}-vip") for number in range(TENANTS)),
        what="the old tenants have endpoints",
        seconds=60,
    )
    config = with_tenants(tenant3(cell), entries)
    before, labels = cell.uids(), cell.tenancy_labels()

    own_nodes = [
        item for item in json.loads(cell.kubectl("get", KINDS, "--output", "json"))["items"] if is_of(cell, item)
    ]
    assert list(discover({"items": own_nodes}).entries) == entries, (
        "the output of `discover` is not the stack file that adopts the tenants"
    )

    not_adopting = with_tenants(config, [{**entry, "adopt": False} for entry in entries])
    with pytest.raises(Refused, match=f"Service {cell.namespace}/old0-vip already exists, created by {JAVA_CLIENT}"):
        stack.preview(not_adopting)
    stack.configure(config)
    preview = stack.pulumi("preview").stdout
    for number in range(TENANTS):
        assert f'Adopting existing objects in place, without restarting pods: {{"old{number}": ["Service/old' in preview
    stack.up(config)

    after = cell.uids()
    assert {name: after.get(name) for name in before} == before, "an object was replaced or a pod restarted"
    assert cell.tenancy_labels() == labels
    assert not stack.preview(config).counts
    listed = drift_list(stack)
    assert listed.none
    tolerations = 'spec.template.metadata.annotations["scheduler.alpha.kubernetes.io/tolerations"]'
    assert {(each.of, each.path, each.manager) for each in listed.leftovers} == {
        (of, tolerations, JAVA_CLIENT)
        for number in range(TENANTS)
        for of in (
            *(f"StatefulSet old{number}-{role}" for role in ("master", "standby")),
            f"ReplicationController old{number}-vip",
        )
    }, "fields that the old service set and nobody has changed since are not drift"

    # After an adoption, another field manager used to block edits.
    moved = [{**entry, "activeRole": "standby", "memory": "24Gi"} for entry in entries]
    stack.up(with_tenants(config, moved))
    for number in range(TENANTS):
        assert cell.endpoint_addresses(f"old{number}-vip") == [cell.pod_address(f"old{number}-standby-0")]
    after = cell.uids()
    kept = {name: uid for name, uid in before.items() if not name.startswith(("ReplicationController", "Pod"))}
    databases = {name: uid for name, uid in before.items() if name.startswith("Pod") and name.endswith("-0")}
    assert {name: after.get(name) for name in kept | databases} == kept | databases

    repaired = drift_list(stack, "--repair")
    assert repaired.none
    assert not repaired.leftovers
    assert cell.database_pods() == databases


def test_an_object_that_differs_in_an_immutable_field_is_refused(cell: Cell, stack: Stack) -> None:
    hosts = {"master": cell.node("m1"), "standby": cell.node("m2")}
    create_legacy_tenant(cell, "tenant3", vip="192.168.143.144", hosts=hosts)
    other = cell.get("statefulset", "tenant3-standby")
    cell.kubectl("delete", "statefulset", "tenant3-standby")
    other["spec"]["serviceName"] = "elsewhere"
    other["metadata"] = {"name": "tenant3-standby"}
    cell.kubectl("create", "--field-manager", JAVA_CLIENT, "-f", "-", stdin=json.dumps(other))
    before = {name: uid for name, uid in cell.uids().items() if not name.startswith("Pod")}

    message = f"StatefulSet {cell.namespace}/tenant3-standby cannot be adopted: its serviceName is elsewhere"
    for operation in (stack.preview, stack.up):
        with pytest.raises(Refused, match=message):
            operation(tenant3(cell, adopt=True))
    after = {name: uid for name, uid in cell.uids().items() if not name.startswith("Pod")}
    assert after == before


def test_an_entry_that_would_move_clients_or_a_database_is_refused(cell: Cell, stack: Stack) -> None:
    hosts = {"master": cell.node("m1"), "standby": cell.node("m2")}
    create_legacy_tenant(cell, "tenant3", vip="192.168.143.144", hosts=hosts)
    pods = ("tenant3-master-0", "tenant3-standby-0")
    eventually(
        lambda: all(f"Pod {pod}" in cell.objects() and cell.get("pod", pod)["spec"].get("nodeName") for pod in pods),
        what="the old tenant's pods have their nodes",
    )
    before = cell.uids()
    other = tenant3(
        cell,
        adopt=True,
        vip="192.168.143.145",
        activeRole="standby",
        dataPath="/data1/tenant3/data",
        hosts={"master": cell.node("m2"), "standby": cell.node("m1")},
    )
    with pytest.raises(Refused) as refused:
        stack.up(other)
    output = set(re.findall(r"\S+ \S+ is not adopted: [^.]+(?:\.[^ ][^.]*)*", str(refused.value)))
    name, vip = f"{cell.namespace}/tenant3", "192.168.143.144"
    assert output == {
        f"StatefulSet {name}-{role} is not adopted: {difference}"
        for role, mine, theirs in (("master", "m2", "m1"), ("standby", "m1", "m2"))
        for difference in (
            "its data is in /data0/tenant3/data, but the entry has dataPath: /data1/tenant3/data",
            f"its pod's node is {cell.node(theirs)}, but the entry has hosts.{role}: {cell.node(mine)}",
        )
    } | {
        f"ConfigMap {name}-vip-cm is not adopted: it announces {vip}, but the entry has vip: 192.168.143.145",
        f"Service {name}-vip is not adopted: it selects the master, but the entry has activeRole: standby",
    }
    assert cell.uids() == before


def test_a_template_that_differs_is_adopted_and_reported(cell: Cell, stack: Stack) -> None:
    hosts = {"master": cell.node("m1"), "standby": cell.node("m2")}
    create_legacy_tenant(cell, "tenant3", vip="192.168.143.144", hosts=hosts)
    image = "docker.dtdream.com/adb/adb-control:v1.2.0"
    stack.configure(tenant3(cell, adopt=True, image=image, vrid=77))
    preview = stack.pulumi("preview").stdout
    for role in ("master", "standby"):
        assert (
            f"StatefulSet {cell.namespace}/tenant3-{role} gets image {image} instead of "
            "docker.dtdream.com/adb/adb-control:v1.1.0 when its pod next starts" in preview
        )
    assert f"ReplicationController {cell.namespace}/tenant3-vip gets --vrid=77 instead of " in preview


def test_a_tenant_of_another_origin_is_adopted_in_place(cell: Cell, stack: Stack) -> None:
    hosts = {"master": cell.node("m1"), "standby": cell.node("m2")}
    cell.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "registry"}})
    patch = json.dumps({"imagePullSecrets": [{"name": "registry"}]})
    cell.kubectl("patch", "serviceaccount", "default", "--patch", patch)

    def edit(posted: dict[str, Any]) -> None:
        template = posted["spec"].get("template")
        if template is None:
            return
        pod, kind = template["spec"], posted["kind"]
        # Other names of volumes, other spellings of paths and amounts, and fields that the program does not declare.
        if kind == "StatefulSet":
            for volume in (*pod["volumes"], *pod["containers"][0]["volumeMounts"]):
                volume["name"] = f"{volume['name']}-x"
            for volume in pod["volumes"]:
                if "hostPath" in volume:
                    volume["hostPath"]["path"] = volume["hostPath"]["path"].replace("/data0/", "/data0//") + "/"
            pod["containers"][0]["resources"] = {"limits": {"memory": "17179869184"}}
            pod["containers"][0]["env"].append({"name": "EXTRA", "value": "1"})
        else:
            pod["containers"].append({"name": "exporter", "image": "exporter:1"})

    create_legacy_tenant(cell, "tenant3", vip="192.168.143.144", hosts=hosts, edit=edit)
    eventually(lambda: bool(cell.endpoint_addresses("tenant3-vip")), what="the old tenant has endpoints", seconds=60)
    config = tenant3(cell, adopt=True)
    before = cell.uids()

    stack.configure(config)
    preview = stack.pulumi("preview").stdout
    assert f"StatefulSet {cell.namespace}/tenant3-master keeps env[EXTRA]" in preview
    assert f"ReplicationController {cell.namespace}/tenant3-vip keeps containers[exporter]" in preview
    assert "imagePullSecrets: [registry]" in preview
    stack.up(config)
    after = cell.uids()
    assert {name: after.get(name) for name in before} == before, "an object was replaced or a pod restarted"
    assert stack.preview(config).counts == {"update": 2}, "volumes of other names stay before the declared ones"
    assert drift_list(stack, "--repair").none
    stack.up(config)
    assert not stack.preview(config).counts
    assert {name: cell.uids().get(name) for name in before} == before
    adopted = cell.get("statefulset", "tenant3-master")
    assert data_paths(adopted)[DATA_MOUNT] == "/data0/tenant3/data"

    config["cluster"]["imagePullSecrets"] = ["registry"]
    stack.up({**config, "tenants": [{**config["tenants"][0], "activeRole": "standby"}]})
    keepalived = cell.keepalived_pod("tenant3")["spec"]
    assert keepalived["imagePullSecrets"] == [{"name": "registry"}], "keepalived pulls its image as before the failover"
    assert [container["name"] for container in keepalived["containers"]] == ["tenant3-vip"]
    assert cell.database_pods() == {name: uid for name, uid in before.items() if name.endswith("-0")}
