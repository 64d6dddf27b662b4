"""Rules about the keepalived pods, which share more of their node than they are written for."""

from collections.abc import Iterator, Sequence

from tenants.draft import FleetDraft, Party, TenantDraft
from tenants.findings import FieldPath, Invalid, Rule, quoted
from tenants.fleet import KeepalivedPer, Role, State
from tenants.reporting import Reported, conflicts, grouped, keepalived_nodes_of, report, tenants_of
from tenants.rules.hosts import node_name

ONE_PER_NODE = Rule(
    id="E601",
    title="No two keepalived pods run on one node",
    why="A tenant's own keepalived pod runs in the host's network on the node of its active role, a node's on that "
    "node. Each start of one runs `ipvsadm -C`, which wipes all forwarding on that node "
    "(kubernetes-retired/contrib#2696); their health ports collide, so that the probe of one gets the answer of the "
    "other; and both flush the same iptables chain. With `keepalived: {per: node}`, tenants share their node's.",
    waivable=True,
)
NODE_HAS_KEEPALIVED = Rule(
    id="E602",
    title="A tenant with `keepalived: {per: node}` has both hosts in `cluster.nodeKeepalived.nodes`",
    why="Its VIP is served by the keepalived pod of the node of its active role, and after a failover by that of the "
    "other: it has to run there before it is needed.",
)
NODE_ON_SEGMENT = Rule(
    id="E603",
    title="A node's keepalived announces on the segment of the VIPs that it serves",
    why="An address that is announced on another segment is reached by no client.",
)
NODE_NAME_LENGTH = Rule(
    id="E604",
    title="The name of a node with keepalived has at most 63 characters",
    why="It is the value of the label by which the controller finds its pod.",
)

LONGEST_NODE = 63


def node_with_keepalived(text: str) -> str | Invalid:
    """Read the name of a node that has a keepalived pod."""
    if len(text) > LONGEST_NODE:
        return Invalid(
            NODE_NAME_LENGTH,
            f"{quoted(text)} has {len(text)} characters, at most {LONGEST_NODE} are possible; leave this node out, and "
            "let its tenants have keepalived pods of their own",
        )
    return node_name(text)


def check(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    """Compare keepalived pods by their node, and tenants without one of their own with the nodes that have one."""
    parties: list[Party] = [*tenants_of(fleets), *keepalived_nodes_of(fleets)]
    for node, group in grouped(parties, _node).items():
        is_listed_twice = len([party for party in group if not isinstance(party, TenantDraft)]) > 1
        for party, others, waived in conflicts(ONE_PER_NODE, group):
            if isinstance(party, TenantDraft):
                path = _path(party)
                advice = (
                    f"choose another {party.active_role} host or activeRole, share one pod for the node (keepalived: "
                    f"{{per: {KeepalivedPer.NODE}}}), or waive {ONE_PER_NODE.id} with a reason"
                )
            elif is_listed_twice:
                path = party.path
                advice = "list it once; another stack of the namespace uses its pod with cluster.nodeKeepalived.of"
            else:
                path = party.path
                advice = f"let these tenants share the node's (keepalived: {{per: {KeepalivedPer.NODE}}}), or remove it"
            message = (
                f"the keepalived pod of {others} runs on {node} too, and each start of one wipes the other's "
                f"forwarding; {advice}"
            )
            yield report(ONE_PER_NODE, party, path, message, waived=waived)
    for fleet in fleets:
        yield from _check_nodes(fleet)


def _check_nodes(fleet: FleetDraft) -> Iterator[Reported]:
    nodes = {each.node.name: each.node for each in fleet.cluster.keepalived_nodes}
    for tenant in fleet.tenants:
        for role, host in tenant.hosts.items() if tenant.keepalived_per is KeepalivedPer.NODE else ():
            if host is None:
                continue
            path = (*tenant.path, "hosts", role)
            if host not in nodes:
                if not fleet.cluster.all_keepalived_nodes_known:
                    continue
                message = f"{host} has no keepalived; add {{name: {host}, vrid: …}} to cluster.nodeKeepalived.nodes"
                yield report(NODE_HAS_KEEPALIVED, tenant, path, message)
            elif tenant.segment not in (None, nodes[host].segment):
                message = (
                    f"the keepalived of {host} announces on segment {nodes[host].segment}, and {tenant.vip} is on "
                    f"segment {tenant.segment}; choose another node or VIP, or correct the node's segment"
                )
                yield report(NODE_ON_SEGMENT, tenant, path, message)


def _node(party: Party) -> str | None:
    """Return the node of a keepalived pod; a tenant that is stopped or retired, or uses its node's, has none."""
    if not isinstance(party, TenantDraft):
        return party.node.name
    runs = party.state is State.RUNNING and party.keepalived_per is KeepalivedPer.TENANT
    return party.hosts.get(party.active_role or "") if runs else None


def _path(tenant: TenantDraft) -> FieldPath:
    # A failover is the edit that brings pods together most often; then its line is the one to look at.
    role = tenant.active_role
    if role is Role.STANDBY and "activeRole" in tenant.written:
        return (*tenant.path, "activeRole")
    return (*tenant.path, "hosts", str(role))
