"""Entries read from a cluster describe it: what the old service posted comes back as the entry that makes the same."""

import copy
import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tenants import Role, load
from tenants.discover import discover
from tenants.lint import lint
from tests.engine.legacy import posted_objects
from tests.program import ROOT

VIP = "192.168.143.145"


def node(name: str, **labels: str) -> dict[str, Any]:
    return {"kind": "Node", "metadata": {"name": name, "labels": {k.replace("_", "-"): v for k, v in labels.items()}}}


def old_cluster() -> list[dict[str, Any]]:
    return [
        *posted_objects("default", "old", VIP),
        node("m1", tenancy_old="master"),
        node("m2", tenancy_old="standby", tenancy_other="master"),
    ]


ENTRY = {"name": "old", "vip": VIP, "hosts": {"master": "m1", "standby": "m2"}, "adopt": True}


def test_a_tenant_like_the_seeds_needs_no_more_than_name_address_and_hosts() -> None:
    found = discover(old_cluster())
    assert (found.entries, found.left_out) == ((ENTRY,), ())
    (tenant,) = load({"tenants": list(found.entries)}).tenants
    assert (tenant.name, tenant.vrid, tenant.adopt) == ("old", 145, True)


def test_what_differs_from_the_defaults_is_in_the_entry() -> None:
    objects = copy.deepcopy(old_cluster())
    for found in objects:
        if found["kind"] == "StatefulSet":
            container = found["spec"]["template"]["spec"]["containers"][0]
            container["image"] = "adb:v2"
            container["resources"]["limits"]["memory"] = "24Gi"
            found["spec"]["template"]["spec"]["volumes"][0]["hostPath"]["path"] = "/data7/old"
        elif found["kind"] == "ReplicationController":
            found["spec"]["template"]["spec"]["containers"][0]["args"][1] = "--vrid=7"
        elif found["kind"] == "Service" and found["metadata"]["name"] == "old-vip":
            found["spec"]["selector"]["role"] = "standby"
    changes = {"activeRole": "standby", "vrid": 7, "memory": "24Gi", "image": "adb:v2", "dataPath": "/data7/old"}
    assert discover(objects).entries == ({**ENTRY, **changes},)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (("StatefulSet", "old-standby"), "there is no StatefulSet old-standby"),
        (("Service", "old-vip"), "there is no Service old-vip"),
        (("ReplicationController", "old-vip"), "there is no ReplicationController old-vip"),
        (("Node", "m2"), "no node has the label tenancy-old=standby, not one node"),
    ],
)
def test_an_incomplete_tenant_is_left_out_with_the_reason(gone: tuple[str, str], words: str) -> None:
    objects = [found for found in old_cluster() if (found["kind"], found["metadata"]["name"]) != gone]
    found = discover(objects)
    assert (found.entries, found.left_out) == ((), (f"old is left out: {words}.",))


def test_what_the_command_prints_is_a_sound_section_of_a_stack_file() -> None:
    command = [sys.executable, "-m", "tenants", "discover"]
    given = json.dumps({"items": old_cluster()})
    printed = subprocess.run(command, input=given, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    file = yaml.safe_dump({"config": yaml.safe_load(printed)})
    assert not lint("Pulumi.dev.yaml", file.encode()).findings
    assert set(yaml.safe_load(printed)["adb-tenants:tenants"][0]["hosts"]) == set(Role)


def test_what_is_not_kubectls_output_is_refused_in_one_line() -> None:
    command = [sys.executable, "-m", "tenants", "discover"]
    for given in ("", "[]", "{}", '{"items": [1]}'):
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 2
        assert done.stderr.startswith("standard input is not what `kubectl get")
        assert "Traceback" not in done.stderr
