"""Exported states are read, or refused with a reason."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drift.deployed import Declared, DeployedStack, parse
from kube.json_text import UnreadableError
from kube.masking import SECRET_SIGNATURE
from tests.support.exported_state import PROVIDER, URN, resource, state


def secret(**held: str) -> dict[str, str]:
    return {SECRET_SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", **held}


def test_only_objects_that_the_stack_manages_are_read() -> None:
    service = resource("Service", "tenant3-vip", outputs={"metadata": {"uid": "u1", "namespace": "cell"}})
    service["inputs"]["__fieldManager"] = "pulumi-kubernetes-1a2b"
    assert parse(
        state(
            {"urn": "urn:pulumi:prod::adb-tenants::pulumi:pulumi:Stack::s", "type": "pulumi:pulumi:Stack"},
            PROVIDER,
            {"urn": f"{URN}Tenant::tenant3", "type": "adb:tenants:Tenant"},
            resource("Node", "m1", "ClusterHosts", external=True),
            resource("ReplicationController", "tenant3-vip", delete=True),
            service,
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
                is_patch=False,
                uid="u1",
                secret_fields=frozenset(),
            ),
        ),
    )


def test_secrets_are_decoded_and_their_fields_marked() -> None:
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


def test_a_node_patch_is_a_patch_of_a_node() -> None:
    (found,) = parse(state(resource("NodePatch", "m1", "ControlNode"))).objects
    assert (found.is_patch, found.key[0]) == (True, "Node")


def test_a_stack_before_its_first_update_has_no_objects() -> None:
    assert parse(b'{"version": 3, "deployment": {}}') == DeployedStack(stack="", context=None, objects=())


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty input"),
        (b"error: no stack", "invalid JSON at line 1"),
        (b'{"steps": []}', "this is not the output of `pulumi stack export`"),
        (
            state({**resource("Secret", "s"), "inputs": {"data": secret(ciphertext="v1:x")}}),
            "export the state with `--show-secrets`",
        ),
    ],
)
def test_unreadable_states_are_refused_with_a_reason(raw: bytes, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
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
def test_arbitrary_resources_are_read_or_refused(resources: list[Any]) -> None:
    try:
        found = parse(state(*resources))
    except UnreadableError:
        return
    assert all(each.key for each in found.objects)
