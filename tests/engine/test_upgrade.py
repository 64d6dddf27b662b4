"""A fleet of an earlier version is not changed by this one: nothing is replaced, restarted or moved."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support.cell import Cell
from tests.support.fleets import Config, tenant3, with_tenant4, with_tenants
from tests.support.program import ROOT
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

EARLIER = ("0b4d68c7",)
"""Commits whose fleets must not be changed, but for metadata."""
LAST_RELEASE = "6f46ece"
"""The commit of v0.9.0, by its id: a clone may lack the tag."""
MOST_RUNS = 3
"""The official plugin may record a StatefulSet as it was before a change of its metadata alone, and then shows that
change again (4.32, 2 of 10 objects on a busy machine, 2026-11-25)."""


@pytest.fixture(params=EARLIER)
def earlier_program(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The checkout of an earlier version."""
    done = subprocess.run(["git", "archive", request.param], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, f"{done.stderr.decode()} In a shallow clone, run `git fetch --unshallow`."
    checkout = tmp_path / "earlier"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        files.extractall(checkout, filter="data")
    return checkout


def settle(stack: Stack, config: Config) -> None:
    """Update until a preview shows no change; only updates are allowed."""
    for _ in range(MOST_RUNS):
        changes = stack.preview(config).counts
        if not changes:
            return
        assert set(changes) == {"update"}, f"more than metadata changes: {changes}"
        stack.up(config)
    assert not stack.preview(config).counts


def test_a_fleet_of_an_earlier_version_is_not_changed(cell: Cell, stack: Stack, earlier_program: Path) -> None:
    config = with_tenant4(cell, tenant3(cell))
    stopped = {"name": "tenant5", "vip": "192.168.143.146", "state": "stopped", "promotion": {"command": ["promote"]}}
    stopped["hosts"] = {"master": cell.node("m2"), "standby": cell.node("m1")}
    config = with_tenants(config, [*config["tenants"], stopped])
    stack.run_program_of(earlier_program)
    stack.up(config)
    before, labels = cell.uids(), cell.tenancy_labels()

    stack.run_program_of(ROOT)
    settle(stack, config)
    assert cell.uids() == before
    assert cell.tenancy_labels() == labels


@pytest.mark.parametrize("earlier_program", [LAST_RELEASE], indirect=True)
def test_a_fleet_of_the_last_release_has_nothing_to_do(cell: Cell, stack: Stack, earlier_program: Path) -> None:
    nodes = {"master": cell.node("m2"), "standby": cell.node("m1")}
    options: Config = {
        "promotion": {"command": ["promote"]},
        "networkPolicy": {"allowFrom": ["10.0.0.0/8"]},
        "cpu": 2,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "updateStrategy": "RollingUpdate",
    }
    config = with_tenant4(cell, tenant3(cell, **options))
    others: list[Config] = [
        {"name": "tenant5", "vip": "192.168.143.146", "hosts": nodes, "state": "stopped", "activeRole": "standby"},
        {"name": "tenant6", "vip": "192.168.143.147", "hosts": nodes, "state": "retired", "vrid": 7},
    ]
    config = with_tenants(config, [*config["tenants"], *others])
    stack.run_program_of(earlier_program)
    stack.up(config)
    outputs = stack.succeed("stack", "output", "--json", "--show-secrets")

    stack.run_program_of(ROOT)
    shown = stack.succeed("preview")
    assert stack.preview(config).none, shown
    assert "Outputs:" not in shown, shown
    assert stack.up(config).none
    assert stack.succeed("stack", "output", "--json", "--show-secrets") == outputs


def test_the_first_run_of_this_version_can_be_a_failover(cell: Cell, stack: Stack, earlier_program: Path) -> None:
    stack.run_program_of(earlier_program)
    stack.up(tenant3(cell))
    before = cell.database_pods()

    stack.run_program_of(ROOT)
    stack.up(tenant3(cell, activeRole="standby"))
    assert cell.database_pods() == before
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-standby-0")]
    assert cell.keepalived_pod("tenant3")["spec"]["nodeName"] == cell.node("m2")
    settle(stack, tenant3(cell, activeRole="standby"))
    assert cell.database_pods() == before
