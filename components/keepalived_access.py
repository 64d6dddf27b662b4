"""What the keepalived pods may read."""

import pulumi
from pulumi_kubernetes.core.v1 import ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, PolicyRuleArgs, RoleRefArgs, SubjectArgs

from components.metadata import object_metadata
from components.stack_home import StackHome
from kube.facts import STACK_ANNOTATION


class KeepalivedAccess(pulumi.ComponentResource):
    """The ServiceAccount of every keepalived pod of a namespace, and its permissions.

    kube-keepalived-vip lists pods and nodes to find its neighbours and watches the rest in every namespace
    (its chart's `cluster-role.yaml`); the seed ran it as `default`, before clusters had RBAC.
    """

    service_account_name: str

    def __init__(self, name: str, *, account: str, home: StackHome, opts: pulumi.ResourceOptions) -> None:
        super().__init__("adb:tenants:KeepalivedAccess", name, None, opts)
        self.service_account_name = account
        # Cluster-scoped, so the name carries the namespace: two stacks of one cluster must not share them.
        cluster_role_name = f"{account}-{home.namespace}"
        of_this_stack = {STACK_ANNOTATION: home.stack}

        ServiceAccount(
            account,
            metadata=object_metadata(account, home),
            opts=pulumi.ResourceOptions(parent=self),
        )
        ClusterRole(
            cluster_role_name,
            metadata=ObjectMetaArgs(name=cluster_role_name, annotations=of_this_stack),
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
            metadata=ObjectMetaArgs(name=cluster_role_name, annotations=of_this_stack),
            role_ref=RoleRefArgs(
                api_group="rbac.authorization.k8s.io",
                kind="ClusterRole",
                name=cluster_role_name,
            ),
            subjects=[SubjectArgs(kind="ServiceAccount", name=account, namespace=home.namespace)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"serviceAccountName": self.service_account_name})
