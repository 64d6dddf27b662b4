"""Takes out what was added by hand, and puts back what only the API server knows: what no `up` would notice."""

from collections.abc import Mapping
from dataclasses import dataclass

from drift.cluster import RepairClient
from drift.findings import Drift, Repair
from drift.survey import Survey
from kube.manifest import Key


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """What was done."""

    repaired: tuple[Drift, ...]
    refused: Mapping[Key, str]
    """Objects that are left as they are, and why."""


NOTHING_DONE = Repaired(repaired=(), refused={})


def repair(survey: Survey, cluster: RepairClient) -> Repaired:
    """Write each object anew as it was read, but for what is put right here.

    An object that has changed since it was read is left alone: whoever changed it may have done so for a reason. What
    is declared is not touched either: that is the engine's, whose guards know what a database must not lose.
    """
    answers = {key: cluster.replace(righted) for key, righted in survey.righted.items()}
    refused = {key: said for key, said in answers.items() if said}
    here = [each for each in (*survey.findings, *survey.left_behind) if each.repair is Repair.HERE]
    return Repaired(repaired=tuple(each for each in here if each.key not in refused), refused=refused)
