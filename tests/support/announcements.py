"""Which keepalived announced which VIP, one change of the cluster after the other."""

import json
from collections.abc import Iterator, Mapping

from tests.support.cell import Cell, Manifest

LISTS = ("configmaps", "pods")
Announcers = Mapping[str, frozenset[str]]
"""By VIP: the ConfigMaps by which a running keepalived announces it."""


def moment(cell: Cell) -> str:
    """Return the version of the cluster now."""
    version: str = _listed(cell, "configmaps")["metadata"]["resourceVersion"]
    return version


def now(cell: Cell) -> Announcers:
    """Return who announces each VIP."""
    return _announcers([item for each in LISTS for item in _listed(cell, each)["items"]])


def since(cell: Cell, version: str) -> Iterator[Announcers]:
    """Yield who announced each VIP after each change since a version, from the API server's history of 5 minutes."""
    objects = {
        (each, item["metadata"]["name"]): item
        for each in LISTS
        for item in _listed(cell, each, f"?resourceVersion={version}&resourceVersionMatch=Exact")["items"]
    }
    events = [(each, event) for each in LISTS for event in _events(cell, each, version)]
    for each, event in sorted(events, key=lambda found: int(found[1]["object"]["metadata"]["resourceVersion"])):
        item = event["object"]
        key = each, item["metadata"]["name"]
        objects[key] = item
        if event["type"] == "DELETED":
            del objects[key]
        yield _announcers(list(objects.values()))


def announced_twice(cell: Cell, version: str) -> list[Announcers]:
    """Return every moment since a version at which two announced one VIP."""
    return [found for found in since(cell, version) if any(len(announcers) > 1 for announcers in found.values())]


def _announcers(items: list[Manifest]) -> Announcers:
    read = {
        argument.rpartition("/")[2]
        for item in items
        for container in item.get("spec", {}).get("containers", [])
        for argument in container.get("args", [])
        if argument.startswith("--services-configmap=")
    }
    found: dict[str, set[str]] = {}
    for item in items:
        if item["metadata"]["name"] in read and "spec" not in item:
            for vip in (vip for vip, service in (item.get("data") or {}).items() if service):
                found.setdefault(vip, set()).add(item["metadata"]["name"])
    return {vip: frozenset(names) for vip, names in found.items()}


def _listed(cell: Cell, plural: str, query: str = "") -> Manifest:
    found: Manifest = json.loads(cell.kubectl("get", "--raw", f"/api/v1/namespaces/{cell.namespace}/{plural}{query}"))
    return found


def _events(cell: Cell, plural: str, version: str) -> list[Manifest]:
    query = f"?watch=1&timeoutSeconds=1&resourceVersion={version}"
    lines = cell.kubectl("get", "--raw", f"/api/v1/namespaces/{cell.namespace}/{plural}{query}")
    return [json.loads(line) for line in lines.splitlines()]
