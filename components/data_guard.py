"""Refuses, in the preview, what would start a database on an empty disk or delete one that nobody retired.

What is deployed is the engine's to say: its hooks are handed a resource's old and new inputs before each step, in
previews too. A preview that they refuse ends in their words; `pulumi destroy` does not start without them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pulumi
from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions

from kube.facts import STATE_ANNOTATION
from tenants.fleet import AllowedMove, Fleet, Role, State


class RefusedError(Exception):
    """A step must not happen; the text says why, and what would allow it."""


class DataGuard:
    """The hooks of a fleet's control nodes and virtual IPs.

    Registered once, by the doorway: a resource whose tenant is gone from the configuration still has its hooks, and
    the engine looks for them in the program that runs then.
    """

    database: ResourceHookBinding
    """For StatefulSets: neither moved without leave nor deleted without being retired."""
    virtual_ip: ResourceHookBinding
    """For what is deleted first of a tenant, so that a removal is refused as a whole (pulumi#6191)."""

    def __init__(self, fleet: Fleet) -> None:
        self._tenants = {tenant.name: tenant for tenant in fleet.tenants}
        in_previews_too = ResourceHookOptions(on_dry_run=True)
        moved = ResourceHook("data-stays-where-it-is", self._refuse_move, in_previews_too)
        deleted = ResourceHook("only-retired-databases-go", self._refuse_deletion, in_previews_too)
        cut_off = ResourceHook("only-retired-tenants-go", self._refuse_removal, in_previews_too)
        self.database = ResourceHookBinding(before_update=[moved], before_delete=[deleted])
        self.virtual_ip = ResourceHookBinding(before_delete=[cut_off])

    def _refuse_move(self, args: ResourceHookArgs) -> None:
        old, new = _place(args.old_inputs), _place(args.new_inputs)
        tenant_name, role = _tenant_and_role(args.name)
        tenant = self._tenants[tenant_name]
        changed = {what: new_place for what, new_place in asdict(new).items() if asdict(old)[what] != new_place}
        allowed = [move for move in tenant.allow_move if move.role == role]
        forbidden = {what: place for what, place in changed.items() if not _allows(allowed, what, place)}
        if forbidden:
            places = ", ".join(f"{YAML_KEYS[what]}: {place}" for what, place in forbidden.items())
            raise RefusedError(
                f"{args.name} would start on an empty disk. It is deployed on {old.host} with {old.data_path} and "
                f"{old.log_path}; its entry now says {places}, and nothing moves the data there. Put the entry back, "
                "or, when the data has been moved, allow it there:\n"
                f"  allowMove:\n    - {{role: {role}, {places}}}"
            )

    def _refuse_deletion(self, args: ResourceHookArgs) -> None:
        old = args.old_inputs or {}
        tenant_name, _ = _tenant_and_role(args.name)
        if not _is_retired(old):
            raise RefusedError(self._not_retired(tenant_name, args.name))
        place = _place(old)
        pulumi.log.info(
            f"{args.name} is removed; what it wrote stays on {place.host}: {place.data_path}, {place.log_path}"
        )

    def _refuse_removal(self, args: ResourceHookArgs) -> None:
        tenant_name = args.name.removesuffix("-vip")
        # While the entry is there this is a replacement: a keepalived pod makes way for the next.
        if tenant_name not in self._tenants and not _is_retired(args.old_inputs or {}):
            raise RefusedError(self._not_retired(tenant_name, args.name))

    def _not_retired(self, tenant_name: str, resource_name: str) -> str:
        if tenant_name in self._tenants:
            return (
                f"{resource_name} would be deleted with its pod while {tenant_name} is in the fleet. To give the "
                "tenant up, set `state: retired` in its entry and run `pulumi up` first."
            )
        return (
            f"{tenant_name} is gone from the fleet but not retired, and this would delete its databases. Put its entry "
            "back; to give the tenant up, set `state: retired` there, run `pulumi up`, then remove the entry. (A "
            "`name` is fixed for life: a tenant of another name starts on an empty disk.)"
        )


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a control node's data lies; `None` where the inputs do not say."""

    host: str | None
    data_path: str | None
    log_path: str | None


YAML_KEYS = {"host": "host", "data_path": "dataPath", "log_path": "logPath"}


def _place(inputs: Mapping[str, Any] | None) -> _Place:
    pod = (inputs or {})["spec"]["template"]["spec"]
    paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"] if "hostPath" in volume}
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (host,) = required["nodeSelectorTerms"][0]["matchFields"][0]["values"]
    return _Place(host=host, data_path=paths.get("data"), log_path=paths.get("adminlog"))


def _allows(moves: list[AllowedMove], what: str, place: str | None) -> bool:
    return any(getattr(move, what) == place for move in moves)


def _tenant_and_role(control_node_name: str) -> tuple[str, Role]:
    tenant_name, _, role = control_node_name.rpartition("-")
    return tenant_name, Role(role)


def _is_retired(inputs: Mapping[str, Any]) -> bool:
    annotations = inputs.get("metadata", {}).get("annotations", {})
    return bool(annotations.get(STATE_ANNOTATION) == State.RETIRED)
