"""The Job of a promotion: its fields, when it runs, and when an existing one is kept."""

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from components.promotion_plan import planned_promotions
from kube.facts import STACK_ANNOTATION
from tenants import Role, load
from tenants.rules.names import LONGEST_TENANT_NAME
from tests.support.fleets import config_with
from tests.support.live_fleet import live_fleet
from tests.support.program import KUBERNETES_VERSION, ClusterOfMocks, Manifest, Program, Registered, run_program

JOB = "kubernetes:batch/v1:Job"
PROMOTION = {"command": ["ssh", "$(PROMOTE)", "gpactivatestandby"], "image": "promoter:v1", "timeoutSeconds": 90}


def vip_service(role: str, *, tenant: str = "tenant3") -> Manifest:
    metadata = {"name": f"{tenant}-vip", "annotations": {STACK_ANNOTATION: "adb-tenants/dev"}}
    return {"metadata": metadata, "spec": {"selector": {"role": role}}}


def live_job(role: str, name: str = "", *, created: int = 1, ended: str = "", deleted: bool = False) -> Manifest:
    """A Job of tenant3, created in this minute, that is `Complete`, `Failed` or running."""
    metadata = {
        "name": name or f"tenant3-promote-{role}",
        "labels": {"adb-tenants/promotion-of": "tenant3", "adb-tenants/promoted-role": role},
        "creationTimestamp": f"2026-11-24T10:{created:02}:00Z",
    }
    conditions = [{"type": ended, "status": "True"}] if ended else []
    return {
        "metadata": metadata | ({"deletionTimestamp": metadata["creationTimestamp"]} if deleted else {}),
        "status": {"conditions": conditions} if ended else {},
    }


def declared(
    services: list[Manifest], jobs: list[Manifest] | None = None, *, active: str = "standby", **changes: Any
) -> Program:
    cluster = ClusterOfMocks(services=services, jobs=jobs or [])
    return run_program(config_with(activeRole=active, promotion=PROMOTION, **changes), cluster=cluster)


def job_of(program: Program) -> Registered:
    (job,) = program.of_type(JOB).values()
    return job


@pytest.fixture(scope="module")
def failover() -> Program:
    return declared([vip_service("master")])


def test_the_urns_of_a_promotion_are_frozen(failover: Program) -> None:
    parent = "urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$adb:tenants:Promotion"
    assert set(failover.resources) - set(run_program(config_with()).resources) == {
        f"{parent}::tenant3-promotion",
        f"{parent}$kubernetes:batch/v1:Job::tenant3-promote-standby",
    }


def test_the_command_has_a_control_pods_environment_and_both_roles(failover: Program) -> None:
    job = failover.manifest("Job", "tenant3-promote-standby")
    kubernetes_validate.validate(job, KUBERNETES_VERSION, strict=True)
    control_pod = failover.manifest("StatefulSet", "tenant3-standby")["spec"]["template"]["spec"]
    keys = {"root-ssh-volume", "gpadmin-ssh-volume"}
    roles = [{"name": "PROMOTE", "value": "tenant3-standby"}, {"name": "DEMOTE", "value": "tenant3-master"}]
    container = control_pod["containers"][0]
    assert job["spec"] == {
        "suspend": False,
        "backoffLimit": 0,
        "activeDeadlineSeconds": 90,
        "template": {
            "metadata": {"labels": {"adb-tenants/promotion-of": "tenant3"}},
            "spec": {
                "nodeSelector": control_pod["nodeSelector"],
                "affinity": control_pod["affinity"],
                "tolerations": control_pod["tolerations"],
                "automountServiceAccountToken": False,
                "restartPolicy": "Never",
                "volumes": [volume for volume in control_pod["volumes"] if volume["name"] in keys],
                "containers": [
                    {
                        "name": "promotion",
                        "image": "promoter:v1",
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["ssh", "$(PROMOTE)", "gpactivatestandby"],
                        "env": [*container["env"], *roles],
                        "volumeMounts": [mount for mount in container["volumeMounts"] if mount["name"] in keys],
                        "terminationMessagePolicy": "FallbackToLogsOnError",
                    }
                ],
            },
        },
    }


def test_no_selector_matches_the_pod_of_a_promotion(failover: Program) -> None:
    labels = failover.manifest("Job", "tenant3-promote-standby")["spec"]["template"]["metadata"]["labels"]
    for manifest in failover.manifests():
        selector = manifest.get("spec", {}).get("selector") or {}
        selector = selector.get("matchLabels", selector)
        if selector:
            assert not selector.items() <= labels.items(), manifest["metadata"]["name"]


