"""The Job that promotes a role's database before a failover leads clients to it."""

import pulumi
from pulumi_kubernetes.batch.v1 import Job, JobSpecArgs
from pulumi_kubernetes.core.v1 import ContainerArgs, EnvVarArgs, PodSpecArgs, PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.control_node import ControlNode
from components.fleet_context import FleetContext
from components.objects import control_environment
from components.objects.metadata import SKIP_AWAIT, object_metadata
from components.objects.placement import only_on, toleration_args
from components.promotion_plan import PROMOTED_ROLE, PROMOTION_OF, PlannedPromotion
from tenants import fleet
from tenants.fleet import Role

PATIENCE_SECONDS = 60
"""How much longer than the Job itself the plugin waits, so that it hears how the Job ended."""


class Promotion(pulumi.ComponentResource):
    """Runs a tenant's promotion command once for each failover, and at no other time.

    There is always one Job, named by the active role; a failover makes that of the other role, and the engine deletes
    the old one once traffic has moved. Where clients are led to the active role already (a new tenant, a promotion that
    has just been written, a tenant that is stopped), the Job is made suspended. It is not left out: it keeps in the
    engine's state that this role needs no promotion, so that a selector which somebody edits by hand starts none.
    """

    def __init__(
        self,
        *,
        spec: fleet.TenantSpec,
        step: fleet.PromotionSpec,
        plan: PlannedPromotion,
        context: FleetContext,
        active: ControlNode,
        opts: pulumi.ResourceOptions,
    ) -> None:
        name = f"{spec.name}-promotion"
        super().__init__("adb:tenants:Promotion", name, None, opts)
        role = spec.active_role
        other = Role.STANDBY if role is Role.MASTER else Role.MASTER
        Job(
            spec.promotion_job_name(role),
            metadata=object_metadata(
                plan.job_name,
                context.home,
                labels={PROMOTION_OF: spec.name, PROMOTED_ROLE: role},
                annotations=(
                    {"pulumi.com/timeoutSeconds": str(step.timeout_seconds + PATIENCE_SECONDS)}
                    if plan.runs
                    # The plugin would wait for it to succeed.
                    else SKIP_AWAIT
                ),
            ),
            spec=JobSpecArgs(
                suspend=not plan.runs,
                # Half a promotion is not repeated blindly: a failed one is for somebody to look at.
                backoff_limit=0,
                active_deadline_seconds=step.timeout_seconds,
                template=PodTemplateSpecArgs(
                    # None of the labels by which the Services and StatefulSets find a database's pod.
                    metadata=ObjectMetaArgs(labels={PROMOTION_OF: spec.name}),
                    spec=PodSpecArgs(
                        node_selector={spec.node_label: role},
                        affinity=only_on(spec.hosts.of(role)),
                        containers=[
                            ContainerArgs(
                                name="promotion",
                                image=step.image,
                                image_pull_policy="IfNotPresent",
                                command=list(step.command),
                                env=[
                                    *control_environment.variables(spec, context.platform.names),
                                    EnvVarArgs(name="PROMOTE", value=spec.control_node_name(role)),
                                    EnvVarArgs(name="DEMOTE", value=spec.control_node_name(other)),
                                ],
                                volume_mounts=control_environment.ssh_key_mounts(),
                                # What it said last is then in the error that ends the `up`.
                                termination_message_policy="FallbackToLogsOnError",
                            )
                        ],
                        volumes=control_environment.ssh_key_volumes(context.platform.names),
                        restart_policy="Never",
                        tolerations=toleration_args(spec.tolerations),
                    ),
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                # The database that is promoted has its latest template by then, and its node the label.
                depends_on=[active, context.platform],
                # A Job once made stays as it is: an edited command is for the next failover, and a Job that has run
                # must not become a suspended one. Not `spec` as a whole: when the plugin waits for a Job anew, it takes
                # what is ignored for declared as it is live, and the next run would replace the Job for the labels that
                # the API server has added to its template (seen with the plugin's 4.32, 2026-11).
                ignore_changes=[
                    "metadata.annotations",
                    "spec.activeDeadlineSeconds",
                    "spec.suspend",
                    "spec.template.spec",
                ],
                # A Job that was not seen to succeed, the engine's `#initerror`, is made anew if somebody has deleted it
                # since. One that is there is waited for, as after an interrupted `up`.
                replace_on_changes=[] if plan.is_there else ["#initerror"],
                # A failed one goes first, with what may be left of its pod: two promotions never run side by side.
                delete_before_replace=True,
                hooks=context.hooks.promotion_job,
            ),
        )
        self.register_outputs({})
