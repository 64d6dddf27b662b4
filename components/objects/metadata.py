"""The metadata of an object in the stack's namespace: its name, and the stack that manages it."""

from collections.abc import Mapping

from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.live.stack_home import StackHome
from kube.facts import STACK_ANNOTATION

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Makes the plugin continue without waiting for an object to be ready."""
BACKGROUND_DELETION = {"pulumi.com/deletionPropagationPolicy": "background"}
"""Makes the plugin continue before the pods of a deleted object have terminated, which a pod on a dead node never does.
By default it waits for them, with a timeout of 10 minutes."""


def object_metadata(
    name: str,
    home: StackHome,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> ObjectMetaArgs:
    """Build the metadata of an object in the stack's namespace."""
    return ObjectMetaArgs(
        name=name,
        namespace=home.namespace,
        labels=labels,
        annotations={STACK_ANNOTATION: home.stack, **(annotations or {})},
    )
