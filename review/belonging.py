"""Judges changes of the annotation that names an object's stack."""

from collections.abc import Iterator, Sequence

from kube.facts import STACK_ANNOTATION, owner
from kube.manifest import joined
from review.changes import ObjectChange
from review.findings import Finding, Name
from review.preview import Action
from review.rules import belonging as rules

BOOKKEEPING = (
    joined("metadata.annotations", STACK_ANNOTATION),
    # How the plugin waits for an object and deletes it; only the plugin reads them.
    'metadata.annotations["pulumi.com/',
)


def belonging_findings(objects: Sequence[ObjectChange]) -> Iterator[Finding]:
    """Report, once for all objects, that their annotation is set, changed or removed."""
    became = {
        (owner(change.before), owner(change.after))
        for change in objects
        if change.action in (Action.UPDATE, Action.REPLACE)
    }
    for old, new in sorted(became):
        if old and new and old != new:
            yield rules.MARK_CHANGED.finding(old=Name(old), new=Name(new))
        elif new and not old:
            yield rules.MARKED.finding(stack=Name(new))
        elif old and not new:
            yield rules.UNMARKED.finding(stack=Name(old))


def is_bookkeeping(change: ObjectChange) -> bool:
    """Whether only this annotation and annotations for the plugin change."""
    return change.action is Action.UPDATE and bool(change.fields) and not change.paths(besides=BOOKKEEPING)
