"""A fleet is split into two stacks: nothing restarts, and no `up` between the steps deletes anything."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.cell import Cell
from tests.support.fleets import Config, tenant3, with_every_tenant, with_tenants
from tests.support.process import run
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine

OLD, NEW = "dev", "dev-2"


def fleet(cell: Cell, tenants: int) -> Config:
    """Return a fleet of tenants on two nodes each; the second one's failover promotes its database."""
    entries = [
        {
            "name": f"tenant{number}",
            "vip": f"192.168.143.{110 + number}",
            "hosts": {role: cell.add_node(f"n{number}-{role}") for role in ("master", "standby")},
        }
        for number in range(tenants)
    ]
    entries[1]["promotion"] = {"command": ["true"]}
    entries[1]["networkPolicy"] = {"allowFrom": ["10.0.0.0/8"]}
    return with_tenants(tenant3(cell), entries)


def split_files(stack: Stack, config: Config, *tenants: str) -> str:
    """Split the stack file with the command, and return the `pulumi state move` that it prints."""
    stack.configure(config)
    file = stack.project / f"Pulumi.{OLD}.yaml"
    done = run(sys.executable, "-m", "tenants", "split", str(file), NEW, *tenants)
    assert done.returncode == 0, done.stderr
    found = re.search(r"pulumi state move .*?'\n(?!    ')", done.stdout, re.DOTALL)
    assert found, done.stdout
    return found[0].strip()


def halves(config: Config, *tenants: str) -> tuple[Config, Config, Config]:
    """Return what the old stack declares afterwards, and the new one: at first, and once it has adopted the tenants."""
    stays = with_tenants(config, [entry for entry in config["tenants"] if entry["name"] not in tenants])
    moved = with_tenants(config, [entry for entry in config["tenants"] if entry["name"] in tenants])
    del moved["platform"]
    owned = {**moved, "cluster": {**config["cluster"], "keepalivedAccountOf": f"adb-tenants/{OLD}"}}
    return stays, {**owned, "cluster": {**owned["cluster"], "adoptFrom": f"adb-tenants/{OLD}"}}, owned


def move(stack: Stack, command: str) -> str:
    """Run the printed command, and return its error, empty if there is none."""
    done = run("bash", "-c", f"{command} --yes", cwd=stack.project, env=stack.environment)
    return done.stderr if done.returncode else ""


def owners(cell: Cell) -> dict[str, str]:
    """Return the stack that each tenant's objects are annotated with; a promotion Job never changes."""
    found: dict[str, set[str]] = {}
    for item in cell.live("services,statefulsets,replicationcontrollers,configmaps,networkpolicies"):
        tenant = re.match(r"tenant\d+", item["metadata"]["name"])
        if tenant:
            found.setdefault(tenant[0], set()).add(item["metadata"]["annotations"]["adb-tenants/stack"])
    return {tenant: ", ".join(sorted(stacks)) for tenant, stacks in found.items()}


def up_until_unchanged(stack: Stack, config: Config) -> None:
    """Run `up` until a preview shows no changes.

    The plugin may record a StatefulSet as it was before an update of its annotations (4.32, 2026-11), and shows that
    update again.
    """
    for _ in range(4):
        stack.up(config)
        if stack.preview(config).none:
            return
    raise AssertionError(f"previews of {stack.name} show changes after four `up`s")


def refusal(stack: Stack, config: Config) -> str:
    with pytest.raises(Refused) as refused:
        stack.up(config)
    return str(refused.value)


