"""Kubernetes kinds, annotations, and the API server's normal form of manifests."""

import base64
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dev.plugin.property_values import Manifest, Unknown, contains


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """One kind of Kubernetes object."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str, name: str = "") -> str:
        """Return the URL path of an object, or of the collection if `name` is empty."""
        root = "/apis" if "/" in self.api_version else "/api"
        scope = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{root}/{self.api_version}{scope}/{self.plural}" + (f"/{name}" if name else "")


STATEFUL_SET = ResourceKind("apps/v1", "StatefulSet", "statefulsets")
JOB = ResourceKind("batch/v1", "Job", "jobs")
CONFIG_MAP = ResourceKind("v1", "ConfigMap", "configmaps")
ENDPOINTS = ResourceKind("v1", "Endpoints", "endpoints")
NAMESPACE = ResourceKind("v1", "Namespace", "namespaces", namespaced=False)
NODE = ResourceKind("v1", "Node", "nodes", namespaced=False)
POD = ResourceKind("v1", "Pod", "pods")
REPLICATION_CONTROLLER = ResourceKind("v1", "ReplicationController", "replicationcontrollers")
SECRET = ResourceKind("v1", "Secret", "secrets")
SERVICE = ResourceKind("v1", "Service", "services")
SERVICE_ACCOUNT = ResourceKind("v1", "ServiceAccount", "serviceaccounts")
NETWORK_POLICY = ResourceKind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
CLUSTER_ROLE = ResourceKind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = ResourceKind(
    "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False
)

_KINDS = {
    (kind.api_version, kind.name): kind
    for kind in (
        *(STATEFUL_SET, JOB, CONFIG_MAP, NAMESPACE, NODE, POD, REPLICATION_CONTROLLER, SECRET, SERVICE),
        *(SERVICE_ACCOUNT, NETWORK_POLICY, CLUSTER_ROLE, CLUSTER_ROLE_BINDING),
    )
}


class UnsupportedKindError(Exception):
    """The double does not implement the resource's kind."""

    def __init__(self, type_token: str) -> None:
        super().__init__(
            f"{type_token} is not supported by the local double of the kubernetes plugin: "
            "put the official pulumi-resource-kubernetes on PATH"
        )


@dataclass(frozen=True, slots=True)
class ResourceType:
    """The type of a resource."""

    kind: ResourceKind
    is_patch: bool
    """Whether it is a `…Patch` resource, which owns some fields of an object, not the object."""


def resource_type(urn: str) -> ResourceType:
    """Parse the type in `urn:pulumi:stack::project::parent$kubernetes:core/v1:NodePatch::name`."""
    token = urn.split("::")[2].rpartition("$")[2]
    _, api_version, name = token.split(":")
    kind = _KINDS.get((api_version.removeprefix("core/"), name.removesuffix("Patch")))
    if kind is None:
        raise UnsupportedKindError(token)
    return ResourceType(kind, name.endswith("Patch"))


def name_of(manifest: Manifest) -> str:
    """Return `metadata.name`; empty if it is absent or not known yet."""
    return _text(manifest, "name")


def namespace_of(manifest: Manifest) -> str:
    """Return `metadata.namespace`; empty if it is absent or not known yet."""
    return _text(manifest, "namespace")


def _text(manifest: Manifest, field: str) -> str:
    value = pluck(manifest, "metadata", field)
    return value if isinstance(value, str) else ""


def annotation(manifest: Manifest, key: str) -> str:
    """Return the annotation `pulumi.com/<key>`; empty if it is absent."""
    value = pluck(manifest, "metadata", "annotations", f"pulumi.com/{key}")
    return value if isinstance(value, str) else ""


def pluck(manifest: Manifest, *path: str) -> Any:
    """Return the value at `path`, or `None`."""
    value: Any = manifest
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def prune(live: Any, shape: Any) -> Any:
    """Return the fields of `live` that `shape` has too: an object without what the cluster added."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: prune(value, shape[key]) for key, value in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [prune(value, shape[i]) for i, value in enumerate(live[: len(shape)])]
    return live


_SERVER_SET = (
    *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp"),
    *("generation", "managedFields", "resourceVersion", "uid"),
)
# Fields that this program sets and that the API server omits if they have their zero value.
_OMITTED_ZERO = {"readOnly", "hostNetwork", "hostPID", "hostIPC", "publishNotReadyAddresses", "minReadySeconds"}
_OMITTED_EMPTY = {
    *("labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData", "binaryData"),
    *("limits", "requests", "tolerations", "env", "args", "command", "volumes", "volumeMounts", "items"),
}


def normalise(manifest: Manifest) -> Manifest:
    """Return a manifest in the spelling of the API server, so that equivalent manifests compare equal."""
    normal = dict(manifest)
    if not contains(manifest, Unknown):
        normal = _normalise(manifest)
        if normal.get("kind") == "Secret" and isinstance(text := normal.pop("stringData", None), dict):
            encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in text.items()}
            normal["data"] = normal.get("data", {}) | encoded
    if isinstance(metadata := normal.get("metadata"), dict):
        normal["metadata"] = {key: value for key, value in metadata.items() if key not in _SERVER_SET}
    return normal


def _normalise(value: Any, field: str = "") -> Any:
    if isinstance(value, list):
        return [_normalise(item) for item in value]
    if not isinstance(value, dict):
        return value
    if field in ("limits", "requests"):
        return {key: canonical_quantity(str(item)) for key, item in value.items()}
    return {key: _normalise(item, key) for key, item in value.items() if not _is_omitted(key, item)}


def _is_omitted(field: str, value: Any) -> bool:
    return value is None or (
        not value and field in (_OMITTED_EMPTY if isinstance(value, dict | list) else _OMITTED_ZERO)
    )


def inputs_of(live: Manifest) -> Manifest:
    """Return the inputs with which a live object could have been created."""
    inputs = normalise({key: value for key, value in live.items() if key != "status"})
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    if applied in inputs["metadata"].get("annotations", {}):
        annotations = {key: value for key, value in inputs["metadata"]["annotations"].items() if key != applied}
        inputs["metadata"]["annotations"] = annotations
    return inputs


_SUFFIXES = {
    1024: ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"),
    1000: ("", "k", "M", "G", "T", "P", "E"),
}


def canonical_quantity(text: str) -> str:
    """Return the API server's spelling of a quantity, `1Gi` for `1024Mi`; other texts are returned unchanged."""
    for base, suffixes in _SUFFIXES.items():
        match = re.fullmatch(rf"(\d+(?:\.\d*)?|\.\d+)({'|'.join(suffixes[base == 1024 :])})", text)
        if match is None:
            continue
        value = Decimal(match[1]) * base ** suffixes.index(match[2])
        if value != int(value) or value == 0:
            return "0" if value == 0 else text
        power = 0
        while power < len(suffixes) - 1 and value % base == 0:
            value, power = value / base, power + 1
        return f"{int(value)}{suffixes[power]}"
    return text
