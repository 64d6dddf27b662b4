"""The output of `discover` is a stack file that adopts the tenants in place without edits."""

import re
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


def test_a_cell_of_many_tenants_shares_keepalived_as_its_file_proposes(cell: Cell, stack: Stack) -> None:
    create_shared_objects(cell)
    nodes = [cell.add_node(f"c{number}") for number in range(2)]
    vips = {f"t{number}": f"192.168.143.{160 + number}" for number in range(4)}
    for number, (name, vip) in enumerate(vips.items()):
        hosts = {"master": nodes[number % 2], "standby": nodes[(number + 1) % 2]}
        create_legacy_tenant(cell, name, vip=vip, hosts=hosts)
    eventually(
        lambda: all(cell.endpoint_addresses(f"{name}-vip") for name in vips),
        what="the old tenants have endpoints",
        seconds=60,
    )
    printed, output = discovered(cell)
    file = stack.project / f"Pulumi.{stack.name}.yaml"
    file.write_text(printed)
    assert output.startswith("E601 is waived, as found, for t0, t1, t2 and t3: ")
    stack.succeed("up", "--yes")
    databases = cell.database_pods()

    proposed = re.sub(r"^    # (nodeKeepalived:| )", r"    \1", printed, flags=re.MULTILINE)
    file.write_text(f"{proposed}  adb-tenants:defaults: {{keepalived: {{per: node}}}}\n")
    stack.succeed("up", "--yes")
    stack.succeed("preview", "--expect-no-changes")
    assert cell.database_pods() == databases
    for number, node in enumerate(nodes):
        data = cell.get("configmap", f"adb-keepalived-{node}")["data"]
        # Besides the address that keepalived has for itself.
        assert {vip: service for vip, service in data.items() if service} == {
            vips[name]: f"{cell.namespace}/{name}-vip" for name in (f"t{number}", f"t{number + 2}")
        }
    assert {found["metadata"]["name"] for found in cell.live("replicationcontrollers")} == {
        f"adb-keepalived-{node}" for node in nodes
    }

    # The file is lost, and found again.
    again, output = discovered(cell)
    assert output == ""
    found = yaml.safe_load(again)["config"]
    assert found["adb-tenants:cluster"] == yaml.safe_load(proposed)["config"]["adb-tenants:cluster"]
    assert [entry["keepalived"] for entry in found["adb-tenants:tenants"]] == [{"per": "node"}] * 4
    file.write_text(again)
    stack.succeed("preview", "--expect-no-changes")
