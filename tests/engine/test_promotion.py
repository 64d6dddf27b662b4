"""A promotion command runs once in a failover, before traffic moves, and at no other time."""

import json
from typing import Any

import pytest

from tests.support.cell import Cell, Manifest, eventually
from tests.support.fleets import Config, per_node, tenant3
from tests.support.interruption import cancel, kill, start_an_up
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine

COMMAND = ["ssh", "gpadmin@$(PROMOTE)", "gpactivatestandby", "-a"]


def promoted(cell: Cell, *, timeout_seconds: int = 60, **changes: Any) -> Config:
    return tenant3(cell, promotion={"command": COMMAND, "timeoutSeconds": timeout_seconds}, **changes)


def jobs(cell: Cell) -> dict[str, Manifest]:
    return {job["metadata"]["name"]: job for job in cell.live("jobs")}


def ran(cell: Cell) -> dict[str, bool]:
    """Return for each Job whether its command has succeeded."""
    return {name: "completionTime" in job["status"] for name, job in jobs(cell).items()}


def served_role(cell: Cell) -> str:
    role: str = cell.get("service", "tenant3-vip")["spec"]["selector"]["role"]
    return role


def promotion_pods(cell: Cell) -> list[Manifest]:
    return cell.live("pods", "--selector", "adb-tenants/promotion-of=tenant3")


def appliers(cell: Cell, job: str) -> set[str]:
    """Return the field managers that have applied a Job: each `up` that creates it has its own."""
    fields = json.loads(cell.kubectl("get", "job", job, "--show-managed-fields", "--output", "json"))["metadata"]
    return {entry["manager"] for entry in fields["managedFields"] if entry["operation"] == "Apply"}


def test_an_interrupted_failover_promotes_once_before_traffic_moves(cell: Cell, stack: Stack) -> None:
    stack.up(promoted(cell))
    databases = cell.database_pods()
    assert ran(cell) == {"tenant3-promote-master": False}
    assert promotion_pods(cell) == [], "a new tenant needs no promotion"

    # The Job's pod stays pending; the control pod runs already. Without `force` this would be refused.
    cell.kubectl("cordon", cell.node("m2"))
    to_standby = promoted(cell, activeRole="standby")
    by_force = promoted(cell, activeRole="standby", force="the node is busy")
    running = start_an_up(stack, by_force)
    eventually(lambda: bool(promotion_pods(cell)), what="the promotion has started", seconds=60)
    kill(stack, running)
    (pod,) = promotion_pods(cell)
    running = start_an_up(stack, by_force)
    eventually(
        lambda: len(appliers(cell, "tenant3-promote-standby")) == 2, what="another `up` waits for it", seconds=60
    )
    output = cancel(running)
    assert 'was cancelled for "tenant3-promote-standby"' in output, output
    assert served_role(cell) == "master"
    cell.kubectl("uncordon", cell.node("m2"))

    stack.up(to_standby)
    assert ran(cell) == {"tenant3-promote-standby": True}
    assert [found["metadata"]["uid"] for found in promotion_pods(cell)] == [pod["metadata"]["uid"]], "it ran twice"
    assert pod["spec"]["nodeSelector"] == {"tenancy-tenant3": "standby"}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-standby-0")]
    to_standby["tenants"][0]["promotion"] = {"command": ["another"], "timeoutSeconds": 5}
    assert not stack.preview(to_standby).counts, "a Job that has run is replaced"

    stack.up(promoted(cell))
    assert ran(cell) == {"tenant3-promote-master": True}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-master-0")]
    assert not stack.preview(promoted(cell)).counts
    assert cell.database_pods() == databases


def test_traffic_does_not_move_if_a_promotion_fails(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    cell.kubectl("cordon", cell.node("m2"))
    to_standby = promoted(cell, activeRole="standby", timeout_seconds=3)
    with pytest.raises(Refused) as failed:
        stack.up(promoted(cell, activeRole="standby", timeout_seconds=3, force="the node is busy"))
    assert "'tenant3-promote-standby' was created but failed to initialize" in str(failed.value)
    assert "[DeadlineExceeded] Job was active longer than specified deadline" in str(failed.value)
    assert served_role(cell) == "master"
    failed_uid = jobs(cell)["tenant3-promote-standby"]["metadata"]["uid"]

    cell.kubectl("uncordon", cell.node("m2"))
    stack.up(to_standby)
    assert list(ran(cell).values()) == [True]
    assert failed_uid not in {job["metadata"]["uid"] for job in jobs(cell).values()}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-standby-0")]
    assert not stack.preview(to_standby).counts


def test_no_database_is_promoted_if_its_failover_is_refused(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    stack.up(promoted(cell))
    assert ran(cell) == {"tenant3-promote-master": False}, "a promotion that has just been added runs"
    cell.kubectl("scale", "statefulset", "tenant3-standby", "--replicas", "0")
    eventually(lambda: "Pod tenant3-standby-0" not in cell.objects(), what="the standby's pod is deleted")
    for operation in (stack.preview, stack.up):
        with pytest.raises(Refused, match=r"tenant3-standby-0 on .*, which is not ready"):
            operation(promoted(cell, activeRole="standby"))
    with pytest.raises(Refused, match="tenant3 is stopped, so its promotion cannot run"):
        stack.preview(promoted(cell, activeRole="standby", state="stopped"))
    assert ran(cell) == {"tenant3-promote-master": False}
    assert served_role(cell) == "master"

    stack.up(promoted(cell, activeRole="standby", force="m1 is lost"))
    assert ran(cell) == {"tenant3-promote-standby": True}
    assert served_role(cell) == "standby"


def test_a_promotion_that_could_not_start_on_its_node_is_refused_at_once(cell: Cell, stack: Stack) -> None:
    stack.up(per_node(promoted(cell)))
    # The node's keepalived still serves there, and the database is ready; but the Job's pod would be pending.
    cell.kubectl("cordon", cell.node("m2"))
    to_standby = per_node(promoted(cell, activeRole="standby"))
    with pytest.raises(Refused, match=r"where its promotion could not run: node m2\.\S+ is cordoned"):
        stack.up(to_standby)
    assert ran(cell) == {"tenant3-promote-master": False}
    cell.kubectl("uncordon", cell.node("m2"))
    stack.up(to_standby)
    assert ran(cell) == {"tenant3-promote-standby": True}
