"""What isolates the namespace of a fleet from the rest of its cluster: for its administrator, not for the fleet's user.

A quota that the user of `up` could change would limit nobody, so none of this is declared by the program. It is derived
from the stack files, and admits what they declare.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import yaml

from kube.quantity import amount
from tenants.fleet import Fleet, Role, TenantSpec

NAME = "adb-tenants"
DEFAULT_REQUEST = {"memory": "64Mi", "cpu": "50m"}
"""Of containers that request nothing: keepalived and promotions. Requests only: a limit could end a keepalived, and
with it every VIP of its node."""
AT_ONCE = 2
"""Pods of a keepalived while it is replaced: the old one ends beside the new one."""


class UnlikeNamespacesError(Exception):
    """The stack files are of several namespaces; the text lists them."""


def manifest(fleets: Sequence[Fleet]) -> str:
    """Return quota, default requests and default policy of a namespace as YAML, from the fleets of all its stacks."""
    return yaml.safe_dump_all(documents(fleets), sort_keys=False, explicit_start=True, width=120)


def documents(fleets: Sequence[Fleet]) -> list[dict[str, Any]]:
    """Return the objects; raises `UnlikeNamespacesError`."""
    namespaces = sorted({fleet.cluster.namespace for fleet in fleets})
    if len(namespaces) > 1:
        raise UnlikeNamespacesError(
            f"the stack files are of the namespaces {', '.join(namespaces)}; run this for each of them, with the files "
            "of all its stacks"
        )
    metadata = {"name": NAME, "namespace": namespaces[0]}
    tenants = [tenant for fleet in fleets for tenant in fleet.tenants]
    found: list[dict[str, Any]] = [
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": metadata,
            "spec": {"limits": [{"type": "Container", "defaultRequest": dict(DEFAULT_REQUEST)}]},
        },
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": metadata,
            "spec": {"hard": _hard(tenants, sum(_small_pods(fleet) for fleet in fleets))},
        },
    ]
    # A tenant without a NetworkPolicy of its own would lose its clients.
    if tenants and all(tenant.network_policy for tenant in tenants):
        found.append(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": metadata,
                "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
            }
        )
    return found


def _small_pods(fleet: Fleet) -> int:
    """Return how many pods that request nothing may exist at once."""
    own = sum(tenant.has_own_keepalived for tenant in fleet.tenants)
    keepalived = fleet.cluster.node_keepalived
    of_nodes = len(keepalived.nodes) if keepalived.declared_by is None else 0
    promotions = sum(tenant.promotion is not None for tenant in fleet.tenants)
    return AT_ONCE * (own + of_nodes) + promotions


def _hard(tenants: Sequence[TenantSpec], small_pods: int) -> dict[str, str]:
    control_pods = len(Role)
    memory = _total([tenant.memory for tenant in tenants] * control_pods + [DEFAULT_REQUEST["memory"]] * small_pods)
    cpu = _total(
        [tenant.cpu or DEFAULT_REQUEST["cpu"] for tenant in tenants] * control_pods
        + [DEFAULT_REQUEST["cpu"]] * small_pods
    )
    return {
        "requests.memory": str(-(-memory.numerator // memory.denominator)),
        "requests.cpu": f"{-(-(cpu * 1000).numerator // (cpu * 1000).denominator)}m",
        "pods": str(control_pods * len(tenants) + small_pods),
    }


def _total(quantities: Iterable[str]) -> Fraction:
    return sum((Fraction(amount(each) or 0) for each in quantities), Fraction())
