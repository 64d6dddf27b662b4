"""Keepalived per node on a real API server: failovers, the way from one per tenant and back, and what is refused."""

import json
import time
from pathlib import Path

import pytest

from tests.support.admission import denied
from tests.support.announcements import Announcers, announced_twice, moment, now
from tests.support.cell import Cell, eventually
from tests.support.fleets import Config, per_node, tenant3, with_tenants
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine

SOON = 60
"""Seconds: far less than the plugin's 10-minute timeout, far more than a busy machine needs."""
WAIVED = [{"rule": "E601", "reason": "two tenants on two nodes"}]


def fleet(cell: Cell, *, per: str = "node", active: dict[str, str] | None = None, **changes: object) -> Config:
    """Return four tenants whose masters are on m1, m2, m1 and m2, with these active roles instead of the master."""
    config = tenant3(cell)
    entries = [
        {
            "name": f"t{number}",
            "vip": f"192.168.143.{number}",
            "hosts": {
                "master": cell.node("m1" if number % 2 else "m2"),
                "standby": cell.node("m2" if number % 2 else "m1"),
            },
            "activeRole": (active or {}).get(f"t{number}", "master"),
            **changes,
        }
        for number in range(1, 5)
    ]
    config = with_tenants(config, entries)
    return per_node(config) if per == "node" else {**config, "defaults": {"waive": WAIVED}}


def on(cell: Cell, **nodes: str) -> Announcers:
    """Return the announcements of t1 to t4 by the keepalived of these nodes: `t1="m1"`."""
    return {
        f"192.168.143.{tenant[1:]}": frozenset({f"adb-keepalived-{cell.node(node)}"}) for tenant, node in nodes.items()
    }


def own() -> Announcers:
    """Return the announcements of t1 to t4 by keepalived pods of their own."""
    return {f"192.168.143.{number}": frozenset({f"t{number}-vip-cm"}) for number in range(1, 5)}


def keepalived_pods(cell: Cell) -> dict[str, str]:
    """Return the uid of every keepalived pod."""
    return {name: uid for name, uid in cell.uids().items() if name.startswith("Pod") and not name.endswith("-0")}


def test_tenants_share_the_keepalived_of_their_nodes(cell: Cell, stack: Stack) -> None:
    stack.up(fleet(cell))
    assert now(cell) == on(cell, t1="m1", t2="m2", t3="m1", t4="m2")
    controllers = {item["metadata"]["name"] for item in cell.live("replicationcontrollers")}
    assert controllers == {f"adb-keepalived-{cell.node(node)}" for node in ("m1", "m2")}
    assert stack.preview(fleet(cell)).none
    stack.configure(fleet(cell))
    assert "unchanged" in stack.succeed("preview", "--refresh", "--expect-no-changes")


def test_failovers_both_ways_in_one_up_start_no_pod(cell: Cell, stack: Stack) -> None:
    stack.up(fleet(cell))
    pods, version = {**cell.database_pods(), **keepalived_pods(cell)}, moment(cell)
    stack.up(fleet(cell, active={"t1": "standby", "t2": "standby"}))
    assert announced_twice(cell, version) == []
    assert now(cell) == on(cell, t1="m2", t2="m1", t3="m1", t4="m2")
    assert {**cell.database_pods(), **keepalived_pods(cell)} == pods
    # The last VIPs leave m1, and the first come back.
    for active, node in (("standby", "m2"), ("master", "m1")):
        stack.up(fleet(cell, active={"t1": active, "t2": "master", "t3": active, "t4": "master"}))
        assert now(cell) == on(cell, t1=node, t2="m2", t3=node, t4="m2")
    assert announced_twice(cell, version) == []


def test_a_fleet_changes_to_keepalived_per_node_and_back(cell: Cell, stack: Stack) -> None:
    stack.up(fleet(cell, per="tenant"))
    databases, version = cell.database_pods(), moment(cell)
    assert now(cell) == own()
    stack.up(fleet(cell))
    assert now(cell) == on(cell, t1="m1", t2="m2", t3="m1", t4="m2")
    assert not [name for name in cell.objects() if "-vip-cm" in name or name == "ReplicationController t1-vip"]
    assert stack.preview(fleet(cell)).none
    stack.up(fleet(cell, per="tenant"))
    assert now(cell) == own()
    assert not [name for name in cell.objects() if "adb-keepalived-" in name]
    assert announced_twice(cell, version) == []
    assert cell.database_pods() == databases


