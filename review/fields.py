"""Which fields of an object change, secrets masked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kube.facts import STACK_ANNOTATION
from kube.manifest import NOTHING, Json, joined, mapping
from kube.masking import MASK, MISSING, is_secret, shown
from review.preview import Step
from tenants.objects import may_hold_secrets

NEVER_SECRET = (
    *("metadata.name", "metadata.namespace", "kind", "apiVersion", "type"),
    joined("metadata.annotations", STACK_ANNOTATION),
)
METADATA = ("metadata.annotations", "metadata.labels")
"""Listed key by key even where an object had none, or has none any more."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field of one object, before and after, as JSON; `(none)` where there is none."""

    path: str
    """Members of lists by their `name`: `spec.template.spec.containers[tenant3-master].image`."""
    before: str
    after: str


def field_changes(step: Step) -> tuple[FieldChange, ...]:
    """Return the differences between the deployed and the declared inputs, else those that the plugin reports."""
    opaque = may_hold_secrets(step.urn)
    found = [
        FieldChange(path=path, before=_shown(path, before, opaque), after=_shown(path, after, opaque))
        for path, before, after in _differences(step.before, step.after, "")
    ]
    if not found and step.before and step.after:
        # Equal inputs, and yet a difference: two secrets, or an object that was changed by hand.
        before, after = (MASK, MASK) if opaque else ("(something else in the cluster)", "(as declared)")
        found = [FieldChange(path=path, before=before, after=after) for path in step.changed]
    return tuple(found)


def _differences(before: Json, after: Json, path: str) -> Iterator[tuple[str, Json, Json]]:
    if before == after and type(before) is type(after):
        return
    if path in METADATA:
        before, after = (NOTHING if side is MISSING else side for side in (before, after))
    if is_secret(before) or is_secret(after):
        yield path, before, after
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(key, MISSING), after.get(key, MISSING), joined(path, key))
    elif isinstance(before, list) and isinstance(after, list):
        members_before = dict(zip(_keys(before), before, strict=True))
        members_after = dict(zip(_keys(after), after, strict=True))
        for key in dict.fromkeys([*members_before, *members_after]):
            member = members_before.get(key, MISSING), members_after.get(key, MISSING)
            yield from _differences(*member, f"{path}[{key}]")
    else:
        yield path, before, after


def _keys(members: Sequence[Json]) -> list[str]:
    """Return the names of a list's members if each has a unique one, else their positions."""
    names = [name for member in members if isinstance(name := mapping(member).get("name"), str)]
    if len(names) == len(members) and len(set(names)) == len(names):
        return names
    return [str(position) for position in range(len(members))]


def _shown(path: str, value: Json, opaque: bool) -> str:
    return shown(path, value, opaque=opaque and path not in NEVER_SECRET)
