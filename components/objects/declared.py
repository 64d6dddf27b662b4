"""A tenant's objects as plain manifests, known before anything is declared."""

from collections.abc import Iterator, Mapping

from pulumi._types import input_type_to_dict, is_input_type

from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.objects import control_node as control_node_objects
from components.objects import virtual_ip as virtual_ip_objects
from components.platform import SharedNames
from kube.manifest import Json, Key, Manifest, key_of, mapping
from tenants import fleet
from tenants.fleet import Fleet, Role, TenantSpec


def manifests(
    tenant: TenantSpec, *, home: StackHome, hosts: LiveNodes, platform: fleet.PlatformSpec, keepalived_account: str
) -> Mapping[Key, Manifest]:
    """What the program will declare of a tenant, node labels and a promotion left out.

    Args:
        tenant: One that the rules allow.
        home: Where the fleet lives.
        hosts: Its nodes.
        platform: The objects that its pods refer to.
        keepalived_account: The ServiceAccount of its keepalived pods.
    """
    shared = SharedNames(
        adbops=platform.adbops.name,
        mysql=platform.mysql.name,
        adb_connect=platform.adb_connect.name,
        mysql_connect=platform.mysql_connect.name,
        root_ssh_key=platform.root_ssh_key.name,
        gpadmin_ssh_key=platform.gpadmin_ssh_key.name,
    )

    def objects() -> Iterator[object]:
        for role in Role:
            yield control_node_objects.headless_service(tenant, role, home=home)
            yield control_node_objects.stateful_set(tenant, role, home=home, hosts=hosts, shared=shared)
        yield virtual_ip_objects.config_map(tenant, home=home)
        yield virtual_ip_objects.service(tenant, home=home, forced=None)
        yield virtual_ip_objects.replication_controller(
            tenant, home=home, hosts=hosts, service_account_name=keepalived_account
        )

    declared = [mapping(_plain(each)) for each in objects()]
    return {key_of(manifest): manifest for manifest in declared}


def declared_controller(tenant: TenantSpec, fleet: Fleet, home: StackHome, hosts: LiveNodes) -> Manifest:
    """What the program declares of a tenant's keepalived."""
    account = fleet.cluster.keepalived_account
    controller = virtual_ip_objects.replication_controller(tenant, home=home, hosts=hosts, service_account_name=account)
    return mapping(_plain(controller))


def _plain(value: object) -> Json:
    """Spell the SDK's arguments as the API does, as the SDK itself does when it hands them to the engine."""
    if is_input_type(type(value)):
        value = input_type_to_dict(value)
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items() if child is not None}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    # Roles and states are texts of a class of their own.
    return str(value) if isinstance(value, str) else value
