"""The order in which the tenants of a fleet are declared: those with something urgent first, few at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from pulumi_kubernetes.core.v1 import ConfigMapPatch

from components.live.fleet import LiveFleet
from components.live.keepalived import changes_in_place
from components.node_keepalived import NodeKeepalived
from components.sdk import short_stack_traces
from components.tenant import Tenant
from kube.facts import selected_role, state
from tenants.fleet import State, TenantSpec
from tenants.objects import live_keys

MOST_AT_ONCE = 8
"""The more is outstanding, the longer the SDK takes for each registration: a preview of 100 tenants took 12.5 s with
8 at once, 13.8 s with 32 and 19 s with all (pulumi 3.272, 2026-11)."""
PATIENCE_SECONDS = 1.0
"""If none of them finishes in this time, they are waiting for their pods; the next ones are then declared too."""
URGENT_SECONDS = 10.0
"""The longest wait for urgent tenants before the others are declared, which compete with them for the processor."""

NOT_RUNNING = (State.STOPPED, State.RETIRED)


async def declare_tenants(
    live: LiveFleet, declare: Callable[[TenantSpec], Tenant], node_keepalived: Mapping[str, NodeKeepalived]
) -> bool:
    """Declare every tenant of a fleet; when the engine has finished with all their objects, tell whether none failed.

    If one fails, the others are declared nevertheless, for the engine to report what else it refuses. The keepalived
    pods of nodes are declared last, since some wait for entries of their node's tenants.
    """
    registered: set[asyncio.Task[bool]] = set()
    entries: defaultdict[str, list[ConfigMapPatch]] = defaultdict(list)

    async def declare_in_turn(specs: Iterable[TenantSpec]) -> None:
        awaited: set[asyncio.Task[bool]] = set()
        for spec in specs:
            if len(awaited) == MOST_AT_ONCE:
                finished, unfinished = await asyncio.wait(
                    awaited, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                awaited = unfinished if finished else set()
            with short_stack_traces():
                tenant = declare(spec)
            announced = tenant.virtual_ip.announced
            if isinstance(announced, ConfigMapPatch) and changes_in_place(spec, live.objects):
                entries[spec.active_host].append(announced)
            task = asyncio.create_task(tenant.registered())
            awaited.add(task)
            registered.add(task)

    urgent = {spec.name for spec in live.fleet.tenants if is_urgent(spec, live)}
    await declare_in_turn(spec for spec in live.fleet.tenants if spec.name in urgent)
    if registered:
        await asyncio.wait(registered, timeout=URGENT_SECONDS)
    await declare_in_turn(spec for spec in live.fleet.tenants if spec.name not in urgent)
    pods = [keepalived.declare_pod(entries[node]) for node, keepalived in node_keepalived.items()]
    return all(await asyncio.gather(*registered, *pods))


def is_urgent(tenant: TenantSpec, live: LiveFleet) -> bool:
    """Tell whether clients wait for a tenant: for its failover, or for its start after it was stopped."""
    service = live.objects.get(("Service", tenant.virtual_ip_name))
    fails_over = service is not None and selected_role(service) != tenant.active_role
    found = (live.objects.get(key, {}) for key in live_keys(tenant))
    return fails_over or (tenant.state is State.RUNNING and any(state(each) in NOT_RUNNING for each in found))
