"""Adoption of tenant3 without a cluster."""

from collections.abc import Mapping
from typing import Any

from components.adoption.fields import Existing, Judgement
from components.adoption.judgement import judge
from components.objects import declared
from kube.dry_run import Rejection
from kube.manifest import Key, Manifest
from tenants import load
from tenants.fleet import TenantSpec
from tests.support.fleets import config_with
from tests.support.live_fleet import live_fleet


def adopting(**changes: Any) -> tuple[TenantSpec, Mapping[Key, Manifest]]:
    """Return the tenant and its declared objects."""
    fleet = load(config_with(adopt=True, **changes))
    (tenant,) = fleet.tenants
    return tenant, declared.manifests(tenant, live_fleet(fleet))


TENANT, DECLARED = adopting()


def judgements(
    live: Manifest, manifest: Manifest, outcome: Manifest | Rejection, tenant: TenantSpec = TENANT
) -> list[Judgement]:
    """Judge a live object by the declared one, and by what the API server makes of it."""
    return judge(tenant, Existing(live=live, declared=manifest, applied=outcome, replaced=outcome))
