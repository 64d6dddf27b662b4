"""A discovered stack file describes what is live: it lints clean, and starts, stops and moves nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kube.manifest import at
from tenants import Fleet, Role, State, load, stackfile
from tenants.as_found import stack_text
from tenants.discover import UnreadableListError, discover
from tenants.findings import printable
from tenants.lint import lint
from tests.support.legacy import posted_objects
from tests.support.manifests import ODD, Json, node, one_of, places
from tests.support.process import run

VIP = "192.168.143.145"


def tenant(name: str, vip: str, master: str, standby: str, namespace: str = "default") -> list[Json]:
    """The objects of one tenant as the old service posted them, and its nodes."""
    objects = posted_objects(namespace, name, vip)
    for found in objects:
        found["metadata"]["namespace"] = namespace
    labels = {f"tenancy-{name}": "master"}, {f"tenancy-{name}": "standby"}
    return [*objects, *(node(host, **label) for host, label in zip((master, standby), labels, strict=True))]


def old_cluster() -> list[Json]:
    return [*tenant("old", VIP, "m1", "m2"), node("m3", tenancy_other="master")]


def pods(objects: list[Json]) -> list[Json]:
    """The `spec` of the control pods."""
    return [found["spec"]["template"]["spec"] for found in objects if found["kind"] == "StatefulSet"]


def written(objects: list[Json]) -> tuple[Json, tuple[str, ...]]:
    """Return the sections of the stack file, which must lint clean, and the remarks."""
    found = stack_text(discover({"items": objects}))
    report = lint("Pulumi.prod.yaml", found.text.encode())
    assert not report.faults, f"{[str(fault.message) for fault in report.faults]}\n{found.text}"
    assert all(printable(remark) == remark for remark in found.remarks)
    sections = {key.removeprefix("adb-tenants:"): part for key, part in yaml.safe_load(found.text)["config"].items()}
    return sections, tuple(found.remarks)


def read(objects: list[Json]) -> Fleet:
    """Return the fleet that the program gets from the file."""
    return load(stackfile.read(stack_text(discover({"items": objects})).text.encode()).sections)


ENTRY = {"name": "old", "vip": VIP, "hosts": {"master": "m1", "standby": "m2"}, "adopt": True}


def test_a_tenant_like_the_seeds_has_only_name_address_and_hosts() -> None:
    assert written(old_cluster()) == ({"cluster": {"namespace": "default"}, "tenants": [ENTRY]}, ())


def test_what_differs_from_the_defaults_is_in_the_entry() -> None:
    objects = old_cluster()
    for pod, host in zip(pods(objects), ("m1", "m2"), strict=True):
        pod["nodeSelector"] |= {"kubernetes.io/hostname": host, "disk": "ssd"}
        container = pod["containers"][0]
        container["image"] = "adb:v2"
        container["resources"]["limits"] |= {"memory": "24Gi", "cpu": "4"}
        container["env"][0]["value"] = "4096"
        pod["volumes"][0]["hostPath"]["path"] = "/data7//old/"
        pod["tolerations"] = [{"operator": "Exists"}]
    controller = one_of(objects, "ReplicationController", "old-vip")["spec"]["template"]["spec"]
    controller["containers"][0]["args"][1:] = ["--vrid", "7"]
    controller["tolerations"] = [{"operator": "Exists"}]
    one_of(objects, "Service", "old-vip")["spec"]["selector"]["role"] = "standby"
    changes = {
        "activeRole": "standby",
        "vrid": 7,
        "memory": "24Gi",
        "cpu": "4",
        "memoryLimit": 4096,
        "image": "adb:v2",
        "dataPath": "/data7/old",
        "tolerations": [{"operator": "Exists"}],
        "nodeSelector": {"disk": "ssd"},
    }
    sections, remarks = written(objects)
    assert (sections["tenants"], remarks) == ([{**ENTRY, **changes}], ())


def test_objects_with_other_names_of_volumes_and_containers_are_read() -> None:
    objects = old_cluster()
    sidecar = {"name": "exporter", "image": "exporter:1"}
    for pod in pods(objects):
        names = {volume["name"]: f"v{number}" for number, volume in enumerate(pod["volumes"])}
        for thing in (*pod["volumes"], *pod["containers"][0]["volumeMounts"]):
            thing["name"] = names[thing["name"]]
        pod["containers"][0]["name"] = "db"
        pod["containers"].insert(0, sidecar)
    one_of(objects, "ReplicationController", "old-vip")["spec"]["template"]["spec"]["containers"].insert(0, sidecar)
    assert written(objects)[0]["tenants"] == [ENTRY]


def scaled(objects: list[Json], *counts: int) -> None:
    """Scale the old tenant's databases and keepalived controller."""
    workloads = ("StatefulSet", "old-master"), ("StatefulSet", "old-standby"), ("ReplicationController", "old-vip")
    for (kind, name), count in zip(workloads, counts, strict=True):
        one_of(objects, kind, name)["spec"]["replicas"] = count


