"""The six objects that every tenant's control pods refer to."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pulumi
from pulumi import ResourceHookBinding
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from components.live.stack_home import StackHome
from components.objects.metadata import object_metadata
from tenants import fleet
from tenants.fleet import CONFIG_MAP_KEYS, SECRET_KEYS, SharedObject


@dataclass(frozen=True, kw_only=True)
class SharedNames:
    """The names by which pods refer to the shared objects."""

    adbops: pulumi.Input[str]
    mysql: pulumi.Input[str]
    adb_connect: pulumi.Input[str]
    mysql_connect: pulumi.Input[str]
    root_ssh_key: pulumi.Input[str]
    gpadmin_ssh_key: pulumi.Input[str]


class Platform(pulumi.ComponentResource):
    """Declares a shared object where the configuration holds its data, and reads it where it does not."""

    names: SharedNames
    """Each known only once the object is known to hold every key that the pods need: a missing object or key fails the
    preview, not a pod's start."""

    def __init__(
        self,
        name: str,
        *,
        spec: fleet.PlatformSpec,
        home: StackHome,
        hooks: ResourceHookBinding,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("adb:tenants:Platform", name, None, opts)
        self._home = home
        self._hooks = hooks
        self._encrypted = spec.encrypted
        self.names = SharedNames(
            adbops=self._config_map(spec.adbops, keys=CONFIG_MAP_KEYS["adbops"]),
            mysql=self._config_map(spec.mysql, keys=CONFIG_MAP_KEYS["mysql"]),
            adb_connect=self._secret(spec.adb_connect, keys=SECRET_KEYS["adb_connect"]),
            mysql_connect=self._secret(spec.mysql_connect, keys=SECRET_KEYS["mysql_connect"]),
            root_ssh_key=self._secret(spec.root_ssh_key, keys=SECRET_KEYS["root_ssh_key"]),
            gpadmin_ssh_key=self._secret(spec.gpadmin_ssh_key, keys=SECRET_KEYS["gpadmin_ssh_key"]),
        )
        self.register_outputs({})

    def _config_map(self, shared: SharedObject, *, keys: Collection[str]) -> pulumi.Output[str]:
        opts = pulumi.ResourceOptions(
            parent=self,
            # The plugin's copy of the inputs. The engine marks the output `data` after its input; this one it would
            # leave in plain text in the state where a value was plain before and is encrypted now (engine 3.250).
            additional_secret_outputs=["__inputs"] if self._encrypted and shared.data is not None else None,
        )
        if shared.data is None:
            config_map = ConfigMap.get(shared.name, id=f"{self._home.namespace}/{shared.name}", opts=opts)
            return config_map.data.apply(lambda data: self._name_if_complete("ConfigMap", shared.name, data, keys))
        ConfigMap(
            shared.name,
            metadata=object_metadata(shared.name, self._home),
            data=pulumi.Output.secret(shared.data) if self._encrypted else dict(shared.data),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=self._hooks)),
        )
        return pulumi.Output.from_input(shared.name)

    def _secret(self, shared: SharedObject, *, keys: Collection[str]) -> pulumi.Output[str]:
        opts = pulumi.ResourceOptions(parent=self)
        if shared.data is None:
            secret = Secret.get(shared.name, id=f"{self._home.namespace}/{shared.name}", opts=opts)
            name = secret.data.apply(lambda data: self._name_if_complete("Secret", shared.name, data, keys))
            # Derived from secret values, the name would count as one and be masked wherever a pod refers to it.
            return pulumi.Output.unsecret(name)
        Secret(
            shared.name,
            metadata=object_metadata(shared.name, self._home),
            type="Opaque",
            # `data` rather than `stringData`: the API server never returns the latter, so nobody could see it drift.
            data=pulumi.Output.secret({key: _base64(value) for key, value in shared.data.items()}),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=self._hooks)),
        )
        return pulumi.Output.from_input(shared.name)

    def _name_if_complete(self, kind: str, name: str, data: Mapping[str, str] | None, keys: Collection[str]) -> str:
        missing = [key for key in keys if key not in (data or {})]
        if missing:
            raise pulumi.RunError(
                f"{kind} {self._home.namespace}/{name} has no {', '.join(missing)}: every tenant's pods refer to it; "
                f"add what is missing to the {kind}, or name another one under adb-tenants:platform."
            )
        return name


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
