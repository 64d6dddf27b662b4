"""What the keepalived pods may read."""

import pulumi
from pulumi_kubernetes.core.v1 import ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, PolicyRuleArgs, RoleRefArgs, SubjectArgs

from tenants.fleet import Cluster

SERVICE_ACCOUNT = "adb-keepalived"


class KeepalivedAccess(pulumi.ComponentResource):
    """The ServiceAccount of every keepalived pod of a namespace, and its permissions.

    kube-keepalived-vip lists pods and nodes to find its neighbours and watches the rest in every namespace
    (its chart's `cluster-role.yaml`); the seed ran it as `default`, before clusters had RBAC.
    """

    service_account_name: str

    def __init__(self, name: str, *, cluster: Cluster, opts: pulumi.ResourceOptions) -> None:
        super().__init__("adb:tenants:KeepalivedAccess", name, None, opts)
        self.service_account_name = SERVICE_ACCOUNT
        # Cluster-scoped, so the name carries the namespace: two stacks of one cluster must not share them.
        cluster_role_name = f"{SERVICE_ACCOUNT}-{cluster.namespace}"

        ServiceAccount(
            SERVICE_ACCOUNT,
            metadata=ObjectMetaArgs(name=SERVICE_ACCOUNT, namespace=cluster.namespace),
            opts=pulumi.ResourceOptions(parent=self),
        )
        ClusterRole(
            cluster_role_name,
            metadata=ObjectMetaArgs(name=cluster_role_name),
            rules=[
                PolicyRuleArgs(
                    api_groups=[""],
                    resources=["pods", "nodes", "endpoints", "services", "configmaps"],
                    verbs=["get", "list", "watch"],
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        ClusterRoleBinding(
            cluster_role_name,
            metadata=ObjectMetaArgs(name=cluster_role_name),
            role_ref=RoleRefArgs(
                api_group="rbac.authorization.k8s.io",
                kind="ClusterRole",
                name=cluster_role_name,
            ),
            subjects=[SubjectArgs(kind="ServiceAccount", name=SERVICE_ACCOUNT, namespace=cluster.namespace)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"serviceAccountName": self.service_account_name})
