"""A discovered stack file describes what is live: it lints clean, and starts, stops and moves nothing."""

import json
import re
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
    segments, shared = remarks
    assert segments.startswith("cluster.vipPools declares each /24 as a network segment of its own")
    assert shared == (
        "E601 is waived, as found, for neighbour and old: their keepalived pods share m1, and each start of one cuts "
        "off the other tenants of its node. The adoption starts none. To end that, let them share one keepalived for "
        "each node: the file has cluster.nodeKeepalived for that, as a comment; see docs/operations.md, Keepalived per "
        "node."
    )


def test_a_rule_that_is_not_about_keepalived_is_waived_with_its_message() -> None:
    objects = [*tenant("old", VIP, "m1", "m2"), *tenant("second", "192.168.143.146", "m3", "m1")]
    for pod in pods(objects)[2:]:
        pod["volumes"][0]["hostPath"]["path"] = "/data0/old/data"
    sections, remarks = written(objects)
    waived = {entry["name"]: [waiver["rule"] for waiver in entry.get("waive", ())] for entry in sections["tenants"]}
    assert waived == {"old": ["E703"], "second": ["E703"]}
    assert {remark.partition(": /data0")[0] for remark in remarks} == {
        "old: E703 is waived, as found",
        "second: E703 is waived, as found",
    }


def cell(*, tenants: int, nodes: int) -> list[Json]:
    """The objects of a cell with many tenants on few nodes, each with a keepalived pod of its own."""
    return [
        found
        for number in range(tenants)
        for found in tenant(
            f"t{number:02}", f"192.168.143.{10 + number}", f"m{number % nodes}", f"m{(number + 1) % nodes}"
        )
        if found["kind"] != "Node"
    ] + [
        node(
            f"m{each}",
            **{
                f"tenancy-t{number:02}": role
                for number in range(tenants)
                for role, host in (("master", number % nodes), ("standby", (number + 1) % nodes))
                if host == each
            },
        )
        for each in range(nodes)
    ]


def test_a_cell_of_many_tenants_on_few_nodes_has_one_remark_about_them() -> None:
    objects = cell(tenants=40, nodes=6)
    sections, (remark,) = written(objects)
    assert {entry["name"]: entry["waive"] for entry in sections["tenants"]} == {
        f"t{number:02}": [{"rule": "E601", "reason": "as found"}] for number in range(40)
    }
    assert sections["cluster"] == {"namespace": "default"}, "the proposal is more than a comment"
    assert remark.startswith(
        "E601 is waived, as found, for t00, t01, t02, t03 and 36 more: their keepalived pods share"
    )
    assert "share m0, m1, m2, m3 and 2 more, and each start" in remark


def proposed(text: str) -> Fleet:
    """Return the fleet of a file whose commented section is made part of it, with keepalived per node for all."""
    uncommented = re.sub(r"^    # (nodeKeepalived:| )", r"    \1", text, flags=re.MULTILINE)
    assert uncommented != text, f"nothing is proposed in\n{text}"
    sections = stackfile.read(uncommented.encode()).sections
    return load({**sections, "defaults": {"keepalived": {"per": "node"}}})


def test_the_proposed_keepalived_of_nodes_serves_all_tenants() -> None:
    objects = cell(tenants=40, nodes=6)
    leaving = [*tenant("left", "192.168.143.9", "m7", "m8")]
    without("Service", "left-vip")(leaving)
    one_of(leaving, "ReplicationController", "left-vip")["spec"]["template"]["spec"]["containers"][0]["args"][1] = (
        "--vrid=254"
    )
    fleet = proposed(stack_text(discover({"items": [*objects, *leaving]})).text)
    assert [(each.name, each.vrid) for each in fleet.cluster.node_keepalived.nodes] == [
        ("m0", 255),
        ("m1", 253),
        ("m2", 252),
        ("m3", 251),
        ("m4", 250),
        ("m5", 249),
    ]


def test_the_proposed_keepalived_is_as_the_tenants() -> None:
    objects = [*tenant("old", VIP, "m1", "m2"), *tenant("neighbour", "192.168.143.146", "m1", "m3")]
    objects += tenant("far", "192.168.144.145", "m4", "m5")
    for found in objects:
        if "template" in found.get("spec", {}):
            pod = found["spec"]["template"]["spec"]
            pod["tolerations"] = [{"operator": "Exists"}]
            if found["kind"] == "ReplicationController":
                pod["containers"][0]["image"] = "keepalived:2"
    keepalived = proposed(stack_text(discover({"items": objects})).text).cluster.node_keepalived
    assert (keepalived.image, [each.operator for each in keepalived.tolerations]) == ("keepalived:2", ["Exists"])
    assert {each.name: each.segment for each in keepalived.nodes} == {
        **dict.fromkeys(("m1", "m2", "m3"), "net-192-168-143-0"),
        **dict.fromkeys(("m4", "m5"), "net-192-168-144-0"),
    }


