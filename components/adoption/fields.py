"""The decision on a field that differs, by a table: adoption refuses it, reports it, or ignores it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from kube.comparison import Difference
from kube.dry_run import Rejection
from kube.facts import is_pinning_label
from kube.manifest import Manifest, at, text
from kube.masking import shown


class Decision(Enum):
    """What adoption does about a difference."""

    IMMUTABLE = "refused: cannot be changed in place"
    FIX_ENTRY = "refused: the entry has to match the live object"
    FIX_BY_HAND = "refused: no field of the entry declares this"
    FIX_FIRST = "refused: the words contain the remedy"
    REPORT = "reported: nothing that runs now is affected"
    IGNORE = "ignored: the meaning is the same"


@dataclass(frozen=True)
class Judgement:
    """The decision on one difference, or on several that belong together."""

    decision: Decision
    words: str
    """Completes a sentence about the object: `its serviceName is elsewhere`, `gets image b instead of a`."""


@dataclass(frozen=True, kw_only=True)
class Existing:
    """An object to adopt, and what it is compared with."""

    live: Manifest
    declared: Manifest
    applied: Manifest | Rejection
    """What the API server makes of the live object when the declaration is applied to it, as Pulumi's plugin does."""
    replaced: Manifest | Rejection
    """What the object would be by the declaration alone. Fields that only the live object has stay for now, but nothing
    would restore them."""
    pod: Manifest | None = None
    """The pod of a workload, if it has one."""
    nodes: Sequence[str] = ()
    """The node of a workload's pod; without a pod, the nodes on which it could start."""

    @property
    def kind(self) -> str:
        return text(self.live.get("kind"))

    @property
    def name(self) -> str:
        return text(at(self.live, "metadata", "name"))


TEMPLATE = "spec.template"
POD = f"{TEMPLATE}.spec"
CONTAINERS = f"{POD}.containers"
RESOURCES = f"{CONTAINERS}.resources"
MOUNTS = f"{CONTAINERS}.volumeMounts"
NEXT_START = "when its pod next starts"

_METADATA = {"metadata.labels": Decision.REPORT, "metadata.annotations": Decision.IGNORE}
_WORKLOAD = {
    **_METADATA,
    TEMPLATE: Decision.REPORT,
    f"{TEMPLATE}.metadata.creationTimestamp": Decision.IGNORE,
    # `Existing.nodes` is compared instead, and for labels of the node selector that pin a pod to it.
    f"{POD}.affinity": Decision.IGNORE,
    f"{POD}.nodeName": Decision.IGNORE,
    # The old name of serviceAccountName, which the API server keeps beside it.
    f"{POD}.serviceAccount": Decision.IGNORE,
    "spec.minReadySeconds": Decision.REPORT,
}
DECISIONS: Mapping[str, Mapping[str, Decision]] = {
    "ReplicationController": _WORKLOAD,
    "Service": {**_METADATA, "spec.clusterIP": Decision.IGNORE, "spec.clusterIPs": Decision.IGNORE},
    "StatefulSet": {
        **_WORKLOAD,
        MOUNTS: Decision.FIX_BY_HAND,
        f"{MOUNTS}.volume.hostPath.type": Decision.REPORT,
        f"{POD}.initContainers": Decision.FIX_BY_HAND,
        # It would stay, and keep the pod on that node after the entry's `hosts` has changed.
        f"{POD}.nodeName": Decision.FIX_BY_HAND,
        # Judged as immutable; so is a Service's address.
        "spec.selector": Decision.IGNORE,
        "spec.serviceName": Decision.IGNORE,
        "spec.updateStrategy": Decision.REPORT,
        "spec.revisionHistoryLimit": Decision.REPORT,
        "spec.persistentVolumeClaimRetentionPolicy": Decision.REPORT,
    },
}
"""The decision on a field and everything in it, by kind; for other kinds only metadata is listed. A field that is not
listed has to be fixed by hand.

Fields are spelled as in `Difference.path`, without the parts that identify members of lists and keys of maps.
"""
_MEANINGLESS = 'annotations["scheduler.alpha.kubernetes.io/tolerations"]'
"""In the seed's templates; Kubernetes has not read it since 1.6."""


def judge_by_table(existing: Existing, difference: Difference, *, stays: bool) -> Judgement:
    """Judge a difference from the declaration by its field alone; `stays`: the adoption itself keeps the field."""
    field, path = field_of(difference.path), short(difference.path)
    parts = field.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    table = DECISIONS.get(existing.kind, _METADATA)
    decision = next((table[prefix] for prefix in prefixes if prefix in table), Decision.FIX_BY_HAND)
    if (
        _MEANINGLESS in difference.path
        or (field.startswith("metadata.labels") and difference.added)
        or (field.startswith(f"{POD}.nodeSelector") and is_pinning_label(str(difference.field_path[-1])))
    ):
        decision = Decision.IGNORE
    expected, actual = (
        shown(difference.path, value, opaque=False) for value in (difference.expected, difference.actual)
    )
    match decision:
        case Decision.REPORT if stays and existing.kind == "ReplicationController":
            words = f"keeps {path} {actual}, which is not declared, until a failover or a change replaces it"
        case Decision.REPORT if stays:
            words = f"keeps {path} {actual}, which is not declared"
        case Decision.REPORT if difference.added:
            words = f"loses {path} {actual}"
        case Decision.REPORT:
            words = f"gets {path} {expected} instead of {actual}"
        case _:
            words = f"its {path} is {actual}, but the program declares {expected}"
    if decision is Decision.REPORT and not stays and field.startswith(TEMPLATE):
        words = f"{words} {NEXT_START}"
    return Judgement(decision, words)


def field_of(path: str) -> str:
    """Return a path without the parts that identify members of lists and keys of maps."""
    return re.sub(r"\[[^]]*]", "", path)


def short(path: str) -> str:
    """Return a path without its beginning, as messages contain it."""
    return re.sub(r"^spec\.(template\.spec\.(containers\[[^]]*]\.)?)?", "", path)
