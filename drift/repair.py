"""Repairs fields that are not declared: no `pulumi up` would."""

from collections.abc import Mapping
from dataclasses import dataclass

from drift.cluster import KubectlClient
from drift.findings import Drift, Repair
from drift.survey import Survey
from kube.manifest import Key


@dataclass(frozen=True, kw_only=True)
class RepairResult:
    """What was repaired, and what could not be."""

    repaired: tuple[Drift, ...]
    failed: Mapping[Key, str]
    """kubectl's error for each object that was not written."""


NOTHING_DONE = RepairResult(repaired=(), failed={})


def repair(survey: Survey, cluster: KubectlClient) -> RepairResult:
    """Write each object as it was read, with the repairable fields fixed.

    An object that has changed since it was read is not written: the change may have had a reason. Declared fields are
    left to Pulumi, whose hooks protect the databases.
    """
    errors = {key: cluster.replace(manifest) for key, manifest in survey.replacements.items()}
    failed = {key: error for key, error in errors.items() if error}
    here = [each for each in (*survey.drift, *survey.leftovers) if each.repair is Repair.HERE]
    return RepairResult(repaired=tuple(each for each in here if each.key not in failed), failed=failed)
