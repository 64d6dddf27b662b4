"""Rules about the nodes that a tenant's two roles are pinned to."""

from collections.abc import Iterator, Sequence

from tenants.draft import FleetDraft
from tenants.findings import Invalid, Rule, quoted
from tenants.fleet import Role
from tenants.reporting import Reported, report, tenants_of
from tenants.rules.names import is_subdomain

HOST_SYNTAX = Rule(
    id="E301",
    title="A host is a valid node name",
    why="Nodes are named by DNS-1123 subdomains: lower-case letters, digits, `-` and `.`. Patching a label onto a node "
    "that does not exist creates a phantom Node (seen 2026-11 with the official plugin 4.32).",
)
HOSTS_DIFFER = Rule(
    id="E302",
    title="Master and standby are pinned to different hosts",
    why="A standby on the master's host is lost together with it, and both would write to the same host paths.",
)


def node_name(text: str) -> str | Invalid:
    """Read the name of a node."""
    if is_subdomain(text):
        return text
    if not text:
        hint = "it is empty; write the name that `kubectl get nodes` shows"
    elif is_subdomain(text.lower()):
        hint = f"write it in lower case: {text.lower()}"
    else:
        hint = "use lower-case letters, digits, - and ., as `kubectl get nodes` shows it"
    return Invalid(HOST_SYNTAX, f"{quoted(text)} is not a node's name; {hint}")


def check(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    """Compare the two hosts of each tenant."""
    for tenant in tenants_of(fleets):
        master, standby = tenant.hosts.get(Role.MASTER), tenant.hosts.get(Role.STANDBY)
        if master is not None and master == standby:
            message = f"{standby} is also the master's host; choose another node for one of them"
            yield report(HOSTS_DIFFER, tenant, (*tenant.path, "hosts", "standby"), message)
