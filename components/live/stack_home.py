"""The cluster and namespace of a stack: recorded in its outputs, compared before anything is declared.

The engine does not notice a kubeconfig that points to another cluster (a mixed-up CI secret): nodes and tenants have
the same names there, `preview` shows no change, and `up --refresh` drops the fleet from the state and recreates it. A
renamed context is not another cluster, so clusters are identified by the uid of namespace kube-system, which lives as
long as the cluster does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.live.cluster import LiveCluster, UnusableClusterError
from tenants.fleet import ClusterSpec


def stack_identity() -> str:
    """Return the stack's name, `<project>/<stack>`."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


@dataclass(frozen=True, kw_only=True)
class StackHome:
    """Where a stack's objects are; exported as the output `cluster`."""

    stack: str
    """`<project>/<stack>`, which every object is annotated with."""
    namespace: str
    uid: str
    """The cluster's: that of its namespace kube-system."""
    identifier: str
    """The provider's `clusterIdentifier`. It is kept when the stack is renamed, since another one would replace the
    provider, and with it every database."""

    def as_output(self) -> Mapping[str, str]:
        """Return the output from which the next run reads it."""
        return {"uid": self.uid, "namespace": self.namespace, "identifier": self.identifier}


def home_or_refuse(cluster: ClusterSpec, live: LiveCluster) -> StackHome:
    """Find where the stack's objects are.

    Raises:
        UnusableClusterError: The kubeconfig points to another cluster than the stack's last `up` or `cluster.uid`, or
            the namespace has changed while there are tenants.
    """
    stack = stack_identity()
    outputs = _last_outputs(stack)
    last = outputs.get("cluster", {})
    identifier = last.get("identifier") or _identifier_of(cluster.adopt_from) or stack
    home = StackHome(stack=stack, namespace=cluster.namespace, uid=live.uid(), identifier=identifier)
    if cluster.uid is not None and cluster.uid != home.uid:
        raise UnusableClusterError(
            f"The kubeconfig points to cluster {home.uid}, but cluster.uid is {cluster.uid} (uids of namespace "
            "kube-system). Choose the right context with adb-tenants:cluster.context or KUBECONFIG. Nothing was "
            "changed."
        )
    if cluster.uid is None and last.get("uid", home.uid) != home.uid:
        raise UnusableClusterError(
            f"This stack belongs to another cluster: its last `up` was in {last['uid']}, but the kubeconfig points to "
            f"{home.uid} (uids of namespace kube-system). Choose the right context with adb-tenants:cluster.context or "
            "KUBECONFIG. Nothing was changed. Only if the cluster has been rebuilt and the fleet is to be created in "
            "the new one, add this to the stack file and run `pulumi up --refresh --run-program`:\n"
            f"  adb-tenants:cluster:\n    uid: {home.uid}"
        )
    if outputs.get("tenants") and last.get("namespace", home.namespace) != home.namespace:
        raise UnusableClusterError(namespace_refusal(last["namespace"], home.namespace))
    return home


def namespace_refusal(old: str, new: str) -> str:
    """Return why a fleet cannot change its namespace."""
    return (
        f"cluster.namespace is {new}, but this stack's tenants are in {old}. Kubernetes cannot move objects to another "
        "namespace: every database would be deleted and recreated there. Restore the old value:\n"
        f"  adb-tenants:cluster:\n    namespace: {old}\n"
        "For a fleet in another namespace, use another stack."
    )


def _identifier_of(other: str | None) -> str | None:
    """Return the identifier of the stack that objects are adopted from.

    `pulumi state move` copies its provider with the objects, but no outputs: with another identifier this stack's first
    `up` would replace that provider.
    """
    if other is None:
        return None
    try:
        identifier: str | None = _last_outputs(other).get("cluster", {}).get("identifier")
    except Exception:  # What the engine raises for a stack that was renamed or removed
        return None
    return identifier


def _last_outputs(stack: str) -> Mapping[str, Any]:
    """Return the outputs of a stack's last `up`; a failed run keeps them as they were (engine 3.250, 2026-11-25)."""
    name = f"{pulumi.get_organization()}/{stack}"
    read = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name})
    outputs: Mapping[str, Any] = (read.value or {}).get("outputs") or {}
    return outputs
