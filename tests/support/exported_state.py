"""Exported states of a stack, as `pulumi stack export --show-secrets` prints them."""

import json
from typing import Any

URN = "urn:pulumi:prod::adb-tenants::adb:tenants:"
PROVIDER = {
    "urn": "urn:pulumi:prod::adb-tenants::pulumi:providers:kubernetes::cluster",
    "type": "pulumi:providers:kubernetes",
    "inputs": {"context": "prod-cluster"},
}


def state(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"version": 3, "deployment": {"resources": resources}}).encode()


def resource(kind: str, name: str, parent: str = "VirtualIp", **more: Any) -> dict[str, Any]:
    """Return a core/v1 object in the namespace `cell`."""
    token = f"kubernetes:core/v1:{kind}"
    inputs = {"apiVersion": "v1", "kind": kind.removesuffix("Patch"), "metadata": {"name": name, "namespace": "cell"}}
    return {"urn": f"{URN}{parent}${token}::{name}", "type": token, "inputs": inputs, "outputs": {}, **more}
