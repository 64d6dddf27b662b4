"""The Job that promotes a role's database."""

from pulumi_kubernetes.batch.v1 import JobInitArgs, JobSpecArgs
from pulumi_kubernetes.core.v1 import ContainerArgs, EnvVarArgs, PodSpecArgs, PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.live.fleet import LiveFleet
from components.objects import control_environment
from components.objects.control_environment import SharedNames
from components.objects.metadata import SKIP_AWAIT, object_metadata
from components.objects.placement import node_selector, only_on, toleration_args
from components.promotion_plan import PROMOTED_ROLE, PROMOTION_OF, PlannedPromotion
from tenants.fleet import PromotionSpec, TenantSpec

WAIT_MARGIN_SECONDS = 60
"""How much longer than the Job itself the plugin waits, so that it sees how the Job ended."""


def job(spec: TenantSpec, plan: PlannedPromotion, live: LiveFleet, shared: SharedNames) -> JobInitArgs:
    """Build the Job that runs a tenant's promotion command on the active role's node."""
    role = spec.active_role
    timeout_seconds = plan.step.timeout_seconds + WAIT_MARGIN_SECONDS
    return JobInitArgs(
        metadata=object_metadata(
            plan.job_name,
            live.home,
            labels={PROMOTION_OF: spec.name, PROMOTED_ROLE: role},
            # The plugin would wait for a suspended Job to succeed.
            annotations={"pulumi.com/timeoutSeconds": str(timeout_seconds)} if plan.runs else SKIP_AWAIT,
        ),
        spec=JobSpecArgs(
            suspend=not plan.runs,
            # A failed promotion is not repeated: somebody has to examine what it left behind.
            backoff_limit=0,
            active_deadline_seconds=plan.step.timeout_seconds,
            template=PodTemplateSpecArgs(
                # None of the labels by which Services and StatefulSets select a database's pod.
                metadata=ObjectMetaArgs(labels={PROMOTION_OF: spec.name}),
                spec=_pod(spec, plan.step, shared),
            ),
        ),
    )


def _pod(spec: TenantSpec, step: PromotionSpec, shared: SharedNames) -> PodSpecArgs:
    role = spec.active_role
    return PodSpecArgs(
        node_selector=node_selector(spec, role),
        affinity=only_on(spec.hosts.of(role)),
        # An existing Job keeps its pod (`ignore_changes` in `components/promotion.py`).
        automount_service_account_token=False,
        containers=[
            ContainerArgs(
                name="promotion",
                image=step.image,
                image_pull_policy="IfNotPresent",
                command=list(step.command),
                env=[
                    *control_environment.variables(spec, shared),
                    EnvVarArgs(name="PROMOTE", value=spec.control_node_name(role)),
                    EnvVarArgs(name="DEMOTE", value=spec.control_node_name(role.other)),
                ],
                volume_mounts=control_environment.ssh_key_mounts(),
                # The error that ends the `up` then contains the command's last output.
                termination_message_policy="FallbackToLogsOnError",
            )
        ],
        volumes=control_environment.ssh_key_volumes(shared),
        restart_policy="Never",
        tolerations=toleration_args(spec.tolerations),
    )
