"""The six shared objects that every tenant's control pods refer to."""

import base64
from collections.abc import Collection, Mapping

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from components.fleet_context import FleetContext
from components.objects.control_environment import SharedNames
from components.objects.metadata import object_metadata
from tenants.fleet import CONFIG_MAP_KEYS, SECRET_KEYS, SharedObject


class Platform(pulumi.ComponentResource):
    """Declares each shared object whose data the configuration contains, and reads the others."""

    names: SharedNames
    """Each is resolved only if the object has every key that the pods need: a missing object or key fails the preview,
    not the start of a pod."""

    def __init__(self, name: str, args: FleetContext, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:Platform", name, None, opts)
        spec = args.fleet.platform
        self._home = args.home
        self._hooks = args.hooks.shared_object
        self._encrypted = spec.encrypted
        self.names = SharedNames(
            **{each: self._config_map(getattr(spec, each), keys) for each, keys in CONFIG_MAP_KEYS.items()},
            **{each: self._secret(getattr(spec, each), keys) for each, keys in SECRET_KEYS.items()},
        )
        self.register_outputs({})

    def _config_map(self, shared: SharedObject, keys: Collection[str]) -> pulumi.Output[str]:
        opts = pulumi.ResourceOptions(
            parent=self,
            # The plugin's copy of the inputs. The engine marks the output `data` as its input; this copy would stay in
            # plain text in the state if a value was plain before and is encrypted now (engine 3.250).
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

    def _secret(self, shared: SharedObject, keys: Collection[str]) -> pulumi.Output[str]:
        opts = pulumi.ResourceOptions(parent=self)
        if shared.data is None:
            secret = Secret.get(shared.name, id=f"{self._home.namespace}/{shared.name}", opts=opts)
            name = secret.data.apply(lambda data: self._name_if_complete("Secret", shared.name, data, keys))
            # The name is derived from secret values: it would be secret too, and masked wherever a pod refers to it.
            return pulumi.Output.unsecret(name)
        Secret(
            shared.name,
            metadata=object_metadata(shared.name, self._home),
            type="Opaque",
            # `data` rather than `stringData`: the API server never returns the latter, so its drift would not be seen.
            data=pulumi.Output.secret({key: _base64(value) for key, value in shared.data.items()}),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=self._hooks)),
        )
        return pulumi.Output.from_input(shared.name)

    def _name_if_complete(self, kind: str, name: str, data: Mapping[str, str] | None, keys: Collection[str]) -> str:
        missing = [key for key in keys if key not in (data or {})]
        if missing:
            raise pulumi.RunError(
                f"{kind} {self._home.namespace}/{name} lacks {', '.join(missing)}, which every tenant's pods need: add "
                f"it to the {kind}, or configure another {kind} under adb-tenants:platform."
            )
        return name


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
