"""What the API server would make of objects that are there, asked of it without a change."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from kube import kubectl
from kube.manifest import Key, Manifest, key_of

FIELD_MANAGER = "adb-tenants"
"""Under whose name this program writes by kubectl, for the next reader of `managedFields`. Not kubectl's own, which
would take over what `kubectl apply` has declared before."""

_REPLACE = ("replace", "--filename", "-", "--validate=ignore", "--dry-run=server")
_APPLY = (
    *("apply", "--server-side", "--force-conflicts", "--field-manager", FIELD_MANAGER),
    *("--filename", "-", "--validate=ignore", "--dry-run=server"),
)


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Why the API server would not make an object what it should be."""

    message: str
    """In its own words, without values, which may be secret."""


def replaced(declared: Sequence[Manifest], *, context: str | None) -> dict[Key, Manifest | Rejection]:
    """Give objects nothing but the declaration: the API server's defaults, and what it has allotted, are in it.

    Raises:
        UnreadableError: The API server does not answer, or refuses for a reason that is not in the objects.
    """
    return _asked(_REPLACE, declared, context)


def applied(declared: Sequence[Manifest], *, context: str | None) -> dict[Key, Manifest | Rejection]:
    """Let the declaration win over whoever set a field, as Pulumi's plugin does: what it is silent about stays.

    Raises:
        UnreadableError: The API server does not answer, or refuses for a reason that is not in the objects.
    """
    return _asked(_APPLY, declared, context)


def listed(objects: Sequence[Manifest]) -> bytes:
    """Write objects for kubectl's standard input."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}).encode()


def _asked(
    command: Sequence[str], declared: Sequence[Manifest], context: str | None
) -> dict[Key, Manifest | Rejection]:
    if not declared:
        return {}
    answer = kubectl.ask(command, context=context, given=listed(declared), repeatable=True)
    found: dict[Key, Manifest | Rejection] = {key_of(each): each for each in answer.objects}
    missing = [each for each in declared if key_of(each) not in found]
    if len(declared) > 1 and missing:
        # Of a list of which one is refused, `apply` shows none. By itself, what kubectl says is about that one; and a
        # conflict with a controller is gone by then.
        half = (len(missing) + 1) // 2
        found |= _asked(command, missing[:half], context) | _asked(command, missing[half:], context)
    elif answer.complaint:
        found[key_of(declared[0])] = _refusal(answer)
    return found


def _refusal(answer: kubectl.Answer) -> Rejection:
    _, invalid, why = answer.complaint.partition(" is invalid:")
    if not invalid:
        # The user may not, or the API server does not answer: nothing that is said of the object itself.
        raise answer.error()
    # What follows may be the value, and that a secret one.
    return Rejection(message=" ".join(why.partition(": Invalid value")[0].split()))
