"""Field managers of server-side apply: transfers and releases ownership of an object's fields."""

import secrets

from dev.plugin.api_server import FIELD_MANAGER, ApiError, ApiServer
from dev.plugin.manifest import ResourceKind, annotation
from dev.plugin.property_values import Manifest

# Managers, by prefix, whose fields are transferred to the resource's own before its first apply, which would otherwise
# conflict.
_PREDECESSORS = (
    (FIELD_MANAGER, "Update"),
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
)


def manager_name(inputs: Manifest, before: str = "") -> str:
    """Return a resource's own manager: the annotated one, else the previous one, else a new one."""
    return annotation(inputs, "patchFieldManager") or before or f"{FIELD_MANAGER}-{secrets.token_hex(4)}"


def is_created_by_us(live: Manifest) -> bool:
    """Whether the manager of creations still owns fields."""
    return any((entry["manager"], entry["operation"]) == (FIELD_MANAGER, "Update") for entry in _entries(live))


def hand_over(server: ApiServer, kind: ResourceKind, live: Manifest, manager: str) -> Manifest:
    """Transfer the fields of the predecessors to `manager`; return the updated object."""
    own: Manifest | None = None
    kept, is_changed = [], False
    for entry in _entries(live):
        is_own = (entry["manager"], entry["operation"]) == (manager, "Apply")
        if is_own or _is_predecessor(entry):
            merged = _merge(own["fieldsV1"], entry["fieldsV1"]) if own else entry["fieldsV1"]
            own = (own or entry) | {"manager": manager, "operation": "Apply", "fieldsV1": merged}
            is_changed = is_changed or not is_own
        else:
            kept.append(entry)
    if not is_changed:
        return live
    return server.json_patch(kind, live, [{"op": "replace", "path": "/metadata/managedFields", "value": [*kept, own]}])


def relinquish(server: ApiServer, kind: ResourceKind, live: Manifest, manager: str) -> None:
    """Apply an empty manifest, which removes the fields that have no other manager."""
    metadata = {key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]}
    nothing = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    server.apply(kind, nothing, live, manager, force=False, dry_run=False)


def explain(error: ApiError, manager: str) -> str:
    """Return the API server's message, with advice for the user."""
    if error.reason == "AlreadyExists":
        advice = "import it, or set upsertExistingObjects on the provider to adopt it"
        return f"{error}\n\nThe resource already exists in the cluster: {advice}."
    if error.reason == "Conflict":
        return (
            "server-side apply field conflict detected\n"
            f'The resource managed by field manager "{manager}" had an apply conflict: {error}'
        )
    return str(error)


def _entries(live: Manifest) -> list[Manifest]:
    return live["metadata"].get("managedFields") or []


def _is_predecessor(entry: Manifest) -> bool:
    return not entry.get("subresource") and any(
        entry["manager"].startswith(name) and entry["operation"] == operation for name, operation in _PREDECESSORS
    )


def _merge(left: Manifest, right: Manifest) -> Manifest:
    return left | {key: _merge(left.get(key, {}), value) for key, value in right.items()}
