"""A tenant as the old Java service made it: its JSON, posted by another client; labels by `kubectl label`."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.cell import Cell
from tests.support.program import ROOT

JAVA = ROOT / "tests" / "data" / "seed" / "java"
JAVA_CLIENT = "okhttp"
"""The field manager that the service's HTTP client got."""


def posted_objects(namespace: str, name: str, vip: str) -> list[dict[str, Any]]:
    """The seed's JSON for one tenant, in a namespace, and in `apps/v1`, which asks for a selector."""

    def posted(file: str, role: str) -> dict[str, Any]:
        text = (JAVA / f"{file}.json").read_text()
        # The names of both roles' pods lie in the environment, where a role must not be swapped.
        text = text.replace('"value": "tenant3-master"', '"value": "tenant3-MASTER"')
        text = text.replace("tenant3-master", f"tenant3-{role}").replace('"master"', f'"{role}"')
        # The annotation with the tolerations holds an escaped "master" of its own, which stays.
        text = text.replace("tenant3-MASTER", "tenant3-master").replace("tenant3", name)
        text = (
            text.replace("192.168.143.144", vip)
            .replace('"default/', f'"{namespace}/')
            .replace("=default/", f"={namespace}/")
        )
        text = text.replace("--vrid=144", f"--vrid={vip.rpartition('.')[2]}")
        found: dict[str, Any] = json.loads(text)
        if found["kind"] == "StatefulSet":
            found["apiVersion"] = "apps/v1"
            found["spec"]["selector"] = {"matchLabels": found["spec"]["template"]["metadata"]["labels"]}
            found["spec"]["updateStrategy"] = {"type": "OnDelete"}
        if "template" in found.get("spec", {}):
            # Its annotation means nothing to today's scheduler, and the nodes are tainted as the seed's were.
            toleration = {"key": "dedicated", "operator": "Equal", "value": "master", "effect": "NoSchedule"}
            found["spec"]["template"]["spec"]["tolerations"] = [toleration]
        return found

    per_role = ("service-tenant3-master", "statefulset-tenant3-master")
    per_tenant = ("configmap-tenant3-vip-cm", "replicationcontroller-tenant3-vip", "service-tenant3-vip")
    return [
        *(posted(file, role) for role in ("master", "standby") for file in per_role),
        *(posted(file, "master") for file in per_tenant),
    ]


def create_legacy_tenant(
    cell: Cell,
    name: str,
    *,
    vip: str,
    hosts: dict[str, str],
    edit: Callable[[dict[str, Any]], object] = lambda _: None,
) -> None:
    """Create the tenant's objects and labels in the cell, in the order of the old service; each edited before."""
    for role, node in hosts.items():
        cell.kubectl("label", "node", node, f"tenancy-{name}={role}")
    posted = posted_objects(cell.namespace, name, vip)
    for found in posted:
        if "template" in found.get("spec", {}):
            # The old service pinned by the label alone, and other tests' nodes in this cluster have the same ones.
            selector = found["spec"]["template"]["spec"]["nodeSelector"]
            selector["kubernetes.io/hostname"] = hosts[selector[f"tenancy-{name}"]]
        if "spec" in found:
            edit(found)
    objects = {"apiVersion": "v1", "kind": "List", "items": posted}
    cell.kubectl("create", "--field-manager", JAVA_CLIENT, "-f", "-", stdin=json.dumps(objects))
