"""The hooks of each object: which check runs before which step.

The engine keeps the names of hooks in the state, and runs those of a deleted object from there, whether or not its
tenant is still in the configuration. So all hooks are registered, once, in each run, and no name is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions

from components.guards.announcement import AnnouncementGuard
from components.guards.creation import CreationGuard
from components.guards.data import DataGuard
from components.guards.phantom_nodes import remove_phantom_node
from components.guards.start import StartGuard
from components.guards.traffic import TrafficGuard
from components.live.fleet import LiveFleet
from components.objects.declared import declared_controller, declared_node_controller
from kube.manifest import at
from tenants.fleet import NODE_KEEPALIVED_PREFIX

Check = Callable[[ResourceHookArgs], None]
"""Raises `RefusedError` to refuse a step."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """The hooks of each object."""

    shared_object: ResourceHookBinding
    keepalived_access: ResourceHookBinding
    node_label: ResourceHookBinding
    stateful_set: ResourceHookBinding
    promotion_job: ResourceHookBinding
    virtual_ip_service: ResourceHookBinding
    replication_controller: ResourceHookBinding
    virtual_ip_entry: ResourceHookBinding
    node_config_map: ResourceHookBinding
    node_keepalived: ResourceHookBinding
    creation_only: ResourceHookBinding
    """For objects of a tenant that need no check of their own."""


def registered_hooks(live: LiveFleet, traffic: TrafficGuard) -> Hooks:
    """Register every hook."""
    data, creation, start, announcement = (
        DataGuard(live),
        CreationGuard(live),
        StartGuard(live),
        AnnouncementGuard(live),
    )
    tenants = {tenant.virtual_ip_name: tenant for tenant in live.fleet.tenants}

    def check_removal(args: ResourceHookArgs) -> None:
        tenant = tenants.get(args.name)
        if tenant and not tenant.has_own_keepalived:
            # The VIP has moved to its node's: if that had failed, the program would have ended the run before.
            return
        data.refuse_removal(args, declared_controller(tenant, live) if tenant else None)
        if tenant:
            start.refuse_keepalived(args)
            creation.expect_replacement(args.name)

    def check_removal_of_node(args: ResourceHookArgs) -> None:
        node = live.fleet.cluster.node_keepalived.on(args.name.removeprefix(NODE_KEEPALIVED_PREFIX))
        old = args.old_inputs or {}
        # As a tenant's own controller (`DataGuard.refuse_removal`): deleted to be replaced by one of another template.
        if (
            node
            and old.get("kind") == "ReplicationController"
            and at(declared_node_controller(node, live), "spec", "template") != at(old, "spec", "template")
        ):
            start.refuse_node_keepalived(args)
            creation.expect_replacement(args.name)
        else:
            for kind in ("ConfigMap", "ReplicationController"):
                data.refuse_other_owner(kind, args.name)
            announcement.refuse_removal_of_node(args)

    created = _hook("refuse-silent-overwrite", creation.refuse_overwrite)
    database_starts = _hook("refuse-database-that-cannot-start", start.refuse_database)
    keepalived_starts = _hook("refuse-keepalived-that-cannot-start", start.refuse_keepalived)
    label_written = _hook("expect-node-label", lambda args: live.nodes.expect_label(args.name))
    node_starts = _hook("refuse-node-keepalived-that-cannot-start", start.refuse_node_keepalived)
    node_removed = _hook("refuse-removal-of-keepalived-in-use", check_removal_of_node)
    # Not in previews, in which nothing is announced anew.
    announced_once = ResourceHook("end-other-announcements", announcement.end_other_announcements)
    left_removed = ResourceHook("remove-left-entry", announcement.remove_left_entry)
    # Not in previews, which label no node.
    labelled = ResourceHook("remove-phantom-node", lambda args: remove_phantom_node(args, live))
    return Hooks(
        shared_object=ResourceHookBinding(
            before_delete=[_hook("refuse-removal-of-what-others-need", data.refuse_removal_of_shared)]
        ),
        keepalived_access=ResourceHookBinding(
            before_delete=[_hook("refuse-removal-of-anothers-account", data.refuse_removal_of_access)]
        ),
        node_label=ResourceHookBinding(
            before_create=[label_written],
            before_update=[label_written],
            after_create=[labelled],
            after_delete=[labelled],
        ),
        stateful_set=ResourceHookBinding(
            before_create=[created, database_starts],
            before_update=[_hook("data-stays-where-it-is", data.refuse_move), database_starts],
            before_delete=[_hook("only-retired-databases-go", data.refuse_deletion)],
        ),
        promotion_job=ResourceHookBinding(
            before_create=[_hook("promoted-is-what-can-serve", traffic.refuse_promotion_of_unready)]
        ),
        virtual_ip_service=ResourceHookBinding(
            before_create=[created],
            before_update=[_hook("traffic-goes-where-it-is-served", traffic.refuse_unready)],
        ),
        replication_controller=ResourceHookBinding(
            before_create=[created, keepalived_starts, announced_once],
            before_update=[keepalived_starts],
            # The controller is deleted first of a tenant's objects: the whole removal is refused (pulumi#6191).
            before_delete=[_hook("only-retired-tenants-go", check_removal)],
        ),
        virtual_ip_entry=ResourceHookBinding(
            before_create=[announced_once],
            before_update=[announced_once],
            after_update=[left_removed],
            # As the controller of a tenant's own keepalived, it is deleted first of the tenant's objects.
            before_delete=[_hook("only-entries-of-retired-tenants-go", data.refuse_removal_of_entry)],
            after_delete=[left_removed],
        ),
        node_config_map=ResourceHookBinding(before_create=[created], before_delete=[node_removed]),
        node_keepalived=ResourceHookBinding(
            before_create=[created, node_starts],
            before_update=[node_starts],
            before_delete=[node_removed],
        ),
        creation_only=ResourceHookBinding(before_create=[created]),
    )


def _hook(name: str, check: Check) -> ResourceHook:
    return ResourceHook(name, check, ResourceHookOptions(on_dry_run=True))