def test_a_tenant_that_was_scaled_to_0_is_stopped() -> None:
    objects = old_cluster()
    scaled(objects, 0, 0, 0)
    assert [found.state for found in read(objects).tenants] == [State.STOPPED]


@pytest.mark.parametrize(
    "pin",
    [
        lambda pod, host: pod.update(nodeSelector={"kubernetes.io/hostname": host}),
        lambda pod, host: pod.update(nodeName=host),
    ],
)
def test_hosts_are_the_nodes_that_the_templates_pin(pin: Callable[[Json, str], None]) -> None:
    objects = old_cluster()
    for pod, host in zip(pods(objects), ("n1", "n2"), strict=True):
        pin(pod, host)
    assert written(objects)[0]["tenants"][0]["hosts"] == {"master": "n1", "standby": "n2"}


def test_hosts_are_the_nodes_of_running_pods() -> None:
    objects = [*old_cluster(), node("m9", tenancy_old="master")]
    running = [
        {"kind": "Pod", "metadata": {"name": f"old-{role}-0", "namespace": "default"}, "spec": {"nodeName": host}}
        for role, host in (("master", "n1"), ("standby", "n2"))
    ]
    assert written([*objects, *running])[0]["tenants"][0]["hosts"] == {"master": "n1", "standby": "n2"}
    assert written(objects)[0]["tenants"] == []


def test_names_of_shared_objects_are_as_found() -> None:
    objects = old_cluster()
    text = json.dumps(objects).replace('"adbops-cm"', '"rm"').replace('"root-ssh-key"', '"keys"')
    sections, _ = written(json.loads(text))
    assert sections["platform"] == {"adbops": {"name": "rm"}, "rootSshKey": {"name": "keys"}}


def test_a_broken_rule_is_waived_as_found_and_named() -> None:
    objects = [
        *tenant("old", VIP, "m1", "m2"),
        *tenant("neighbour", "192.168.143.146", "m1", "m3"),
        *tenant("far", "192.168.144.145", "m4", "m5"),
    ]
    sections, remarks = written(objects)
    waived = {entry["name"]: [waiver["rule"] for waiver in entry.get("waive", ())] for entry in sections["tenants"]}
    assert waived == {"far": [], "neighbour": ["E601"], "old": ["E601"]}
    assert sections["cluster"]["vipPools"] == [
        {"cidr": "192.168.143.0/24", "segment": "net-192-168-143-0"},
        {"cidr": "192.168.144.0/24", "segment": "net-192-168-144-0"},
    ]
    said = "\n".join(remarks)
    assert "old: E601 is waived, as found: the keepalived pod of neighbour" in said
    assert "cluster.vipPools declares each /24 as a network segment of its own" in said


def test_a_tenant_that_no_waiver_allows_is_left_out_and_named() -> None:
    objects = [
        *tenant("old", VIP, "m1", "m2"),
        *tenant("copy", VIP, "m3", "m4"),
        *tenant("own", "10.0.0.1", "m5", "m6"),
    ]
    sections, remarks = written(objects)
    assert [entry["name"] for entry in sections["tenants"]] == ["own"]
    assert len(remarks) == 2
    assert all("is left out: E402, 192.168.143.145 is also the VIP of" in remark for remark in remarks)


Edit = Callable[[list[Json]], object]


ROLES_DIFFER: list[tuple[Callable[[Json, Json], object], str]] = [
    (lambda _, db: db.update(image="adb:v2"), "image: docker.dtdream.com/adb/adb-control:v1.1.0 and adb:v2"),
    (lambda _, db: db["resources"]["limits"].update(memory="1Gi"), "memory: 16Gi and 1Gi"),
    (lambda _, db: db["resources"]["limits"].update(cpu="500m"), "cpu: none and 500m"),
    (lambda pod, _: pod["volumes"][0]["hostPath"].update(path="/data9/x"), "dataPath: /data0/old/data and /data9/x"),
    (lambda pod, _: pod["nodeSelector"].update(disk="ssd"), "nodeSelector: none and {'disk': 'ssd'}"),
    (lambda _, db: db["env"][0].update(value="1"), "memoryLimit: 2048 and 1"),
    (lambda _, db: db["env"][3]["valueFrom"]["configMapKeyRef"].update(name="other"), "adbops: adbops-cm and other"),
]
"""Changes to the standby's pod and its container."""


def standby(edit: Callable[[Json, Json], object]) -> Edit:
    return lambda objects: edit(pods(objects)[1], pods(objects)[1]["containers"][0])


def forwarded(line: str) -> Edit:
    return lambda objects: one_of(objects, "ConfigMap", "old-vip-cm")["data"].update({VIP: line})


