"""The environment of a tenant's containers: the ten variables of its control pods, and the ssh keys."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

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

from kube.facts import GPADMIN_SSH_MOUNT, ROOT_SSH_MOUNT
from tenants.fleet import PlatformSpec, Role, TenantSpec

OWNER_ONLY = 0o600


@dataclass(frozen=True, kw_only=True)
class SharedNames:
    """The names by which pods refer to the shared objects."""

    adbops: pulumi.Input[str]
    mysql: pulumi.Input[str]
    adb_connect: pulumi.Input[str]
    mysql_connect: pulumi.Input[str]
    root_ssh_key: pulumi.Input[str]
    gpadmin_ssh_key: pulumi.Input[str]


def configured_names(platform: PlatformSpec) -> SharedNames:
    """Return the names as configured, whether or not the objects exist."""
    return SharedNames(**{each.name: getattr(platform, each.name).name for each in fields(SharedNames)})


def variables(spec: TenantSpec, shared: SharedNames) -> Sequence[EnvVarArgs]:
    """Build the variables with the names of the tenant's databases and the addresses of the services they use."""
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
    """Build the mounts of `ssh_key_volumes`."""
    return [
        VolumeMountArgs(name="root-ssh-volume", mount_path=ROOT_SSH_MOUNT, read_only=True),
        VolumeMountArgs(name="gpadmin-ssh-volume", mount_path=GPADMIN_SSH_MOUNT, read_only=True),
    ]


def ssh_key_volumes(shared: SharedNames) -> Sequence[VolumeArgs]:
    """Build the volumes of the ssh keys by which a tenant's two pods connect to each other."""
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
        # sshd and ssh reject a private key that others can read.
        items=[
            KeyToPathArgs(key="authorized_keys", path="authorized_keys", mode=OWNER_ONLY),
            KeyToPathArgs(key="id_rsa", path="id_rsa", mode=OWNER_ONLY),
            KeyToPathArgs(key="id_rsa.pub", path="id_rsa.pub"),
            KeyToPathArgs(key="known_hosts", path="known_hosts"),
        ],
    )
