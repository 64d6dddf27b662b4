"""The switches: what is changed in the stack file, or what happens to a node, and what clients hear meanwhile."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dev.bench.cell import Cell
from dev.bench.fleets import Config, platform
from dev.last_hop.hearing import answers, arp_delay, is_settled, outage
from dev.last_hop.kubelet import NAMESPACE, Kubelet, answer
from dev.last_hop.machine import Machine
from dev.last_hop.results import Per, Results, Switch, What
from dev.local import progress
from dev.local.cluster import DEV_NODES
from dev.local.user_error import UserError

M1, M2 = (node.name for node in DEV_NODES)
NODES = {M1: "m1", M2: "m2"}
MASTER, STANDBY = "master", "standby"
MOVING, NEIGHBOUR, THIRD = "tenant3", "tenant4", "tenant5"
VIPS = {MOVING: "192.168.143.144", NEIGHBOUR: "192.168.143.145", THIRD: "192.168.143.146"}
# tenant4's master is on the other node.
_HOSTS = {
    MOVING: {MASTER: M1, STANDBY: M2},
    NEIGHBOUR: {MASTER: M2, STANDBY: M1},
    THIRD: {MASTER: M1, STANDBY: M2},
}
_SETTLED_SECONDS = 4.0
_PATIENCE_SECONDS = 90.0
_CUT_OFF_SECONDS = 30.0
_WAIVED = [{"rule": "E601", "reason": "the last hop is tested with two tenants on a node"}]


def config(active: Mapping[str, str], per: Per) -> Config:
    """Return the configuration of these tenants with their active roles."""
    entries = [
        {"name": name, "vip": VIPS[name], "hosts": _HOSTS[name], "activeRole": role} for name, role in active.items()
    ]
    cluster: Config = {"namespace": NAMESPACE, "vipPools": ["192.168.143.0/24"]}
    defaults: Config = {"waive": _WAIVED}
    if per is Per.NODE:
        cluster["nodeKeepalived"] = {"nodes": [{"name": name, "vrid": 201 + i} for i, name in enumerate(NODES)]}
        defaults = {"keepalived": {"per": "node"}}
    return {"cluster": cluster, "platform": platform(), "defaults": defaults, "tenants": entries}


def node_of(tenant: str, role: str) -> str:
    """Return the name of a role's node."""
    return _HOSTS[tenant][role]


