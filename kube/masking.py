"""What of a value may be shown: neither what a Secret holds nor what else sounds like a password."""

import json
import re

from kube.manifest import Json

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key by which Pulumi marks a secret value
MASK = "[secret]"
NOT_YET_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes in a preview for a value that only the `up` will know."""
ABSENT = "(none)"
MISSING = object()
"""Stands where there is no value, not even `null`."""
LONGEST_VALUE = 160
SECRET_VARIABLE = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE", re.IGNORECASE)
HOLDS_A_COPY = "kubectl.kubernetes.io/last-applied-configuration"
"""An annotation that repeats the whole object, values of variables included."""


def is_secret(value: Json) -> bool:
    """Whether Pulumi has marked the value, or masked it."""
    return value == MASK or (isinstance(value, dict) and SECRET_SIGNATURE in value)


def shown(path: str, value: Json, *, opaque: bool) -> str:
    """Write a value as JSON, `(none)` for `MISSING`; of an opaque one, only that it is there."""
    if value is MISSING:
        return ABSENT
    if opaque or HOLDS_A_COPY in path or _names_a_secret(path):
        return MASK
    if value == NOT_YET_KNOWN:
        return "(known after up)"
    written = json.dumps(_masked(value), ensure_ascii=False, sort_keys=True)
    return written if len(written) <= LONGEST_VALUE else written[: LONGEST_VALUE - 1] + "…"


def _names_a_secret(path: str) -> bool:
    variable = re.search(r"\.env\[([^]]*)\]", path)
    return variable is not None and ".valueFrom" not in path and SECRET_VARIABLE.search(variable[1]) is not None


def _masked(value: Json) -> Json:
    if is_secret(value):
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
