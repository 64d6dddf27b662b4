"""Changes that no other rule covers."""

from collections.abc import Iterator

from review.changes import ObjectChange, TenantChange
from review.danger import Danger
from review.findings import Finding, Name, names
from review.preview import Action
from review.rules import unknown as rules


def unknown_object(change: ObjectChange, _: TenantChange | None = None) -> Iterator[Finding]:
    """Report an object that this program does not declare; what depends on it is not known."""
    rule = {
        Action.CREATE: rules.NEW_OBJECT,
        Action.ADOPT: rules.NEW_OBJECT,
        Action.UPDATE: rules.OBJECT_UPDATED,
        Action.REPLACE: rules.OBJECT_REMOVED,
        Action.DELETE: rules.OBJECT_REMOVED,
    }.get(change.action, rules.OPERATION)
    yield rule.finding(object=Name(str(change)))


def unknown_operation(change: ObjectChange, *, at_most: Danger = Danger.DATA_LOSS) -> Finding:
    """Report an operation on a known object that has no rule for it."""
    return rules.OPERATION.finding(object=_known(change), about=change.role, at_most=at_most)


def unknown_fields(change: ObjectChange, paths: list[str], *, at_most: Danger = Danger.DATA_LOSS) -> Finding:
    """Report fields that no rule covers, or that the preview does not show which fields change."""
    if not paths:
        return rules.NOT_SHOWN.finding(object=_known(change), about=change.role, at_most=at_most)
    return rules.FIELDS.finding(object=_known(change), fields=names(paths), about=change.role, at_most=at_most)


def _known(change: ObjectChange) -> Name:
    """Return the name of an object; for a role's, its kind, so that the findings of both roles are merged."""
    return Name(change.kind if change.role else str(change))
