"""A fleet together with its cluster."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.live.cluster import LiveCluster
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from kube.manifest import Manifest
from tenants.fleet import Fleet
from tenants.objects import LocalKey


@dataclass(frozen=True, kw_only=True)
class LiveFleet:
    """A fleet as its stack declares it, and its cluster as it was at the beginning of the run."""

    fleet: Fleet
    cluster: LiveCluster
    home: StackHome
    nodes: LiveNodes

    @property
    def objects(self) -> Mapping[LocalKey, Manifest]:
        """The live objects of the stack's namespace, by kind and name."""
        return self.cluster.objects()
