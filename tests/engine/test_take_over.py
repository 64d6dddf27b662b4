"""Taking over what others made, in every way that it may differ: as the API server itself compares it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.engine.cell import Cell, eventually
from tests.engine.legacy import JAVA_CLIENT, posted_objects

pytestmark = pytest.mark.engine

Json = dict[str, Any]
Objects = dict[str, Json]
"""What the old service posted for a tenant, by kind and the end of the name: `StatefulSet master`, `Service vip`."""

MASTER, KEEPALIVED = "StatefulSet master", "ReplicationController vip"
FIRST_VIP = 10


@dataclass(frozen=True, kw_only=True)
class Case:
    """A tenant that somebody made in his own way."""

    edit: Callable[[Objects], object] = lambda _: None
    """What is other than the old service's."""
    entry: Json = field(default_factory=dict)
    """Fields of its entry, beside those that every tenant needs."""
    said: set[str] = field(default_factory=set)
    """Of the refusals, or of the notes: what tells them from those of the old service's own tenant."""


def pod(objects: Objects, of: str = MASTER) -> Json:
    found: Json = objects[of]["spec"]["template"]["spec"]
    return found


def container(objects: Objects, of: str = MASTER) -> Json:
    found: Json = pod(objects, of)["containers"][0]
    return found


def named(members: list[Json], name: str) -> Json:
    (found,) = (each for each in members if each["name"] == name)
    return found


def volume(objects: Objects, name: str) -> Json:
    return named(pod(objects)["volumes"], name)


def mount(objects: Objects, name: str) -> Json:
    return named(container(objects)["volumeMounts"], name)


def rename_volume(objects: Objects, name: str, new: str) -> None:
    volume(objects, name)["name"] = new
    mount(objects, name)["name"] = new


def spec(objects: Objects, of: str = "Service vip") -> Json:
    found: Json = objects[of]["spec"]
    return found


def scale(objects: Objects, replicas: int, *of: str) -> None:
    for each in of or (MASTER, "StatefulSet standby", KEEPALIVED):
        spec(objects, each)["replicas"] = replicas


def other_label(objects: Objects, of: str) -> None:
    labels = spec(objects, of)["template"]["metadata"]["labels"]
    selector = spec(objects, of).setdefault("selector", dict(labels))
    selector.get("matchLabels", selector)["team"] = labels["team"] = "x"


def data_elsewhere(objects: Objects) -> None:
    """The volume called `data` holds something else, and the database is in another one."""
    rename_volume(objects, "data", "db")
    volume(objects, "db")["hostPath"]["path"] = "/data1/db"
    pod(objects)["volumes"].append({"name": "data", "hostPath": {"path": "/data0/tenant/data"}})


