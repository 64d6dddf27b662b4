"""What the keepalived pods may read."""

from collections.abc import Iterator

import pulumi
from pulumi import ResourceHookBinding
from pulumi_kubernetes.core.v1 import LocalObjectReferenceArgs, ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, PolicyRuleArgs, RoleRefArgs, SubjectArgs

from components.live.cluster import LiveCluster
from components.live.stack_home import StackHome
from components.objects.metadata import object_metadata
from kube.facts import STACK_ANNOTATION, pod_spec
from kube.manifest import Manifest, at, items, text
from tenants.fleet import ClusterSpec, Fleet


class KeepalivedAccess(pulumi.ComponentResource):
    """The ServiceAccount of every keepalived pod of a namespace, and its permissions.

    kube-keepalived-vip lists pods and nodes to find its neighbours and watches the rest in every namespace
    (its chart's `cluster-role.yaml`); the seed ran it as `default`, before clusters had RBAC.
    """

    service_account_name: str

    def __init__(
        self,
        name: str,
        *,
        cluster: ClusterSpec,
        home: StackHome,
        hooks: ResourceHookBinding,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("adb:tenants:KeepalivedAccess", name, None, opts)
        self.service_account_name = account = cluster.keepalived_account
        # Cluster-scoped, so the name carries the namespace: two stacks of one cluster must not share them.
        cluster_role_name = f"{account}-{home.namespace}"
        child = pulumi.ResourceOptions(parent=self, hooks=hooks)
        of_this_stack = {STACK_ANNOTATION: home.stack}

        ServiceAccount(
            account,
            metadata=object_metadata(account, home),
            # Left out where there are none: what others keep there, as OpenShift does, is theirs.
            image_pull_secrets=[LocalObjectReferenceArgs(name=secret) for secret in cluster.image_pull_secrets] or None,
            opts=child,
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
            opts=child,
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
            opts=child,
        )
        self.register_outputs({"serviceAccountName": self.service_account_name})


def warn_of_lost_pull_secrets(fleet: Fleet, live: LiveCluster) -> None:
    """Warn of what pulled keepalived's image before, and is not given to its account.

    A failover starts keepalived on a node that may not have the image yet: too late to find that out.
    """
    namespace, account = fleet.cluster.namespace, fleet.cluster.keepalived_account
    objects = live.objects(namespace)
    controllers = (objects.get(("ReplicationController", tenant.virtual_ip_name), {}) for tenant in fleet.tenants)
    used = {secret for controller in controllers for secret in _pull_secrets(pod_spec(controller))}
    used |= {*_pull_secrets(objects.get(("ServiceAccount", "default"), {}))}
    declared = fleet.cluster.image_pull_secrets
    lost = sorted(used - {*declared, *_pull_secrets(objects.get(("ServiceAccount", account), {}))})
    if lost:
        pulumi.log.warn(
            f"In namespace {namespace} images are pulled by {', '.join(lost)}, which the keepalived pods' account "
            f"{account} does not have: a failover to a node without keepalived's image would end in ImagePullBackOff. "
            "If that image needs it, write:\n  adb-tenants:cluster:\n    imagePullSecrets: "
            f"[{', '.join([*declared, *lost])}]"
        )


def _pull_secrets(of: Manifest) -> Iterator[str]:
    names = (text(at(secret, "name")) for secret in items(of.get("imagePullSecrets")))
    # OpenShift makes one for each account, which no other account has.
    return (name for name in names if "-dockercfg-" not in name)
