"""`spec.tolerations`, as the control pods and the keepalived pods both have it."""

from collections.abc import Iterable

from pulumi_kubernetes.core.v1 import TolerationArgs

from tenants.fleet import Toleration


def toleration_args(tolerations: Iterable[Toleration]) -> list[TolerationArgs]:
    """Spell tolerations as the API does; what is `None` stays out."""
    return [
        TolerationArgs(
            key=toleration.key,
            operator=toleration.operator,
            value=toleration.value,
            effect=toleration.effect,
            toleration_seconds=toleration.toleration_seconds,
        )
        for toleration in tolerations
    ]
