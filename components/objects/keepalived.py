"""The pod that runs kube-keepalived-vip, for one tenant or for a node."""

from collections.abc import Iterable, Mapping

from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    HostPathVolumeSourceArgs,
    ObjectFieldSelectorArgs,
    PodSpecArgs,
    SecurityContextArgs,
    VolumeArgs,
    VolumeMountArgs,
)

from components.live.fleet import LiveFleet
from components.objects.placement import only_on, toleration_args
from tenants.fleet import Toleration


def keepalived_pod(
    live: LiveFleet,
    *,
    name: str,
    image: str,
    config_map: str,
    vrid: int,
    node: str,
    node_selector: Mapping[str, str] | None,
    tolerations: Iterable[Toleration],
) -> PodSpecArgs:
    """Build the pod: its container's name and image, what it serves, and where it runs.

    Args:
        live: The fleet.
        name: Of the container.
        image: Of the container.
        config_map: The ConfigMap with the VIPs to announce and the Services behind them.
        vrid: Its VRRP id.
        node: The only node that it runs on.
        node_selector: Labels of that node, as the seed selects it; `None` for its name alone.
        tolerations: Of the pod.
    """
    return PodSpecArgs(
        host_network=True,
        node_selector=node_selector,
        affinity=only_on(node),
        service_account_name=live.fleet.cluster.keepalived_account,
        containers=[
            ContainerArgs(
                name=name,
                image=image,
                image_pull_policy="IfNotPresent",
                args=[f"--services-configmap={live.home.namespace}/{config_map}", f"--vrid={vrid}"],
                env=[
                    _env_from_field("POD_NAME", "metadata.name"),
                    _env_from_field("POD_NAMESPACE", "metadata.namespace"),
                ],
                security_context=SecurityContextArgs(privileged=True),
                termination_message_path="/dev/termination-log",
                volume_mounts=[
                    VolumeMountArgs(name="modules", mount_path="/lib/modules", read_only=True),
                    VolumeMountArgs(name="dev", mount_path="/dev"),
                ],
            )
        ],
        volumes=[
            VolumeArgs(name="modules", host_path=HostPathVolumeSourceArgs(path="/lib/modules")),
            VolumeArgs(name="dev", host_path=HostPathVolumeSourceArgs(path="/dev")),
        ],
        dns_policy="ClusterFirst",
        restart_policy="Always",
        termination_grace_period_seconds=30,
        tolerations=toleration_args(tolerations),
    )


def _env_from_field(name: str, field_path: str) -> EnvVarArgs:
    source = ObjectFieldSelectorArgs(api_version="v1", field_path=field_path)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(field_ref=source))
