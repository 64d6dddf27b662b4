"""Which stack objects are marked as belonging to, where that is among what changes of them."""

from collections.abc import Iterator, Sequence

from kube.facts import STACK_ANNOTATION, owner
from kube.manifest import joined
from review.changes import ObjectChange
from review.findings import Finding, Name
from review.preview import Action
from review.rules import belonging as rules

BOOKKEEPING = (
    joined("metadata.annotations", STACK_ANNOTATION),
    # How the plugin waits for an object and deletes it; nobody in the cluster reads them.
    'metadata.annotations["pulumi.com/',
)


def belonging_findings(objects: Sequence[ObjectChange]) -> Iterator[Finding]:
    """Report in one finding for all objects that they get their first mark, another one, or lose it."""
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
    """Whether nothing changes of the object but its mark and what only the plugin reads."""
    return change.action is Action.UPDATE and bool(change.fields) and not change.paths(besides=BOOKKEEPING)
