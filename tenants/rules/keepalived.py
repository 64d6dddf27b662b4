"""Rules about the keepalived pods, which share what they do not know to be shared: the node."""

from collections.abc import Sequence

from tenants.draft import FleetDraft, TenantDraft
from tenants.findings import Path, Rule
from tenants.fleet import Role, State
from tenants.waivers import note_group

ONE_PER_NODE = Rule(
    id="E601",
    title="No two tenants' keepalived pods run on one node",
    why="A tenant's keepalived pod runs in the host's network on the node of its active role. Each start of one runs "
    "`ipvsadm -C`, which wipes every tenant's forwarding on that node (kubernetes-retired/contrib#2696); their health "
    "ports collide, so that one's probe reads another's health; and they flush one iptables chain.",
    waivable=True,
)

RULES = (ONE_PER_NODE,)


def check(fleets: Sequence[FleetDraft]) -> None:
    """Tenants by the node of their active role; one that is stopped or retired has no pod."""
    by_node: dict[str, list[TenantDraft]] = {}
    for tenant in (tenant for fleet in fleets for tenant in fleet.tenants):
        if tenant.hosts is None or tenant.active_role is None or tenant.state is not State.RUNNING:
            continue
        node = tenant.hosts.master if tenant.active_role is Role.MASTER else tenant.hosts.standby
        if node is not None:
            by_node.setdefault(node, []).append(tenant)
    for node, tenants in by_node.items():

        def say(tenant: TenantDraft, others: str, node: str = node) -> str:
            role = tenant.active_role
            return (
                f"the keepalived pod of {others} runs on {node} too, and each start of one wipes the other's "
                f"forwarding; choose another {role} host or activeRole, or waive {ONE_PER_NODE.id} with a reason"
            )

        note_group(ONE_PER_NODE, tenants, _place, say)


def _place(tenant: TenantDraft) -> Path:
    # A failover is the edit that brings pods together most often; then its line is the one to look at.
    role = tenant.active_role
    if role is Role.STANDBY and "activeRole" in tenant.written:
        return (*tenant.path, "activeRole")
    return (*tenant.path, "hosts", str(role))
