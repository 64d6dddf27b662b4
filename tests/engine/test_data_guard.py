"""Moving a database without `allowMove`, and removing one that is not retired, is refused in the preview."""

from typing import Any

import pytest

from tests.support.cell import Cell, eventually
from tests.support.fleets import tenant3, with_every_tenant, with_tenant4, with_tenants
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine


def assert_refused(stack: Stack, cell: Cell, config: dict[str, Any], *, message: str) -> None:
    """Assert that a preview, and an `up` without one, are refused with this message and change no object."""
    before = cell.uids()
    for operation in (stack.preview, stack.up):
        with pytest.raises(Refused) as refused:
            operation(config)
        assert message in str(refused.value), str(refused.value)
        assert "Traceback" not in str(refused.value)
    after = cell.uids()
    assert {name: after.get(name) for name in before} == before


def test_a_changed_host_is_refused_until_allowed(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    m3 = cell.add_node("m3")
    hosts = {"master": m3, "standby": cell.node("m2")}
    assert_refused(stack, cell, tenant3(cell, hosts=hosts), message=f"- {{role: master, host: {m3}}}")
    for elsewhere in ({"role": "standby", "host": m3}, {"role": "master", "host": cell.node("m4")}):
        config = tenant3(cell, hosts=hosts, allowMove=[elsewhere])
        assert_refused(stack, cell, config, message=f"- {{role: master, host: {m3}}}")

    stack.up(tenant3(cell, hosts=hosts, allowMove=[{"role": "master", "host": m3}]))
    cell.kubectl("delete", "pod", "tenant3-master-0")
    eventually(
        lambda: cell.get("pod", "tenant3-master-0")["spec"].get("nodeName") == m3, what="the pod runs on its new node"
    )
    assert cell.tenancy_labels() == {
        cell.node("m1"): {},
        cell.node("m2"): {"tenancy-tenant3": "standby"},
        m3: {"tenancy-tenant3": "master"},
    }


def test_a_changed_path_is_refused_until_allowed_for_both_roles(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    moved = {"dataPath": "/data1/tenant3/data", "logPath": "/data1/tenant3/adminlog"}
    fields = "dataPath: /data1/tenant3/data, logPath: /data1/tenant3/adminlog}"
    assert_refused(stack, cell, tenant3(cell, **moved), message=fields)
    master = {"role": "master", **moved}
    assert_refused(stack, cell, tenant3(cell, **moved, allowMove=[master]), message=f"- {{role: standby, {fields}")
    stack.up(tenant3(cell, **moved, allowMove=[master, {**master, "role": "standby"}]))


def test_renaming_a_tenant_is_refused(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    assert_refused(stack, cell, tenant3(cell, name="tenant5"), message="tenant3 is neither in the fleet nor retired")


def test_only_a_retired_tenant_is_removed_and_its_files_are_reported(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    both = with_tenant4(cell, config)
    stack.up(both)
    assert_refused(stack, cell, config, message="set `state: retired` there, run `pulumi up`, then remove the entry")

    retired = with_tenants(both, [both["tenants"][0], {**both["tenants"][1], "state": "retired"}])
    stack.up(retired)
    eventually(lambda: not any("Pod tenant4" in name for name in cell.objects()), what="no pod of tenant4 runs")
    stack.configure(config)
    removed = stack.succeed("up", "--yes")
    for role, node in (("master", "m2"), ("standby", "m1")):
        left = f"its files stay on {cell.node(node)}: /data0/tenant4/data, /data0/tenant4/adminlog"
        assert f"tenant4-{role} is removed; {left}" in removed

    eventually(lambda: not any("tenant4" in name for name in cell.objects()), what="every object of tenant4 is deleted")
    assert cell.tenancy_labels() == {
        cell.node("m1"): {"tenancy-tenant3": "master"},
        cell.node("m2"): {"tenancy-tenant3": "standby"},
    }
    assert not stack.preview(config).counts


def test_destroy_is_refused_unless_every_tenant_is_retired(cell: Cell, stack: Stack) -> None:
    config = tenant3(cell)
    stack.up(config)
    before = cell.uids()
    for flags in ((), ("--run-program",), ("--run-program", "--skip-preview")):
        refused = stack.pulumi("destroy", "--yes", *flags)
        assert refused.returncode != 0, refused.stdout
        assert cell.uids() == before, f"destroy {flags} was refused, but not as a whole"
    stack.up(with_every_tenant(config, state="retired"))
    stack.succeed("destroy", "--yes", "--run-program")
    eventually(lambda: cell.objects() == set(), what="every object is deleted")
    assert cell.tenancy_labels() == {cell.node("m1"): {}, cell.node("m2"): {}}
