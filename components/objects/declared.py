"""A tenant's objects as plain manifests, before anything is declared."""

from collections.abc import Iterator, Mapping

from pulumi._types import input_type_to_dict, is_input_type

from components.live.fleet import LiveFleet
from components.objects import control_node, node_keepalived, virtual_ip
from components.objects.control_environment import configured_names
from components.objects.network_policy import network_policy
from kube.manifest import Json, Key, Manifest, key_of, mapping
from tenants.fleet import KeepalivedNode, Role, TenantSpec


def manifests(tenant: TenantSpec, live: LiveFleet) -> Mapping[Key, Manifest]:
    """Return what the program declares of a tenant: the objects of `tenants.objects.live_keys`, as a test checks."""
    shared = configured_names(live.fleet.platform)

    def objects() -> Iterator[object]:
        for role in Role:
            yield control_node.headless_service(tenant, role, live)
            yield control_node.stateful_set(tenant, role, live, shared)
        yield virtual_ip.service(tenant, live, forced=None)
        if tenant.has_own_keepalived:
            yield virtual_ip.config_map(tenant, live)
            yield virtual_ip.replication_controller(tenant, live)
        if tenant.network_policy:
            yield network_policy(tenant, tenant.network_policy, live)

    declared = [mapping(_plain(each)) for each in objects()]
    return {key_of(manifest): manifest for manifest in declared}


def declared_controller(tenant: TenantSpec, live: LiveFleet) -> Manifest:
    """Return what the program declares of a tenant's keepalived."""
    return mapping(_plain(virtual_ip.replication_controller(tenant, live)))


def declared_node_controller(node: KeepalivedNode, live: LiveFleet) -> Manifest:
    """Return what the program declares of a node's keepalived."""
    return mapping(_plain(node_keepalived.replication_controller(node, live)))


def _plain(value: object) -> Json:
    """Convert the SDK's arguments to the API's form, as the SDK does before it sends them to the engine."""
    if is_input_type(type(value)):
        value = input_type_to_dict(value)
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items() if child is not None}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    # Roles and states are subclasses of `str`.
    return str(value) if isinstance(value, str) else value
