"""Failover, stop and start, upgrade: the effects of one edited line on pods and traffic."""

import pytest

from tests.support.cell import Cell, eventually
from tests.support.drift_list import drift_list
from tests.support.fleets import tenant3
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine


def test_failover_and_failback_move_traffic_and_restart_no_database(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    databases = cell.database_pods()
    assert len(databases) == 2
    for role, node in (("standby", "m2"), ("master", "m1")):
        before = cell.uids()
        stack.up(tenant3(cell, activeRole=role))
        after = cell.uids()
        assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address(f"tenant3-{role}-0")]
        assert cell.keepalived_pod("tenant3")["spec"]["nodeName"] == cell.node(node)
        assert cell.database_pods() == databases
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert {name for name in changed if not name.startswith("Pod tenant3-vip-")} == {
            "ReplicationController tenant3-vip"
        }
        assert not stack.preview(tenant3(cell, activeRole=role)).counts
        assert drift_list(stack).none


def test_a_failover_to_a_pod_that_is_not_ready_is_refused_unless_forced(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    cell.kubectl("scale", "statefulset", "tenant3-standby", "--replicas", "0")
    eventually(lambda: "Pod tenant3-standby-0" not in cell.objects(), what="the standby's pod is deleted")
    for operation in (stack.preview, stack.up):
        with pytest.raises(Refused, match=r"tenant3-standby-0 on .*, which is not ready") as refused:
            operation(tenant3(cell, activeRole="standby"))
        assert "force: <the reason>" in str(refused.value)
    assert cell.get("service", "tenant3-vip")["spec"]["selector"]["role"] == "master"

    stack.up(tenant3(cell, activeRole="standby", force="m1 is lost"))
    assert cell.get("service", "tenant3-vip")["spec"]["selector"]["role"] == "standby"


def test_a_stopped_tenant_keeps_all_objects_but_its_pods(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    objects = {name for name in cell.objects() if not name.startswith("Pod")}
    stack.up(tenant3(cell, state="stopped"))
    eventually(lambda: cell.objects() == objects, what="every object exists, and no pod")
    assert not stack.preview(tenant3(cell, state="stopped")).counts
    assert drift_list(stack).none

    stack.up(tenant3(cell))
    assert set(cell.database_pods()) == {"Pod tenant3-master-0", "Pod tenant3-standby-0"}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-master-0")]


def test_an_upgrade_is_three_edits_and_each_database_restarts_once(cell: Cell, stack: Stack) -> None:
    new = "docker.dtdream.com/adb/adb-control:v1.2.0"

    def running_image(role: str) -> str:
        image: str = cell.get("pod", f"tenant3-{role}-0")["spec"]["containers"][0]["image"]
        return image

    def restart(role: str) -> None:
        old = cell.get("pod", f"tenant3-{role}-0")["metadata"]["uid"]
        cell.kubectl("delete", "pod", f"tenant3-{role}-0")
        eventually(
            lambda: (
                (f"Pod tenant3-{role}-0" in cell.uids() and cell.uids()[f"Pod tenant3-{role}-0"] != old)
                and bool(cell.endpoint_addresses(f"tenant3-{role}"))
            ),
            what=f"{role} is ready again",
        )

    def revisions() -> dict[str, str]:
        return dict(stack.tenant_output("tenant3")["revisions"])

    stack.up(tenant3(cell))
    assert revisions() == {"master": "current", "standby": "current"}
    before = cell.database_pods()
    stack.up(tenant3(cell, image=new))
    assert cell.database_pods() == before
    assert revisions() == {"master": "old", "standby": "old"}
    assert drift_list(stack).none
    restart("standby")
    assert running_image("standby") == new
    stack.up(tenant3(cell, image=new, activeRole="standby"))
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-standby-0")]
    assert revisions() == {"master": "old", "standby": "current"}
    restart("master")
    assert running_image("master") == new
    stack.up(tenant3(cell, image=new))
    assert revisions() == {"master": "current", "standby": "current"}
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-master-0")]
