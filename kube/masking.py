"""Decides which values may be printed: none that a Secret holds, and none whose name suggests a password."""

import json
import re

from kube.json_text import UnreadableError
from kube.manifest import Json, items, text

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key by which Pulumi marks a secret value
MASK = "[secret]"
KNOWN_AFTER_UP = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes in a preview for a value that only the `up` will know."""
ABSENT = "(none)"
MISSING = object()
"""Stands for an absent value, as opposed to `null`."""
LONGEST_VALUE = 160
SECRET_VARIABLE = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE", re.IGNORECASE)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""An annotation that repeats the whole object, values of variables included."""


def is_secret(value: Json) -> bool:
    """Whether Pulumi has marked the value as secret, or masked it."""
    return value == MASK or (isinstance(value, dict) and SECRET_SIGNATURE in value)


def contains_secret(value: Json) -> bool:
    """Whether the value, or any value inside it, is secret."""
    children = value.values() if isinstance(value, dict) else items(value)
    return is_secret(value) or any(map(contains_secret, children))


def revealed(value: Json) -> Json:
    """Replace secrets by their plaintext, as `--show-secrets` exports it; raises `UnreadableError` if encrypted."""
    if isinstance(value, dict):
        if SECRET_SIGNATURE not in value:
            return {key: revealed(child) for key, child in value.items()}
        try:
            return revealed(json.loads(text(value.get("plaintext"))))
        except ValueError as error:
            raise UnreadableError("the secrets are encrypted: export the state with `--show-secrets`") from error
    return [revealed(member) for member in value] if isinstance(value, list) else value


def shown(path: str, value: Json, *, opaque: bool) -> str:
    """Write a value as JSON, `(none)` for `MISSING`, and `[secret]` for one that is opaque or must not be shown."""
    if value is MISSING:
        return ABSENT
    if opaque or LAST_APPLIED in path or _names_a_secret(path):
        return MASK
    if value == KNOWN_AFTER_UP:
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
            key: MASK if key == LAST_APPLIED or (key == "value" and hides_value) else _masked(child)
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [_masked(child) for child in value]
    return value