def test_traffic_waits_for_the_job_and_the_job_only_for_its_database(failover: Program) -> None:
    job = job_of(failover)
    stateful_sets = failover.of_type("kubernetes:apps/v1:StatefulSet")
    waited_for = {name for name, found in stateful_sets.items() if found.urn in job.dependencies}
    assert waited_for == {"tenant3-standby"}, "the other role's node may be dead"
    service = failover.of_type("kubernetes:core/v1:Service")["tenant3-vip"]
    assert job.urn in service.dependencies
    assert service.urn in failover.of_type("kubernetes:core/v1:ReplicationController")["tenant3-vip"].dependencies


def test_an_existing_job_is_not_changed_and_is_replaced_after_deletion(failover: Program) -> None:
    job = job_of(failover)
    # Every field that another run of the program may declare differently.
    assert job.ignore_changes == (
        "metadata.annotations",
        "spec.activeDeadlineSeconds",
        "spec.suspend",
        "spec.template.spec",
    )
    assert job.delete_before_replace


BY_HAND = {"force": "promoted by hand"}
SERVED: dict[str, tuple[list[Manifest], dict[str, Any], bool]] = {
    "new": ([], {}, False),
    "served": ([vip_service("standby")], {}, False),
    "failover": ([vip_service("master")], {}, True),
    "failback": ([vip_service("standby")], {"active": "master"}, True),
    "stopped": ([vip_service("master")], {"state": "stopped", **BY_HAND}, False),
    "retired": ([vip_service("master")], {"state": "retired", **BY_HAND}, False),
    "other-tenant": ([vip_service("master", tenant="tenant4")], {}, False),
}


@pytest.mark.parametrize(("services", "changes", "runs"), SERVED.values(), ids=SERVED)
def test_the_job_runs_only_if_the_service_selects_the_other_role(
    services: list[Manifest], changes: dict[str, Any], runs: bool
) -> None:
    job = job_of(declared(services, **changes)).inputs
    # A suspended Job never ends: the plugin must not wait. One that runs ends before the plugin's timeout.
    wait = {"pulumi.com/timeoutSeconds": "150"} if runs else {"pulumi.com/skipAwait": "true"}
    ours = {STACK_ANNOTATION: "adb-tenants/dev"}
    assert (job["spec"]["suspend"], job["metadata"]["annotations"]) == (not runs, ours | wait)


FIRST, SECOND = "tenant3-promote-standby", "tenant3-promote-standby-2"
DONE = live_job("standby", ended="Complete")
JOBS: dict[str, tuple[list[Manifest], str, bool]] = {
    "none": ([], FIRST, False),
    "of-the-other-role": ([live_job("master")], FIRST, False),
    "still-running": ([live_job("standby")], FIRST, True),
    "done": ([DONE, live_job("master", created=0)], FIRST, True),
    "failed": ([live_job("standby", ended="Failed")], SECOND, False),
    "the-second": ([live_job("standby", SECOND, created=2)], SECOND, True),
    "older-than-a-failback": ([DONE, live_job("master", created=2)], SECOND, False),
    "being-deleted": ([live_job("standby", deleted=True)], SECOND, False),
    "without-labels": ([{"metadata": {"name": FIRST}}], SECOND, False),
}


@pytest.mark.parametrize(("jobs", "name", "exists"), JOBS.values(), ids=JOBS)
def test_the_latest_job_is_kept_if_it_has_not_failed(jobs: list[Manifest], name: str, exists: bool) -> None:
    job = job_of(declared([vip_service("master")], jobs))
    assert job.inputs["metadata"]["name"] == name
    assert job.replace_on_changes == (() if exists else ("#initerror",))


def test_jobs_are_listed_only_if_a_tenant_has_a_promotion() -> None:
    live = live_fleet(load(config_with()))
    assert planned_promotions(live) == {}
    cluster: Any = live.cluster
    cluster.jobs.assert_not_called()


def test_the_ninth_job_name_of_the_longest_tenant_name_is_a_valid_label() -> None:
    (tenant,) = load(config_with(name="t" * LONGEST_TENANT_NAME)).tenants
    assert max(len(f"{tenant.promotion_job_name(role)}-9") for role in Role) <= 63
