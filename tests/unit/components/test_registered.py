"""What the program registers with the engine, as whole sets: URNs, providers, order, replacement."""

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pulumi
import pytest

from dev.bench import fleets
from tests.support.fleets import CONFIG, config_with
from tests.support.program import (
    CLUSTER_UID,
    KUBERNETES_VERSION,
    ROOT,
    ClusterOfMocks,
    Manifest,
    Program,
    Registered,
    run_program,
)

SSH_KEYS = dict.fromkeys(("authorized_keys", "id_rsa", "id_rsa.pub", "known_hosts"), "eA==")
SHARED_OBJECTS = {
    "default/adbops-cm": {"rm.addr": "192.168.143.10", "rm.port": "8080"},
    "default/mysql-configmap": {"mysql.vip": "192.168.143.11"},
    "default/adb-connect-secret": {"adb.admin": "eA==", "adb.password": "eA=="},
    "default/mysql-connect": {"user": "eA==", "password": "eA=="},
    "default/root-ssh-key": SSH_KEYS,
    "default/gpadmin-ssh-key": SSH_KEYS,
}


def reading_config() -> dict[str, Any]:
    """Tenant3's configuration with the shared objects read, the default."""
    return {key: value for key, value in CONFIG.items() if key != "platform"}


@pytest.fixture(scope="module")
def tenant3() -> Program:
    return run_program(CONFIG)


def test_urns_are_frozen(tenant3: Program) -> None:
    frozen = (ROOT / "tests" / "data" / "urns.txt").read_text().splitlines()
    assert sorted(tenant3.resources) == frozen, "a renamed URN replaces a database"


def test_every_object_uses_the_explicit_provider(tenant3: Program) -> None:
    provider_urn = "urn:pulumi:dev::adb-tenants::pulumi:providers:kubernetes::cluster"
    elsewhere = {
        found.urn
        for found in tenant3.resources.values()
        if found.type.startswith("kubernetes:") and not found.provider.startswith(provider_urn)
    }
    assert elsewhere == set(), "the default provider replaces ConfigMaps and guesses whether the cluster is the same"


def test_the_provider_is_not_replaced_and_updates_data_in_place(tenant3: Program) -> None:
    (provider,) = tenant3.of_type("pulumi:providers:kubernetes").values()
    assert {key: value for key, value in provider.inputs.items() if key != "kubeClientSettings"} == {
        "kubeconfig": "",
        "context": "kwok-adb",
        "namespace": "default",
        "clusterIdentifier": "adb-tenants/dev",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
        "enablePatchForce": "true",
        "upsertExistingObjects": "true",
    }


def test_every_declared_object_is_valid_for_the_api_server(tenant3: Program) -> None:
    objects = [manifest for manifest in tenant3.manifests() if manifest["kind"] != "Node"]
    kinds = sorted(manifest["kind"] for manifest in objects)
    assert kinds == sorted(
        ["ClusterRole", "ClusterRoleBinding", "ConfigMap", "ConfigMap", "ConfigMap", "ReplicationController"]
        + ["Secret"] * 4
        + ["Service"] * 3
        + ["ServiceAccount", "StatefulSet", "StatefulSet"]
    )
    for manifest in objects:
        kubernetes_validate.validate(manifest, KUBERNETES_VERSION, strict=True)


def test_the_virtual_ip_depends_on_the_active_role_only(tenant3: Program) -> None:
    # On its own role, so that waiting objects cannot fill every slot of the engine.
    of_roles = {
        found.urn: found.name
        for found in tenant3.resources.values()
        if found.type in ("kubernetes:core/v1:NodePatch", "kubernetes:apps/v1:StatefulSet")
    }
    for kind in ("ReplicationController", "Service"):
        found = tenant3.of_type(f"kubernetes:core/v1:{kind}")["tenant3-vip"]
        waited_for = [name for urn, name in of_roles.items() if urn in found.dependencies]
        assert waited_for == ["tenant3-master", "tenant3-master"], kind


def test_a_pod_depends_on_its_label_its_service_and_the_shared_objects(tenant3: Program) -> None:
    stateful_set = tenant3.of_type("kubernetes:apps/v1:StatefulSet")["tenant3-master"]
    shared = {found.urn for found in tenant3.resources.values() if "adb:tenants:Platform$" in found.urn}
    own = {
        found.urn
        for found in tenant3.resources.values()
        if found.name == "tenant3-master"
        and found.type in ("kubernetes:core/v1:NodePatch", "kubernetes:core/v1:Service")
    }
    assert len(shared) == 6
    assert shared | own <= stateful_set.dependencies


def test_dependencies_do_not_grow_with_the_fleet() -> None:
    def dependencies(tenants: int) -> dict[str, int]:
        program = run_program(fleets.fleet(tenants))
        return {found.urn: len(found.dependencies) for found in program.resources.values() if "tenant1-" in found.name}

    # Each is written to the state at every step: the time for a fleet of 100 was quadratic in them.
    assert dependencies(9) == dependencies(1)


def test_only_keepalived_is_replaced_by_a_changed_template(tenant3: Program) -> None:
    def replacing(found: Registered) -> bool:
        return bool(found.replace_on_changes) or found.delete_before_replace

    replaced = {found.urn: found for found in tenant3.resources.values() if replacing(found)}
    (controller,) = replaced.values()
    assert (controller.type, controller.name) == ("kubernetes:core/v1:ReplicationController", "tenant3-vip")
    assert controller.replace_on_changes == ("spec.template",)
    assert controller.delete_before_replace


