"""A promotion command runs in a failover, before traffic moves, once, and at no other time."""

import json
from typing import Any

import pytest

from tests.support.cell import Cell, Manifest, eventually
from tests.support.fleets import Config, tenant3
from tests.support.interruption import cancel, kill, start_an_up
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine

COMMAND = ["ssh", "gpadmin@$(PROMOTE)", "gpactivatestandby", "-a"]


def promoted(cell: Cell, *, timeout_seconds: int = 60, **changes: Any) -> Config:
    return tenant3(cell, promotion={"command": COMMAND, "timeoutSeconds": timeout_seconds}, **changes)


def jobs(cell: Cell) -> dict[str, Manifest]:
    return {job["metadata"]["name"]: job for job in cell.live("jobs")}


def ran(cell: Cell) -> dict[str, bool]:
    """Each Job that is there, and whether its command has been run to a good end."""
    return {name: "completionTime" in job["status"] for name, job in jobs(cell).items()}


def served_role(cell: Cell) -> str:
    role: str = cell.get("service", "tenant3-vip")["spec"]["selector"]["role"]
    return role


def promotion_pods(cell: Cell) -> list[Manifest]:
    return cell.live("pods", "--selector", "adb-tenants/promotion-of=tenant3")


def appliers(cell: Cell, job: str) -> set[str]:
    """The field managers that have declared a Job: each `up` that makes one, or thinks so, has its own."""
    fields = json.loads(cell.kubectl("get", "job", job, "--show-managed-fields", "--output", "json"))["metadata"]
    return {entry["manager"] for entry in fields["managedFields"] if entry["operation"] == "Apply"}


def test_a_failover_promotes_once_before_traffic_moves_however_often_it_is_interrupted_and_so_does_the_way_back(
    cell: Cell, stack: Stack
) -> None:
    stack.up(promoted(cell))
    databases = cell.database_pods()
    assert ran(cell) == {"tenant3-promote-master": False}
    assert promotion_pods(cell) == [], "a new tenant's master is primary already"

    # The pod of the Job has to wait for its node; the control pod is there already. Without force it would be refused.
    cell.kubectl("cordon", cell.node("m2"))
    to_standby = promoted(cell, activeRole="standby")
    by_force = promoted(cell, activeRole="standby", force="the node is busy")
    running = start_an_up(stack, by_force)
    eventually(lambda: bool(promotion_pods(cell)), what="the promotion has begun", seconds=60)
    kill(stack, running)
    (pod,) = promotion_pods(cell)
    running = start_an_up(stack, by_force)
    eventually(
        lambda: len(appliers(cell, "tenant3-promote-standby")) == 2, what="another `up` waits for it", seconds=60
    )
    said = cancel(running)
    assert 'was cancelled for "tenant3-promote-standby"' in said, said
    assert served_role(cell) == "master"
    cell.kubectl("uncordon", cell.node("m2"))

    stack.up(to_standby)
    assert ran(cell) == {"tenant3-promote-standby": True}
    assert [found["metadata"]["uid"] for found in promotion_pods(cell)] == [pod["metadata"]["uid"]], "it ran twice"
    assert pod["spec"]["nodeSelector"] == {"tenancy-tenant3": "standby"}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-standby-0")]
    to_standby["tenants"][0]["promotion"] = {"command": ["another"], "timeoutSeconds": 5}
    assert not stack.preview(to_standby).counts, "a Job that has run is no reason for another"

    stack.up(promoted(cell))
    assert ran(cell) == {"tenant3-promote-master": True}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-master-0")]
    assert not stack.preview(promoted(cell)).counts
    assert cell.database_pods() == databases


def test_traffic_stays_where_it_is_when_a_promotion_fails_and_the_next_up_runs_another(
    cell: Cell, stack: Stack
) -> None:
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


def test_nothing_is_promoted_that_would_not_be_served(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    stack.up(promoted(cell))
    assert ran(cell) == {"tenant3-promote-master": False}, "a promotion that has just been written promotes nobody"
    cell.kubectl("scale", "statefulset", "tenant3-standby", "--replicas", "0")
    eventually(lambda: "Pod tenant3-standby-0" not in cell.objects(), what="the standby's pod is gone")
    for operation in (stack.preview, stack.up):
        with pytest.raises(Refused, match=r"tenant3-standby-0 on .*, which is not ready"):
            operation(promoted(cell, activeRole="standby"))
    with pytest.raises(Refused, match="tenant3 is stopped, so that its promotion cannot run"):
        stack.preview(promoted(cell, activeRole="standby", state="stopped"))
    assert ran(cell) == {"tenant3-promote-master": False}
    assert served_role(cell) == "master"

    stack.up(promoted(cell, activeRole="standby", force="m1 burns"))
    assert ran(cell) == {"tenant3-promote-standby": True}
    assert served_role(cell) == "standby"
