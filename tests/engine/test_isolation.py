"""The objects of a fleet, and those that `python -m tenants isolation` prints, isolate tenants from each other.

Who may connect to whom is computed from the live pods and policies by the Network Config Analyzer; the simulated nodes
of the local cluster have no network.
"""

import json
import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from dev.local import places, pypi_venv
from tenants import load
from tenants.isolation import DEFAULT_REQUEST, documents
from tests.support.cell import Cell, eventually, new_cell
from tests.support.fleets import Config, tenant3, with_tenants
from tests.support.process import run
from tests.support.program import ROOT
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

DATABASE, SSH = 5432, 22
CLIENT, STRANGER = "10.1.2.3", "172.16.0.9"


@pytest.fixture(scope="session")
def analyzer() -> Path:
    """The evaluator of NetworkPolicies, in an environment of its own: it pins other versions than the program."""
    lock = ROOT / "tests" / "support" / "nca.lock.txt"
    return pypi_venv.ensure(lock, places.of_checkout(), "the Network Config Analyzer") / "bin" / "nca"


def fleet(cell: Cell) -> Config:
    """Return two tenants on the same nodes, whose clients are in 10.0.0.0/8."""
    config = tenant3(cell)
    (entry,) = config["tenants"]
    entry = {**entry, "memory": "2Gi", "networkPolicy": {"allowFrom": ["10.0.0.0/8"]}}
    hosts = {"master": cell.node("m2"), "standby": cell.node("m1")}
    east = {**entry, "name": "east"}
    return with_tenants(config, [east, {**entry, "name": "west", "vip": "192.168.143.145", "hosts": hosts}])


def isolate(cell: Cell, config: Config) -> None:
    cell.create(*documents([load(config)]))


class Reach:
    """Who may connect to whom, as the analyzer computes it."""

    def __init__(self, analyzer: Path, directory: Path, objects: Sequence[Mapping[str, Any]]) -> None:
        directory.mkdir()
        (directory / "objects.yaml").write_text("\n---\n".join(map(json.dumps, objects)))
        found = directory.with_suffix(".txt")
        options = ("-o", "txt_no_fw_rules", "--output_endpoints", "pods", "--file_out", str(found))
        done = run(str(analyzer), "--connectivity", "-r", str(directory), *options)
        assert done.returncode == 0, done.stderr
        # One line for each pair: `10.0.0.0-10.255.255.255 => cell/east-master-0 : {protocols:TCP,dst_ports:5432}`.
        lines = re.findall(r"^(\S+) => (\S+) : (.+)$", found.read_text(), re.MULTILINE)
        assert lines, done.stdout
        self._allowed = [(_end(source), _end(target), connections) for source, target, connections in lines]

    def may(self, source: str, target: str, port: int) -> bool:
        """Tell whether an address or a pod, `namespace/name`, may connect to a port of a pod."""
        return any(
            _is(source, allowed) and target == to and _has(connections, port)
            for allowed, to, connections in self._allowed
        )


def _end(written: str) -> str:
    return written.partition("[")[0]


def _is(who: str, allowed: str) -> bool:
    if "/" in who or "/" in allowed:
        return who == allowed
    first, _, last = allowed.partition("-")
    return IPv4Address(first) <= IPv4Address(who) <= IPv4Address(last or first)


def _has(connections: str, port: int) -> bool:
    return connections == "All connections" or str(port) in re.findall(r"\d+", connections.partition("dst_ports:")[2])


def live_objects(cell: Cell, *namespaces: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cell.kubectl("get", "namespaces", *namespaces, "-o", "json"))["items"]
    for namespace in namespaces:
        listed = cell.kubectl("get", "pods,networkpolicies", "--namespace", namespace, "-o", "json")
        found += json.loads(listed)["items"]
    return found


def test_a_tenant_is_reached_by_its_clients_and_its_own_pods_only(
    cell: Cell, stack: Stack, analyzer: Path, tmp_path: Path
) -> None:
    config = fleet(cell)
    isolate(cell, config)
    stack.up(config)
    other = new_cell(f"{cell.namespace}-other", cell.environment)
    for namespace in (cell, other):
        container = {"name": "shell", "image": "shell"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shell", "labels": {"app": "shell"}}}
        toleration = {"operator": "Exists"}
        namespace.create({**pod, "spec": {"containers": [container], "tolerations": [toleration]}})
    reach = Reach(analyzer, tmp_path / "objects", live_objects(cell, cell.namespace, other.namespace))

    here, there = cell.namespace, other.namespace
    master, standby, neighbour = (f"{here}/{name}-0" for name in ("east-master", "east-standby", "west-master"))
    sources = (CLIENT, STRANGER, standby, neighbour, f"{here}/shell", f"{there}/shell")
    assert {source: (reach.may(source, master, DATABASE), reach.may(source, master, SSH)) for source in sources} == {
        CLIENT: (True, False),
        STRANGER: (False, False),
        standby: (True, True),
        neighbour: (False, False),
        f"{here}/shell": (False, False),
        f"{there}/shell": (False, False),
    }
    # Whatever else is in the namespace is closed, too; what is elsewhere is not this fleet's.
    assert not reach.may(STRANGER, f"{here}/shell", DATABASE)
    assert reach.may(STRANGER, f"{there}/shell", DATABASE)


def test_the_quota_admits_what_is_declared_and_nothing_else(cell: Cell, stack: Stack) -> None:
    config = fleet(cell)
    isolate(cell, config)
    stack.up(config)
    keepalived = cell.keepalived_pod("east")
    assert keepalived["spec"]["containers"][0]["resources"] == {"requests": DEFAULT_REQUEST}
    failed_over = with_tenants(config, [{**entry, "activeRole": "standby"} for entry in config["tenants"]])
    stack.up(failed_over)
    assert stack.preview(failed_over).none

    def pods(which: str) -> int:
        return int(cell.get("resourcequota", "adb-tenants")["status"][which]["pods"])

    # The controller manager counts again a moment after a pod has started.
    eventually(lambda: pods("used") >= 6, what="the quota counts the pods that run")
    assert pods("hard") >= pods("used")
    big = {"name": "big", "image": "big", "resources": {"requests": {"memory": "2Gi"}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "big"}, "spec": {"containers": [big]}}
    arguments = ("kubectl", "--namespace", cell.namespace, "create", "-f", "-")
    refused = run(*arguments, env=cell.environment, stdin=json.dumps(pod))
    assert "exceeded quota: adb-tenants, requested: requests.memory=2Gi" in refused.stderr
