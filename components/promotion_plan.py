"""Plans of promotions: which Job promotes a tenant's active role, and whether it has to run, by the live cluster."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from components.live.fleet import LiveFleet
from kube.facts import conditions, selected_role
from kube.manifest import Manifest
from tenants.fleet import PromotionSpec, Role, State, TenantSpec
from tenants.objects import LocalKey, live_keys

PROMOTION_OF = "adb-tenants/promotion-of"
PROMOTED_ROLE = "adb-tenants/promoted-role"
"""Labels by which the next run of the program finds a promotion's Job."""


@dataclass(frozen=True, kw_only=True)
class PlannedPromotion:
    """The Job that promotes a tenant's active role."""

    step: PromotionSpec
    job_name: str
    runs: bool
    """Whether the tenant runs and the VIP's Service still selects the other role. If not, there is nothing to promote:
    the Job is then created suspended, and only records that this role needs no promotion."""
    exists: bool
    """Whether the Job of this failover exists: the tenant's latest, for this role, and not failed."""


def planned_promotions(live: LiveFleet) -> Mapping[str, PlannedPromotion]:
    """Plan the promotion of each tenant that has one, by tenant name."""
    steps = [(tenant, tenant.promotion) for tenant in live.fleet.tenants if tenant.promotion]
    # Without promotions, the kubeconfig's user needs no permission to list Jobs.
    jobs = live.cluster.jobs() if steps else ()
    return {tenant.name: _planned(tenant, step, _serving(tenant, live.objects), jobs) for tenant, step in steps}


def _serving(tenant: TenantSpec, objects: Mapping[LocalKey, Manifest]) -> str | None:
    """Return the role that the VIP's Service selects: `None` for a new tenant, empty if it is unknown."""
    service = objects.get(("Service", tenant.virtual_ip_name))
    if service is None and not any(key in objects for key in live_keys(tenant)):
        return None
    return selected_role(service or {})


def _planned(
    tenant: TenantSpec, step: PromotionSpec, serving: str | None, jobs: Collection[Mapping[str, Any]]
) -> PlannedPromotion:
    role = tenant.active_role
    latest = _latest(job for job in jobs if _label(job, PROMOTION_OF) == tenant.name)
    # The latest Job is this failover's if it promotes this role: then it is waited for, whichever run started it, and
    # not recreated. A failed one is replaced. So is an older one of this role, which an interrupted `up` left behind in
    # a failover to the other role and back: it has promoted a database that has been demoted since.
    exists = latest is not None and _label(latest, PROMOTED_ROLE) == role and not _has_failed(latest)
    return PlannedPromotion(
        step=step,
        job_name=latest["metadata"]["name"] if latest and exists else _free_name(tenant, role, jobs),
        runs=tenant.state is State.RUNNING and serving not in (None, role),
        exists=exists,
    )


def _latest(jobs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    staying = [job for job in jobs if "deletionTimestamp" not in job["metadata"]]
    return max(staying, key=lambda job: (job["metadata"]["creationTimestamp"], job["metadata"]["name"]), default=None)


def _label(job: Mapping[str, Any], key: str) -> str | None:
    value: str | None = job["metadata"].get("labels", {}).get(key)
    return value


def _has_failed(job: Manifest) -> bool:
    return conditions(job).get("Failed") == "True"


def _free_name(tenant: TenantSpec, role: Role, jobs: Collection[Mapping[str, Any]]) -> str:
    taken = {job["metadata"]["name"] for job in jobs}
    name = tenant.promotion_job_name(role)
    candidates = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)