CLAIM = {
    "metadata": {"name": "scratch"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
SIDECAR = {"name": "exporter", "image": "exporter:1"}

REFUSED: Mapping[str, Case] = {
    # clients
    "port": Case(edit=lambda o: spec(o)["ports"][0].update(port=5433)),
    "target port": Case(edit=lambda o: spec(o)["ports"][0].update(targetPort=5433)),
    "second port": Case(edit=lambda o: spec(o)["ports"].append({"name": "x", "port": 80})),
    "selector": Case(edit=lambda o: spec(o)["selector"].update(app="pg")),
    "narrower selector": Case(edit=lambda o: spec(o)["selector"].update(zone="a")),
    "no selector": Case(edit=lambda o: spec(o).pop("selector")),
    "node port": Case(edit=lambda o: spec(o).update(type="NodePort")),
    "external address": Case(edit=lambda o: spec(o).update(externalIPs=["10.1.1.1"])),
    "affinity of sessions": Case(edit=lambda o: spec(o).update(sessionAffinity="ClientIP")),
    "headless": Case(edit=lambda o: spec(o).update(clusterIP="None")),
    "not headless": Case(edit=lambda o: spec(o, "Service master").pop("clusterIP")),
    "addresses of unready pods": Case(edit=lambda o: spec(o, "Service master").update(publishNotReadyAddresses=True)),
    "direct return": Case(
        edit=lambda o: o["ConfigMap cm"].update(
            data={vip: f"{service}:DR" for vip, service in o["ConfigMap cm"]["data"].items()}
        )
    ),
    "other service": Case(
        edit=lambda o: o["ConfigMap cm"].update(data=dict.fromkeys(o["ConfigMap cm"]["data"], "kube-system/x"))
    ),
    "two addresses": Case(edit=lambda o: o["ConfigMap cm"]["data"].update({"10.0.0.1": "default/x"})),
    "immutable": Case(edit=lambda o: o["ConfigMap cm"].update(immutable=True)),
    "other ConfigMap": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].__setitem__(0, "--services-configmap=default/all-vips")
    ),
    "other ConfigMap, spelled apart": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].__setitem__(
            slice(0, 1), ["--services-configmap", "default/all-vips"]
        )
    ),
    "keepalived by another name": Case(edit=lambda o: container(o, KEEPALIVED).update(name="keepalived")),
    "selector of keepalived": Case(edit=lambda o: other_label(o, KEEPALIVED)),
    "keepalived elsewhere": Case(
        edit=lambda o: pod(o, KEEPALIVED).update(nodeSelector={"kubernetes.io/hostname": "M2"})
    ),
    # pods that would start or end
    "scaled to none": Case(edit=lambda o: scale(o, 0)),
    "one role scaled to none": Case(edit=lambda o: scale(o, 0, MASTER)),
    "two keepalived pods": Case(edit=lambda o: scale(o, 2, KEEPALIVED)),
    "running, and to be stopped": Case(entry={"state": "stopped"}),
    # data
    "data": Case(edit=lambda o: volume(o, "data")["hostPath"].update(path="/data1/x")),
    "data under another name": Case(edit=data_elsewhere),
    "data in a part of a directory": Case(edit=lambda o: mount(o, "data").update(subPath="pg")),
    "data in a claim": Case(
        edit=lambda o: [
            volume(o, "data").pop("hostPath"),
            volume(o, "data").update(persistentVolumeClaim={"claimName": "c"}),
        ]
    ),
    "data mounted elsewhere": Case(edit=lambda o: mount(o, "data").update(mountPath="/var/lib/pg")),
    "logs": Case(edit=lambda o: volume(o, "adminlog")["hostPath"].update(path="/data1/logs")),
    "logs of Tomcat": Case(edit=lambda o: volume(o, "tomcatlogs")["hostPath"].update(path="/data1/logs")),
    "read-only": Case(edit=lambda o: mount(o, "data").update(readOnly=True)),
    "keys": Case(edit=lambda o: volume(o, "root-ssh-volume")["secret"].update(secretName="mine")),
    "one more mount": Case(
        edit=lambda o: [
            pod(o)["volumes"].append({"name": "time", "hostPath": {"path": "/etc/localtime"}}),
            container(o)["volumeMounts"].append({"name": "time", "mountPath": "/etc/localtime"}),
        ]
    ),
    "database by another name": Case(edit=lambda o: container(o).update(name="db")),
    "one more container": Case(edit=lambda o: pod(o)["containers"].append(SIDECAR)),
    "one more container before": Case(edit=lambda o: pod(o)["containers"].insert(0, SIDECAR)),
    "init container": Case(edit=lambda o: pod(o).update(initContainers=[SIDECAR])),
    "host": Case(edit=lambda o: pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"})),
    "host of none": Case(
        edit=lambda o: [scale(o, 0), pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"})],
        entry={"state": "stopped"},
    ),
    "fixed to a node": Case(edit=lambda o: pod(o).update(nodeName="M1")),
    # what cannot be changed
    "service name": Case(edit=lambda o: spec(o, MASTER).update(serviceName="elsewhere")),
    "selector of the database": Case(edit=lambda o: other_label(o, MASTER)),
    "claims": Case(edit=lambda o: spec(o, MASTER).update(volumeClaimTemplates=[CLAIM])),
    "pod management": Case(edit=lambda o: spec(o, MASTER).update(podManagementPolicy="Parallel")),
    "ordinals": Case(edit=lambda o: spec(o, MASTER).update(ordinals={"start": 3})),
    "rolling": Case(edit=lambda o: spec(o, MASTER).pop("updateStrategy")),
    "to be rolling": Case(entry={"updateStrategy": "RollingUpdate"}),
}


def tolerate(objects: Objects, of: str) -> None:
    pod(objects, of)["tolerations"].append({"key": "disk", "operator": "Exists"})


NAMED: Mapping[str, Case] = {
    "as the old service made it": Case(),
    # the same in other words
    "path": Case(edit=lambda o: volume(o, "data")["hostPath"].update(path="/data0//t1/./data/")),
    "names of volumes": Case(edit=lambda o: [rename_volume(o, "data", "db"), rename_volume(o, "adminlog", "log")]),
    "volume of no one": Case(edit=lambda o: pod(o)["volumes"].append({"name": "scratch", "emptyDir": {}})),
    "memory": Case(edit=lambda o: container(o)["resources"]["limits"].update(memory="17179869184")),
    "memory, requested too": Case(edit=lambda o: container(o)["resources"].update(requests={"memory": "16384Mi"})),
    "order": Case(
        edit=lambda o: [
            container(o)["env"].reverse(),
            container(o)["volumeMounts"].reverse(),
            pod(o)["volumes"].reverse(),
        ]
    ),
    "way to forward": Case(
        edit=lambda o: o["ConfigMap cm"].update(
            data={vip: f"{service}:NAT" for vip, service in o["ConfigMap cm"]["data"].items()}
        )
    ),
    "arguments": Case(
        edit=lambda o: container(o, KEEPALIVED).update(
            args=["--vrid", "18", container(o, KEEPALIVED)["args"][0].replace("--", "-", 1)]
        )
    ),
    "label of a Service": Case(
        edit=lambda o: o["Service vip"]["metadata"].update(
            labels={"app": "t9-vip", "team": "x"}, annotations={"a/b": "c"}
        )
    ),
    "stopped": Case(edit=lambda o: scale(o, 0), entry={"state": "stopped"}),
    # what the entry says for the next start
    "image": Case(edit=lambda o: container(o).update(image="adb:2")),
    "more memory": Case(entry={"memory": "24Gi"}),
    "id": Case(entry={"vrid": 200}),
    "image of keepalived": Case(entry={"keepalived": {"image": "keepalived:2"}}),
    "variable": Case(entry={"memoryLimit": 1}),
    # what the entry has no word for
    "one more variable": Case(edit=lambda o: container(o)["env"].append({"name": "PGPASSWORD", "value": "hush"})),
    "annotation of pods": Case(edit=lambda o: spec(o, MASTER)["template"]["metadata"]["annotations"].update(a="b")),
    "toleration": Case(edit=lambda o: tolerate(o, MASTER)),
    "kind of directory": Case(edit=lambda o: volume(o, "adminlog")["hostPath"].update(type="DirectoryOrCreate")),
    "account": Case(edit=lambda o: pod(o).update(serviceAccountName="adb", imagePullSecrets=[{"name": "registry"}])),
    "no mount for Tomcat": Case(edit=lambda o: [container(o)["volumeMounts"].remove(mount(o, "tomcatlogs"))]),
    "probe": Case(edit=lambda o: container(o).update(readinessProbe={"tcpSocket": {"port": 5432}})),
    "time to end": Case(edit=lambda o: pod(o).update(terminationGracePeriodSeconds=600)),
    "command": Case(edit=lambda o: container(o).update(command=["/bin/sh", "-c", "exec /entry/entry-point.sh"])),
    "number of revisions": Case(edit=lambda o: spec(o, MASTER).update(revisionHistoryLimit=3)),
    "unicast": Case(edit=lambda o: container(o, KEEPALIVED)["args"].append("--use-unicast=true")),
    "container beside keepalived": Case(edit=lambda o: pod(o, KEEPALIVED)["containers"].append(SIDECAR)),
    "secrets of keepalived": Case(edit=lambda o: pod(o, KEEPALIVED).update(imagePullSecrets=[{"name": "registry"}])),
    "toleration of keepalived": Case(edit=lambda o: tolerate(o, KEEPALIVED)),
    "release": Case(edit=lambda o: o[MASTER]["metadata"].update(annotations={"meta.helm.sh/release-name": "adb"})),
}


def create(cell: Cell, cases: Mapping[str, Case]) -> list[Json]:
    """Make each case's tenant; returns the entries."""
    entries, made = [], []
    hosts = {"master": cell.node("m1"), "standby": cell.node("m2")}
    for number, (_, case) in enumerate(cases.items()):
        name, vip = f"t{number}", f"192.168.143.{FIRST_VIP + number}"
        posted = posted_objects(cell.namespace, name, vip)
        objects = {f"{each['kind']} {each['metadata']['name'].rpartition('-')[2]}": each for each in posted}
        for role, of in (("master", MASTER), ("standby", "StatefulSet standby"), ("master", KEEPALIVED)):
            pod(objects, of)["nodeSelector"] = {"kubernetes.io/hostname": hosts[role]}
        case.edit(objects)
        made += posted
        waived = [{"rule": "E601", "reason": "as found"}]
        entries.append({"name": name, "vip": vip, "hosts": hosts, "adopt": True, "waive": waived, **case.entry})
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    for short in ("m1", "m2"):
        text = text.replace(f'"{short.upper()}"', f'"{cell.node(short)}"')
    cell.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "adb"}})
    cell.kubectl("create", "--field-manager", JAVA_CLIENT, "-f", "-", stdin=text)
    wanted = [
        f"{each['metadata']['name']}-0"
        for each in made
        if each["kind"] == "StatefulSet" and each["spec"]["replicas"] and "ordinals" not in each["spec"]
    ]
    eventually(
        lambda: set(wanted) <= {each["metadata"]["name"] for each in cell.live("pods")},
        what="each StatefulSet has its pod",
        seconds=60,
    )
    return entries
