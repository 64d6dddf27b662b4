"""Which Job a tenant's promotion is, and whether it has to run: decided by what is live, before the engine acts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from components.live.cluster import LiveCluster
from kube.facts import selected_role
from kube.manifest import Manifest
from tenants.fleet import Fleet, Role, State, TenantSpec
from tenants.objects import live_keys

PROMOTION_OF = "adb-tenants/promotion-of"
PROMOTED_ROLE = "adb-tenants/promoted-role"
"""Labels of a promotion's Job, by which the next run of the program finds it."""


@dataclass(frozen=True, kw_only=True)
class PlannedPromotion:
    """The Job that stands for the promotion of a tenant's active role."""

    job_name: str
    runs: bool
    """Whether clients are still led to the other role. Where they are not, there is nothing to promote: a Job that is
    made then is suspended, and says no more than that this role needs none."""
    is_there: bool
    """Whether the cluster has the Job already, running or done."""


def planned_promotions(fleet: Fleet, live: LiveCluster) -> Mapping[str, PlannedPromotion]:
    """Plan the promotion of each tenant that has one, by tenant name."""
    promoted = [tenant for tenant in fleet.tenants if tenant.promotion]
    if not promoted:
        # Without promotions, nobody needs the right to list Jobs.
        return {}
    objects, jobs = live.objects(fleet.cluster.namespace), live.jobs(fleet.cluster.namespace)
    return {tenant.name: _planned(tenant, _serving(tenant, objects), jobs) for tenant in promoted}


def _serving(tenant: TenantSpec, objects: Mapping[tuple[str, str], Manifest]) -> str | None:
    """Read which role clients are led to: `None` for a new tenant's, empty where nobody can tell."""
    service = objects.get(("Service", tenant.virtual_ip_name))
    if service is None and not any(key in objects for key in live_keys(tenant)):
        return None
    return selected_role(service or {})


def _planned(tenant: TenantSpec, serving: str | None, jobs: Collection[Mapping[str, Any]]) -> PlannedPromotion:
    role = tenant.active_role
    latest = _latest(job for job in jobs if _label(job, PROMOTION_OF) == tenant.name)
    # The latest Job is this failover's if it promotes this role: then it is waited for, whoever started it, and not
    # made again. A failed one makes way for another. So does an older one of this role, which an interrupted `up` left
    # behind on the way to the other role and back: it is done, and promoted what has been demoted since.
    is_there = latest is not None and _label(latest, PROMOTED_ROLE) == role and not _has_failed(latest)
    return PlannedPromotion(
        job_name=latest["metadata"]["name"] if latest and is_there else _free_name(tenant, role, jobs),
        runs=tenant.state is State.RUNNING and serving not in (None, role),
        is_there=is_there,
    )


def _latest(jobs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    staying = [job for job in jobs if "deletionTimestamp" not in job["metadata"]]
    return max(staying, key=lambda job: (job["metadata"]["creationTimestamp"], job["metadata"]["name"]), default=None)


def _label(job: Mapping[str, Any], key: str) -> str | None:
    value: str | None = job["metadata"].get("labels", {}).get(key)
    return value


def _has_failed(job: Mapping[str, Any]) -> bool:
    conditions = job.get("status", {}).get("conditions", ())
    return any(condition["type"] == "Failed" and condition["status"] == "True" for condition in conditions)


def _free_name(tenant: TenantSpec, role: Role, jobs: Collection[Mapping[str, Any]]) -> str:
    taken = {job["metadata"]["name"] for job in jobs}
    name = tenant.promotion_job_name(role)
    candidates = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)