def test_a_split_fleet_restarts_nothing_and_goes_on_in_two_stacks(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    whole = fleet(cell, 3)
    stack.up(whole)
    before, labels = cell.uids(), cell.tenancy_labels()
    generations = {name: cell.get("statefulset", name)["metadata"]["generation"] for name in ("tenant1-master",)}

    command = split_files(stack, whole, "tenant1", "tenant2")
    stays, moved, owned = halves(whole, "tenant1", "tenant2")
    written = run("cat", str(stack.project / f"Pulumi.{NEW}.yaml")).stdout
    new = Stack(tmp_path, name=NEW, environment=cell.environment)
    assert move(stack, command) == ""
    initialised = run("cat", str(stack.project / f"Pulumi.{NEW}.yaml")).stdout
    assert initialised == written, "`pulumi stack init` or `state move` has changed the new stack's file"
    assert set(new.preview(moved).counts) == {"create", "update"}, "components are created, objects updated"
    new.up(moved)
    assert owners(cell) == {
        "tenant0": "adb-tenants/dev",
        "tenant1": "adb-tenants/dev-2",
        "tenant2": "adb-tenants/dev-2",
    }
    up_until_unchanged(new, owned)
    stack.up(stays)
    assert stack.preview(stays).none
    assert (cell.uids(), cell.tenancy_labels()) == (before, labels), "an object was replaced or a pod restarted"
    assert generations == {name: cell.get("statefulset", name)["metadata"]["generation"] for name in generations}

    # Each is changed without the other, and the old one keeps what the new one's pods use.
    new.up(with_every_tenant(owned, activeRole="standby"))
    for number in (1, 2):
        assert cell.endpoint_addresses(f"tenant{number}-vip") == [cell.pod_address(f"tenant{number}-standby-0")]
    assert cell.database_pods() == {name: uid for name, uid in before.items() if name.endswith("-0")}
    stack.up(with_every_tenant(stays, state="retired"))
    stack.up(with_tenants(stays, []))
    output = stack.pulumi("destroy", "--yes", "--run-program")
    assert "is used by the keepalived pods of stack adb-tenants/dev-2" in output.stdout + output.stderr
    new.up(with_every_tenant(owned, activeRole="standby", state="retired"))
    new.up(with_tenants(owned, []))
    assert cell.tenancy_labels() == {node: {} for node in labels}, "a label stays that another stack has set too"


def test_two_stacks_share_the_keepalived_of_nodes_after_a_split(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    nodes = [cell.add_node(f"k{number}") for number in range(2)]
    whole = fleet(cell, 2)
    for entry in whole["tenants"]:
        entry |= {"hosts": {"master": nodes[0], "standby": nodes[1]}, "keepalived": {"per": "node"}}
    listed = [{"name": node, "vrid": 201 + number} for number, node in enumerate(nodes)]
    whole["cluster"]["nodeKeepalived"] = {"nodes": listed}
    stack.up(whole)
    before = cell.uids()

    command = split_files(stack, whole, "tenant1")
    stays, *_ = halves(whole, "tenant1")
    settings = yaml.safe_load((stack.project / f"Pulumi.{NEW}.yaml").read_text())["config"]
    moved = {key.removeprefix("adb-tenants:"): value for key, value in settings.items()}
    owned = {**moved, "cluster": {key: value for key, value in moved["cluster"].items() if key != "adoptFrom"}}
    new = Stack(tmp_path, name=NEW, environment=cell.environment)
    assert move(stack, command) == ""
    new.up(moved)
    up_until_unchanged(new, owned)
    stack.up(stays)
    assert stack.preview(stays).none
    assert cell.uids() == before, "an object was replaced or a pod restarted"

    new.up(with_every_tenant(owned, activeRole="standby"))
    announced = [set(cell.get("configmap", f"adb-keepalived-{node}")["data"].values()) for node in nodes]
    services = [{"", f"{cell.namespace}/{entry['name']}-vip"} for entry in whole["tenants"]]
    assert announced == services, "each node announces its own address and the VIP whose active role it has"
    assert stack.preview(stays).none
    stack.up(with_every_tenant(stays, state="retired"))
    without_nodes = {**with_tenants(stays, []), "cluster": {**whole["cluster"], "nodeKeepalived": {}}}
    assert f"The keepalived of node {nodes[1]} serves VIPs of stack adb-tenants/{NEW}" in refusal(stack, without_nodes)


def test_an_up_between_the_steps_of_split_and_merge_deletes_nothing(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    whole = fleet(cell, 2)
    stack.up(whole)
    before = cell.uids()
    command = split_files(stack, whole, "tenant1")
    stays, moved, owned = halves(whole, "tenant1")
    new = Stack(tmp_path, name=NEW, environment=cell.environment)

    assert "tenant1 is neither in the fleet nor retired" in refusal(stack, stays), "before the move"
    exported = stack.exported_state()
    assert move(stack, command) == ""
    assert stack.preview(stays).none, "after the move"

    # As if the move had been killed between its two writes: the tenant is in both states.
    stack.import_state(exported)
    assert "tenant1 is neither in the fleet nor retired" in refusal(stack, stays)
    assert "already exists in destination stack" in move(stack, command)
    new.up(moved)
    assert "has been adopted by stack adb-tenants/dev-2" in refusal(stack, stays)
    assert cell.uids() == before
    urn = f"urn:pulumi:{OLD}::adb-tenants::adb:tenants:Tenant::tenant1"
    stack.succeed("state", "delete", "--target-dependents", "--yes", urn)
    stack.up(stays)
    up_until_unchanged(new, owned)
    assert stack.preview(stays).none
    assert cell.uids() == before, "an object was replaced or a pod restarted"

    # Back into one stack.
    urn = f"urn:pulumi:{NEW}::adb-tenants::adb:tenants:Tenant::tenant1"
    assert move(stack, f"pulumi state move --source {NEW} --dest {OLD} '{urn}'") == ""
    stack.up({**whole, "cluster": {**whole["cluster"], "adoptFrom": f"adb-tenants/{NEW}"}})
    new.up(with_tenants(owned, []))
    up_until_unchanged(stack, whole)
    assert cell.uids() == before, "an object was replaced or a pod restarted"


def test_an_up_of_the_wrong_file_adopts_and_deletes_nothing(cell: Cell, stack: Stack, tmp_path: Path) -> None:
    whole = fleet(cell, 2)
    stack.up(whole)
    before = cell.uids()
    command = split_files(stack, whole, "tenant1")
    stays, moved, owned = halves(whole, "tenant1")
    new = Stack(tmp_path, name=NEW, environment=cell.environment)
    assert move(stack, command) == ""

    assert "tenant1 belongs to stack adb-tenants/dev" in refusal(new, owned), "without adoptFrom"
    of_another = {**moved, "cluster": {**moved["cluster"], "keepalivedAccountOf": "adb-tenants/other"}}
    assert "is not declared by stack adb-tenants/other, but by stack adb-tenants/dev" in refusal(new, of_another)
    with_secrets = {**moved, "cluster": {**moved["cluster"], "imagePullSecrets": ["registry"]}}
    assert "cluster.imagePullSecrets belong to ServiceAccount adb-keepalived" in refusal(new, with_secrets)

    stack.up(whole)
    assert cell.uids() == before, "the old stack has adopted the tenant again, in place"
    new.up(moved)
    assert "tenant1 belongs to stack adb-tenants/dev-2" in refusal(stack, whole)
    assert "has been adopted by stack adb-tenants/dev-2" in refusal(stack, stays)
    urn = f"urn:pulumi:{OLD}::adb-tenants::adb:tenants:Tenant::tenant1"
    stack.succeed("state", "delete", "--target-dependents", "--yes", urn)
    assert stack.preview(stays).none
    up_until_unchanged(new, owned)
    assert cell.uids() == before, "an object was replaced or a pod restarted"
