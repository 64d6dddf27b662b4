"""Which stack objects say that they belong to, where that is among what changes of them."""

from collections.abc import Iterator, Sequence

from kube.facts import STACK_ANNOTATION, owner
from kube.manifest import joined
from review.changes import ObjectChange
from review.danger import Danger
from review.fields import FieldChange
from review.findings import Finding, finding
from review.preview import Action

BOOKKEEPING = (
    joined("metadata.annotations", STACK_ANNOTATION),
    # How the plugin waits for an object and deletes it; nobody in the cluster reads them.
    'metadata.annotations["pulumi.com/',
)


def belonging_findings(objects: Sequence[ObjectChange]) -> Iterator[Finding]:
    """Say in one sentence for all objects, not one each, that they change hands or are marked for the first time."""
    became = {
        (owner(change.before), owner(change.after))
        for change in objects
        if change.action in (Action.UPDATE, Action.REPLACE)
    }
    for old, new in sorted(became):
        if old and new and old != new:
            yield finding(
                Danger.NONE, "taken over from stack {}: objects are marked as belonging to stack {}", old, new
            )
        elif new and not old:
            yield finding(Danger.NONE, "objects are marked as belonging to stack {}", new)
        elif old and not new:
            yield finding(Danger.NONE, "objects are no longer marked as belonging to stack {}", old)


def beyond_bookkeeping(change: ObjectChange) -> tuple[FieldChange, ...]:
    """Fields that change besides the note of whose the object is and what is only the engine's business."""
    return tuple(field for field in change.fields if not field.path.startswith(BOOKKEEPING))


def is_bookkeeping(change: ObjectChange) -> bool:
    """Whether nothing else changes of the object."""
    return change.action is Action.UPDATE and bool(change.fields) and not beyond_bookkeeping(change)
