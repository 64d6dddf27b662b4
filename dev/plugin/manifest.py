"""What is to be known about Kubernetes objects without asking an API server: kinds, annotations, normal form."""

import base64
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dev.plugin.property_values import Manifest, Unknown, contains


@dataclass(frozen=True, slots=True)
class ServedKind:
    """One kind of object."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str, name: str = "") -> str:
        """The URL path of an object, or of the collection when `name` is empty."""
        root = "/apis" if "/" in self.api_version else "/api"
        scope = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{root}/{self.api_version}{scope}/{self.plural}" + (f"/{name}" if name else "")


STATEFUL_SET = ServedKind("apps/v1", "StatefulSet", "statefulsets")
JOB = ServedKind("batch/v1", "Job", "jobs")
CONFIG_MAP = ServedKind("v1", "ConfigMap", "configmaps")
ENDPOINTS = ServedKind("v1", "Endpoints", "endpoints")
NAMESPACE = ServedKind("v1", "Namespace", "namespaces", namespaced=False)
NODE = ServedKind("v1", "Node", "nodes", namespaced=False)
POD = ServedKind("v1", "Pod", "pods")
REPLICATION_CONTROLLER = ServedKind("v1", "ReplicationController", "replicationcontrollers")
SECRET = ServedKind("v1", "Secret", "secrets")
SERVICE = ServedKind("v1", "Service", "services")
SERVICE_ACCOUNT = ServedKind("v1", "ServiceAccount", "serviceaccounts")
CLUSTER_ROLE = ServedKind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = ServedKind(
    "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False
)

_KINDS = {
    (kind.api_version, kind.name): kind
    for kind in (
        *(STATEFUL_SET, JOB, CONFIG_MAP, NAMESPACE, NODE, POD, REPLICATION_CONTROLLER, SECRET, SERVICE),
        *(SERVICE_ACCOUNT, CLUSTER_ROLE, CLUSTER_ROLE_BINDING),
    )
}


class UnsupportedKindError(Exception):
    """The resource's kind is not one of those that this program declares."""

    def __init__(self, type_token: str) -> None:
        super().__init__(
            f"{type_token} is beyond the local double of the kubernetes plugin: "
            "put the official pulumi-resource-kubernetes on PATH"
        )


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What a URN says about its resource."""

    kind: ServedKind
    is_patch: bool
    """A `…Patch` resource: owns some fields of an object, not the object."""


def resource_type(urn: str) -> ResourceType:
    """The kind behind `urn:pulumi:stack::project::parent$kubernetes:core/v1:NodePatch::name`."""
    token = urn.split("::")[2].rpartition("$")[2]
    _, api_version, name = token.split(":")
    kind = _KINDS.get((api_version.removeprefix("core/"), name.removesuffix("Patch")))
    if kind is None:
        raise UnsupportedKindError(token)
    return ResourceType(kind, name.endswith("Patch"))


def name_of(manifest: Manifest) -> str:
    """`metadata.name`, empty when there is none or when it is not known yet."""
    return _text(manifest, "name")


def namespace_of(manifest: Manifest) -> str:
    """`metadata.namespace`, likewise."""
    return _text(manifest, "namespace")


def _text(manifest: Manifest, field: str) -> str:
    value = pluck(manifest, "metadata", field)
    return value if isinstance(value, str) else ""


def annotation(manifest: Manifest, key: str) -> str:
    """The annotation `pulumi.com/<key>`, empty when it is absent."""
    value = pluck(manifest, "metadata", "annotations", f"pulumi.com/{key}")
    return value if isinstance(value, str) else ""


def pluck(manifest: Manifest, *path: str) -> Any:
    """The value at `path`, `None` where it ends early."""
    value: Any = manifest
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def prune(live: Any, shape: Any) -> Any:
    """What of `live` has its place in `shape`: an object without all that the cluster added to it."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: prune(value, shape[key]) for key, value in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [prune(value, shape[i]) for i, value in enumerate(live[: len(shape)])]
    return live


_SERVER_SET = (
    *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp"),
    *("generation", "managedFields", "resourceVersion", "uid"),
)
# Fields that the API server leaves out when they hold their zero value, of those this program sets.
_OMITTED_ZERO = {"readOnly", "hostNetwork", "hostPID", "hostIPC", "publishNotReadyAddresses", "minReadySeconds"}
_OMITTED_EMPTY = {
    *("labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData", "binaryData"),
    *("limits", "requests", "tolerations", "env", "args", "command", "volumes", "volumeMounts", "items"),
}


def normalise(manifest: Manifest) -> Manifest:
    """The spelling that the API server would give back, so that equal meaning compares equal."""
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
    """The inputs that would make a live object what it is."""
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
    """The API server's spelling of a quantity: `1024Mi` is `1Gi`. What is no plain quantity stays as it is."""
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
