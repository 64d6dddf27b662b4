"""`python -m fleet --live` shows the live cluster, not the declared fleet."""

import json

import pytest

from fleet.live import from_cluster
from fleet.view import NodeKeepalivedView, Seat, TenantView, from_outputs
from tenants.fleet import Role
from tests.support.cell import Cell, eventually
from tests.support.fleets import tenant3
from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def test_the_live_fleet_shows_manual_changes(cell: Cell, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", cell.environment["KUBECONFIG"])
    stack.up(tenant3(cell))

    def seen() -> TenantView:
        (tenant,) = from_cluster(namespace=cell.namespace, context=None).tenants
        return tenant

    def seat(role: Role, node: str, *, ready: bool | None = True, old: bool = False) -> Seat:
        return Seat(role=role, node=cell.node(node), ready=ready, old_revision=old)

    assert seen() == TenantView(
        name="tenant3",
        vip="192.168.143.144",
        active_role="master",
        vrid=144,
        state="running",
        seats=(seat(Role.MASTER, "m1"), seat(Role.STANDBY, "m2")),
    )
    stack.up(tenant3(cell, image="docker.dtdream.com/adb/adb-control:v1.2.0"))
    cell.kubectl("patch", "service", "tenant3-vip", "--patch", '{"spec": {"selector": {"role": "standby"}}}')
    cell.kubectl("scale", "statefulset", "tenant3-master", "--replicas", "0")
    eventually(lambda: "Pod tenant3-master-0" not in cell.objects(), what="the master's pod is deleted")
    eventually(lambda: seen().seats[1].old_revision, what="the standby's pod runs an older revision")
    assert seen().active_role == "standby"
    assert seen().seats == (seat(Role.MASTER, "m1", ready=None), seat(Role.STANDBY, "m2", old=True))


def test_the_live_fleet_shows_which_node_announces_a_vip(
    cell: Cell, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", cell.environment["KUBECONFIG"])
    config = tenant3(cell, keepalived={"per": "node"}, activeRole="standby")
    nodes = [{"name": cell.node(node), "vrid": vrid} for node, vrid in (("m1", 201), ("m2", 202))]
    stack.up({**config, "cluster": {**config["cluster"], "nodeKeepalived": {"nodes": nodes}}})
    seen = from_cluster(namespace=cell.namespace, context=None)
    assert [(each.vip, each.vrid, each.has_own_keepalived) for each in seen.tenants] == [
        ("192.168.143.144", None, False)
    ]
    assert seen.keepalived == {
        cell.node("m1"): NodeKeepalivedView(vrid=201, vips=0, ready=True),
        cell.node("m2"): NodeKeepalivedView(vrid=202, vips=1, ready=True),
    }
    exported = json.loads(stack.pulumi("stack", "output", "--json").stdout)
    declared = from_outputs("stack", exported)
    assert {node: (each.vrid, each.vips) for node, each in declared.keepalived.items()} == {
        node: (each.vrid, each.vips) for node, each in seen.keepalived.items()
    }