def test_one_tenant_changes_and_fails_over_in_one_up(cell: Cell, stack: Stack) -> None:
    before = fleet(cell)
    before["tenants"][0] |= {"keepalived": {"per": "tenant"}, "waive": WAIVED}
    stack.up(before)
    version = moment(cell)
    stack.up(fleet(cell, active={"t1": "standby"}))
    assert announced_twice(cell, version) == []
    assert now(cell) == on(cell, t1="m2", t2="m2", t3="m1", t4="m2")


def test_a_failover_needs_nothing_of_a_dead_node(cell: Cell, stack: Stack) -> None:
    stack.up(fleet(cell))
    for pod in cell.live("pods", "--field-selector", f"spec.nodeName={cell.node('m1')}"):
        patch = json.dumps({"metadata": {"finalizers": ["tests/never-ends"]}})
        cell.kubectl("patch", "pod", pod["metadata"]["name"], "--type", "merge", "--patch", patch)
    cell.kubectl("delete", "node", cell.node("m1"))
    started = time.monotonic()
    failed_over = fleet(cell, active={"t1": "standby", "t3": "standby"})
    stack.up(failed_over)
    assert time.monotonic() - started < SOON
    assert now(cell) == on(cell, t1="m2", t2="m2", t3="m2", t4="m2")
    stack.configure(failed_over)
    stack.succeed("up", "--yes", "--refresh")
    assert set(cell.tenancy_labels()) == {cell.node("m2")}, "`up --refresh` has created a phantom node"


def test_a_failover_to_a_node_whose_keepalived_does_not_run_is_refused(cell: Cell, stack: Stack) -> None:
    stack.up(fleet(cell))
    cell.kubectl("cordon", cell.node("m2"))
    # A cordoned node still serves: that is how a patch night ends on it.
    stack.up(fleet(cell, active={"t1": "standby"}))
    assert now(cell)["192.168.143.1"] == {f"adb-keepalived-{cell.node('m2')}"}
    cell.kubectl("delete", "pods", "--selector", f"adb-keepalived={cell.node('m2')}", "--wait=false")
    config = fleet(cell, active={"t1": "standby", "t3": "standby"})
    with pytest.raises(Refused, match=rf"the keepalived pod of node {cell.node('m2')} is not ready"):
        stack.preview(config)
    config["tenants"][2]["force"] = "the master's disk is lost"
    stack.up(config)
    assert now(cell)["192.168.143.3"] == {f"adb-keepalived-{cell.node('m2')}"} or not keepalived_pods(cell)


def test_no_entry_is_left_by_a_run_that_recorded_nothing(cell: Cell, stack: Stack) -> None:
    stack.up(fleet(cell))
    before = stack.exported_state()
    moved = fleet(cell, active={"t1": "standby"})
    stack.up(moved)
    # As after a kill: what the first run has done is done again, by a patch with another field manager.
    stack.import_state(before)
    stack.up(moved)
    assert now(cell) == on(cell, t1="m2", t2="m2", t3="m1", t4="m2")
    version = moment(cell)
    stack.up(fleet(cell))
    assert announced_twice(cell, version) == []
    assert now(cell) == on(cell, t1="m1", t2="m2", t3="m1", t4="m2")


def test_only_a_retired_tenants_entry_is_removed(cell: Cell, stack: Stack) -> None:
    config = fleet(cell)
    stack.up(config)
    with pytest.raises(Refused, match="t1 is neither in the fleet nor retired"):
        stack.preview(with_tenants(config, config["tenants"][1:]))
    stack.configure(config)
    done = stack.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    assert done.returncode != 0
    assert "t1-vip would be deleted while t1 is in the fleet" in done.stdout + done.stderr
    assert now(cell) == on(cell, t1="m1", t2="m2", t3="m1", t4="m2")

    config["tenants"][0]["state"] = "retired"
    stack.up(config)
    stack.up(with_tenants(config, config["tenants"][1:]))
    assert now(cell) == on(cell, t2="m2", t3="m1", t4="m2")
    stack.up(with_tenants(config, [{**entry, "state": "retired"} for entry in config["tenants"][1:]]))
    stack.up(with_tenants(config, []))
    assert now(cell) == {}
    assert len(keepalived_pods(cell)) == 2


