"""How a live object differs from what it should be: everything, also what nobody declared.

The engine's refresh looks at declared fields alone, and server-side apply leaves alone what others added
(pulumi-kubernetes#3262, #3697). So three are compared: what was *declared*, the *clean* object that the API server
would make of it, with its defaults and what it has allotted, and the *live* one.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

from kube.manifest import Json, Manifest, items, joined, mapping
from kube.masking import MISSING

FieldPath: TypeAlias = tuple[str | int, ...]
"""Keys, and positions in lists, that lead to a value in the live object."""

IDENTIFYING = ("name", "mountPath", "key", "port", "containerPort")
"""Fields by which a member of a list is known, the first that tells all of them apart."""
KEPT_BY_OTHERS: Mapping[str, tuple[str, ...]] = {
    # Before Kubernetes 1.24, and in OpenShift, controllers put the account's tokens there.
    "ServiceAccount": ("secrets", "imagePullSecrets"),
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field that is not what it should be."""

    path: str
    """As the engine spells it, members of lists by their name: `spec.template.spec.containers[db].image`."""
    place: FieldPath
    expected: Json
    """`MISSING` where nothing should be."""
    actual: Json
    """`MISSING` where nothing is."""
    declared: bool
    """Whether the declaration speaks of it: if so, a refresh sees it, and the next `up` puts it right."""

    @property
    def added(self) -> bool:
        """Whether there should be nothing."""
        return self.expected is MISSING


def differences(declared: Manifest, clean: Manifest, live: Manifest) -> list[Difference]:
    """Compare, whatever is the cluster's own to write left out."""
    declared, clean, live = (_comparable(manifest, declared) for manifest in (declared, clean, live))
    return list(_differences(_Field(path="", place=(), declared=declared, clean=clean, live=live)))


def laid_over(live: Json, declared: Json) -> Json:
    """The live object with what is declared put in: the clean one where only a part of it is declared."""
    if isinstance(live, dict) and isinstance(declared, dict):
        return {**live, **{key: laid_over(live.get(key, MISSING), value) for key, value in declared.items()}}
    if isinstance(live, list) and isinstance(declared, list):
        pairs = zip_longest(live, declared, fillvalue=MISSING)
        return [was if value is MISSING else laid_over(was, value) for was, value in pairs]
    return declared


def put_right(live: Manifest, differing: Sequence[Difference]) -> Manifest:
    """Make a live object what it should be in these fields."""
    righted: Any = copy.deepcopy(live)
    # Last positions first: what goes into a list, or out of it, moves only what is behind it.
    for difference in sorted(differing, key=lambda each: each.place, reverse=True):
        *way, last = difference.place
        parent: Any = righted
        as_read: Any = live
        for step in way:
            parent = parent.setdefault(step, {}) if isinstance(parent, dict) else parent[step]
            as_read = mapping(as_read).get(step) if isinstance(step, str) else as_read[step]
        if difference.added:
            del parent[last]
        elif isinstance(last, int) and difference.actual is MISSING:
            parent.insert(len(as_read), difference.expected)
        else:
            parent[last] = difference.expected
    found: Manifest = righted
    return found


def _comparable(manifest: Manifest, declared: Manifest) -> Manifest:
    """Leave out the status, what the API server keeps for itself, and other tools' annotations and finalizers."""
    kept_by_others = ("apiVersion", "kind", "status", *KEPT_BY_OTHERS.get(str(manifest.get("kind")), ()))
    metadata = mapping(manifest.get("metadata"))
    ours = mapping(mapping(declared.get("metadata")).get("annotations"))
    annotations = {key: value for key, value in mapping(metadata.get("annotations")).items() if key in ours}
    return {
        **{key: value for key, value in manifest.items() if key not in kept_by_others},
        "metadata": {"labels": mapping(metadata.get("labels")), "annotations": annotations},
    }


@dataclass(frozen=True, kw_only=True)
class _Field:
    """One field in all three; `MISSING` where it is not."""

    path: str
    place: FieldPath
    declared: Json
    clean: Json
    live: Json


