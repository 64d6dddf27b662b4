"""The promotion of a role's database, before a failover sends clients to it."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.batch.v1 import Job

from components.control_node import ControlNode
from components.fleet_context import FleetContext
from components.objects import promotion as build
from components.platform import Platform
from components.promotion_plan import PlannedPromotion
from tenants.fleet import TenantSpec


@dataclass(frozen=True, kw_only=True)
class PromotionArgs:
    """Arguments of a promotion."""

    spec: TenantSpec
    plan: PlannedPromotion
    context: FleetContext
    platform: Platform
    active: ControlNode


class Promotion(pulumi.ComponentResource):
    """Runs a tenant's promotion command once for each failover, and at no other time.

    There is always one Job, named after the active role; a failover creates that of the other role, and the engine
    deletes the old one once traffic has moved. If the VIP's Service selects the active role already (a new tenant, a
    promotion that has just been added, a tenant that is stopped), the Job is created suspended. It is not omitted: it
    records in the engine's state that this role needs no promotion, so that a selector edited by hand starts none.
    """

    def __init__(self, name: str, args: PromotionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:Promotion", name, None, opts)
        Job(
            args.spec.promotion_job_name(args.spec.active_role),
            build.job(args.spec, args.plan, args.context, args.platform.names),
            opts=pulumi.ResourceOptions(
                parent=self,
                # By then the database that is promoted has its latest template, and its node the label.
                depends_on=[args.active, args.platform],
                # An existing Job is not changed: an edited command is for the next failover, and a Job that has run
                # must not become a suspended one. Not `spec` as a whole: when the plugin waits for a Job again, it
                # takes ignored fields from the live object, and the next run would replace the Job because of the
                # labels that the API server has added to its template (seen with the plugin's 4.32, 2026-11).
                ignore_changes=[
                    "metadata.annotations",
                    "spec.activeDeadlineSeconds",
                    "spec.suspend",
                    "spec.template.spec",
                ],
                # A Job that was not seen to succeed, the engine's `#initerror`, is recreated if it has been deleted
                # since. An existing one is waited for, as after an interrupted `up`.
                replace_on_changes=[] if args.plan.exists else ["#initerror"],
                # The failed Job and its pod are deleted first: two promotions never run side by side.
                delete_before_replace=True,
                hooks=args.context.hooks.promotion_job,
            ),
        )
        self.register_outputs({})
