"""Rules about the keepalived pods, which share more of their node than they are written for."""

from collections.abc import Iterator, Sequence

from tenants.draft import FleetDraft, TenantDraft
from tenants.findings import FieldPath, Rule
from tenants.fleet import Role, State
from tenants.reporting import Reported, conflicts, grouped, report, tenants_of

ONE_PER_NODE = Rule(
    id="E601",
    title="No two tenants' keepalived pods run on one node",
    why="A tenant's keepalived pod runs in the host's network on the node of its active role. Each start of one runs "
    "`ipvsadm -C`, which wipes every tenant's forwarding on that node (kubernetes-retired/contrib#2696); their health "
    "ports collide, so that the probe of one gets the answer of the other; and both flush the same iptables chain.",
    waivable=True,
)


def check(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    """Compare tenants by the node of their active role."""
    for node, group in grouped(tenants_of(fleets), _node).items():
        for tenant, others, waived in conflicts(ONE_PER_NODE, group):
            message = (
                f"the keepalived pod of {others} runs on {node} too, and each start of one wipes the other's "
                f"forwarding; choose another {tenant.active_role} host or activeRole, or waive "
                f"{ONE_PER_NODE.id} with a reason"
            )
            yield report(ONE_PER_NODE, tenant, _path(tenant), message, waived=waived)


def _node(tenant: TenantDraft) -> str | None:
    """Return the node of the keepalived pod; a tenant that is stopped or retired has none."""
    return tenant.hosts.get(tenant.active_role or "") if tenant.state is State.RUNNING else None


def _path(tenant: TenantDraft) -> FieldPath:
    # A failover is the edit that brings pods together most often; then its line is the one to look at.
    role = tenant.active_role
    if role is Role.STANDBY and "activeRole" in tenant.written:
        return (*tenant.path, "activeRole")
    return (*tenant.path, "hosts", str(role))
