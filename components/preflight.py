"""The comparison of a fleet with its live cluster, before anything is declared."""

from components.adoption.adopt import adopt_or_refuse
from components.fleet_context import FleetContext
from components.guards.announcement import refused_keepalived
from components.guards.data import refused_moves
from components.guards.hooks import registered_hooks
from components.guards.ownership import refused_objects_of_others
from components.guards.start import refused_starts
from components.guards.traffic import TrafficGuard, refused_addresses, warn_of_nodes_to_power_off
from components.keepalived_access import warn_of_lost_pull_secrets
from components.live.cluster import LiveCluster, UnusableClusterError
from components.live.fleet import LiveFleet
from components.live.nodes import LiveNodes
from components.live.stack_home import home_or_refuse
from components.promotion_plan import planned_promotions
from kube.manifest import Manifest, at
from tenants.fleet import Fleet
from tenants.objects import live_kinds


def checked(fleet: Fleet) -> FleetContext:
    """Read the fleet's cluster, refuse everything unsafe, and warn of the rest.

    Raises:
        UnusableClusterError: The cluster cannot be read, or something must not be declared. The message contains all
            refusals of the first step that has any (cluster, nodes, adoption, namespace, the rest), each with what
            would allow it: a refused `up` has changed nothing.
    """
    cluster = LiveCluster(fleet.cluster.context, fleet.cluster.namespace, kinds=live_kinds(fleet.tenants))
    cluster.prefetch()
    home = home_or_refuse(fleet.cluster, cluster)
    live = LiveFleet(fleet=fleet, cluster=cluster, home=home, nodes=LiveNodes(fleet, cluster))
    adopt_or_refuse(live)
    traffic = TrafficGuard(live)
    _require_namespace(home.namespace, cluster.namespace())
    refusals = [
        *refused_objects_of_others(live),
        *refused_keepalived(live),
        *refused_moves(live),
        *refused_addresses(live),
        *refused_starts(live),
        *traffic.refused_failovers(),
    ]
    if refusals:
        raise UnusableClusterError("\n".join(refusals))
    warn_of_nodes_to_power_off(live)
    warn_of_lost_pull_secrets(live)
    return FleetContext(
        fleet=fleet,
        cluster=cluster,
        home=home,
        nodes=live.nodes,
        hooks=registered_hooks(live, traffic),
        forced=traffic.forced,
        promotions=planned_promotions(live),
    )


def _require_namespace(name: str, namespace: Manifest | None) -> None:
    create = f"run `kubectl create namespace {name}` first"
    if namespace is None:
        raise UnusableClusterError(f"Namespace {name} does not exist: {create}.")
    if at(namespace, "metadata", "deletionTimestamp"):
        raise UnusableClusterError(
            f"Namespace {name} is being deleted, with everything in it, and nothing can be created there: wait until "
            f"it is gone, and {create}."
        )
