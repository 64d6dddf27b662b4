"""The entries of tenants that a cluster holds already, read from what `kubectl get … --output json` prints.

With them a whole cluster moves over by copy, review and `pulumi up`: each entry says `adopt: true`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tenants.boundary import SEED_SETTINGS
from tenants.fleet import Role

Manifest = Mapping[str, Any]
Entry = dict[str, Any]

KINDS = "nodes,services,statefulsets,replicationcontrollers,configmaps"
"""What has to be asked for."""


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What was found."""

    entries: tuple[Entry, ...]
    """As they stand in a stack file, defaults left out, by name."""
    left_out: tuple[str, ...]
    """Sentences: which tenant is not among the entries, and why."""

    def as_yaml(self) -> str:
        """The section of a stack file, what was left out as comments above it."""
        comments = "".join(f"# {sentence}\n" for sentence in self.left_out)
        return comments + yaml.safe_dump({"adb-tenants:tenants": list(self.entries)}, sort_keys=False, width=120)


class _IncompleteError(Exception):
    """A tenant cannot be described; the text says what is missing."""


def discover(objects: Iterable[Manifest]) -> Discovery:
    """Describe every tenant among the objects of one namespace, and the nodes."""
    by_key = {(found["kind"], found["metadata"]["name"]): found for found in objects}
    names = sorted(
        {
            found["spec"]["template"]["metadata"]["labels"]["tenancy"]
            for (kind, _), found in by_key.items()
            if kind == "StatefulSet" and _is_adb(found)
        }
    )
    entries, left_out = [], []
    for name in names:
        try:
            entries.append(_entry(name, by_key))
        except _IncompleteError as error:
            left_out.append(f"{name} is left out: {error}.")
    return Discovery(entries=tuple(entries), left_out=tuple(left_out))


def _is_adb(stateful_set: Manifest) -> bool:
    labels = stateful_set["spec"]["template"]["metadata"].get("labels", {})
    return labels.get("app") == "adb" and "tenancy" in labels


def _entry(name: str, by_key: Mapping[tuple[str, str], Manifest]) -> Entry:
    def needed(kind: str, object_name: str) -> Manifest:
        if (kind, object_name) not in by_key:
            raise _IncompleteError(f"there is no {kind} {object_name}")
        return by_key[kind, object_name]

    pods = {role: needed("StatefulSet", f"{name}-{role}")["spec"]["template"]["spec"] for role in Role}
    addresses = list(needed("ConfigMap", f"{name}-vip-cm").get("data") or {})
    if len(addresses) != 1:
        raise _IncompleteError(f"ConfigMap {name}-vip-cm holds {len(addresses)} addresses, not one")
    selector = needed("Service", f"{name}-vip")["spec"].get("selector", {})
    keepalived = needed("ReplicationController", f"{name}-vip")["spec"]["template"]["spec"]["containers"][0]
    paths = {
        volume["name"]: volume["hostPath"]["path"] for volume in pods[Role.MASTER]["volumes"] if "hostPath" in volume
    }
    control = pods[Role.MASTER]["containers"][0]
    standby = pods[Role.STANDBY]["containers"][0]
    for what, of in _ALIKE.items():
        if of(control) != of(standby):
            raise _IncompleteError(f"its roles differ in {what}: {of(control)} and {of(standby)}")

    found: Entry = {
        "activeRole": selector.get("role"),
        "vrid": _vrid(name, keepalived),
        "memory": _ALIKE["memory"](control),
        "memoryLimit": _memory_limit(control),
        "image": control["image"],
        "dataPath": paths.get("data"),
        "logPath": paths.get("adminlog"),
        "updateStrategy": needed("StatefulSet", f"{name}-master")["spec"].get("updateStrategy", {}).get("type"),
        "keepalived": {"image": keepalived["image"]},
    }
    defaults = {
        "activeRole": str(SEED_SETTINGS.active_role),
        "vrid": int(addresses[0].rpartition(".")[2]),
        "memory": SEED_SETTINGS.memory,
        "memoryLimit": SEED_SETTINGS.memory_limit,
        "image": SEED_SETTINGS.image,
        "dataPath": f"/data0/{name}/data",
        "logPath": f"/data0/{name}/adminlog",
        "updateStrategy": str(SEED_SETTINGS.update_strategy),
        "keepalived": {"image": SEED_SETTINGS.keepalived_image},
    }
    return {
        "name": name,
        "vip": addresses[0],
        "hosts": {str(role): _host(name, role, by_key) for role in Role},
        "adopt": True,
        **{key: value for key, value in found.items() if value is not None and value != defaults[key]},
    }


_ALIKE: Mapping[str, Callable[[Manifest], Any]] = {
    "image": lambda container: container["image"],
    "memory": lambda container: container.get("resources", {}).get("limits", {}).get("memory"),
}


def _host(name: str, role: Role, by_key: Mapping[tuple[str, str], Manifest]) -> str:
    label = f"tenancy-{name}"
    labelled = [
        node_name
        for (kind, node_name), found in by_key.items()
        if kind == "Node" and found["metadata"].get("labels", {}).get(label) == role
    ]
    if len(labelled) != 1:
        raise _IncompleteError(f"{', '.join(labelled) or 'no node'} has the label {label}={role}, not one node")
    return labelled[0]


def _vrid(name: str, keepalived: Manifest) -> int:
    for argument in keepalived.get("args", ()):
        if match := re.fullmatch(r"--vrid=(\d+)", argument):
            return int(match[1])
    raise _IncompleteError(f"ReplicationController {name}-vip has no argument --vrid=<number>")


def _memory_limit(container: Manifest) -> int | None:
    values = [variable.get("value") for variable in container.get("env", ()) if variable["name"] == "MEMORY_LIMIT"]
    return int(values[0]) if values and str(values[0]).isdecimal() else None
