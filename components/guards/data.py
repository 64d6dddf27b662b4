"""Refuses, in the preview, what would start a database on an empty disk or delete one that nobody retired.

Where a database's data lies is the live StatefulSet's to say, before anything is declared; where there is none, what is
deployed is the engine's: its hooks are handed a resource's old and new inputs before each step, in previews too. A
preview that they refuse ends in their words; `pulumi destroy` does not start without them.
"""

from collections.abc import Iterator, Mapping

import pulumi
from pulumi import ResourceHookArgs

from components.guards.refusal import RefusedError
from components.live.cluster import LiveCluster
from components.live.stack_home import namespace_refusal
from kube.facts import DataLocation, is_declared_by_a_stack, normal_path, owner, place, state
from kube.manifest import Manifest, at, text
from tenants.fleet import AllowedMove, Fleet, Role, State, TenantSpec

YAML_KEYS = {"host": "host", "data_path": "dataPath", "log_path": "logPath"}


def refused_moves(fleet: Fleet, live: LiveCluster) -> Iterator[str]:
    """Refuse to declare a database elsewhere than it is live, whatever the state remembers, without `allowMove`."""
    objects = live.objects(fleet.cluster.namespace)
    for tenant in fleet.tenants:
        for role in Role:
            found = objects.get(("StatefulSet", tenant.control_node_name(role)), {})
            if tenant.adopt and not is_declared_by_a_stack(found):
                # The adoption compares it, or nothing is there.
                continue
            yield from _move_refusals(tenant, role, place(found))
            for move in tenant.allow_move:
                if move.role == role and not _changes(place(found), move):
                    pulumi.log.warn(
                        f"{tenant.name}: allowMove of its {role} is no longer needed: that is where it runs. Remove it "
                        "from the entry."
                    )


class DataGuard:
    """The checks of a fleet's control nodes and virtual IPs."""

    def __init__(self, fleet: Fleet, live: LiveCluster, stack: str) -> None:
        self._tenants = {tenant.name: tenant for tenant in fleet.tenants}
        self._namespace = fleet.cluster.namespace
        self._live = live
        self._stack = stack
        self._owners = {"", stack, fleet.cluster.adopt_from or ""}

    def refuse_move(self, args: ResourceHookArgs) -> None:
        """Before a StatefulSet is updated: it is not moved without leave."""
        if place(self._live.objects(self._namespace).get(("StatefulSet", args.name), {})).known:
            # Compared with what is live before anything was declared: the state may be older than that.
            return
        tenant_name, role = _tenant_and_role(args.name)
        for refusal in _move_refusals_between(
            self._tenants[tenant_name], role, place(args.old_inputs or {}), place(args.new_inputs or {})
        ):
            raise RefusedError(refusal)

    def refuse_deletion(self, args: ResourceHookArgs) -> None:
        """Before a StatefulSet is deleted: not without being retired."""
        old = args.old_inputs or {}
        tenant_name, _ = _tenant_and_role(args.name)
        self._refuse_other_namespace(old)
        self._refuse_what_is_not_ours("StatefulSet", args.name)
        if state(old) != State.RETIRED:
            raise RefusedError(self._not_retired(tenant_name, args.name))
        there = place(old)
        pulumi.log.info(
            f"{args.name} is removed; what it wrote stays on {there.host}: {there.data_path}, {there.log_path}"
        )

    def refuse_removal(self, args: ResourceHookArgs, declared: Manifest | None) -> None:
        """Before a ReplicationController is deleted: not with its tenant, unless that is retired.

        Args:
            args: The deletion.
            declared: What is declared of it; `None` if its tenant is gone from the fleet.
        """
        old = args.old_inputs or {}
        self._refuse_other_namespace(old)
        self._refuse_what_is_not_ours("ReplicationController", args.name)
        # While the entry is there a keepalived pod makes way for the next, of another template. With the same one it is
        # `pulumi destroy` that deletes it, and first of all of the tenant.
        makes_way = declared is not None and at(declared, "spec", "template") != at(old, "spec", "template")
        if not makes_way and state(old) != State.RETIRED:
            raise RefusedError(self._not_retired(args.name.removesuffix("-vip"), args.name))

    def refuse_removal_of_access(self, args: ResourceHookArgs) -> None:
        """Before the account of keepalived's pods, or what gives it its rights, is deleted: it may be another's now."""
        account = args.name.removesuffix(f"-{self._namespace}")
        self._refuse_what_is_not_ours("ServiceAccount", account)

    def refuse_removal_of_shared(self, args: ResourceHookArgs) -> None:
        """Before an object that all tenants' pods refer to is deleted: other stacks' tenants may be among them."""
        old = args.old_inputs or {}
        others = {
            owner(found)
            for (kind, _), found in self._live.objects(self._namespace).items()
            if kind == "StatefulSet" and owner(found) not in self._owners
        }
        if others:
            raise RefusedError(
                f"{text(old.get('kind'))} {self._namespace}/{args.name} is needed by the tenants of stack "
                f"{', '.join(sorted(others))}. Let that stack declare it first: write its `data` there, with "
                f"`adoptFrom: {self._stack}` under adb-tenants:cluster; then make this stack forget it with `pulumi "
                "state delete`."
            )

    def _refuse_other_namespace(self, old: Manifest) -> None:
        namespace = text(at(old, "metadata", "namespace"))
        if namespace != self._namespace:
            raise RefusedError(namespace_refusal(namespace, self._namespace))

    def _refuse_what_is_not_ours(self, kind: str, name: str) -> None:
        other = owner(self._live.objects(self._namespace).get((kind, name), {}))
        if other not in self._owners:
            raise RefusedError(
                f"{kind} {self._namespace}/{name} has been taken over by stack {other}: this stack must forget it, not "
                "delete it. Run `pulumi state delete --target-dependents` on its URN (see `pulumi stack --show-urns`)."
            )

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


