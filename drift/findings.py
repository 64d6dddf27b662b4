"""Describes one manual change, and how to repair it."""

from dataclasses import dataclass
from enum import Enum

from drift.deployed import Declared
from drift.field_managers import FieldManager
from kube.comparison import Difference
from kube.facts import data_location
from kube.manifest import Key, Manifest, at
from kube.masking import shown

AS_DECLARED = "(as declared)"
GONE = "(gone)"
RESTARTS = (
    "fixing this restarts the database: set `updateStrategy: OnDelete` in the tenant's entry, run "
    "`pulumi up --refresh`, then `python -m drift --repair` again, and delete the pod when a restart is acceptable"
)
MOVES = "`pulumi up --refresh` refuses this: check where the data is, then add the `allowMove` entry shown in the error"


class Repair(Enum):
    """What repairs a change."""

    UP = "pulumi up --refresh"
    """The field is declared, so Pulumi sees the change; its hooks refuse to move a database."""
    HERE = "python -m drift --repair"
    """The field is not declared, so neither `pulumi refresh` nor `pulumi up` sees the change."""
    BY_HAND = "by hand"
    """The repair would restart a database, or requires a person's decision."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One difference between the cluster and the declaration; its fields are the keys of the JSON report."""

    kind: str
    namespace: str
    name: str
    path: str
    """Empty for the object as a whole."""
    expected: str
    """As JSON, or a remark in parentheses; secret values are masked."""
    actual: str
    manager: str
    """The field manager that made the change, if it is recorded."""
    time: str
    repair: Repair
    advice: str
    """What to do by hand."""

    @property
    def key(self) -> Key:
        return self.kind, self.namespace, self.name


def drift(
    key: Key,
    *,
    repair: Repair,
    path: str = "",
    expected: str = AS_DECLARED,
    actual: str = GONE,
    manager: FieldManager | None = None,
    advice: str = "",
) -> Drift:
    """Describe a change to an object, or to one of its fields."""
    kind, namespace, name = key
    return Drift(
        kind=kind,
        namespace=namespace,
        name=name,
        path=path,
        expected=expected,
        actual=actual,
        manager=manager.name if manager else "",
        time=manager.time if manager else "",
        repair=repair,
        advice=advice,
    )


def of_difference(declared: Declared, live: Manifest, difference: Difference, manager: FieldManager | None) -> Drift:
    """Describe a change to a field."""
    opaque = str(difference.field_path[0]) in declared.secret_fields
    repair, advice = Repair.HERE, ""
    if _would_move(declared, live, difference):
        repair = Repair.BY_HAND
        advice = MOVES
    elif difference.declared:
        repair = Repair.UP
    elif _would_restart(live, difference):
        repair = Repair.BY_HAND
        advice = RESTARTS
    return drift(
        declared.key,
        path=difference.path,
        expected=shown(difference.path, difference.expected, opaque=opaque),
        actual=shown(difference.path, difference.actual, opaque=opaque),
        manager=manager,
        repair=repair,
        advice=advice,
    )


def _would_move(declared: Declared, live: Manifest, difference: Difference) -> bool:
    """Whether the data guard would refuse the repair, as a move of the database to another data location."""
    locates_data = difference.field_path[:4] in (
        ("spec", "template", "spec", "volumes"),
        ("spec", "template", "spec", "affinity"),
    )
    return (
        live.get("kind") == "StatefulSet" and locates_data and data_location(live) != data_location(declared.manifest)
    )


def _would_restart(live: Manifest, difference: Difference) -> bool:
    return (
        live.get("kind") == "StatefulSet"
        and difference.field_path[:2] == ("spec", "template")
        and at(live, "spec", "updateStrategy", "type") != "OnDelete"
    )
