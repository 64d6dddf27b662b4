"""The one explicit provider, with settings that the default provider does not have."""

from pulumi_kubernetes import KubeClientSettingsArgs, Provider

from components.live.fleet import LiveFleet


def cluster_provider(live: LiveFleet) -> Provider:
    """Create the provider of the fleet's cluster."""
    return Provider(
        "cluster",
        # The ambient kubeconfig of each machine. If omitted, the SDK writes the path in KUBECONFIG to the state, and
        # the next machine's preview shows a changed provider.
        kubeconfig="",
        context=live.fleet.cluster.context,
        namespace=live.home.namespace,
        # By default the plugin guesses from the kubeconfig whether this is still the same cluster, and a wrong guess
        # replaces the provider and with it every database. A renamed context must not do that; another cluster is
        # another stack.
        cluster_identifier=live.home.identifier,
        # A changed ConfigMap is otherwise replaced (pulumi-kubernetes#1567), and kube-keepalived-vip reacts to updates
        # only: it would not announce the new VIP until something else changes.
        enable_config_map_mutable=True,
        # Likewise: a Secret that pods refer to must not be missing while its password changes.
        enable_secret_mutable=True,
        # The declaration overrides other field managers: a manual change is repaired by the next update, and the former
        # manager of an adopted object cannot block an edit ("Apply failed with 1 conflict").
        enable_patch_force=True,
        # Existing objects are adopted in place, instead of failing an `up` whose preview succeeded: objects to adopt,
        # and those that an interrupted `up` created but did not record. `adopt_or_refuse` and `CreationGuard` have
        # refused by then what is not to be adopted.
        upsert_existing_objects=True,
        # The plugin's default of 50 requests a second delays a first `up` of 100 tenants by 20 s. With these values 50
        # tenants took 14 s instead of 115 s (together with the `SKIP_AWAIT` of `objects/virtual_ip.py`).
        kube_client_settings=KubeClientSettingsArgs(qps=400, burst=800),
    )
