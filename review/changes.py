"""Sorts the steps of a preview by tenant and by the part that each object plays."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kube.manifest import Manifest, at, mapping, text
from review.fields import FieldChange, field_changes
from review.preview import Action, Preview, Step
from tenants.fleet import Role, State
from tenants.objects import Part, identify, tenant_of_component

ROLES = tuple(str(role) for role in Role)


@dataclass(frozen=True, kw_only=True)
class ObjectChange:
    """What happens to one object in the cluster."""

    kind: str
    name: str
    part: Part
    role: Role | None
    """For the parts of one role."""
    action: Action
    before: Manifest
    after: Manifest
    fields: tuple[FieldChange, ...]

    def inputs(self, *, after: bool) -> Manifest:
        """What is declared of it before or after; what is adopted was there before, and stays where it leads."""
        return self.after if after or self.action is Action.ADOPT else self.before


@dataclass(frozen=True, kw_only=True)
class TenantChange:
    """Everything that happens to one tenant's objects."""

    name: str
    objects: tuple[ObjectChange, ...]

    def of(self, part: Part) -> tuple[ObjectChange, ...]:
        """The changed objects that play this part."""
        return tuple(change for change in self.objects if change.part is part)


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What the stack's outputs say of a tenant before the change; empty where they say nothing."""

    vip: str
    active_role: str
    hosts: Mapping[str, str]
    vrid: str
    state: str

    @property
    def active_host(self) -> str:
        """The node that keepalived runs on."""
        return self.hosts.get(self.active_role, "")

    @property
    def runs(self) -> bool:
        """Whether it has pods; where nothing says so, it is taken to have them."""
        return self.state in ("", State.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """A preview, sorted."""

    tenants: tuple[TenantChange, ...]
    shared: tuple[ObjectChange, ...]
    """Objects that belong to no single tenant."""
    deployed: Mapping[str, Deployed]
    """The fleet before the change, by tenant, as far as the stack's outputs show it."""


def sort_by_tenant(preview: Preview) -> Changes:
    """Sort; what stays as it is, and what only groups, is left out."""
    by_tenant: defaultdict[str, list[ObjectChange]] = defaultdict(list)
    shared = []
    for step in preview.steps:
        if step.action is Action.KEEP or not step.is_object:
            continue
        tenant, change = _object_change(step, adopted=(step.urn.kind, step.urn.name) in preview.adopted)
        if tenant:
            by_tenant[tenant].append(change)
        else:
            shared.append(change)
    return Changes(
        tenants=tuple(
            TenantChange(name=name, objects=tuple(sorted(by_tenant[name], key=_order))) for name in sorted(by_tenant)
        ),
        shared=tuple(sorted(shared, key=_order)),
        deployed=_deployed(preview.steps),
    )


def _order(change: ObjectChange) -> tuple[str, str, str]:
    return (change.role or "", change.kind, change.name)


def _object_change(step: Step, *, adopted: bool) -> tuple[str, ObjectChange]:
    found = identify(step.urn)
    tenant = found.tenant or (tenant_of_component(step.parent) if step.parent and found.part is Part.UNKNOWN else "")
    return tenant, ObjectChange(
        kind=step.urn.kind,
        name=step.urn.name,
        part=found.part,
        role=found.role,
        action=Action.ADOPT if adopted and step.action is Action.CREATE else step.action,
        before=step.before,
        after=step.after,
        fields=field_changes(step) if step.action in (Action.UPDATE, Action.REPLACE) else (),
    )


def _deployed(steps: Iterable[Step]) -> dict[str, Deployed]:
    outputs = next((step.outputs_before for step in steps if step.urn.types[-1] == "pulumi:pulumi:Stack"), {})
    return {
        name: Deployed(
            vip=text(at(tenant, "endpoint")).rpartition(":")[0],
            active_role=text(at(tenant, "activeRole")),
            hosts={role: text(at(tenant, "hosts", role)) for role in ROLES},
            vrid=str(at(tenant, "vrid") or ""),
            state=text(at(tenant, "state")),
        )
        for name, tenant in mapping(outputs.get("tenants")).items()
    }
