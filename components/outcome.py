"""What has become of objects in an `up` that goes on after errors (`pulumi up --continue-on-error`).

Without that option the engine ends the program at the first error. With it, the program goes on, and knows no output of
an object that failed or that was skipped because of another. If it ended as if nothing had happened, the engine would
then delete what is no longer declared: also the keepalived that a tenant leaves for one that could not be made.
"""

import asyncio

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapPatch, ReplicationController, ServiceAccount
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding

Declared = (
    StatefulSet | ConfigMap | ConfigMapPatch | ReplicationController | ServiceAccount | ClusterRole | ClusterRoleBinding
)


async def succeeded(*objects: Declared) -> bool:
    """Wait until the engine has finished with objects; tell whether it has created or updated them all."""
    # Not the id: `--target` creates nothing of what it leaves out either, and that is no error.
    known = await asyncio.gather(*(each.metadata.is_known() for each in objects))
    return all(known) or pulumi.runtime.is_dry_run()
