"""Compares a live object with the one that the API server expects, declared fields and all others.

Pulumi's refresh compares declared fields only, and server-side apply keeps what other clients added
(pulumi-kubernetes#3262, #3697). So three manifests are compared: the *declared* one, the *expected* one, which is what
the API server makes of the declaration (with its defaults and allocated values), and the *live* one.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

from kube.manifest import Json, Manifest, items, joined, mapping
from kube.masking import MISSING

FieldPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions that lead to a value in the live object."""

MERGE_KEYS = ("name", "mountPath", "key", "port", "containerPort")
"""Fields that identify a list member; the first one that is unique in both lists is used."""
WRITTEN_BY_CONTROLLERS: Mapping[str, tuple[str, ...]] = {
    # Before Kubernetes 1.24, and in OpenShift, controllers put the account's tokens there.
    "ServiceAccount": ("secrets", "imagePullSecrets"),
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field whose live value is not the expected one."""

    path: str
    """As Pulumi spells it, list members by name: `spec.template.spec.containers[db].image`."""
    field_path: FieldPath
    expected: Json
    """`MISSING` if the field should be absent."""
    actual: Json
    """`MISSING` if the field is absent."""
    declared: bool
    """Whether the field is declared: if so, a refresh sees the difference and the next `up` fixes it."""

    @property
    def added(self) -> bool:
        """Whether the field should be absent."""
        return self.expected is MISSING


def differences(declared: Manifest, expected: Manifest, live: Manifest) -> list[Difference]:
    """Compare the manifests, leaving out what the cluster itself writes."""
    declared, expected, live = (_comparable(manifest, declared) for manifest in (declared, expected, live))
    return list(_differences("", (), declared, expected, live))


def overlay(live: Json, declared: Json) -> Json:
    """Return the live object with the declared fields set: the expected one if only some fields are declared."""
    if isinstance(live, dict) and isinstance(declared, dict):
        return {**live, **{key: overlay(live.get(key, MISSING), value) for key, value in declared.items()}}
    if isinstance(live, list) and isinstance(declared, list):
        pairs = zip_longest(live, declared, fillvalue=MISSING)
        return [was if value is MISSING else overlay(was, value) for was, value in pairs]
    return declared


def repaired(live: Manifest, differing: Sequence[Difference]) -> Manifest:
    """Return a copy of the live object with the expected values in these fields."""
    result: Any = copy.deepcopy(live)
    # Last positions first: inserting or deleting a list member shifts only the members behind it.
    for difference in sorted(differing, key=lambda each: each.field_path, reverse=True):
        *parents, last = difference.field_path
        parent: Any = result
        original: Any = live
        for step in parents:
            parent = parent.setdefault(step, {}) if isinstance(parent, dict) else parent[step]
            original = mapping(original).get(step) if isinstance(step, str) else original[step]
        if difference.added:
            del parent[last]
        elif isinstance(last, int) and difference.actual is MISSING:
            parent.insert(len(original), difference.expected)
        else:
            parent[last] = difference.expected
    found: Manifest = result
    return found


def _comparable(manifest: Manifest, declared: Manifest) -> Manifest:
    """Leave out the status, the API server's own metadata, and undeclared annotations and finalizers."""
    left_out = ("apiVersion", "kind", "status", *WRITTEN_BY_CONTROLLERS.get(str(manifest.get("kind")), ()))
    metadata = mapping(manifest.get("metadata"))
    ours = mapping(mapping(declared.get("metadata")).get("annotations"))
    annotations = {key: value for key, value in mapping(metadata.get("annotations")).items() if key in ours}
    return {
        **{key: value for key, value in manifest.items() if key not in left_out},
        "metadata": {"labels": mapping(metadata.get("labels")), "annotations": annotations},
    }


def _differences(path: str, field_path: FieldPath, declared: Json, expected: Json, live: Json) -> Iterator[Difference]:
    """Compare a field of the three manifests; `MISSING` where it is absent."""
    if expected == live:
        return
    if isinstance(expected, dict) and isinstance(live, dict):
        for key in dict.fromkeys([*expected, *live]):
            wanted, found = _split_labels(expected.get(key, MISSING), live.get(key, MISSING))
            ours = mapping(declared).get(key, MISSING)
            yield from _differences(joined(path, key), (*field_path, key), ours, wanted, found)
    elif isinstance(expected, list) and isinstance(live, list):
        for name, position, *three in _members(list(items(declared)), expected, live):
            yield from _differences(f"{path}[{name}]", (*field_path, position), *three)
        yield from _reordered(path, field_path, expected, live)
    else:
        yield Difference(
            path=path, field_path=field_path, expected=expected, actual=live, declared=declared is not MISSING
        )


def _split_labels(expected: Json, live: Json) -> tuple[Json, Json]:
    """Let labels and the like be reported one by one even if one side has none."""
    if expected is MISSING and _maps_text_to_text(live):
        return {}, live
    if live is MISSING and _maps_text_to_text(expected):
        return expected, {}
    return expected, live


def _maps_text_to_text(value: Json) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(entry, str) for entry in value.values())


def _members(
    declared: Sequence[Json], expected: Sequence[Json], live: Sequence[Json]
) -> Iterator[tuple[str | int, int, Json, Json, Json]]:
    """Pair the members of the lists: by merge key, else as additions to the expected ones, else by position.

    Yields:
        How the path spells the member, its position in the live list, and the member in each of the lists.
    """
    if key := _merge_key(expected, live):
        ours, wanted, found = (_by(key, members) for members in (declared, expected, live))
        positions = {name: position for position, name in enumerate(dict.fromkeys([*found, *wanted]))}
        for name in dict.fromkeys([*wanted, *found]):
            yield name, positions[name], ours.get(name, MISSING), wanted.get(name, MISSING), found.get(name, MISSING)
    elif (additions := _additions(expected, live)) is not None:
        for position in additions:
            yield position, position, MISSING, MISSING, live[position]
    else:
        three = zip_longest(expected, live, declared[: max(len(expected), len(live))], fillvalue=MISSING)
        for position, (wanted_one, found_one, our_one) in enumerate(three):
            yield position, position, our_one, wanted_one, found_one


def _reordered(
    path: str, field_path: FieldPath, expected: Sequence[Json], live: Sequence[Json]
) -> Iterator[Difference]:
    """Report members in another order: a variable may refer to those before it."""
    if key := _merge_key(expected, live):
        wanted, found = _by(key, expected), _by(key, live)
        order, order_found = [name for name in wanted if name in found], [name for name in found if name in wanted]
        if order != order_found:
            # Lists of which nothing is declared have no order to keep.
            yield Difference(path=path, field_path=field_path, expected=order, actual=order_found, declared=True)


def _merge_key(expected: Sequence[Json], live: Sequence[Json]) -> str:
    return next((key for key in MERGE_KEYS if _is_unique(key, expected) and _is_unique(key, live)), "")


def _by(key: str, members: Sequence[Json]) -> dict[str, Json]:
    return {str(mapping(member).get(key)): member for member in members}


def _is_unique(key: str, members: Sequence[Json]) -> bool:
    values = [mapping(member).get(key) for member in members]
    return all(isinstance(value, str | int) for value in values) and len(set(values)) == len(values)


def _additions(expected: Sequence[Json], live: Sequence[Json]) -> list[int] | None:
    """Return the positions of live members that are not expected; `None` if an expected one is absent or moved."""
    added, wanted = [], list(expected)
    for position, member in enumerate(live):
        if wanted and member == wanted[0]:
            wanted.pop(0)
        else:
            added.append(position)
    return None if wanted else added