def _move_refusals(tenant: TenantSpec, role: Role, old: DataLocation) -> Iterator[str]:
    new = DataLocation(host=tenant.hosts.of(role), data_path=tenant.data_path, log_path=tenant.log_path)
    return _move_refusals_between(tenant, role, old, new)


def _move_refusals_between(tenant: TenantSpec, role: Role, old: DataLocation, new: DataLocation) -> Iterator[str]:
    changed = _differences(old, new)
    allowed = [move for move in tenant.allow_move if move.role == role]
    forbidden = {what: value for what, value in changed.items() if not _allows(allowed, what, value)}
    if forbidden:
        places = ", ".join(f"{YAML_KEYS[what]}: {value}" for what, value in forbidden.items())
        yield (
            f"{tenant.control_node_name(role)} would start on an empty disk. It is deployed on {old.host} with "
            f"{old.data_path} and {old.log_path}; its entry now says {places}, and nothing moves the data there. Put "
            "the entry back, or, when the data has been moved, allow it there:\n"
            f"  allowMove:\n    - {{role: {role}, {places}}}"
        )


def _differences(old: DataLocation, new: DataLocation) -> Mapping[str, str]:
    """Compare two places by attribute; what the old one does not say counts as equal."""
    return {what: value for what, value in _values(new).items() if (was := _values(old)[what]) and was != value}


def _values(there: DataLocation) -> Mapping[str, str]:
    """The three values of a place by attribute."""
    return {what: normal_path(getattr(there, what)) for what in YAML_KEYS}


def _changes(there: DataLocation, move: AllowedMove) -> bool:
    """Tell whether a move leads elsewhere than there."""
    wanted = {what: normal_path(value) for what in YAML_KEYS if (value := getattr(move, what)) is not None}
    return any(_values(there)[what] != value for what, value in wanted.items())


def _allows(moves: list[AllowedMove], what: str, value: str) -> bool:
    return any(normal_path(getattr(move, what) or "") == value for move in moves)


def _tenant_and_role(control_node_name: str) -> tuple[str, Role]:
    tenant_name, _, role = control_node_name.rpartition("-")
    return tenant_name, Role(role)