def test_a_second_stack_uses_the_nodes_keepalived_of_the_first(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    config = fleet(cell)
    first = with_tenants(config, config["tenants"][:2])
    second = with_tenants(config, config["tenants"][2:])
    second["platform"] = {}
    second["cluster"] = {
        **config["cluster"],
        "keepalivedAccountOf": "adb-tenants/dev",
        "nodeKeepalived": {**config["cluster"]["nodeKeepalived"], "of": "adb-tenants/dev"},
    }
    other = Stack(tmp_path, name="other", environment=cell.environment)
    with pytest.raises(Refused, match="is not declared by stack adb-tenants/dev: run `pulumi up` of that stack"):
        other.preview(second)
    stack.up(first)
    other.up(second)
    assert now(cell) == on(cell, t1="m1", t2="m2", t3="m1", t4="m2")
    assert stack.preview(first).none
    assert other.preview(second).none
    own_again = fleet(cell, per="tenant")
    with pytest.raises(Refused, match="serves VIPs of stack adb-tenants/other"):
        stack.preview(with_tenants(own_again, own_again["tenants"][:2]))
    with pytest.raises(Refused, match=r"whose keepalived pods serve this stack's VIPs too"):
        other.preview(
            {**second, "cluster": {**second["cluster"], "nodeKeepalived": config["cluster"]["nodeKeepalived"]}}
        )


def test_a_new_image_replaces_the_keepalived_of_nodes_that_can_run_it(cell: Cell, stack: Stack) -> None:
    config = fleet(cell)
    stack.up(config)
    newer = {**config, "cluster": {**config["cluster"]}}
    newer["cluster"]["nodeKeepalived"] = {**config["cluster"]["nodeKeepalived"], "image": "keepalived:v2"}
    cell.kubectl("cordon", cell.node("m1"))
    with pytest.raises(Refused, match=rf"keepalived pod of node {cell.node('m1')} could not start there.*cordoned"):
        stack.preview(newer)
    evacuated = {**newer, "tenants": fleet(cell, active={"t1": "standby", "t3": "standby"})["tenants"]}
    stack.up({**config, "tenants": evacuated["tenants"]})
    started = time.monotonic()
    stack.up(evacuated)
    assert time.monotonic() - started < SOON
    cell.kubectl("uncordon", cell.node("m1"))
    images = {pod["spec"]["containers"][0]["image"] for pod in cell.live("pods", "--selector", "adb-keepalived")}
    assert images == {"keepalived:v2"}
    eventually(lambda: len(keepalived_pods(cell)) == 2, what="a keepalived pod on each node")


def test_a_failing_tenant_loses_no_announcement_in_a_change_of_the_fleet(cell: Cell, stack: Stack) -> None:
    retired = {"name": "t5", "vip": "192.168.143.5", "activeRole": "standby", "state": "retired", "waive": WAIVED}
    before = fleet(cell, per="tenant")
    whole = with_tenants(before, [*before["tenants"], {**before["tenants"][0], **retired}])
    stack.up(whole)
    edited = fleet(cell)
    edited["tenants"][0] |= {"image": "registry.example/adb-control:v2"}
    with denied(cell, "statefulsets", "t1-", "not this image"), pytest.raises(Refused) as refused:
        stack.up(edited, "--continue-on-error")
    assert "nothing was deleted" in str(refused.value)
    assert now(cell) == on(cell, t1="m1", t2="m2", t3="m1", t4="m2")
    assert "ReplicationController t5-vip" in cell.objects(), "the engine has deleted what is no longer declared"
    stack.up(edited)
    assert now(cell) == on(cell, t1="m1", t2="m2", t3="m1", t4="m2")
    assert not [name for name in cell.objects() if "t5" in name or "-vip-cm" in name]
    assert stack.preview(edited).none


def test_keepalived_stays_while_what_it_is_to_use_is_denied(cell: Cell, stack: Stack) -> None:
    config = fleet(cell)
    config["tenants"][0] |= {"keepalived": {"per": "tenant"}, "waive": WAIVED}
    stack.up(config)
    pods = keepalived_pods(cell)
    renamed = {**config, "cluster": {**config["cluster"], "keepalivedAccount": "another"}}
    with denied(cell, "serviceaccounts", "another", "no more accounts"), pytest.raises(Refused) as refused:
        stack.up(renamed, "--continue-on-error")
    assert "No tenant was changed" in str(refused.value)
    assert keepalived_pods(cell) == pods
