"""One role of a tenant: the control pod that runs its database on one node."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import NodePatch, Service
from pulumi_kubernetes.meta.v1 import ObjectMetaPatchArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.fleet_context import FleetContext
from components.objects import control_node as build
from components.platform import Platform
from tenants.fleet import Role, TenantSpec


@dataclass(frozen=True, kw_only=True)
class ControlNodeArgs:
    """Arguments of a control node."""

    spec: TenantSpec
    role: Role
    context: FleetContext
    platform: Platform
    network_policy: NetworkPolicy | None


class ControlNode(pulumi.ComponentResource):
    """A node's label, the headless Service that names the pod, and the StatefulSet that keeps it on the node."""

    stateful_set: StatefulSet

    def __init__(self, name: str, args: ControlNodeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:ControlNode", name, None, opts)
        spec, role, hooks = args.spec, args.role, args.context.hooks
        node_label = NodePatch(
            name,
            metadata=ObjectMetaPatchArgs(
                name=spec.hosts.of(role),
                # No `pulumi.com/patchFieldManager`: the annotation would be written to the node, where two tenants that
                # share it conflict over its value (seen with the plugin's 4.32, 2026-11).
                labels={spec.node_label: role},
            ),
            opts=pulumi.ResourceOptions(parent=self, hooks=hooks.node_label),
        )
        service = Service(
            name,
            build.headless_service(spec, role, args.context),
            opts=pulumi.ResourceOptions(parent=self, hooks=hooks.creation_only),
        )
        self.stateful_set = StatefulSet(
            name,
            build.stateful_set(spec, role, args.context, args.platform.names),
            # The pod is scheduled only on the labelled node, and starts only with the shared objects. It never runs
            # without its NetworkPolicy; and since keepalived's controller, which depends on this, is deleted first, a
            # refused removal of the tenant leaves the policy too.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[
                    *(node_label, service, args.platform),
                    *([args.network_policy] if args.network_policy else []),
                ],
                hooks=hooks.stateful_set,
            ),
        )
        self.register_outputs({"host": spec.hosts.of(role)})
