"""Asks the API server, by a dry run, what it would make of existing objects.

Raises `UnreadableError` if it cannot be reached, or refuses for a reason that is not in the objects.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kube import kubectl
from kube.manifest import Key, Manifest, key_of

FIELD_MANAGER = "adb-tenants"
"""The field manager of this program's own writes by kubectl, for readers of `managedFields`. kubectl's default name
would take ownership of what `kubectl apply` has declared before."""

_REPLACE = ("replace", "--filename", "-", "--validate=ignore", "--dry-run=server")
_APPLY = (
    *("apply", "--server-side", "--force-conflicts", "--field-manager", FIELD_MANAGER),
    *("--filename", "-", "--validate=ignore", "--dry-run=server"),
)

# A policy's denial is worded as an invalid object, a quota's as a forbidden one. So is a missing right, which names the
# user: "User" may not do it, or "user" is attempting to grant what it does not hold.
_DENIED = re.compile(
    r"(?:is forbidden: (?![Uu]ser )|(?=ValidatingAdmissionPolicy '|admission webhook \"|failed calling webhook \"))"
    r"(?P<why>.+)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Why the API server rejects an object."""

    message: str
    """The API server's own, without values, which may be secret."""


class Denial(Rejection):
    """Why a policy, a webhook or a quota denies an object: if it were deleted, it could not be created again."""


def replaced(declared: Sequence[Manifest], *, context: str | None) -> dict[Key, Manifest | Rejection]:
    """Return existing objects as a replace would leave them: the declaration, defaults and allocated values only."""
    return _dry_run(_REPLACE, declared, context)


def applied(declared: Sequence[Manifest], *, context: str | None) -> dict[Key, Manifest | Rejection]:
    """Return objects as a forced server-side apply would leave them, like Pulumi's: undeclared fields are kept."""
    return _dry_run(_APPLY, declared, context)


def as_list(objects: Sequence[Manifest]) -> bytes:
    """Serialise objects for kubectl's standard input."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}).encode()


def _dry_run(
    command: Sequence[str], declared: Sequence[Manifest], context: str | None
) -> dict[Key, Manifest | Rejection]:
    if not declared:
        return {}
    answer = kubectl.run(command, context=context, stdin=as_list(declared), idempotent=True)
    found: dict[Key, Manifest | Rejection] = {key_of(each): each for each in answer.objects}
    missing = [each for each in declared if key_of(each) not in found]
    if len(declared) > 1 and missing:
        # If one object of a list is rejected, `apply` prints none of them. Sent alone, an object gets its own error;
        # and a conflict with a controller may be over by then.
        half = (len(missing) + 1) // 2
        found |= _dry_run(command, missing[:half], context) | _dry_run(command, missing[half:], context)
    elif answer.stderr:
        found[key_of(declared[0])] = _rejection(answer)
    return found


def _rejection(answer: kubectl.Answer) -> Rejection:
    if denied := _DENIED.search(answer.stderr):
        return Denial(message=" ".join(denied["why"].split()))
    _, invalid, why = answer.stderr.partition(" is invalid:")
    if not invalid:
        # Missing rights or no connection: nothing to do with the object itself.
        raise answer.error()
    # The value follows, and may be secret.
    return Rejection(message=" ".join(why.partition(": Invalid value")[0].split()))
