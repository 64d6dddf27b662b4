"""The output of `discover` is a stack file that adopts the tenants in place without edits."""

import sys

import pytest
import yaml

from tenants.discover import KINDS
from tests.support.cell import Cell, eventually
from tests.support.fleets import tenant3
from tests.support.legacy import create_legacy_tenant
from tests.support.process import run
from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def discovered(cell: Cell) -> tuple[str, str]:
    """Return the command's standard output and standard error."""
    listed = cell.kubectl("get", KINDS, "--output", "json")
    done = run(sys.executable, "-m", "tenants", "discover", env=cell.environment, stdin=listed)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def create_shared_objects(cell: Cell) -> None:
    """Create the six objects that every tenant refers to."""
    names = {"adbops": ("ConfigMap", "adbops-cm"), "mysql": ("ConfigMap", "mysql-configmap")}
    names |= {"adbConnect": ("Secret", "adb-connect-secret"), "mysqlConnect": ("Secret", "mysql-connect")}
    names |= {"rootSshKey": ("Secret", "root-ssh-key"), "gpadminSshKey": ("Secret", "gpadmin-ssh-key")}
    for key, shared in tenant3(cell)["platform"].items():
        kind, name = names[key]
        data = {"data" if kind == "ConfigMap" else "stringData": shared["data"]}
        cell.create({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **data})


def test_a_fleet_is_adopted_by_the_printed_stack_file(cell: Cell, stack: Stack) -> None:
    create_shared_objects(cell)
    hosts = {role: cell.add_node(f"h-{role}") for role in ("master", "standby")}
    # Two whose keepalived pods share a node, and one that was scaled to 0.
    for number, name in enumerate(("east", "west", "asleep")):
        create_legacy_tenant(cell, name, vip=f"192.168.143.{150 + number}", hosts=hosts)
    eventually(
        lambda: all(cell.endpoint_addresses(f"{name}-vip") for name in ("east", "west", "asleep")),
        what="the old tenants have endpoints",
        seconds=60,
    )
    cell.kubectl("scale", "--replicas=0", "statefulset/asleep-master", "statefulset/asleep-standby", "rc/asleep-vip")
    eventually(
        lambda: not any("asleep" in name for name in cell.uids() if name.startswith("Pod")), what="it has no pod"
    )
    before = cell.uids()

    printed, output = discovered(cell)
    (stack.project / f"Pulumi.{stack.name}.yaml").write_text(printed)
    tenants = yaml.safe_load(printed)["config"]["adb-tenants:tenants"]
    waived = [{"rule": "E601", "reason": "as found"}]
    common = {"hosts": hosts, "adopt": True}
    assert tenants == [
        {"name": "asleep", "vip": "192.168.143.152", **common, "state": "stopped"},
        {"name": "east", "vip": "192.168.143.150", **common, "waive": waived},
        {"name": "west", "vip": "192.168.143.151", **common, "waive": waived},
    ]
    assert output.startswith("E601 is waived, as found, for east and west: ")
    assert output.count("\n") == 1

    stack.succeed("preview")
    stack.succeed("up", "--yes")
    after = cell.uids()
    assert {name: after.get(name) for name in before} == before, "an object was replaced, or a pod restarted"
    assert not {name for name in after.keys() - before.keys() if name.startswith("Pod")}, "a pod was started"
    stack.succeed("preview", "--expect-no-changes")
