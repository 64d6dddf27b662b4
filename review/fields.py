"""Which fields of an object change, with what must not be shown taken out."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from review.manifest import Json, mapping
from review.preview import Step

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key by which Pulumi marks a secret value
MASK = "[secret]"
NOT_YET_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes in a preview for a value that only the `up` will know."""
ABSENT = "(none)"
_MISSING = object()
LONGEST_VALUE = 160
SECRET_VARIABLE = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE", re.IGNORECASE)
HOLDS_A_COPY = "kubectl.kubernetes.io/last-applied-configuration"
"""An annotation that repeats the whole object, values of variables included."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field of one object, before and after, as JSON; `(none)` where there is none."""

    path: str
    """Members of lists by their `name`: `spec.template.spec.containers[tenant3-master].image`."""
    before: str
    after: str


def field_changes(step: Step) -> tuple[FieldChange, ...]:
    """What differs between the deployed and the declared inputs, and what else the plugin says differs."""
    opaque = step.urn.kind == "Secret" or any(kind.endswith(":Platform") for kind in step.urn.types)
    found = [
        FieldChange(path=path, before=_shown(path, before, opaque), after=_shown(path, after, opaque))
        for path, before, after in _differences(step.before, step.after, "")
    ]
    if not found and step.before and step.after:
        # Equal as far as can be seen, and yet a difference: two secrets, or an object that was changed by hand.
        before, after = (MASK, MASK) if opaque else ("(something else in the cluster)", "(as declared)")
        found = [FieldChange(path=path, before=before, after=after) for path in step.changed]
    return tuple(found)


def _differences(before: Json, after: Json, path: str) -> Iterator[tuple[str, Json, Json]]:
    if before == after and type(before) is type(after):
        return
    if _is_secret(before) or _is_secret(after):
        yield path, before, after
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(key, _MISSING), after.get(key, _MISSING), _joined(path, key))
    elif isinstance(before, list) and isinstance(after, list):
        members_before = dict(zip(_keys(before), before, strict=True))
        members_after = dict(zip(_keys(after), after, strict=True))
        for key in dict.fromkeys([*members_before, *members_after]):
            member = members_before.get(key, _MISSING), members_after.get(key, _MISSING)
            yield from _differences(*member, f"{path}[{key}]")
    else:
        yield path, before, after


def _joined(path: str, key: str) -> str:
    """Spell a path as Pulumi does: `data["rm.addr"]`."""
    if not re.fullmatch(r"[A-Za-z_][\w-]*", key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _keys(members: Sequence[Json]) -> list[str]:
    """Names of a list's members where each has one of its own, else their positions."""
    names = [name for member in members if isinstance(name := mapping(member).get("name"), str)]
    if len(names) == len(members) and len(set(names)) == len(names):
        return names
    return [str(position) for position in range(len(members))]


def _is_secret(value: Json) -> bool:
    return value == MASK or (isinstance(value, dict) and SECRET_SIGNATURE in value)


def _shown(path: str, value: Json, opaque: bool) -> str:
    if value is _MISSING:
        return ABSENT
    in_the_open = path in ("metadata.name", "metadata.namespace", "kind", "apiVersion", "type")
    if (opaque and not in_the_open) or HOLDS_A_COPY in path or _names_a_secret(path):
        return MASK
    if value == NOT_YET_KNOWN:
        return "(known after up)"
    written = json.dumps(_masked(value), ensure_ascii=False, sort_keys=True)
    return written if len(written) <= LONGEST_VALUE else written[: LONGEST_VALUE - 1] + "…"


def _names_a_secret(path: str) -> bool:
    variable = re.search(r"\.env\[([^]]*)\]", path)
    return variable is not None and ".valueFrom" not in path and SECRET_VARIABLE.search(variable[1]) is not None


def _masked(value: Json) -> Json:
    if _is_secret(value):
        return MASK
    if isinstance(value, dict):
        hides_value = SECRET_VARIABLE.search(str(value.get("name", ""))) is not None
        return {
            key: MASK if key == HOLDS_A_COPY or (key == "value" and hides_value) else _masked(child)
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [_masked(child) for child in value]
    return value
