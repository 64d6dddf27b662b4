"""A tenant of the old Java service: its JSON, posted by another client, and labels by `kubectl label`."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.cell import Cell
from tests.support.program import ROOT

JAVA = ROOT / "tests" / "data" / "seed" / "java"
JAVA_CLIENT = "okhttp"
"""The field manager of the service's HTTP client."""


def posted_objects(namespace: str, name: str, vip: str) -> list[dict[str, Any]]:
    """Return the seed's JSON for one tenant, in a namespace, and in `apps/v1`, which requires a selector."""

    def posted(file: str, role: str) -> dict[str, Any]:
        text = (JAVA / f"{file}.json").read_text()
        # The environment has the names of both roles' pods, in which the role must not be replaced.
        text = text.replace('"value": "tenant3-master"', '"value": "tenant3-MASTER"')
        text = text.replace("tenant3-master", f"tenant3-{role}").replace('"master"', f'"{role}"')
        # The annotation with the tolerations contains an escaped "master", which is kept.
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
            # Current schedulers ignore the annotation, and the nodes have the seed's taint.
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
    """Create the tenant's labels and objects in the cell, in the old service's order, each one edited."""
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