def without(kind: str, name: str) -> Edit:
    return lambda objects: objects.remove(one_of(objects, kind, name))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (without("StatefulSet", "old-standby"), "there is no StatefulSet old-standby"),
        (without("Service", "old-vip"), "there is no Service old-vip"),
        (without("ReplicationController", "old-vip"), "there is no ReplicationController old-vip"),
        (without("Node", "m2"), "its standby may start on no node, not on one node, and has no pod"),
        *((standby(edit), f"its roles differ in {words}") for edit, words in ROLES_DIFFER),
        (forwarded("default/old-vip:DR"), "its address is forwarded by DR, and a stack forwards all addresses by NAT"),
        (forwarded("default/other"), "its address is forwarded to default/other, not to Service old-vip"),
        (forwarded("elsewhere"), f"ConfigMap old-vip-cm forwards {VIP} in a form that cannot be read"),
        (lambda objects: scaled(objects, 1, 0, 1), "its replicas are neither all 1 nor all 0"),
        (lambda objects: scaled(objects, 2, 2, 1), "its replicas are neither all 1 nor all 0"),
    ],
)
def test_a_tenant_that_no_entry_describes_is_left_out_with_the_reason(edit: Edit, words: str) -> None:
    objects = [*old_cluster(), *tenant("own", "10.0.0.1", "m5", "m6")]
    edit(objects)
    sections, (remark,) = written(objects)
    assert [entry["name"] for entry in sections["tenants"]] == ["own"]
    assert remark.startswith(f"old is left out: {words}")


def test_a_minority_with_other_shared_objects_is_left_out() -> None:
    other = json.loads(json.dumps(tenant("odd", "10.0.0.2", "m7", "m8")).replace('"adbops-cm"', '"other"'))
    objects = [*old_cluster(), *other, *tenant("own", "10.0.0.1", "m5", "m6")]
    sections, remarks = written(objects)
    assert [entry["name"] for entry in sections["tenants"]] == ["old", "own"]
    assert remarks == ("odd is left out: its adbops is other, and most tenants refer to other shared objects.",)


def command(given: str) -> "subprocess.CompletedProcess[str]":
    return run(sys.executable, "-m", "tenants", "discover", stdin=given)


def test_the_command_prints_the_file_and_remarks_on_standard_error() -> None:
    objects = [*old_cluster(), *tenant("half", "10.0.0.2", "m7", "m8")]
    without("Service", "half-vip")(objects)
    done = command(json.dumps({"items": objects}))
    assert done.returncode == 0
    assert not lint("Pulumi.prod.yaml", done.stdout.encode()).findings
    assert set(yaml.safe_load(done.stdout)["config"]["adb-tenants:tenants"][0]["hosts"]) == set(Role)
    assert done.stderr == "half is left out: there is no Service half-vip.\n"


def test_an_empty_namespace_is_a_stack_file_without_tenants() -> None:
    done = command('{"items": []}')
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout) == {"config": {"adb-tenants:tenants": []}}
    assert done.stderr.startswith("There is no tenant")


def test_other_input_than_kubectls_of_one_namespace_is_refused_in_one_line() -> None:
    two = [*tenant("a", "10.0.0.1", "m1", "m2"), *tenant("b", "10.0.0.2", "m3", "m4", namespace="west")]
    wrong = ("", "[]", "{}", '{"items": 1}', "\0", json.dumps({"items": two}))
    done = [command(given_) for given_ in wrong]
    assert {(each.returncode, each.stdout, each.stderr.count("\n")) for each in done} == {(2, "", 1)}
    assert all(each.stderr.startswith("standard input is not what `kubectl get") for each in done)
    assert "tenants of several namespaces (default, west)" in done[-1].stderr


def test_names_that_look_like_numbers_to_pulumi_are_written_as_text() -> None:
    for name in ("1e3", "0o17", "0x1", "null", "on", "12"):
        (found,) = read(tenant(name, "10.0.0.1", "0b1", "1e5")).tenants
        assert (found.name, found.hosts.master, found.hosts.standby) == (name, "0b1", "1e5")


def is_scaled_down(found: Any, name: str) -> bool:
    """Tell whether an object is a workload of the tenant without pods."""
    return (
        isinstance(found, dict)
        and found.get("kind") in ("StatefulSet", "ReplicationController")
        and at(found, "metadata", "name") in (f"{name}-master", f"{name}-standby", f"{name}-vip")
        and at(found, "spec", "replicas") == 0
    )


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_objects_become_a_clean_file_that_starts_nothing_stopped(data: st.DataObject) -> None:
    objects = [*tenant("old", VIP, "m1", "m2"), *tenant("other", "192.168.143.146", "m1", "m3")]
    scaled(objects, 0, 0, 0)
    for _ in range(data.draw(st.integers(1, 4))):
        holder, key = data.draw(st.sampled_from(places(objects)))
        holder[key] = data.draw(ODD | st.sampled_from(["old", "other", "m1", "default", "10.0.0.1", 0, 1, 2]))
    with suppress(UnreadableListError):
        written(objects)
        for entry in read(objects).tenants:
            if entry.state is State.RUNNING:
                assert not any(is_scaled_down(found, entry.name) for found in objects)