@dataclass
class Run:
    """A fleet, the machine that it is served in, and what has been found."""

    cell: Cell
    machine: Machine
    kubelet: Kubelet
    results: Results
    active: dict[str, str] = field(default_factory=lambda: {MOVING: MASTER})
    per: Per = Per.TENANT

    def all(self, switches: int) -> None:
        """Run every scenario, with so many switches each way."""
        self.settle()
        for _ in range(switches):
            for role in (STANDBY, MASTER):
                self.switch(What.FAILOVER, {MOVING: role})
        self.dead_nodes(switches)
        # tenant3 may be on the other node, which is tenant4's.
        self.up({MOVING: MASTER})
        self.up({NEIGHBOUR: MASTER})
        self.settle()
        self.check_tables()
        self.cut_off_neighbours(switches)
        self.change(Per.NODE)
        self.up({NEIGHBOUR: STANDBY})
        self.settle()
        for _ in range(switches):
            for role, other in ((STANDBY, MASTER), (MASTER, STANDBY)):
                self.switch(What.EMPTY, {MOVING: role, NEIGHBOUR: other})
        self.dead_nodes(switches)
        self.up({MOVING: MASTER, NEIGHBOUR: MASTER})
        self.settle()
        for i in range(switches):
            self.change(Per.TENANT)
            self.change(Per.NODE)
            # What the change has left behind shows when the VIP leaves the node again.
            self.switch(What.FAILOVER, dict.fromkeys(self.active, STANDBY if i % 2 == 0 else MASTER))
        self.up({THIRD: MASTER})
        self.settle()
        for _ in range(switches):
            for role in (STANDBY, MASTER):
                self.switch(What.FAILOVER, {MOVING: role})

    def change(self, per: Per) -> None:
        """Change what keepalived runs for."""
        self.switch(What.TO_NODE if per is Per.NODE else What.TO_TENANT, {}, per=per, observed=list(self.active))

    def switch(
        self, what: What, roles: Mapping[str, str], *, per: Per | None = None, observed: Sequence[str] = ()
    ) -> None:
        """Change roles, or what keepalived runs for, and record what the clients of all tenants noticed."""
        old = dict(self.active)
        began = self.machine.now()
        self.up(roles, per=per)
        self.settle()
        for tenant in self.active:
            moved = tenant in roles or tenant in observed
            self.record(what if moved else What.NEIGHBOUR, tenant, began, old=old[tenant])
        self.check_tables()

    def dead_nodes(self, switches: int) -> None:
        """Cut the power of the node that serves, fail over, and let it come back; then the same the other way."""
        for _ in range(switches):
            old = dict(self.active)
            node = node_of(MOVING, old[MOVING])
            self.lose(node)
            began = self.machine.now()
            served = [tenant for tenant, role in old.items() if node_of(tenant, role) == node]
            self.up({tenant: _other(old[tenant]) for tenant in served})
            self.settle()
            for tenant in served:
                self.record(What.DEAD, tenant, began, old=old[tenant], is_dead=True)
            began = self.machine.now()
            self.regain(node)
            self.settle(seconds=10)
            for tenant in self.active:
                self.record(What.BACK, tenant, began, old=self.active[tenant])
            self.check_tables()

    def cut_off_neighbours(self, switches: int) -> None:
        """Let a tenant's own keepalived start on the node of another's."""
        for _ in range(switches):
            began = self.machine.now()
            self.up({NEIGHBOUR: STANDBY})
            self.settle([NEIGHBOUR])
            time.sleep(_CUT_OFF_SECONDS)
            self.record(What.FAILOVER, NEIGHBOUR, began, old=MASTER)
            self.record(What.NEIGHBOUR, MOVING, began, old=MASTER, expected=False)
            began = self.machine.now()
            self.up({NEIGHBOUR: MASTER})
            # The only repair: its keepalived starts again.
            (pod,) = self.cell.kubectl("get", "pods", f"--selector=adb={MOVING}-vip", "--output=name").output().split()
            self.cell.kubectl("delete", pod).output()
            self.settle()
            self.record(What.FAILOVER, NEIGHBOUR, began, old=STANDBY)
            self.check_tables()

    def up(self, roles: Mapping[str, str], *, per: Per | None = None) -> None:
        """Write the stack file and run `pulumi up`."""
        self.active |= roles
        self.per = per or self.per
        self.cell.configure(config(self.active, self.per))
        self.cell.up().output()

    def settle(self, tenants: Sequence[str] = (), seconds: float = _SETTLED_SECONDS) -> None:
        """Wait until all tenants' clients have heard the right database for a while, or for long in vain."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            now = self.machine.now()
            if self.kubelet.failure is not None:
                raise UserError(f"The machine's kubelet has failed: {self.kubelet.failure}")
            if all(
                is_settled(answers(self.machine.lines, VIPS[tenant]), self.right(tenant), now=now, seconds=seconds)
                for tenant in tenants or self.active
            ):
                return
            time.sleep(0.5)

    def record(
        self, what: What, tenant: str, began: float, *, old: str, is_dead: bool = False, expected: bool = True
    ) -> None:
        """Record what a tenant's client has noticed since then."""
        lines, right = self.machine.lines, self.right(tenant)
        found = outage(
            answers(lines, VIPS[tenant]), since=began, old=_answer(tenant, old), right=right, is_dead=is_dead
        )
        switch = Switch(
            what=what,
            per=self.per,
            tenant=tenant,
            right=right,
            outage=found,
            arp_delay=arp_delay(lines, VIPS[tenant], since=began),
            expected=expected,
        )
        self.results.switches.append(switch)
        self.results.restarts = self.kubelet.restarts
        heard = "nobody in the end" if found.seconds is None else f"{found.seconds:.1f} s without {right}"
        progress.log(f"{what}, keepalived per {self.per}, {tenant}: {heard}")
        if switch.fault:
            progress.log(f"  FAULT: {switch.fault}")

    def right(self, tenant: str) -> str:
        return _answer(tenant, self.active[tenant])

    def check_tables(self) -> None:
        """Record addresses of VIPs that another node serves: both nodes answer ARP."""
        for node, short in NODES.items():
            found = self.machine.ask("table", short, until=lambda line: line.word == "table")
            elsewhere = {VIPS[tenant] for tenant, role in self.active.items() if node_of(tenant, role) != node}
            for vip in sorted(vip for vip in elsewhere if f"{vip}/32" in found.about):
                self.results.left_over.append(f"{short} has kept the address {vip}, keepalived per {self.per}")
                progress.log(f"  FAULT: {self.results.left_over[-1]}")

    def lose(self, node: str) -> None:
        """Cut a node's power; the API server is told what it would find out after 50 s."""
        self.kubelet.lose_power(node)
        self.cell.kubectl("annotate", "node", node, "kwok.x-k8s.io/node-").output()
        self._set_ready(node, "Unknown")

    def regain(self, node: str) -> None:
        """Let a node boot."""
        self.kubelet.regain_power(node)
        self.cell.kubectl("annotate", "node", node, "kwok.x-k8s.io/node=fake").output()
        self._set_ready(node, "True")
        listing = f"--field-selector=spec.nodeName={node}"
        for pod in self.cell.kubectl("get", "pods", listing, "--output=name").output().split():
            self._patch_ready(pod, "True")
        self.cell.kubectl("wait", f"node/{node}", "--for=condition=Ready", "--timeout=60s").output()

    def _set_ready(self, node: str, status: str) -> None:
        self._patch_ready(f"node/{node}", status)

    def _patch_ready(self, what: str, status: str) -> None:
        reported = {"type": "Ready", "status": status, "reason": "LastHop", "message": "set by make last-hop"}
        patch = json.dumps({"status": {"conditions": [reported]}})
        self.cell.kubectl("patch", what, "--subresource=status", f"--patch={patch}").output()


def _answer(tenant: str, role: str) -> str:
    return answer(f"{tenant}-{role}-0")


def _other(role: str) -> str:
    return STANDBY if role == MASTER else MASTER