def _differences(field: _Field) -> Iterator[Difference]:
    if field.clean == field.live:
        return
    if isinstance(field.clean, dict) and isinstance(field.live, dict):
        for key in dict.fromkeys([*field.clean, *field.live]):
            clean, live = _entry_by_entry(field.clean.get(key, MISSING), field.live.get(key, MISSING))
            yield from _differences(
                _Field(
                    path=joined(field.path, key),
                    place=(*field.place, key),
                    declared=mapping(field.declared).get(key, MISSING),
                    clean=clean,
                    live=live,
                )
            )
    elif isinstance(field.clean, list) and isinstance(field.live, list):
        for member in _members(field, list(items(field.declared)), field.clean, field.live):
            yield from _differences(member)
        yield from _order(field, field.clean, field.live)
    else:
        yield Difference(
            path=field.path,
            place=field.place,
            expected=field.clean,
            actual=field.live,
            declared=field.declared is not MISSING,
        )


def _entry_by_entry(clean: Json, live: Json) -> tuple[Json, Json]:
    """Let labels and the like be told of one by one also where only one side has any."""
    if clean is MISSING and _is_text_by_text(live):
        return {}, live
    if live is MISSING and _is_text_by_text(clean):
        return clean, {}
    return clean, live


def _is_text_by_text(value: Json) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(entry, str) for entry in value.values())


def _members(field: _Field, declared: Sequence[Json], clean: Sequence[Json], live: Sequence[Json]) -> Iterator[_Field]:
    """Match the members of lists: by what tells them apart, else by what only the live one has, else by position."""

    def member(name: str | int, position: int, *three: Json) -> _Field:
        ours, wanted, found = three
        place = (*field.place, position)
        return _Field(path=f"{field.path}[{name}]", place=place, declared=ours, clean=wanted, live=found)

    if identity := _identity(clean, live):
        ours, wanted, found = (_by(identity, members) for members in (declared, clean, live))
        positions = {name: position for position, name in enumerate(dict.fromkeys([*found, *wanted]))}
        for name in dict.fromkeys([*wanted, *found]):
            yield member(name, positions[name], *(side.get(name, MISSING) for side in (ours, wanted, found)))
    elif (extra := _beyond(clean, live)) is not None:
        for position in extra:
            yield member(position, position, MISSING, MISSING, live[position])
    else:
        longest = max(len(clean), len(live))
        for position in range(longest):
            three = (side[position] if position < len(side) else MISSING for side in (declared, clean, live))
            yield member(position, position, *three)


def _order(field: _Field, clean: Sequence[Json], live: Sequence[Json]) -> Iterator[Difference]:
    """Say that members are in another order: a variable may refer to those before it."""
    if identity := _identity(clean, live):
        wanted, found = _by(identity, clean), _by(identity, live)
        order, order_found = [name for name in wanted if name in found], [name for name in found if name in wanted]
        if order != order_found:
            # Lists of which nobody declares anything have no order to keep.
            yield Difference(path=field.path, place=field.place, expected=order, actual=order_found, declared=True)


def _identity(clean: Sequence[Json], live: Sequence[Json]) -> str:
    return next((field for field in IDENTIFYING if _tells_apart(field, clean) and _tells_apart(field, live)), "")


def _by(identity: str, members: Sequence[Json]) -> dict[str, Json]:
    return {str(mapping(member).get(identity)): member for member in members}


def _tells_apart(field: str, members: Sequence[Json]) -> bool:
    values = [mapping(member).get(field) for member in members]
    return all(isinstance(value, str | int) for value in values) and len(set(values)) == len(values)


def _beyond(clean: Sequence[Json], live: Sequence[Json]) -> list[int] | None:
    """Positions of what a list holds besides all that it should hold, in order; `None` if it does not hold that."""
    extra, wanted = [], list(clean)
    for position, member in enumerate(live):
        if wanted and member == wanted[0]:
            wanted.pop(0)
        else:
            extra.append(position)
    return None if wanted else extra
