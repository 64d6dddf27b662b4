"""Rules about the nodes that a tenant's two roles are pinned to."""

from collections.abc import Sequence

from tenants.draft import FleetDraft
from tenants.findings import Invalid, Rule, quoted
from tenants.rules.names import is_subdomain

HOST_SYNTAX = Rule(
    id="E301",
    title="A host is a valid node name",
    why="Nodes are named by DNS-1123 subdomains: lower-case letters, digits, `-` and `.`. A label patch for a name "
    "that is no node's creates a phantom Node (seen 2026-11 with the official plugin 4.32).",
)
HOSTS_DIFFER = Rule(
    id="E302",
    title="Master and standby are pinned to different hosts",
    why="A standby on the master's host dies with it, and both would write to the same host paths.",
)

RULES = (HOST_SYNTAX, HOSTS_DIFFER)


def node_name(text: str) -> str | Invalid:
    """A node's name."""
    if is_subdomain(text):
        return text
    if not text:
        hint = "it is empty; write the name that `kubectl get nodes` shows"
    elif is_subdomain(text.lower()):
        hint = f"write it in lower case: {text.lower()}"
    else:
        hint = "use lower-case letters, digits, - and ., as `kubectl get nodes` shows it"
    return Invalid(HOST_SYNTAX, f"{quoted(text)} is not a node's name; {hint}")


def check(fleets: Sequence[FleetDraft]) -> None:
    """Both hosts of each tenant."""
    for tenant in (tenant for fleet in fleets for tenant in fleet.tenants):
        hosts = tenant.hosts
        if hosts and hosts.master is not None and hosts.master == hosts.standby:
            tenant.source.notes.add(
                HOSTS_DIFFER,
                (*tenant.path, "hosts", "standby"),
                f"{hosts.standby} is also the master's host; choose another node for one of them",
            )
