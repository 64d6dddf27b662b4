"""Everything that is refused before anything is declared, said at once: a refused `up` leaves nothing half-made."""

from components.data_guard import refused_moves
from components.hosts import Hosts
from components.live_cluster import LiveCluster, UnusableClusterError
from components.ownership import refused_objects_of_others
from components.stack_home import StackHome
from components.start_guard import refused_starts
from components.traffic_guard import TrafficGuard, refused_addresses
from tenants.fleet import Fleet


def refuse_what_is_unsafe(
    fleet: Fleet, live: LiveCluster, home: StackHome, hosts: Hosts, traffic: TrafficGuard
) -> None:
    """Compare what is declared with what is live.

    Raises:
        UnusableClusterError: Something must not be declared; all of it is named, each with what would allow it.
    """
    if live.namespace(home.namespace) is None:
        raise UnusableClusterError(
            f"Namespace {home.namespace} does not exist: run `kubectl create namespace {home.namespace}` first."
        )
    refusals = [
        *refused_objects_of_others(fleet, live, home.stack),
        *refused_moves(fleet, live),
        *refused_addresses(fleet, live, hosts),
        *refused_starts(fleet, live, hosts),
        *traffic.refused_failovers(),
    ]
    if refusals:
        raise UnusableClusterError("\n".join(refusals))
