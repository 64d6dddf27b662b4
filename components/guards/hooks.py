"""Which check runs before which step of which object: the hooks that the components bind.

The engine keeps the names of hooks in the state, and runs those of an object that is deleted from there, whether or not
its tenant is still in the configuration. So all are registered, once, in each run, and no name is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions

from components.guards.creation import CreationGuard
from components.guards.data import DataGuard
from components.guards.phantom_nodes import remove_phantom_node
from components.guards.start import StartGuard
from components.guards.traffic import TrafficGuard
from components.live.cluster import LiveCluster
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.objects.declared import declared_controller
from tenants.fleet import Fleet

Check = Callable[[ResourceHookArgs], None]
"""Raises `RefusedError` if a step must not happen."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """The hooks of each object."""

    shared_object: ResourceHookBinding
    keepalived_access: ResourceHookBinding
    node_label: ResourceHookBinding
    headless_service: ResourceHookBinding
    stateful_set: ResourceHookBinding
    promotion_job: ResourceHookBinding
    config_map: ResourceHookBinding
    virtual_ip_service: ResourceHookBinding
    replication_controller: ResourceHookBinding


def registered_hooks(
    fleet: Fleet, live: LiveCluster, home: StackHome, hosts: LiveNodes, traffic: TrafficGuard
) -> Hooks:
    """Register every hook."""
    data, creation = DataGuard(fleet, live, home.stack), CreationGuard(fleet, live)
    start = StartGuard(fleet, live, hosts)

    tenants = {tenant.virtual_ip_name: tenant for tenant in fleet.tenants}

    def check_removal(args: ResourceHookArgs) -> None:
        tenant = tenants.get(args.name)
        data.refuse_removal(args, declared_controller(tenant, fleet, home, hosts) if tenant else None)
        if tenant:
            start.refuse_keepalived(args)
            creation.expect_replacement(args.name)

    created = _hook("refuse-silent-overwrite", creation.refuse_overwrite)
    database_starts = _hook("refuse-database-that-cannot-start", start.refuse_database)
    keepalived_starts = _hook("refuse-keepalived-that-cannot-start", start.refuse_keepalived)
    written = _hook("expect-node-label", lambda args: hosts.expect_label(args.name))
    # Not in previews: there it has nothing to take away.
    labelled = ResourceHook("remove-phantom-node", lambda args: remove_phantom_node(args, live, hosts))
    return Hooks(
        shared_object=ResourceHookBinding(
            before_delete=[_hook("refuse-removal-of-what-others-need", data.refuse_removal_of_shared)]
        ),
        keepalived_access=ResourceHookBinding(
            before_delete=[_hook("refuse-removal-of-anothers-account", data.refuse_removal_of_access)]
        ),
        node_label=ResourceHookBinding(
            before_create=[written], before_update=[written], after_create=[labelled], after_delete=[labelled]
        ),
        headless_service=ResourceHookBinding(before_create=[created]),
        stateful_set=ResourceHookBinding(
            before_create=[created, database_starts],
            before_update=[_hook("data-stays-where-it-is", data.refuse_move), database_starts],
            before_delete=[_hook("only-retired-databases-go", data.refuse_deletion)],
        ),
        promotion_job=ResourceHookBinding(
            before_create=[_hook("promoted-is-what-can-serve", traffic.refuse_promotion_of_unready)]
        ),
        config_map=ResourceHookBinding(before_create=[created]),
        virtual_ip_service=ResourceHookBinding(
            before_create=[created],
            before_update=[_hook("traffic-goes-where-it-is-served", traffic.refuse_unready)],
        ),
        replication_controller=ResourceHookBinding(
            before_create=[created, keepalived_starts],
            before_update=[keepalived_starts],
            # Of what goes first of a tenant, so that a removal is refused as a whole (pulumi#6191).
            before_delete=[_hook("only-retired-tenants-go", check_removal)],
        ),
    )


def _hook(name: str, check: Check) -> ResourceHook:
    return ResourceHook(name, check, ResourceHookOptions(on_dry_run=True))
