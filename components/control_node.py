"""One role of a tenant: the control pod that runs its database on one node."""

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import NodePatch, Service
from pulumi_kubernetes.meta.v1 import ObjectMetaPatchArgs

from components.fleet_context import FleetContext
from components.objects import control_node as control_node_objects
from tenants import fleet
from tenants.fleet import Role


class ControlNode(pulumi.ComponentResource):
    """A node's label, the headless Service that names the pod, and the StatefulSet that keeps it there."""

    stateful_set: StatefulSet

    def __init__(
        self,
        *,
        role: Role,
        spec: fleet.TenantSpec,
        context: FleetContext,
        opts: pulumi.ResourceOptions,
    ) -> None:
        name = spec.control_node_name(role)
        super().__init__("adb:tenants:ControlNode", name, None, opts)

        node_label = NodePatch(
            name,
            metadata=ObjectMetaPatchArgs(
                name=spec.hosts.of(role),
                # No `pulumi.com/patchFieldManager`: the annotation would lie on the node, where two tenants that share
                # it conflict over its value (seen with the plugin's 4.32, 2026-11).
                labels={spec.node_label: role},
            ),
            opts=pulumi.ResourceOptions(parent=self, hooks=context.hooks.node_label),
        )
        service = Service(
            name,
            control_node_objects.headless_service(spec, role, home=context.home),
            opts=pulumi.ResourceOptions(parent=self, hooks=context.hooks.headless_service),
        )
        self.stateful_set = StatefulSet(
            name,
            control_node_objects.stateful_set(
                spec, role, home=context.home, hosts=context.hosts, shared=context.platform.names
            ),
            # The pod can be scheduled only where the label is, and starts only with the shared objects.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[node_label, service, context.platform],
                hooks=context.hooks.stateful_set,
            ),
        )
        self.register_outputs({"host": spec.hosts.of(role)})
