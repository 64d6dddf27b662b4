"""Refuses, in the preview, to start a database on an empty disk or to delete one that is not retired.

The live StatefulSet shows where a database's data is, before anything is declared. If it does not exist, the state
does: hooks receive a resource's old and new inputs before each step, in previews too. A preview that a hook refuses
ends with its message; `pulumi destroy` does not start without the hooks.
"""

from collections.abc import Iterator, Mapping

import pulumi
from pulumi import ResourceHookArgs

from components.guards.ownership import allowed_owners
from components.guards.refusal import RefusedError
from components.live.fleet import LiveFleet
from components.live.stack_home import namespace_refusal
from kube.facts import DataLocation, data_location, is_declared_by_a_stack, normal_path, owner, pod_spec, state
from kube.manifest import Manifest, at, text
from tenants.fleet import AllowedMove, Role, State, TenantNames, TenantSpec, node_keepalived_name
from tenants.objects import row_of

YAML_KEYS = {"host": "host", "data_path": "dataPath", "log_path": "logPath"}


def refused_moves(live: LiveFleet) -> Iterator[str]:
    """Refuse to declare a database elsewhere than it is live, whatever the state contains, without `allowMove`."""
    for tenant in live.fleet.tenants:
        for role in Role:
            found = live.objects.get(("StatefulSet", tenant.control_node_name(role)), {})
            if tenant.adopt and not is_declared_by_a_stack(found):
                # The adoption compares it, or it does not exist.
                continue
            declared = DataLocation(host=tenant.hosts.of(role), data_path=tenant.data_path, log_path=tenant.log_path)
            yield from _move_refusals(tenant, role, data_location(found), declared)
            for move in tenant.allow_move:
                if move.role == role and not _changes(data_location(found), move):
                    pulumi.log.warn(
                        f"{tenant.name}: allowMove of its {role} is no longer needed: the database runs there. Remove "
                        "it from the entry."
                    )