@pytest.mark.parametrize(
    ("kubelet_version", "override"),
    [
        ("v1.34.9", None),
        ("v1.35.0", "tenant3-master"),
        ("v1.36.3", "tenant3-master"),
        ("v1.35.2-eks-1a2b3c", "tenant3-master"),
        ("kwok-v0.8.0", None),
        ("", None),
    ],
)
def test_the_hostname_override_depends_on_the_kubelet_version(kubelet_version: str, override: str | None) -> None:
    program = run_program(CONFIG, cluster=ClusterOfMocks(kubelet_version=kubelet_version))
    pod = program.manifest("StatefulSet", "tenant3-master")["spec"]["template"]["spec"]
    assert (pod["hostname"], pod.get("hostnameOverride")) == ("tenant3-master", override)


@pytest.mark.parametrize(
    ("live", "expected"),
    [(None, False), ({"automountServiceAccountToken": False}, False), ({}, None)],
    ids=["new", "without a token", "with a token"],
)
def test_a_new_databases_pod_gets_no_token_and_an_old_template_stays(
    tenant3: Program, live: Manifest | None, expected: bool | None
) -> None:
    """The live StatefulSet has what an earlier version declared, with the token or without."""
    declared = tenant3.manifest("StatefulSet", "tenant3-master")
    template = declared["spec"]["template"]
    pod = {key: value for key, value in template["spec"].items() if key != "automountServiceAccountToken"}
    found = {**declared, "spec": {**declared["spec"], "template": {**template, "spec": {**pod, **(live or {})}}}}
    cluster = ClusterOfMocks(stateful_sets=[] if live is None else [found])
    templates = run_program(CONFIG, cluster=cluster).manifest("StatefulSet", "tenant3-master")["spec"]["template"]
    assert templates["spec"].get("automountServiceAccountToken") is expected
    assert {key: value for key, value in templates["spec"].items() if key != "automountServiceAccountToken"} == pod


def test_shared_objects_without_data_are_read() -> None:
    program = run_program(reading_config(), cluster=ClusterOfMocks(shared_objects=SHARED_OBJECTS))
    platform = {
        (found.type, found.read_id) for found in program.resources.values() if "adb:tenants:Platform$" in found.urn
    }
    assert platform == {
        ("kubernetes:core/v1:ConfigMap", "default/adbops-cm"),
        ("kubernetes:core/v1:ConfigMap", "default/mysql-configmap"),
        ("kubernetes:core/v1:Secret", "default/adb-connect-secret"),
        ("kubernetes:core/v1:Secret", "default/mysql-connect"),
        ("kubernetes:core/v1:Secret", "default/root-ssh-key"),
        ("kubernetes:core/v1:Secret", "default/gpadmin-ssh-key"),
    }


def test_pods_are_the_same_whether_shared_objects_are_read_or_declared(tenant3: Program) -> None:
    reading = run_program(reading_config(), cluster=ClusterOfMocks(shared_objects=SHARED_OBJECTS))
    for name in ("tenant3-master", "tenant3-standby"):
        assert reading.manifest("StatefulSet", name) == tenant3.manifest("StatefulSet", name)


def test_a_shared_object_that_lacks_a_key_is_refused() -> None:
    incomplete = {**SHARED_OBJECTS, "default/mysql-connect": {"user": "eA=="}}
    with pytest.raises(pulumi.RunError, match=r"Secret default/mysql-connect lacks password"):
        run_program(reading_config(), cluster=ClusterOfMocks(shared_objects=incomplete))


def test_cluster_scoped_names_differ_between_namespaces() -> None:
    def cluster_scoped(namespace: str) -> set[tuple[str, str]]:
        config = {**CONFIG, "cluster": {"namespace": namespace}}
        return {
            (manifest["kind"], manifest["metadata"]["name"])
            for manifest in run_program(config).manifests()
            if "namespace" not in manifest["metadata"] and manifest["kind"] != "Node"
        }

    assert cluster_scoped("east") == {
        ("ClusterRole", "adb-keepalived-east"),
        ("ClusterRoleBinding", "adb-keepalived-east"),
    }
    assert cluster_scoped("east") & cluster_scoped("west") == set()


def test_data_of_secrets_is_secret_for_the_engine(tenant3: Program) -> None:
    secrets = tenant3.of_type("kubernetes:core/v1:Secret")
    assert {name: found.secret_inputs for name, found in secrets.items()} == {
        name: {"data"} for name in ("adb-connect-secret", "mysql-connect", "root-ssh-key", "gpadmin-ssh-key")
    }


def test_a_failover_changes_only_the_service_and_keepalived(tenant3: Program) -> None:
    after = run_program(config_with(activeRole="standby"))
    changed = {
        urn.split("::")[2].rsplit("$", maxsplit=1)[-1] + " " + found.name
        for urn, found in after.resources.items()
        if found.inputs != tenant3.resources[urn].inputs and found.type.startswith("kubernetes:")
    }
    assert changed == {"kubernetes:core/v1:Service tenant3-vip", "kubernetes:core/v1:ReplicationController tenant3-vip"}


def test_stack_outputs_describe_each_tenant(tenant3: Program) -> None:
    assert tenant3.exports == {
        "cluster": {"namespace": "default", "uid": CLUSTER_UID, "identifier": "adb-tenants/dev"},
        "tenants": {
            "tenant3": {
                "endpoint": "192.168.143.144:5432",
                "activeRole": "master",
                "hosts": {"master": "m1.adb.g1.com", "standby": "m2.adb.g1.com"},
                "vrid": 144,
                "state": "running",
                "revisions": {"master": "current"},
            }
        },
    }
