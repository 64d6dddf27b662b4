"""Sorts the steps of a preview by tenant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from kube.manifest import Manifest, at, mapping, text
from review.fields import METADATA, FieldChange, field_changes
from review.preview import Action, Preview, Step
from tenants.fleet import KeepalivedPer, Role, State
from tenants.objects import Part, identify, tenant_of_component


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

    def __str__(self) -> str:
        return f"{self.kind or 'resource'} {self.name}"

    def paths(self, *, besides: tuple[str, ...] = ()) -> list[str]:
        """Return the paths of the fields that change, those that begin with one of `besides` left out."""
        return [field.path for field in self.fields if not field.path.startswith(besides)]

    @property
    def is_metadata_only(self) -> bool:
        """Whether labels or annotations change and nothing else."""
        return bool(self.fields) and not self.paths(besides=METADATA)

    def inputs(self, *, after: bool) -> Manifest:
        """Return the declared inputs before or after the change; an adopted object counts as unchanged."""
        return self.after if after or self.action is Action.ADOPT else self.before


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A tenant before the change, as the stack's outputs describe it; empty where they do not."""

    in_outputs: bool = True
    vip: str = ""
    active_role: str = ""
    hosts: Mapping[str, str]
    state: str = ""
    has_own_keepalived: bool = True
    """Whether a keepalived pod runs for this tenant alone."""

    @property
    def active_host(self) -> str:
        """Node whose keepalived, or on which the tenant's own, announces the VIP."""
        return self.hosts.get(self.active_role, "")

    @property
    def runs(self) -> bool:
        """Whether it has pods; assumed where its state is not known."""
        return self.state in ("", State.RUNNING)


NOT_IN_OUTPUTS = Deployed(in_outputs=False, hosts={})


@dataclass(frozen=True, kw_only=True)
class TenantChange:
    """Everything that happens to one tenant's objects."""

    name: str
    objects: tuple[ObjectChange, ...]
    deployed: Deployed

    def of(self, part: Part) -> tuple[ObjectChange, ...]:
        return tuple(change for change in self.objects if change.part is part)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """A preview, sorted."""

    tenants: tuple[TenantChange, ...]
    shared: tuple[ObjectChange, ...]
    """Objects that belong to no single tenant."""
    deployed: Mapping[str, Deployed]
    """The fleet before the change, by tenant, as far as the stack's outputs show it."""


def sort_by_tenant(preview: Preview) -> Changes:
    """Sort; unchanged objects and components, which only group, are left out."""
    deployed = _deployed(preview.steps)
    by_tenant: defaultdict[str, list[ObjectChange]] = defaultdict(list)
    for step in preview.steps:
        if step.action is not Action.KEEP and step.is_object:
            tenant, change = _object_change(step, adopted=(step.urn.kind, step.urn.name) in preview.adopted)
            by_tenant[tenant].append(change)
    shared = by_tenant.pop("", [])
    return Changes(
        tenants=tuple(
            TenantChange(
                name=name,
                objects=tuple(sorted(objects, key=_order)),
                deployed=deployed.get(name, NOT_IN_OUTPUTS),
            )
            for name, objects in sorted(by_tenant.items(), key=itemgetter(0))
        ),
        shared=tuple(sorted(shared, key=_order)),
        deployed=deployed,
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
            hosts={role: text(at(tenant, "hosts", role)) for role in Role},
            state=text(at(tenant, "state")),
            has_own_keepalived=at(tenant, "keepalived") != KeepalivedPer.NODE,
        )
        for name, tenant in mapping(outputs.get("tenants")).items()
    }