def test_without_free_vrrp_ids_no_keepalived_of_nodes_is_proposed() -> None:
    objects = cell(tenants=2, nodes=2)
    pod: Json = one_of(objects, "ReplicationController", "t00-vip")["spec"]["template"]["spec"]
    taken: list[Json] = [
        {
            "kind": "Pod",
            "metadata": {"name": f"other-{vrid}", "namespace": "default"},
            "spec": {
                "hostNetwork": True,
                "containers": [{**pod["containers"][0], "args": ["--services-configmap=x/y", f"--vrid={vrid}"]}],
            },
        }
        for vrid in range(1, 255)
    ]
    objects += tenant("third", "192.168.143.9", "m0", "m1")
    text = stack_text(discover({"items": [*objects, *taken]}))
    assert "nodeKeepalived" not in text.text
    assert text.remarks[0].endswith(
        "write cluster.nodeKeepalived, as described in docs/operations.md, Keepalived per node."
    )


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


def node_keepalived(host: str, vrid: int, **vips: str) -> list[Json]:
    """The ConfigMap and ReplicationController of a node's keepalived, with the VIP of each tenant."""
    labels = {"adb-keepalived": host}
    metadata = {"name": f"adb-keepalived-{host}", "namespace": "default", "labels": labels}
    container = {
        "name": "keepalived",
        "image": "docker.dtdream.com/dtdream/kube-keepalived-vip:0.9",
        "args": [f"--services-configmap=default/adb-keepalived-{host}", f"--vrid={vrid}"],
    }
    toleration = {"key": "dedicated", "operator": "Equal", "value": "master", "effect": "NoSchedule"}
    pod = {"hostNetwork": True, "containers": [container], "tolerations": [toleration]}
    data = {"data": {vip: f"default/{name}-vip" for name, vip in vips.items()}} if vips else {}
    return [
        {"kind": "ConfigMap", "metadata": metadata, **data},
        {
            "kind": "ReplicationController",
            "metadata": metadata,
            "spec": {"replicas": 1, "selector": labels, "template": {"metadata": {"labels": labels}, "spec": pod}},
        },
    ]


def without_keepalived(objects: list[Json], *names: str) -> list[Json]:
    """Return the objects of tenants that have no keepalived of their own."""
    own = {("ReplicationController", f"{name}-vip") for name in names} | {
        ("ConfigMap", f"{name}-vip-cm") for name in names
    }
    return [found for found in objects if (found["kind"], found["metadata"]["name"]) not in own]


def per_node() -> list[Json]:
    """Two tenants with masters on m1, served by its keepalived; m2 serves none now, m3 has none."""
    second = [found for found in tenant("second", "192.168.143.146", "m1", "m2") if found["kind"] != "Node"]
    return [
        *without_keepalived([*old_cluster()[:-3], *second], "old", "second"),
        *(node(host, tenancy_old=role, tenancy_second=role) for host, role in (("m1", "master"), ("m2", "standby"))),
        *node_keepalived("m1", 201, old=VIP, second="192.168.143.146"),
        *node_keepalived("m2", 202),
    ]


NODES = [{"name": "m1", "vrid": 201}, {"name": "m2", "vrid": 202}]
PER_NODE = {"keepalived": {"per": "node"}}


def test_keepalived_of_nodes_is_in_the_file_and_its_tenants_use_it() -> None:
    assert written(per_node()) == (
        {
            "cluster": {"namespace": "default", "nodeKeepalived": {"nodes": NODES}},
            "tenants": [{**ENTRY, **PER_NODE}, {**ENTRY, **PER_NODE, "name": "second", "vip": "192.168.143.146"}],
        },
        (),
    )


def test_what_keepalived_of_nodes_has_besides_the_defaults_is_in_the_file() -> None:
    objects = per_node()
    for host in ("m1", "m2"):
        pod = one_of(objects, "ReplicationController", f"adb-keepalived-{host}")["spec"]["template"]["spec"]
        pod["containers"][0]["image"] = "keepalived:2"
        pod["tolerations"] = [{"operator": "Exists"}]
    sections, remarks = written(objects)
    assert (sections["cluster"]["nodeKeepalived"], remarks) == (
        {"image": "keepalived:2", "tolerations": [{"operator": "Exists"}], "nodes": NODES},
        (),
    )


def test_a_node_whose_keepalived_differs_from_the_others_is_named() -> None:
    objects = [*per_node(), *node_keepalived("m3", 203)]
    pod = one_of(objects, "ReplicationController", "adb-keepalived-m3")["spec"]["template"]["spec"]
    pod["containers"][0]["image"] = "keepalived:2"
    sections, remarks = written(objects)
    assert sections["cluster"]["nodeKeepalived"] == {"nodes": [*NODES, {"name": "m3", "vrid": 203}]}
    assert remarks == (
        "The keepalived of m3 differs from the other nodes' in image or tolerations; the next `up` replaces its pod.",
    )


