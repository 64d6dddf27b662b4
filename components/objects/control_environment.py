"""What a tenant's containers find around them: the ten variables of its control pods, and the ssh keys."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMapKeySelectorArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    KeyToPathArgs,
    SecretKeySelectorArgs,
    SecretVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
)

from components.platform import SharedNames
from tenants import fleet
from tenants.fleet import Role

OWNER_ONLY = 0o600


def variables(spec: fleet.TenantSpec, shared: SharedNames) -> Sequence[EnvVarArgs]:
    """How a container knows its tenant's two databases and reaches the services around them."""
    return [
        EnvVarArgs(name="MEMORY_LIMIT", value=str(spec.memory_limit)),
        EnvVarArgs(name="MASTER", value=spec.control_node_name(Role.MASTER)),
        EnvVarArgs(name="STANDBY", value=spec.control_node_name(Role.STANDBY)),
        _from_config_map("RM_ADDR", shared.adbops, "rm.addr"),
        _from_config_map("RM_PORT", shared.adbops, "rm.port"),
        _from_secret("ADB_ADMIN", shared.adb_connect, "adb.admin"),
        _from_secret("ADB_PASSWORD", shared.adb_connect, "adb.password"),
        _from_config_map("MYSQL_ADDR", shared.mysql, "mysql.vip"),
        _from_secret("MYSQL_USER", shared.mysql_connect, "user"),
        _from_secret("MYSQL_PASSWORD", shared.mysql_connect, "password"),
    ]


def ssh_key_mounts() -> Sequence[VolumeMountArgs]:
    """Where a container finds the keys of `ssh_key_volumes`."""
    return [
        VolumeMountArgs(name="root-ssh-volume", mount_path="/opt/root-ssh", read_only=True),
        VolumeMountArgs(name="gpadmin-ssh-volume", mount_path="/opt/gpadmin-ssh", read_only=True),
    ]


def ssh_key_volumes(shared: SharedNames) -> Sequence[VolumeArgs]:
    """The keys by which the hosts of a tenant reach each other."""
    return [
        VolumeArgs(name="root-ssh-volume", secret=_ssh_key_volume(shared.root_ssh_key)),
        VolumeArgs(name="gpadmin-ssh-volume", secret=_ssh_key_volume(shared.gpadmin_ssh_key)),
    ]


def _from_config_map(name: str, config_map: pulumi.Input[str], key: str) -> EnvVarArgs:
    selector = ConfigMapKeySelectorArgs(name=config_map, key=key)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(config_map_key_ref=selector))


def _from_secret(name: str, secret: pulumi.Input[str], key: str) -> EnvVarArgs:
    selector = SecretKeySelectorArgs(name=secret, key=key)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=selector))


def _ssh_key_volume(secret_name: pulumi.Input[str]) -> SecretVolumeSourceArgs:
    return SecretVolumeSourceArgs(
        secret_name=secret_name,
        default_mode=0o644,
        # sshd and ssh refuse a key that others can read.
        items=[
            KeyToPathArgs(key="authorized_keys", path="authorized_keys", mode=OWNER_ONLY),
            KeyToPathArgs(key="id_rsa", path="id_rsa", mode=OWNER_ONLY),
            KeyToPathArgs(key="id_rsa.pub", path="id_rsa.pub"),
            KeyToPathArgs(key="known_hosts", path="known_hosts"),
        ],
    )
