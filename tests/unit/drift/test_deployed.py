"""What `pulumi stack export` prints is read as what it declares, or refused in one sentence."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drift.deployed import Declared, DeployedStack, parse
from kube.json_text import UnreadableError
from kube.masking import SECRET_SIGNATURE

URN = "urn:pulumi:prod::adb-tenants::adb:tenants:"


def secret(**held: str) -> dict[str, str]:
    return {SECRET_SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", **held}


def state(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"version": 3, "deployment": {"resources": resources}}).encode()


def resource(kind: str, name: str, parent: str = "VirtualIp", **more: Any) -> dict[str, Any]:
    token = f"kubernetes:core/v1:{kind}"
    inputs = {"apiVersion": "v1", "kind": kind.removesuffix("Patch"), "metadata": {"name": name, "namespace": "cell"}}
    return {"urn": f"{URN}{parent}${token}::{name}", "type": token, "inputs": inputs, "outputs": {}, **more}


PROVIDER = {
    "urn": "urn:pulumi:prod::adb-tenants::pulumi:providers:kubernetes::cluster",
    "type": "pulumi:providers:kubernetes",
    "inputs": {"context": "prod-cluster"},
}


def test_what_the_stack_owns_is_read_and_what_it_only_reads_or_is_about_to_delete_is_not() -> None:
    made = resource("Service", "tenant3-vip", outputs={"metadata": {"uid": "u1", "namespace": "cell"}})
    made["inputs"]["__fieldManager"] = "pulumi-kubernetes-1a2b"
    assert parse(
        state(
            {"urn": "urn:pulumi:prod::adb-tenants::pulumi:pulumi:Stack::s", "type": "pulumi:pulumi:Stack"},
            PROVIDER,
            {"urn": f"{URN}Tenant::tenant3", "type": "adb:tenants:Tenant"},
            resource("Node", "m1", "ClusterHosts", external=True),
            resource("ReplicationController", "tenant3-vip", delete=True),
            made,
        )
    ) == DeployedStack(
        stack="prod",
        context="prod-cluster",
        objects=(
            Declared(
                manifest={
                    "apiVersion": "v1",
                    "kind": "Service",
                    "metadata": {"name": "tenant3-vip", "namespace": "cell"},
                },
                in_part=False,
                uid="u1",
                secret_fields=frozenset(),
            ),
        ),
    )


def test_secrets_are_read_in_plain_words_and_known_to_be_secrets() -> None:
    held = resource("Secret", "adb-connect-secret", "Platform")
    held["inputs"]["data"] = secret(plaintext=json.dumps({"adb.password": "cGFzcw=="}))
    elsewhere = resource("StatefulSet", "tenant3-master", "ControlNode")
    elsewhere["inputs"]["spec"] = {"args": [secret(plaintext='"pass"')]}
    shared = resource("ConfigMap", "adbops-cm", "Platform")
    of_a_tenant = resource("ConfigMap", "tenant3-vip-cm")
    objects = parse(state(held, elsewhere, shared, of_a_tenant)).objects
    assert objects[0].manifest["data"] == {"adb.password": "cGFzcw=="}
    assert objects[1].manifest["spec"] == {"args": ["pass"]}
    assert [each.secret_fields for each in objects] == [
        {"data", "stringData", "binaryData"},
        {"spec"},
        {"data", "stringData", "binaryData"},
        set(),
    ]


def test_a_label_on_a_node_is_declared_in_part() -> None:
    (found,) = parse(state(resource("NodePatch", "m1", "ControlNode"))).objects
    assert (found.in_part, found.key[0]) == (True, "Node")


def test_a_stack_in_which_nothing_was_deployed_yet_has_no_objects() -> None:
    assert parse(b'{"version": 3, "deployment": {}}') == DeployedStack(stack="", context=None, objects=())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "it is empty"),
        (b"error: no stack", "it is no JSON from line 1 on"),
        (b'{"steps": []}', "it is not what `pulumi stack export` prints"),
        (
            state({**resource("Secret", "s"), "inputs": {"data": secret(ciphertext="v1:x")}}),
            "export it with `--show-secrets`",
        ),
    ],
)
def test_what_is_no_state_or_cannot_be_read_is_named(raw: bytes, says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["inputs", "outputs", "metadata", "name", "kind", "data", SECRET_SIGNATURE, "plaintext"]),
            inner,
        )
    ),
    max_leaves=15,
)
RESOURCE = st.fixed_dictionaries(
    {"urn": st.sampled_from(["", f"{URN}Platform$kubernetes:core/v1:Secret::s"]), "type": st.just("kubernetes:x")},
    optional={"inputs": JSON, "outputs": JSON, "delete": JSON, "external": JSON},
)


@given(st.lists(RESOURCE | JSON, max_size=4))
@example([{"urn": "x", "type": "kubernetes:x", "inputs": {"metadata": 3}, "outputs": {"metadata": {"namespace": "n"}}}])
def test_any_resources_are_read_or_refused(resources: list[Any]) -> None:
    try:
        found = parse(state(*resources))
    except UnreadableError:
        return
    assert all(each.key for each in found.objects)
