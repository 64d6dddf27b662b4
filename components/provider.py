"""The one explicit provider: the engine's default one has none of the settings below."""

from pulumi_kubernetes import KubeClientSettingsArgs, Provider

from components.live.stack_home import StackHome
from tenants.fleet import ClusterSpec


def cluster_provider(cluster: ClusterSpec, home: StackHome) -> Provider:
    """Connect to the cluster that the fleet lives in."""
    return Provider(
        "cluster",
        # The ambient kubeconfig, found by each machine for itself. Left out, the SDK puts the path in KUBECONFIG into
        # the state, and the next machine's preview shows a changed provider.
        kubeconfig="",
        context=cluster.context,
        namespace=cluster.namespace,
        # Left alone, the plugin guesses from the kubeconfig whether this is still the same cluster, and a guess of "no"
        # replaces the provider and with it every database. A renamed context must not do that; another cluster is
        # another stack.
        cluster_identifier=home.identifier,
        # A changed ConfigMap is otherwise deleted and made anew (pulumi-kubernetes#1567), and kube-keepalived-vip
        # listens for updates only: the new VIP would not be served until something else happens.
        enable_config_map_mutable=True,
        # Likewise: pods that refer to a Secret must not find it gone while its password changes.
        enable_secret_mutable=True,
        # The declaration wins over whoever else set a field: what was changed by hand is put right by the next change,
        # and an adopted object's old owner cannot stand in the way of an edit ("Apply failed with 1 conflict").
        enable_patch_force=True,
        # What is there already is taken over in place, not refused half-way through an `up` whose preview was green:
        # objects to adopt, and those that an interrupted `up` made but did not live to record. `adoption.py` has
        # refused the preview by then if anything that nobody said to adopt was there.
        upsert_existing_objects=True,
        # The plugin's 50 requests a second hold back a first `up` of 100 tenants by 20 s. These are the values with
        # which 50 tenants went from 115 s to 14 s (together with what `virtual_ip_objects.py` does not wait for).
        kube_client_settings=KubeClientSettingsArgs(qps=400, burst=800),
    )
