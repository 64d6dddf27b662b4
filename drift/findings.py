"""What is said of one thing that was changed by hand, and how it is repaired."""

from dataclasses import dataclass
from enum import Enum

from drift.authors import Author
from drift.deployed import Declared
from kube.comparison import Difference
from kube.facts import place
from kube.manifest import Key, Manifest, at
from kube.masking import shown

AS_DECLARED = "(as declared)"
GONE = "(gone)"
RESTARTS = (
    "to put it right would restart the database: set `updateStrategy: OnDelete` in the tenant's entry, run "
    "`pulumi up --refresh`, then `python -m drift --repair`, and delete the pod when it suits"
)
MOVES = (
    "`pulumi up --refresh` refuses it: look where the data lies now, then write the leave (`allowMove`) that the "
    "refusal spells out"
)


class Repair(Enum):
    """What puts it right."""

    UP = "pulumi up --refresh"
    """The declaration speaks of it, so the engine sees it; and its guards keep every database where it is."""
    HERE = "python -m drift --repair"
    """The declaration is silent: neither the engine's refresh nor its `up` would notice."""
    BY_HAND = "by hand"
    """It would restart a database, or only a person can tell."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One thing that is not as it should be."""

    kind: str
    namespace: str
    name: str
    path: str
    """Empty for the object as a whole."""
    expected: str
    """As JSON, or a word in parentheses; a secret value is only said to differ."""
    actual: str
    manager: str
    """Who set it, as far as is known."""
    time: str
    repair: Repair
    advice: str
    """What to do by hand."""

    @property
    def key(self) -> Key:
        """The object's."""
        return self.kind, self.namespace, self.name


def finding(
    key: Key,
    *,
    repair: Repair,
    path: str = "",
    expected: str = AS_DECLARED,
    actual: str = GONE,
    by: Author | None = None,
    advice: str = "",
) -> Drift:
    """Say something of an object, or of one of its fields."""
    kind, namespace, name = key
    return Drift(
        kind=kind,
        namespace=namespace,
        name=name,
        path=path,
        expected=expected,
        actual=actual,
        manager=by.manager if by else "",
        time=by.time if by else "",
        repair=repair,
        advice=advice,
    )


def of_difference(declared: Declared, live: Manifest, difference: Difference, by: Author | None) -> Drift:
    """Say that a field differs."""
    opaque = str(difference.place[0]) in declared.secret_fields
    repair, advice = Repair.HERE, ""
    if _would_move(declared, live, difference):
        repair = Repair.BY_HAND
        advice = MOVES
    elif difference.declared:
        repair = Repair.UP
    elif _would_restart(live, difference):
        repair = Repair.BY_HAND
        advice = RESTARTS
    return finding(
        declared.key,
        path=difference.path,
        expected=shown(difference.path, difference.expected, opaque=opaque),
        actual=shown(difference.path, difference.actual, opaque=opaque),
        by=by,
        repair=repair,
        advice=advice,
    )


def _would_move(declared: Declared, live: Manifest, difference: Difference) -> bool:
    """Whether the engine's guard would take the way back for a database that starts on an empty disk."""
    speaks_of_it = difference.place[:4] in (
        ("spec", "template", "spec", "volumes"),
        ("spec", "template", "spec", "affinity"),
    )
    return live.get("kind") == "StatefulSet" and speaks_of_it and place(live) != place(declared.manifest)


def _would_restart(live: Manifest, difference: Difference) -> bool:
    return (
        live.get("kind") == "StatefulSet"
        and difference.place[:2] == ("spec", "template")
        and at(live, "spec", "updateStrategy", "type") != "OnDelete"
    )
