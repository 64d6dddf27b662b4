"""Who manages which field of an object, as server-side apply keeps count of it."""

import secrets

from dev.plugin.api_server import FIELD_MANAGER, ApiError, ApiServer
from dev.plugin.manifest import ServedKind, annotation
from dev.plugin.property_values import Manifest

# Managers, by prefix, whose fields a resource takes over before its first apply, which would conflict otherwise.
_PREDECESSORS = (
    (FIELD_MANAGER, "Update"),
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
)


def manager_name(inputs: Manifest, before: str = "") -> str:
    """A resource's own manager: as annotated, else the one it had, else a new one."""
    return annotation(inputs, "patchFieldManager") or before or f"{FIELD_MANAGER}-{secrets.token_hex(4)}"


def is_created_by_us(live: Manifest) -> bool:
    """Whether fields still belong to the manager of plain creates."""
    return any((entry["manager"], entry["operation"]) == (FIELD_MANAGER, "Update") for entry in _entries(live))


def hand_over(server: ApiServer, kind: ServedKind, live: Manifest, manager: str) -> Manifest:
    """Give `manager` what its predecessors own; the object after that."""
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


def relinquish(server: ApiServer, kind: ServedKind, live: Manifest, manager: str) -> None:
    """Apply nothing: fields that nobody else manages go away."""
    metadata = {key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]}
    nothing = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    server.apply(kind, nothing, live, manager, force=False, dry_run=False)


def explain(error: ApiError, manager: str) -> str:
    """What the API server said, and what it means here."""
    if error.reason == "AlreadyExists":
        advice = "import it, or set upsertExistingObjects on the provider to take it over"
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
