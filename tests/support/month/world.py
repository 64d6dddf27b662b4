"""What a cell of the test cluster contains, in the words in which a model of it can be written."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from tests.support.cell import EVERY_NAMESPACE_HAS, Cell, Manifest

KINDS = (
    "services,endpoints,statefulsets,replicationcontrollers,configmaps,secrets,serviceaccounts,pods,jobs,"
    "networkpolicies,nodes"
)
ROLES = ("master", "standby")
DATABASE_POD = re.compile(r"(?P<tenant>.+)-(?P<role>master|standby)-\d+")


class Database(NamedTuple):
    """What a database's pod was started with, and where it runs."""

    node: str
    """Empty while it is pending."""
    data_path: str
    image: str
    memory: str


@dataclass(frozen=True, kw_only=True)
class World:
    """The cluster, without what controllers name at random."""

    objects: frozenset[str]
    """Kind and name of every object that is declared."""
    selectors: Mapping[str, str]
    """By tenant: the role that its VIP's Service selects."""
    backends: Mapping[str, frozenset[str]]
    """By tenant: the ready pods behind its VIP's Service."""
    announcements: Mapping[str, frozenset[str]]
    """By VIP: each ConfigMap by which, and node on which, a running keepalived announces it."""
    databases: Mapping[str, Database]
    """By pod."""
    labels: Mapping[str, Mapping[str, str]]
    """By node: the role of each tenant that it is labelled with."""
    cordoned: frozenset[str]
    promoted: Mapping[str, bool]
    """By Job: whether its command has run."""


def differences(expected: World, found: World) -> list[str]:
    """Return every difference, one a line."""
    return [
        line
        for field in fields(World)
        for line in _differences(field.name, getattr(expected, field.name), getattr(found, field.name))
    ]


def _differences(what: str, expected: object, found: object) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in sorted(expected.keys() | found.keys()):
            one, other = expected.get(key, "nothing"), found.get(key, "nothing")
            if one != other:
                yield f"{what} of {key}: {_shown(one)} expected, {_shown(other)} found"
    elif isinstance(expected, frozenset) and isinstance(found, frozenset):
        yield from (f"{what}: {name} is missing" for name in sorted(expected - found))
        yield from (f"{what}: {name} is not expected" for name in sorted(found - expected))


def _shown(value: object) -> str:
    return str(sorted(value) if isinstance(value, frozenset) else value)


def observe(cell: Cell) -> tuple[World, Mapping[str, str]]:
    """Return what a cell contains now, and the uid of each database's pod."""
    listed: list[Manifest] = json.loads(cell.kubectl("get", KINDS, "--output", "json"))["items"]
    of: dict[str, list[Manifest]] = {}
    for item in listed:
        if (item["kind"], item["metadata"]["name"]) not in EVERY_NAMESPACE_HAS:
            of.setdefault(item["kind"], []).append(item)
    nodes = [node for node in of.pop("Node", []) if node["metadata"]["name"].endswith(f".{cell.namespace}")]
    endpoints, pods = of.pop("Endpoints", []), of.pop("Pod", [])
    databases = {pod["metadata"]["name"]: pod for pod in pods if DATABASE_POD.fullmatch(pod["metadata"]["name"])}
    by_address = {pod.get("status", {}).get("podIP"): name for name, pod in databases.items()}
    world = World(
        objects=frozenset(f"{kind} {item['metadata']['name']}" for kind, items in of.items() for item in items),
        selectors={
            item["metadata"]["name"].removesuffix("-vip"): (item["spec"].get("selector") or {}).get("role", "")
            for item in of["Service"]
            if item["metadata"]["name"].endswith("-vip")
        },
        backends={
            item["metadata"]["name"].removesuffix("-vip"): frozenset(
                by_address.get(address["ip"], address["ip"])
                for subset in item.get("subsets") or []
                for address in subset.get("addresses", [])
            )
            for item in endpoints
            if item["metadata"]["name"].endswith("-vip")
        },
        announcements=_announcements(of["ConfigMap"], pods),
        databases={name: _database(pod) for name, pod in databases.items()},
        labels={
            node["metadata"]["name"]: {
                key.removeprefix("tenancy-"): role
                for key, role in node["metadata"].get("labels", {}).items()
                if key.startswith("tenancy-")
            }
            for node in nodes
        },
        cordoned=frozenset(node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")),
        promoted={job["metadata"]["name"]: "completionTime" in job["status"] for job in of.get("Job", [])},
    )
    return world, {name: pod["metadata"]["uid"] for name, pod in databases.items()}


def _database(pod: Manifest) -> Database:
    container = pod["spec"]["containers"][0]
    paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod["spec"]["volumes"] if "hostPath" in volume}
    is_ready = any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod.get("status", {}).get("conditions", [])
    )
    return Database(
        node=pod["spec"].get("nodeName", "") if is_ready else "",
        data_path=paths["data"],
        image=container["image"],
        memory=container["resources"]["limits"]["memory"],
    )


def _announcements(config_maps: list[Manifest], pods: list[Manifest]) -> Mapping[str, frozenset[str]]:
    vips = {
        item["metadata"]["name"]: [vip for vip, service in (item.get("data") or {}).items() if service]
        for item in config_maps
    }
    found: dict[str, set[str]] = {}
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for argument in container.get("args", []):
                if argument.startswith("--services-configmap=") and pod.get("status", {}).get("phase") == "Running":
                    name = argument.rpartition("/")[2]
                    for vip in vips.get(name, []):
                        found.setdefault(vip, set()).add(f"{name} on {pod['spec']['nodeName']}")
    return {vip: frozenset(where) for vip, where in found.items()}
