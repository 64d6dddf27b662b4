"""Everything that is refused before anything is declared, said at once: a refused `up` leaves nothing half-made."""

from components.guards.data import refused_moves
from components.guards.ownership import refused_objects_of_others
from components.guards.start import refused_starts
from components.guards.traffic import TrafficGuard, refused_addresses
from components.live.cluster import LiveCluster, UnusableClusterError
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from tenants.fleet import Fleet


def refuse_what_is_unsafe(
    fleet: Fleet, live: LiveCluster, home: StackHome, hosts: LiveNodes, traffic: TrafficGuard
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