class DataGuard:
    """The checks before databases are moved and tenants are deleted."""

    def __init__(self, live: LiveFleet) -> None:
        self._live = live
        self._namespace = live.home.namespace
        self._tenants = {tenant.name: tenant for tenant in live.fleet.tenants}
        self._control_nodes = {
            tenant.control_node_name(role): (tenant, role) for tenant in live.fleet.tenants for role in Role
        }
        self._owners = allowed_owners(live)

    def refuse_move(self, args: ResourceHookArgs) -> None:
        """Check the update of a StatefulSet."""
        if data_location(self._live.objects.get(("StatefulSet", args.name), {})).known:
            # `refused_moves` has compared the live object: the state may be older.
            return
        tenant, role = self._control_nodes[args.name]
        old, new = data_location(args.old_inputs or {}), data_location(args.new_inputs or {})
        for refusal in _move_refusals(tenant, role, old, new):
            raise RefusedError(refusal)

    def refuse_deletion(self, args: ResourceHookArgs) -> None:
        """Check the deletion of a StatefulSet: its tenant has to be retired."""
        old = args.old_inputs or {}
        self._refuse_other_namespace(old)
        self.refuse_other_owner("StatefulSet", args.name)
        if state(old) != State.RETIRED:
            raise RefusedError(self._not_retired("StatefulSet", args.name))
        data = data_location(old)
        pulumi.log.info(f"{args.name} is removed; its files stay on {data.host}: {data.data_path}, {data.log_path}")

    def refuse_removal(self, args: ResourceHookArgs, declared: Manifest | None) -> None:
        """Check the deletion of a ReplicationController: if its tenant is removed, it has to be retired.

        `declared` is `None` if the tenant is not in the fleet.
        """
        old = args.old_inputs or {}
        self._refuse_other_namespace(old)
        self.refuse_other_owner("ReplicationController", args.name)
        # While the entry exists, a controller is deleted to be replaced by one of another template. If the template is
        # the same, `pulumi destroy` deletes it, as the first of the tenant's objects.
        is_replaced = declared is not None and at(declared, "spec", "template") != at(old, "spec", "template")
        if not is_replaced and state(old) != State.RETIRED:
            raise RefusedError(self._not_retired("ReplicationController", args.name))

    def refuse_removal_of_entry(self, args: ResourceHookArgs) -> None:
        """Check the deletion of a VIP's entry: if its tenant is removed, it has to be retired."""
        old = args.old_inputs or {}
        self._refuse_other_namespace(old)
        self.refuse_other_owner("Service", args.name)
        name = self._tenant_name("ConfigMapPatch", args.name)
        tenant = self._tenants.get(name)
        node_config = text(at(old, "metadata", "name"))
        if tenant and (tenant.has_own_keepalived or node_config != node_keepalived_name(tenant.active_host)):
            # It moves: to another node, or to a keepalived of the tenant's own.
            return
        # A patch has no annotations of its own.
        databases = [TenantNames(name=name).control_node_name(role) for role in Role]
        states = {
            state(self._live.objects[key]) for each in databases if (key := ("StatefulSet", each)) in self._live.objects
        }
        if states - {State.RETIRED}:
            raise RefusedError(self._not_retired("ConfigMapPatch", args.name))

    def refuse_removal_of_access(self, args: ResourceHookArgs) -> None:
        """Check the deletion of the keepalived pods' account or its permissions.

        Another stack may have adopted it, or use it (`cluster.keepalivedAccountOf`).
        """
        account = args.name.removesuffix(f"-{self._namespace}")
        self.refuse_other_owner("ServiceAccount", account)
        users = self._others("ReplicationController", account)
        if users:
            raise RefusedError(
                f"ServiceAccount {self._namespace}/{account} is used by the keepalived pods of stack "
                f"{', '.join(users)}, which lose their permissions without it. Remove that stack's tenants first, or "
                f"keep the account: restore keepalivedAccount: {account}."
            )

    def refuse_removal_of_shared(self, args: ResourceHookArgs) -> None:
        """Check the deletion of a shared object: tenants of other stacks may refer to it."""
        old = args.old_inputs or {}
        others = self._others("StatefulSet")
        if others:
            raise RefusedError(
                f"{text(old.get('kind'))} {self._namespace}/{args.name} is used by the tenants of stack "
                f"{', '.join(others)}. Declare it in that stack first: add its `data` there, with "
                f"`adoptFrom: {self._live.home.stack}` under adb-tenants:cluster; then remove it from this stack's "
                "state with `pulumi state delete`."
            )

    def _others(self, kind: str, account: str | None = None) -> list[str]:
        """Return the other stacks with objects of a kind here, of controllers only those whose pods use an account."""
        owners = {
            owner(found)
            for (each, _), found in self._live.objects.items()
            if each == kind and account in (None, pod_spec(found).get("serviceAccountName"))
        }
        return sorted(owners - self._owners)

    def _refuse_other_namespace(self, old: Manifest) -> None:
        namespace = text(at(old, "metadata", "namespace"))
        if namespace != self._namespace:
            raise RefusedError(namespace_refusal(namespace, self._namespace))

    def refuse_other_owner(self, kind: str, name: str) -> None:
        """Check the deletion of an object: another stack may have adopted it."""
        other = owner(self._live.objects.get((kind, name), {}))
        if other not in self._owners:
            raise RefusedError(
                f"{kind} {self._namespace}/{name} has been adopted by stack {other}: remove it from this stack's state "
                "instead of deleting it. Run `pulumi state delete --target-dependents` on its URN (see `pulumi stack "
                "--show-urns`)."
            )

    def _tenant_name(self, kind: str, name: str) -> str:
        row = row_of(kind, name)
        return name.removesuffix(row.suffix) if row else name

    def _not_retired(self, kind: str, name: str) -> str:
        tenant = self._tenant_name(kind, name)
        if tenant in self._tenants:
            return (
                f"{name} would be deleted while {tenant} is in the fleet. To remove the tenant, set "
                "`state: retired` in its entry and run `pulumi up` first."
            )
        return (
            f"{tenant} is neither in the fleet nor retired, and this would delete its databases. Restore its entry; to "
            "remove the tenant, set `state: retired` there, run `pulumi up`, then remove the entry. (A `name` cannot "
            "be changed: a tenant of another name starts on an empty disk.)"
        )


def _move_refusals(tenant: TenantSpec, role: Role, old: DataLocation, new: DataLocation) -> Iterator[str]:
    allowed = [move for move in tenant.allow_move if move.role == role]
    before = _values(old)
    forbidden = {
        what: value
        for what, value in _values(new).items()
        # A value that the old location lacks counts as unchanged.
        if before[what] not in ("", value) and all(normal_path(getattr(move, what) or "") != value for move in allowed)
    }
    if forbidden:
        fields = ", ".join(f"{YAML_KEYS[what]}: {value}" for what, value in forbidden.items())
        yield (
            f"{tenant.control_node_name(role)} would start on an empty disk. It is deployed on {old.host} with "
            f"{old.data_path} and {old.log_path}, but its entry now has {fields}, and the data is not moved there. "
            "Restore the entry; or, if the data has been moved, allow it there:\n"
            f"  allowMove:\n    - {{role: {role}, {fields}}}"
        )


def _values(location: DataLocation) -> Mapping[str, str]:
    return {what: normal_path(getattr(location, what)) for what in YAML_KEYS}


def _changes(location: DataLocation, move: AllowedMove) -> bool:
    """Tell whether a move names another location."""
    named = {what: normal_path(value) for what in YAML_KEYS if (value := getattr(move, what)) is not None}
    return any(_values(location)[what] != value for what, value in named.items())
