"""What a fleet's cluster is to contain: kept by the test, and written without the program's own code."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.fleets import CONFIG, Config
from tests.support.month.world import ROLES, Database, World

SHARED = (
    *("ConfigMap adbops-cm", "ConfigMap mysql-configmap", "Secret adb-connect-secret", "Secret mysql-connect"),
    *("Secret root-ssh-key", "Secret gpadmin-ssh-key", "ServiceAccount adb-keepalived"),
)
IMAGE, MEMORY = "adb-control:v1", "1Gi"
PROMOTION: Config = {"command": ["ssh", "gpadmin@$(PROMOTE)", "gpactivatestandby", "-a"], "timeoutSeconds": 60}
READY, CORDONED, LOST = "ready", "cordoned", "lost"


def other(role: str) -> str:
    """Return the other role."""
    return "standby" if role == "master" else "master"


@dataclass
class Pod:
    """A database's pod: with what it was started, and for which node."""

    started: Database
    """With the node that it is bound to, also while it is pending."""
    runs: bool
    number: int
    """Another one for each start: pods of one number have one uid."""


@dataclass
class Model:
    """The fleet's configuration, its nodes, and the pods that run.

    Tenant number 3 is `t3`, with the VIP 192.168.143.4 and its roles on `n3` and `n4`: each node is in use by two
    tenants, or three once databases have moved.
    """

    namespace: str
    slots: int
    """One more than the highest number of a tenant or node."""
    nodes: dict[int, str]
    """Ready, cordoned or lost."""
    entries: dict[int, Config] = field(default_factory=dict)
    pods: dict[tuple[int, str], Pod] = field(default_factory=dict)
    promoted: dict[int, bool] = field(default_factory=dict)
    """Of tenants with a promotion: whether the last failover has run it."""
    starts: int = 0

    # The configuration ------------------------------------------------------------------------------------------------

    def node(self, number: int) -> str:
        """Return the name of a node."""
        return f"n{number % self.slots}.{self.namespace}"

    def add(self, slot: int) -> None:
        """Add a tenant, and start it; every second one has a keepalived of its own."""
        self.entries[slot] = {
            "name": f"t{slot}",
            "vip": vip(slot),
            "hosts": {"master": self.node(slot), "standby": self.node(slot + 1)},
            "activeRole": "master",
            "state": "running",
            "image": IMAGE,
            "memory": MEMORY,
            "dataPath": f"/data0/t{slot}",
            "logPath": f"/data0/t{slot}-logs",
            "keepalived": {"per": "node" if slot % 2 else "tenant"},
            "waive": [{"rule": "E601", "reason": "two tenants on each node"}],
        }
        self.start(slot)

    def config(self) -> Config:
        """Return the stack's configuration."""
        nodes = [{"name": self.node(number), "vrid": 101 + number} for number in self.nodes]
        return {
            "cluster": {
                "namespace": self.namespace,
                "vipPools": ["192.168.143.0/24"],
                "nodeKeepalived": {"nodes": nodes},
            },
            "platform": CONFIG["platform"],
            "tenants": copy.deepcopy([self.entries[slot] for slot in sorted(self.entries)]),
        }

    def with_entry(self, slot: int, **changes: object) -> Config:
        """Return the configuration with another entry of a tenant, and leave the model as it is."""
        config = self.config()
        (found,) = [entry for entry in config["tenants"] if entry["name"] == f"t{slot}"]
        found.update(changes)
        return config

    # Questions about it -----------------------------------------------------------------------------------------------

    def host(self, slot: int, role: str) -> int:
        """Return the number of a role's node."""
        return int(self.entries[slot]["hosts"][role].partition(".")[0][1:])

    def active_host(self, slot: int) -> int:
        """Return the number of the node on which a tenant's VIP is announced."""
        return self.host(slot, self.entries[slot]["activeRole"])

    def runs(self, slot: int) -> bool:
        """Tell whether a tenant is in the fleet, neither stopped nor retired."""
        return slot in self.entries and self.entries[slot]["state"] == "running"

    def has_own_keepalived(self, slot: int) -> bool:
        return bool(self.entries[slot]["keepalived"]["per"] == "tenant")

    def is_ready(self, slot: int, role: str) -> bool:
        """Tell whether a role's database serves."""
        return (slot, role) in self.pods and self.pods[slot, role].runs

    def on_ready_nodes(self, slot: int) -> bool:
        """Tell whether pods of both roles could start."""
        return all(self.nodes[self.host(slot, role)] == READY for role in ROLES)

    def is_settled(self, slot: int) -> bool:
        """Tell whether a tenant runs, on nodes that accept pods, with every pod where its entry has it."""
        return (
            self.runs(slot)
            and self.on_ready_nodes(slot)
            and all(
                self.is_ready(slot, role) and self.pods[slot, role].started.node == self.entries[slot]["hosts"][role]
                for role in ROLES
            )
        )

    # What happens to pods ---------------------------------------------------------------------------------------------

    def start(self, slot: int, *roles: str) -> None:
        """Start pods from what the entry says now; they are pending while their node accepts none."""
        entry = self.entries[slot]
        for role in roles or ROLES:
            self.starts += 1
            started = Database(entry["hosts"][role], entry["dataPath"], entry["image"], entry["memory"])
            runs = self.nodes[self.host(slot, role)] == READY
            self.pods[slot, role] = Pod(started=started, runs=runs, number=self.starts)

    def stop(self, slot: int) -> None:
        """End a tenant's pods."""
        for role in ROLES:
            self.pods.pop((slot, role), None)

    def lose(self, number: int) -> None:
        """Lose a node with its pods, which their controllers create again, pending."""
        self.nodes[number] = LOST
        for (slot, role), pod in list(self.pods.items()):
            if pod.runs and pod.started.node == self.node(number):
                self.start(slot, role)

    def accept_pods(self, number: int) -> None:
        """Start the pods that are pending for a node."""
        self.nodes[number] = READY
        for (slot, role), pod in self.pods.items():
            # A pod from before a move stays pending: its node has lost the label.
            if pod.started.node == self.node(number) == self.entries[slot]["hosts"][role]:
                pod.runs = True

    # The whole --------------------------------------------------------------------------------------------------------

    def expected(self) -> World:
        """Return the cluster as it is to be."""
        return World(
            objects=frozenset(self._objects()),
            selectors={f"t{slot}": entry["activeRole"] for slot, entry in self.entries.items()},
            backends={f"t{slot}": frozenset(self._backends(slot)) for slot in self.entries},
            announcements={vip(slot): frozenset({where}) for slot in self.entries if (where := self._announced(slot))},
            databases={
                f"t{slot}-{role}-0": pod.started if pod.runs else pod.started._replace(node="")
                for (slot, role), pod in self.pods.items()
            },
            labels={self.node(number): self._labels(number) for number, state in self.nodes.items() if state != LOST},
            cordoned=frozenset(self.node(number) for number, state in self.nodes.items() if state == CORDONED),
            promoted={self._job(slot): has_run for slot, has_run in self.promoted.items()},
        )

    def drifted(self) -> set[str]:
        """Return the objects that differ from what is declared, whatever an `up` does: nodes that are missing."""
        return {
            f"Node {self.node(number)}"
            for number, state in self.nodes.items()
            if state == LOST and self._labels(number)
        }

    def _objects(self) -> Iterator[str]:
        yield from SHARED
        for number in self.nodes:
            yield f"ConfigMap adb-keepalived-{self.node(number)}"
            yield f"ReplicationController adb-keepalived-{self.node(number)}"
        for slot, entry in self.entries.items():
            for role in ROLES:
                yield f"Service t{slot}-{role}"
                yield f"StatefulSet t{slot}-{role}"
            yield f"Service t{slot}-vip"
            if self.has_own_keepalived(slot):
                yield f"ConfigMap t{slot}-vip-cm"
                yield f"ReplicationController t{slot}-vip"
            if "networkPolicy" in entry:
                yield f"NetworkPolicy t{slot}-policy"
            if slot in self.promoted:
                yield f"Job {self._job(slot)}"

    def _job(self, slot: int) -> str:
        return f"t{slot}-promote-{self.entries[slot]['activeRole']}"

    def _backends(self, slot: int) -> Iterator[str]:
        role = self.entries[slot]["activeRole"]
        if self.is_ready(slot, role):
            yield f"t{slot}-{role}-0"

    def _announced(self, slot: int) -> str:
        """Return where a tenant's VIP is announced; empty while it is not."""
        number = self.active_host(slot)
        # A cordoned node's keepalived goes on: none is started there by what the program accepts.
        if self.nodes[number] == LOST:
            return ""
        if not self.has_own_keepalived(slot):
            name = f"adb-keepalived-{self.node(number)}"
            return f"{name} on {self.node(number)}"
        if not self.runs(slot):
            return ""
        return f"t{slot}-vip-cm on {self.node(number)}"

    def _labels(self, number: int) -> dict[str, str]:
        return {f"t{slot}": role for slot in self.entries for role in ROLES if self.host(slot, role) == number}


def vip(slot: int) -> str:
    """Return a tenant's VIP."""
    return f"192.168.143.{slot + 1}"
