"""Which cluster and namespace a stack lives in: remembered in its outputs, compared before anything is declared.

A kubeconfig that leads elsewhere (a mixed-up CI secret) is not noticed by the engine: nodes and tenants have the same
names there, `preview` shows no change, and `up --refresh` drops the fleet from the state and makes it anew. A renamed
context is not another cluster, so clusters are told apart by the uid of namespace kube-system, which lives as long as
the cluster does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.live.cluster import LiveCluster, UnusableClusterError
from tenants.fleet import ClusterSpec


def stack_identity() -> str:
    """Name this stack, `<project>/<stack>`."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


@dataclass(frozen=True, kw_only=True)
class StackHome:
    """Where a stack's objects are; exported as the output `cluster`."""

    stack: str
    """`<project>/<stack>`, which every object is annotated with."""
    namespace: str
    uid: str
    """Of the cluster: that of its namespace kube-system."""
    identifier: str
    """What the provider calls the cluster. It is kept when the stack is renamed, since another one would replace the
    provider, and with it every database."""

    def as_output(self) -> Mapping[str, str]:
        """The output from which the next run remembers it."""
        return {"uid": self.uid, "namespace": self.namespace, "identifier": self.identifier}


def home_or_refuse(cluster: ClusterSpec, live: LiveCluster) -> StackHome:
    """Find where the stack lives.

    Raises:
        UnusableClusterError: The kubeconfig leads to another cluster than the stack's last `up` did or than
            `cluster.uid` says, or the namespace has changed while there are tenants.
    """
    outputs = _last_outputs()
    last = outputs.get("cluster", {})
    stack = stack_identity()
    identifier = last.get("identifier", stack)
    home = StackHome(stack=stack, namespace=cluster.namespace, uid=live.uid(), identifier=identifier)
    if cluster.uid is not None and cluster.uid != home.uid:
        raise UnusableClusterError(
            f"The kubeconfig leads to the cluster {home.uid}, and cluster.uid is {cluster.uid} (uids of namespace "
            "kube-system). Choose the right context with adb-tenants:cluster.context or KUBECONFIG. Nothing was "
            "changed."
        )
    if cluster.uid is None and last.get("uid", home.uid) != home.uid:
        raise UnusableClusterError(
            f"This stack lives in another cluster: its last `up` was in {last['uid']}, and the kubeconfig leads to "
            f"{home.uid} (uids of namespace kube-system). Choose the right context with adb-tenants:cluster.context or "
            "KUBECONFIG. Nothing was changed. Only if the cluster has been rebuilt and the fleet is to be created in "
            "the new one, say so in the stack file and run `pulumi up --refresh --run-program`:\n"
            f"  adb-tenants:cluster:\n    uid: {home.uid}"
        )
    if outputs.get("tenants") and last.get("namespace", home.namespace) != home.namespace:
        raise UnusableClusterError(namespace_refusal(last["namespace"], home.namespace))
    return home


def namespace_refusal(old: str, new: str) -> str:
    """Say why a fleet stays in its namespace."""
    return (
        f"cluster.namespace is {new}, and this stack's tenants live in {old}. Kubernetes moves no object to another "
        "namespace: every database would be deleted and started again there. Put it back:\n"
        f"  adb-tenants:cluster:\n    namespace: {old}\n"
        "For a fleet in another namespace, use a stack of its own."
    )


def _last_outputs() -> Mapping[str, Any]:
    """Read the outputs of this stack's last `up`; a failed run leaves them as they are (engine 3.250, 2026-11-25)."""
    name = f"{pulumi.get_organization()}/{stack_identity()}"
    read = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name})
    outputs: Mapping[str, Any] = (read.value or {}).get("outputs") or {}
    return outputs
