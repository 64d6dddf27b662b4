"""The metadata of every object that a stack declares: its name, its namespace, and the stack that it belongs to."""

from collections.abc import Mapping

from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.live.stack_home import StackHome
from kube.facts import STACK_ANNOTATION

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Lets the plugin go on without waiting for an object to be ready."""
BACKGROUND_DELETION = {"pulumi.com/deletionPropagationPolicy": "background"}
"""Lets the plugin go on before the pods of a deleted object have ended: on a dead node none is seen to end. By default
it waits for them, and gives up after 10 minutes."""


def object_metadata(
    name: str,
    home: StackHome,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> ObjectMetaArgs:
    """Name an object of the stack's namespace."""
    return ObjectMetaArgs(
        name=name,
        namespace=home.namespace,
        labels=labels,
        annotations={STACK_ANNOTATION: home.stack, **(annotations or {})},
    )
