"""The provider's options, from the resource arguments or else from the environment."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from dev.plugin import kubeconfig
from dev.plugin.api_server import UnreachableError
from dev.plugin.manifest import CONFIG_MAP, SECRET, ResourceKind
from dev.plugin.property_values import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of one provider resource, with the names of `pulumi_kubernetes.Provider`."""

    kubeconfig: str
    """A path or the text itself; the default one if empty."""
    context: str
    namespace: str
    mutable: frozenset[ResourceKind]
    """The kinds whose payload may change in place."""
    upsert_existing_objects: bool
    enable_patch_force: bool
    delete_unreachable: bool
    skip_update_unreachable: bool
    timeout_seconds: float | None
    """Of a single request. The other `kubeClientSettings` throttle requests, which a local API server does not need."""

    @classmethod
    def from_variables(cls, variables: Mapping[str, str]) -> Self:
        """Parse the `variables` of a ConfigureRequest."""
        given = {key.removeprefix("kubernetes:config:"): value for key, value in variables.items()}

        def is_on(option: str, environment: str) -> bool:
            return given.get(option, os.environ.get(f"PULUMI_K8S_{environment}", "")) == "true"

        client = json.loads(given.get("kubeClientSettings", "{}"))
        timeout = client.get("timeout") or os.environ.get("PULUMI_K8S_CLIENT_TIMEOUT")
        return cls(
            kubeconfig=given.get("kubeconfig", ""),
            context=given.get("context", ""),
            namespace=given.get("namespace", ""),
            mutable=frozenset(
                kind
                for kind in (CONFIG_MAP, SECRET)
                if is_on(f"enable{kind.name}Mutable", f"ENABLE_{kind.name.upper()}_MUTABLE")
            ),
            upsert_existing_objects=is_on("upsertExistingObjects", "UPSERT_EXISTING_OBJECTS"),
            enable_patch_force=is_on("enablePatchForce", "ENABLE_PATCH_FORCE"),
            delete_unreachable=is_on("deleteUnreachable", "DELETE_UNREACHABLE"),
            skip_update_unreachable=is_on("skipUpdateUnreachable", "SKIP_UPDATE_UNREACHABLE"),
            timeout_seconds=float(timeout) if timeout else None,
        )


@dataclass(frozen=True, slots=True)
class SettingsDiff:
    """How a provider's options changed."""

    changed: list[str]
    replaces: list[str]
    """Those that select another cluster, which forces the replacement of all resources."""


def diff_settings(old: Manifest, new: Manifest) -> SettingsDiff:
    """Compare two versions of a provider resource's options."""
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    identifiers = old.get("clusterIdentifier"), new.get("clusterIdentifier")
    if identifiers[1] and identifiers[0] == identifiers[1]:
        return SettingsDiff(changed, [])
    replaces = ["clusterIdentifier"] if all(identifiers) and identifiers[0] != identifiers[1] else []
    clusters = [_cluster(options) for options in (old, new)]
    if all(clusters) and clusters[0] != clusters[1]:
        replaces += [key for key in ("kubeconfig", "context", "cluster") if key in changed]
    return SettingsDiff(changed, replaces)


def _cluster(options: Manifest) -> Manifest | None:
    given = options.get("kubeconfig")
    if not isinstance(given, str) or not given:
        return None
    try:
        return kubeconfig.cluster_of(kubeconfig.load(given), str(options.get("context") or ""))
    except UnreachableError:
        return None
