"""The account of the keepalived pods, and its permissions."""

from collections.abc import Iterator

import pulumi
from pulumi_kubernetes.core.v1 import LocalObjectReferenceArgs, ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, PolicyRuleArgs, RoleRefArgs, SubjectArgs

from components.fleet_context import FleetContext
from components.live.fleet import LiveFleet
from components.objects.metadata import object_metadata
from kube.facts import STACK_ANNOTATION, pod_spec
from kube.manifest import Manifest, at, items, text
from tenants.permissions import KEEPALIVED_KINDS, KEEPALIVED_VERBS, keepalived_role_name


class KeepalivedAccess(pulumi.ComponentResource):
    """The ServiceAccount of a stack's keepalived pods, and its permissions; nothing if another stack declares them.

    kube-keepalived-vip lists pods and nodes to find its neighbours and watches the other kinds in every namespace
    (its chart's `cluster-role.yaml`); the seed ran it as `default`, before clusters had RBAC.
    """

    objects: tuple[ServiceAccount | ClusterRole | ClusterRoleBinding, ...]
    """Everything that it declares."""

    def __init__(self, name: str, args: FleetContext, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:KeepalivedAccess", name, None, opts)
        home, cluster = args.home, args.fleet.cluster
        account = cluster.keepalived_account
        self.objects = ()
        if cluster.keepalived_account_of is not None:
            self.register_outputs({"serviceAccountName": account})
            return
        cluster_role_name = keepalived_role_name(account, home.namespace)
        child = pulumi.ResourceOptions(parent=self, hooks=args.hooks.keepalived_access)
        cluster_role_metadata = ObjectMetaArgs(name=cluster_role_name, annotations={STACK_ANNOTATION: home.stack})

        service_account = ServiceAccount(
            account,
            metadata=object_metadata(account, home),
            # Omitted if empty: entries of other managers, such as OpenShift, are kept.
            image_pull_secrets=[LocalObjectReferenceArgs(name=secret) for secret in cluster.image_pull_secrets] or None,
            opts=child,
        )
        cluster_role = ClusterRole(
            cluster_role_name,
            metadata=cluster_role_metadata,
            rules=[
                PolicyRuleArgs(
                    api_groups=[""],
                    resources=[kind.plural for kind in KEEPALIVED_KINDS],
                    verbs=list(KEEPALIVED_VERBS),
                )
            ],
            opts=child,
        )
        binding = ClusterRoleBinding(
            cluster_role_name,
            metadata=cluster_role_metadata,
            role_ref=RoleRefArgs(
                api_group="rbac.authorization.k8s.io",
                kind="ClusterRole",
                name=cluster_role_name,
            ),
            subjects=[SubjectArgs(kind="ServiceAccount", name=account, namespace=home.namespace)],
            opts=child,
        )
        self.objects = (service_account, cluster_role, binding)
        self.register_outputs({"serviceAccountName": account})


def warn_of_lost_pull_secrets(live: LiveFleet) -> None:
    """Warn of image pull secrets that keepalived pods have used so far and their account does not have.

    Otherwise a failover to a node without keepalived's image would be the first to fail.
    """
    fleet, objects = live.fleet, live.objects
    namespace, account = live.home.namespace, fleet.cluster.keepalived_account
    controllers = (objects.get(("ReplicationController", tenant.virtual_ip_name), {}) for tenant in fleet.tenants)
    used = {secret for controller in controllers for secret in _pull_secrets(pod_spec(controller))}
    used |= {*_pull_secrets(objects.get(("ServiceAccount", "default"), {}))}
    declared = fleet.cluster.image_pull_secrets
    lost = sorted(used - {*declared, *_pull_secrets(objects.get(("ServiceAccount", account), {}))})
    if lost:
        pulumi.log.warn(
            f"Pods in namespace {namespace} pull images with {', '.join(lost)}, which ServiceAccount {account} of the "
            "keepalived pods does not have: a failover to a node without keepalived's image would end in "
            "ImagePullBackOff. If that image needs it, add:\n  adb-tenants:cluster:\n    imagePullSecrets: "
            f"[{', '.join([*declared, *lost])}]"
        )


def _pull_secrets(of: Manifest) -> Iterator[str]:
    names = (text(at(secret, "name")) for secret in items(of.get("imagePullSecrets")))
    # OpenShift creates one for each account, which other accounts cannot use.
    return (name for name in names if "-dockercfg-" not in name)