def test_a_segment_may_have_more_tenants_than_vrrp_ids_with_keepalived_per_node() -> None:
    names = [f"t{number}" for number in range(300)]
    vips = {name: f"192.168.{143 + number // 150}.{number % 150 + 1}" for number, name in enumerate(names)}
    posted = [found for name, vip in vips.items() for found in tenant(name, vip, "m1", "m2") if found["kind"] != "Node"]
    objects = [
        *without_keepalived(posted, *names),
        *(
            node(host, **{f"tenancy-{name}": role for name in names})
            for host, role in (("m1", "master"), ("m2", "standby"))
        ),
        *node_keepalived("m1", 1, **vips),
        *node_keepalived("m2", 2),
    ]
    sections, remarks = written(objects)
    assert remarks == ()
    assert "vipPools" not in sections["cluster"]
    assert [entry["keepalived"] for entry in sections["tenants"]] == [{"per": "node"}] * 300


def test_a_tenant_whose_failover_between_nodes_was_interrupted_is_named() -> None:
    objects = per_node()
    one_of(objects, "ConfigMap", "adb-keepalived-m2")["data"] = {VIP: "default/old-vip"}
    sections, remarks = written(objects)
    assert sections["tenants"][0] == {**ENTRY, **PER_NODE}
    assert remarks == (
        "old: its VIP is announced on m1 and m2, and its active role is on m1; the adoption moves it there.",
    )


def test_a_tenant_on_a_node_without_keepalived_is_left_out() -> None:
    objects = [found for found in per_node() if found["metadata"]["name"] != "adb-keepalived-m2"]
    sections, remarks = written(objects)
    assert sections["tenants"] == []
    assert all("is left out: E602, m2 has no keepalived" in remark for remark in remarks)


def test_a_keepalived_pod_beside_that_of_its_node_is_waived() -> None:
    objects = [*per_node(), *node_keepalived("m4", 204), *tenant("own", "192.168.143.147", "m4", "m5")]
    sections, (remark,) = written(objects)
    assert [entry.get("waive") for entry in sections["tenants"]] == [
        None,
        [{"rule": "E601", "reason": "as found"}],
        None,
    ]
    assert remark.startswith("E601 is waived, as found, for own: ")
    assert remark.endswith("write cluster.nodeKeepalived, as described in docs/operations.md, Keepalived per node.")


def test_nodes_get_the_segments_of_the_vips_that_they_serve() -> None:
    far = tenant("far", "192.168.144.145", "m4", "m5")
    objects = [*per_node(), *far, *tenant("near", "192.168.143.7", "m6", "m7")]
    one_of(objects, "ReplicationController", "near-vip")["spec"]["template"]["spec"]["containers"][0]["args"][1] = (
        "--vrid=145"
    )
    sections, _ = written(objects)
    assert sections["cluster"]["nodeKeepalived"]["nodes"] == [
        {**each, "segment": "net-192-168-143-0"} for each in NODES
    ]
    assert [entry["name"] for entry in sections["tenants"]] == ["far", "near", "old", "second"]


def test_a_tenant_that_another_keepalived_serves_is_left_out_with_its_configmap() -> None:
    many = {"old": VIP, "other": "192.168.143.200"}
    config_map = {
        "kind": "ConfigMap",
        "metadata": {"name": "vip-configmap", "namespace": "default"},
        "data": {vip: f"default/{name}-vip" for name, vip in many.items()},
    }
    objects = [*without_keepalived(old_cluster(), "old"), config_map, *tenant("own", "10.0.0.1", "m5", "m6")]
    sections, (remark,) = written(objects)
    assert [entry["name"] for entry in sections["tenants"]] == ["own"]
    assert remark == (
        f"old is left out: its address {VIP} is in ConfigMap vip-configmap, which belongs neither to a keepalived of "
        "its own nor to a node's of this program."
    )


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
    objects = [*tenant("old", VIP, "m1", "m2"), *tenant("other", "192.168.143.146", "m1", "m3"), *per_node()[-4:]]
    scaled(objects, 0, 0, 0)
    if data.draw(st.booleans()):
        objects = without_keepalived(objects, "other")
        one_of(objects, "ConfigMap", "adb-keepalived-m1")["data"] = {"192.168.143.146": "default/other-vip"}
    for _ in range(data.draw(st.integers(1, 4))):
        holder, key = data.draw(st.sampled_from(places(objects)))
        holder[key] = data.draw(ODD | st.sampled_from(["old", "other", "m1", "default", "10.0.0.1", 0, 1, 2]))
    with suppress(UnreadableListError):
        written(objects)
        for entry in read(objects).tenants:
            if entry.state is State.RUNNING:
                assert not any(is_scaled_down(found, entry.name) for found in objects)
