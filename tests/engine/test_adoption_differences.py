"""Adoption of objects that differ from the declared ones in every way, compared by a real API server."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest

from components.adoption.adopt import adopt_or_refuse
from components.live.cluster import LiveCluster, UnusableClusterError
from components.live.fleet import LiveFleet
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from tenants import load
from tests.support.cell import Cell, eventually
from tests.support.fleets import tenant3, with_tenants
from tests.support.legacy import JAVA_CLIENT, posted_objects

pytestmark = pytest.mark.engine

Json = dict[str, Any]
Objects = dict[str, Json]
"""The objects that the old service posted for a tenant, by kind and end of name: `StatefulSet master`."""

MASTER, KEEPALIVED = "StatefulSet master", "ReplicationController vip"
FIRST_VIP = 10
NEXT = "when its pod next starts"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A tenant whose objects differ from those of the old service."""

    edit: Callable[[Objects], object] = lambda _: None
    """Changes its objects."""
    entry: Json = field(default_factory=dict)
    """Additional fields of its entry."""
    expected: set[str] = field(default_factory=set)
    """Its refusals; or its warnings, except those of every tenant of the old service."""


def together(*edits: Callable[[Objects], object]) -> Callable[[Objects], object]:
    return lambda objects: [edit(objects) for edit in edits]


def pod(objects: Objects, of: str = MASTER) -> Json:
    found: Json = objects[of]["spec"]["template"]["spec"]
    return found


def container(objects: Objects, of: str = MASTER) -> Json:
    found: Json = pod(objects, of)["containers"][0]
    return found


def named(members: list[Json], name: str) -> Json:
    (found,) = (each for each in members if each["name"] == name)
    return found


def volume(objects: Objects, name: str, of: str = MASTER) -> Json:
    return named(pod(objects, of)["volumes"], name)


def mount(objects: Objects, name: str, of: str = MASTER) -> Json:
    return named(container(objects, of)["volumeMounts"], name)


def rename_volume(objects: Objects, name: str, new: str, of: str = MASTER) -> None:
    volume(objects, name, of)["name"] = new
    mount(objects, name, of)["name"] = new


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
    """Mount the database from another volume than `data`."""
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
    "port": Case(
        edit=lambda o: spec(o)["ports"][0].update(port=5433),
        expected={"Service vip its ports[adb].port is 5433, but the program declares 5432"},
    ),
    "target port": Case(
        edit=lambda o: spec(o)["ports"][0].update(targetPort=5433),
        expected={"Service vip its ports[adb].targetPort is 5433, but the program declares 5432"},
    ),
    "second port": Case(
        edit=lambda o: spec(o)["ports"].append({"name": "x", "port": 80}),
        expected={
            (
                'Service vip its ports[x] is {"name": "x", "port": 80, "protocol": "TCP", "targetPort": 80}, but the '
                "program declares (none)"
            )
        },
    ),
    "selector": Case(
        edit=lambda o: spec(o)["selector"].update(app="pg"),
        expected={'Service vip its selector.app is "pg", but the program declares "adb"'},
    ),
    "narrower selector": Case(
        edit=lambda o: spec(o)["selector"].update(zone="a"),
        expected={'Service vip its selector.zone is "a", but the program declares (none)'},
    ),
    "no selector": Case(
        edit=lambda o: spec(o).pop("selector"),
        expected={
            'Service vip its selector.app is (none), but the program declares "adb"',
            'Service vip its selector.role is (none), but the program declares "master"',
            'Service vip its selector.tenancy is (none), but the program declares "T"',
        },
    ),
    "node port": Case(
        edit=lambda o: spec(o).update(type="NodePort"),
        expected={
            'Service vip its externalTrafficPolicy is "Cluster", but the program declares (none)',
            "Service vip its ports[adb].nodePort is N, but the program declares (none)",
            'Service vip its type is "NodePort", but the program declares "ClusterIP"',
        },
    ),
    "external address": Case(
        edit=lambda o: spec(o).update(externalIPs=["10.1.1.1"]),
        expected={
            'Service vip its externalIPs is ["10.1.1.1"], but the program declares (none)',
            'Service vip its externalTrafficPolicy is "Cluster", but the program declares (none)',
        },
    ),
    "affinity of sessions": Case(
        edit=lambda o: spec(o).update(sessionAffinity="ClientIP"),
        expected={
            'Service vip its sessionAffinity is "ClientIP", but the program declares "None"',
            (
                'Service vip its sessionAffinityConfig is {"clientIP": {"timeoutSeconds": 10800}}, but the program '
                "declares (none)"
            ),
        },
    ),
    "headless": Case(
        edit=lambda o: spec(o).update(clusterIP="None"),
        expected={"Service vip its clusterIP is None, which cannot be changed in place"},
    ),
    "not headless": Case(
        edit=lambda o: spec(o, "Service master").pop("clusterIP"),
        expected={"Service master its clusterIP is N, which cannot be changed in place"},
    ),
    "addresses of unready pods": Case(
        edit=lambda o: spec(o, "Service master").update(publishNotReadyAddresses=True),
        expected={"Service master its publishNotReadyAddresses is true, but the program declares (none)"},
    ),
    "direct return": Case(
        edit=lambda o: o["ConfigMap cm"].update(
            data={vip: f"{service}:DR" for vip, service in o["ConfigMap cm"]["data"].items()}
        ),
        expected={"ConfigMap vip-cm its backend of VIP is NS/T-vip:DR, but the program declares NS/T-vip"},
    ),
    "other service": Case(
        edit=lambda o: o["ConfigMap cm"].update(data=dict.fromkeys(o["ConfigMap cm"]["data"], "kube-system/x")),
        expected={"ConfigMap vip-cm its backend of VIP is kube-system/x, but the program declares NS/T-vip"},
    ),
    "two addresses": Case(
        edit=lambda o: o["ConfigMap cm"]["data"].update({"10.0.0.1": "default/x"}),
        expected={"ConfigMap vip-cm it announces 10.0.0.1, VIP, but the entry has vip: VIP"},
    ),
    "immutable": Case(
        edit=lambda o: o["ConfigMap cm"].update(immutable=True),
        expected={"ConfigMap vip-cm it is immutable, which cannot be changed in place"},
    ),
    "other ConfigMap": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].__setitem__(0, "--services-configmap=default/all-vips"),
        expected={
            (
                "ReplicationController vip its keepalived reads ConfigMap default/all-vips, but the program declares "
                "NS/T-vip-cm"
            )
        },
    ),
    "other ConfigMap, spelled apart": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].__setitem__(
            slice(0, 1), ["--services-configmap", "default/all-vips"]
        ),
        expected={
            (
                "ReplicationController vip its keepalived reads ConfigMap default/all-vips, but the program declares "
                "NS/T-vip-cm"
            )
        },
    ),
    "keepalived by another name": Case(
        edit=lambda o: container(o, KEEPALIVED).update(name="keepalived"),
        expected={"ReplicationController vip its containers are keepalived, but the program declares T-vip"},
    ),
    "volumes of keepalived by other names": Case(
        edit=lambda o: rename_volume(o, "dev", "devices", of=KEEPALIVED),
        expected={
            (
                "ReplicationController vip its volumes would keep members before those of the program, and the next "
                "`up` would replace it for that"
            )
        },
    ),
    "selector of keepalived": Case(
        edit=lambda o: other_label(o, KEEPALIVED),
        expected={'ReplicationController vip its selector.team is "x", but the program declares (none)'},
    ),
    "keepalived elsewhere": Case(
        edit=lambda o: pod(o, KEEPALIVED).update(nodeSelector={"kubernetes.io/hostname": "M2"}),
        expected={"ReplicationController vip its pod's node is m2.NS, but the entry has hosts.master: m1.NS"},
    ),
    # pods that would start or stop
    "scaled to none": Case(
        edit=lambda o: scale(o, 0),
        expected={
            (
                "ReplicationController vip it has replicas: 0, but state: running in the entry would start its pod; "
                "set `state: stopped`"
            ),
            (
                "StatefulSet master it has replicas: 0, but state: running in the entry would start its pod; set "
                "`state: stopped`"
            ),
            (
                "StatefulSet standby it has replicas: 0, but state: running in the entry would start its pod; set "
                "`state: stopped`"
            ),
        },
    ),
    "one role scaled to none": Case(
        edit=lambda o: scale(o, 0, MASTER),
        expected={
            (
                "StatefulSet master it has replicas: 0, but state: running in the entry would start its pod; set "
                "`state: stopped`"
            )
        },
    ),
    "two keepalived pods": Case(
        edit=lambda o: scale(o, 2, KEEPALIVED),
        expected={"ReplicationController vip it has 2 replicas, but the program declares at most one"},
    ),
    "running, and to be stopped": Case(
        entry={"state": "stopped"},
        expected={
            (
                "ReplicationController vip it has replicas: 1, but state: stopped in the entry would stop its pod; "
                "set `state: running`"
            ),
            (
                "StatefulSet master it has replicas: 1, but state: stopped in the entry would stop its pod; set "
                "`state: running`"
            ),
            (
                "StatefulSet standby it has replicas: 1, but state: stopped in the entry would stop its pod; set "
                "`state: running`"
            ),
        },
    ),
    # data
    "data": Case(
        edit=lambda o: volume(o, "data")["hostPath"].update(path="/data1/x"),
        expected={"StatefulSet master its data is in /data1/x, but the entry has dataPath: /data0/T/data"},
    ),
    "data under another name": Case(
        edit=data_elsewhere,
        expected={"StatefulSet master its data is in /data1/db, but the entry has dataPath: /data0/T/data"},
    ),
    "data in a part of a directory": Case(
        edit=lambda o: mount(o, "data").update(subPath="pg"),
        expected={"StatefulSet master its data is in /data0/T/data/pg, but the entry has dataPath: /data0/T/data"},
    ),
    "data in a claim": Case(
        edit=lambda o: [
            volume(o, "data").pop("hostPath"),
            volume(o, "data").update(persistentVolumeClaim={"claimName": "c"}),
        ],
        expected={
            "StatefulSet master its data is in no directory of its node, but the entry has dataPath: /data0/T/data",
            (
                "StatefulSet master the API server rejects the declared object (* "
                "spec.template.spec.volumes[0].persistentVolumeClaim: Forbidden: may not specify more than 1 volume "
                'type * spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data")'
            ),
        },
    ),
    "data mounted elsewhere": Case(
        edit=lambda o: mount(o, "data").update(mountPath="/var/lib/pg"),
        expected={
            "StatefulSet master its data is in no directory of its node, but the entry has dataPath: /data0/T/data",
            (
                'StatefulSet master its volumeMounts[/var/lib/pg] is {"mountPath": "/var/lib/pg", "volume": '
                '{"hostPath": {"path": "/data0/T/data"}}}, but the program declares (none)'
            ),
        },
    ),
    "logs": Case(
        edit=lambda o: volume(o, "adminlog")["hostPath"].update(path="/data1/logs"),
        expected={"StatefulSet master its adminlog is in /data1/logs, but the entry has logPath: /data0/T/adminlog"},
    ),
    "logs of Tomcat": Case(
        edit=lambda o: volume(o, "tomcatlogs")["hostPath"].update(path="/data1/logs"),
        expected={
            (
                'StatefulSet master its volumeMounts[/opt/tomcat/logs].volume.hostPath.path is "/data1/logs", but the '
                'program declares "/data0/T/adminlog/tomcatlogs"'
            )
        },
    ),
    "read-only": Case(
        edit=lambda o: mount(o, "data").update(readOnly=True),
        expected={
            "StatefulSet master its volumeMounts[/home/gpadmin/data].readOnly is true, but the program declares (none)"
        },
    ),
    "keys": Case(
        edit=lambda o: volume(o, "root-ssh-volume")["secret"].update(secretName="mine"),
        expected={
            (
                'StatefulSet master its volumeMounts[/opt/root-ssh].volume.secret.secretName is "mine", but the '
                'program declares "root-ssh-key"'
            )
        },
    ),
    "one more mount": Case(
        edit=lambda o: [
            pod(o)["volumes"].append({"name": "time", "hostPath": {"path": "/etc/localtime"}}),
            container(o)["volumeMounts"].append({"name": "time", "mountPath": "/etc/localtime"}),
        ],
        expected={
            (
                'StatefulSet master its volumeMounts[/etc/localtime] is {"mountPath": "/etc/localtime", "volume": '
                '{"hostPath": {"path": "/etc/localtime"}}}, but the program declares (none)'
            )
        },
    ),
    "database by another name": Case(
        edit=lambda o: container(o).update(name="db"),
        expected={"StatefulSet master its containers are db, but the program declares T-master"},
    ),
    "one more container": Case(
        edit=lambda o: pod(o)["containers"].append(SIDECAR),
        expected={"StatefulSet master its containers are T-master, exporter, but the program declares T-master"},
    ),
    "one more container before": Case(
        edit=lambda o: pod(o)["containers"].insert(0, SIDECAR),
        expected={"StatefulSet master its containers are exporter, T-master, but the program declares T-master"},
    ),
    "init container": Case(
        edit=lambda o: pod(o).update(initContainers=[SIDECAR]),
        expected={
            (
                'StatefulSet master its initContainers is [{"image": "exporter:1", "imagePullPolicy": '
                '"IfNotPresent", "name": "exporter", "resources": {}, "terminationMessagePath": '
                '"/dev/termination-log", "termination…, but the program declares (none)'
            )
        },
    ),
    "host": Case(
        edit=lambda o: pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"}),
        expected={"StatefulSet master its pod's node is m2.NS, but the entry has hosts.master: m1.NS"},
    ),
    "host of none": Case(
        edit=together(lambda o: scale(o, 0), lambda o: pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"})),
        entry={"state": "stopped"},
        expected={"StatefulSet master its pod's node is m2.NS, but the entry has hosts.master: m1.NS"},
    ),
    "fixed to a node": Case(
        edit=lambda o: pod(o).update(nodeName="M1"),
        expected={'StatefulSet master its nodeName is "m1.NS", but the program declares (none)'},
    ),
    # immutable fields
    "service name": Case(
        edit=lambda o: spec(o, MASTER).update(serviceName="elsewhere"),
        expected={"StatefulSet master its serviceName is elsewhere, which cannot be changed in place"},
    ),
    "selector of the database": Case(
        edit=lambda o: other_label(o, MASTER),
        expected={
            (
                'StatefulSet master its selector is {"matchLabels": {"app": "adb", "role": "master", "team": "x", '
                '"tenancy": "T"}}, which cannot be changed in place'
            )
        },
    ),
    "claims": Case(
        edit=lambda o: spec(o, MASTER).update(volumeClaimTemplates=[CLAIM]),
        expected={"StatefulSet master it has volumeClaimTemplates, which cannot be changed in place"},
    ),
    "pod management": Case(
        edit=lambda o: spec(o, MASTER).update(podManagementPolicy="Parallel"),
        expected={"StatefulSet master its podManagementPolicy is Parallel, which cannot be changed in place"},
    ),
    "ordinals": Case(
        edit=lambda o: spec(o, MASTER).update(ordinals={"start": 3}),
        expected={'StatefulSet master its ordinals is {"start": 3}, but the program declares (none)'},
    ),
    "rolling": Case(
        edit=lambda o: spec(o, MASTER).pop("updateStrategy"),
        expected={
            (
                "StatefulSet master its updateStrategy is RollingUpdate, but the entry's is OnDelete: first run "
                "`kubectl --namespace NS patch statefulset T-master --type merge "
                '--patch \'{"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": null}}}\'`, '
                "which restarts nothing"
            )
        },
    ),
    "to be rolling": Case(
        entry={"updateStrategy": "RollingUpdate"},
        expected={
            (
                "StatefulSet master its template changes, and updateStrategy: RollingUpdate would restart its "
                "database immediately"
            ),
            (
                "StatefulSet standby its template changes, and updateStrategy: RollingUpdate would restart its "
                "database immediately"
            ),
        },
    ),
}


OF_EVERY_TENANT = {
    *(
        f'StatefulSet {role} gets hostnameOverride "T-{role}" instead of (none) {NEXT}'
        for role in ("master", "standby")
    ),
    f'ReplicationController vip gets serviceAccountName "adb-keepalived" instead of (none) {NEXT}',
}
"""Warnings for every tenant of the old service."""


def spell_apart(objects: Objects) -> None:
    """Spell keepalived's flags in another way."""
    config_map, vrid = container(objects, KEEPALIVED)["args"]
    container(objects, KEEPALIVED)["args"] = ["--vrid", vrid.partition("=")[2], config_map.removeprefix("-")]


def tolerate(objects: Objects, of: str) -> None:
    pod(objects, of)["tolerations"].append({"key": "disk", "operator": "Exists"})


REPORTED: Mapping[str, Case] = {
    "as the old service made it": Case(),
    # another spelling
    "path": Case(
        edit=lambda o: volume(o, "data").update(hostPath={"path": f"/{volume(o, 'data')['hostPath']['path']}/."})
    ),
    "names of volumes": Case(
        edit=together(lambda o: rename_volume(o, "data", "db"), lambda o: rename_volume(o, "adminlog", "log")),
        expected={
            (
                "StatefulSet master keeps members of volumes before those of the program, so previews show an update "
                "until `python -m drift --repair` has removed them and `pulumi up` has run again"
            )
        },
    ),
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
    "arguments": Case(edit=spell_apart),
    "label of a Service": Case(edit=lambda o: o["Service vip"]["metadata"]["labels"].update(team="x")),
    "annotation of a Service": Case(edit=lambda o: o["Service vip"]["metadata"].update(annotations={"a/b": "c"})),
    "stopped": Case(edit=lambda o: scale(o, 0), entry={"state": "stopped"}),
    # fields of the entry, for the next start
    "image": Case(
        edit=lambda o: container(o).update(image="adb:2"),
        expected={f"StatefulSet master gets image docker.dtdream.com/adb/adb-control:v1.1.0 instead of adb:2 {NEXT}"},
    ),
    "more memory": Case(
        entry={"memory": "24Gi"},
        expected={
            f"StatefulSet master gets memory 24Gi instead of 16Gi {NEXT}",
            f"StatefulSet standby gets memory 24Gi instead of 16Gi {NEXT}",
        },
    ),
    "id": Case(
        entry={"vrid": 200},
        expected={
            f"ReplicationController vip gets --vrid=200 instead of --services-configmap=NS/T-vip-cm --vrid=V {NEXT}"
        },
    ),
    "image of keepalived": Case(
        entry={"keepalived": {"image": "keepalived:2"}},
        expected={
            (
                "ReplicationController vip gets image keepalived:2 instead of "
                f"docker.dtdream.com/dtdream/kube-keepalived-vip:0.9 {NEXT}"
            )
        },
    ),
    "variable": Case(
        entry={"memoryLimit": 1},
        expected={
            f'StatefulSet master gets env[MEMORY_LIMIT].value "1" instead of "2048" {NEXT}',
            f'StatefulSet standby gets env[MEMORY_LIMIT].value "1" instead of "2048" {NEXT}',
        },
    ),
    # fields that no entry has
    "one more variable": Case(
        edit=lambda o: container(o)["env"].append({"name": "PGPASSWORD", "value": "hush"}),
        expected={"StatefulSet master keeps env[PGPASSWORD] [secret], which is not declared"},
    ),
    "annotation of pods": Case(
        edit=lambda o: spec(o, MASTER)["template"]["metadata"]["annotations"].update(a="b"),
        expected={'StatefulSet master keeps template.metadata.annotations.a "b", which is not declared'},
    ),
    "toleration": Case(
        edit=lambda o: tolerate(o, MASTER),
        expected={f'StatefulSet master loses tolerations[disk] {{"key": "disk", "operator": "Exists"}} {NEXT}'},
    ),
    "kind of directory": Case(
        edit=lambda o: volume(o, "adminlog")["hostPath"].update(type="DirectoryOrCreate"),
        expected={
            (
                "StatefulSet master keeps volumeMounts[/home/gpadmin/gpAdminLogs].volume.hostPath.type "
                '"DirectoryOrCreate", which is not declared'
            )
        },
    ),
    "account": Case(
        edit=lambda o: pod(o).update(serviceAccountName="adb", imagePullSecrets=[{"name": "registry"}]),
        expected={
            'StatefulSet master keeps imagePullSecrets [{"name": "registry"}], which is not declared',
            'StatefulSet master keeps serviceAccountName "adb", which is not declared',
        },
    ),
    "no mount for Tomcat": Case(
        edit=lambda o: [container(o)["volumeMounts"].remove(mount(o, "tomcatlogs"))],
        expected={
            (
                'StatefulSet master gets volumeMounts[/opt/tomcat/logs] {"mountPath": "/opt/tomcat/logs", "volume": '
                f'{{"hostPath": {{"path": "/data0/T/adminlog/tomcatlogs"}}}}}} {NEXT}'
            )
        },
    ),
    "probe": Case(
        edit=lambda o: container(o).update(readinessProbe={"tcpSocket": {"port": 5432}}),
        expected={
            (
                'StatefulSet master keeps readinessProbe {"failureThreshold": 3, "periodSeconds": 10, '
                '"successThreshold": 1, "tcpSocket": {"port": 5432}, "timeoutSeconds": 1}, which is not declared'
            )
        },
    ),
    "time to end": Case(
        edit=lambda o: pod(o).update(terminationGracePeriodSeconds=600),
        expected={f"StatefulSet master gets terminationGracePeriodSeconds 30 instead of 600 {NEXT}"},
    ),
    "command": Case(
        edit=lambda o: container(o).update(command=["/bin/sh", "-c", "exec /entry/entry-point.sh"]),
        expected={
            (
                'StatefulSet master gets command[2] "/entry/entry-point.sh" instead of "exec /entry/entry-point.sh" '
                f"{NEXT}"
            )
        },
    ),
    "number of revisions": Case(
        edit=lambda o: spec(o, MASTER).update(revisionHistoryLimit=3),
        expected={"StatefulSet master keeps revisionHistoryLimit 3, which is not declared"},
    ),
    "unicast": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].append("--use-unicast=true"),
        expected={
            (
                "ReplicationController vip gets arguments --services-configmap=NS/T-vip-cm --vrid=V instead of "
                f"--services-configmap=NS/T-vip-cm --vrid=V --use-unicast=true {NEXT}"
            )
        },
    ),
    "container beside keepalived": Case(
        edit=lambda o: pod(o, KEEPALIVED)["containers"].append(SIDECAR),
        expected={
            (
                'ReplicationController vip keeps containers[exporter] {"image": "exporter:1", "imagePullPolicy": '
                '"IfNotPresent", "name": "exporter", "resources": {}, "terminationMessagePath": '
                '"/dev/termination-log", "terminationM…, which is not declared, until a failover or a change replaces '
                "it"
            )
        },
    ),
    "secrets of keepalived": Case(
        edit=lambda o: pod(o, KEEPALIVED).update(imagePullSecrets=[{"name": "registry"}]),
        expected={
            (
                'ReplicationController vip keeps imagePullSecrets [{"name": "registry"}], which is not declared, until '
                "a failover or a change replaces it"
            )
        },
    ),
    "toleration of keepalived": Case(
        edit=lambda o: tolerate(o, KEEPALIVED),
        expected={f'ReplicationController vip loses tolerations[disk] {{"key": "disk", "operator": "Exists"}} {NEXT}'},
    ),
    "release": Case(
        edit=lambda o: o[MASTER]["metadata"].update(annotations={"meta.helm.sh/release-name": "adb"}),
        expected={
            (
                "StatefulSet master is also managed by the Helm release adb, which may revert or delete it: remove it "
                "there"
            )
        },
    ),
}


def create(cell: Cell, cases: Mapping[str, Case]) -> list[Json]:
    """Create each case's tenant, and return the entries."""
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


REFUSAL = re.compile(
    r"(?:is not|cannot be) adopted: (.*?)(?:\. (?:Adoption moves|No field) .*|\.) Nothing was changed\."
)


def judgements_of(cell: Cell, cases: Mapping[str, Case], monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Return the refusals and warnings of each case, its tenant called T, its address VIP and the namespace NS."""
    entries = create(cell, cases)
    lines: list[str] = []
    monkeypatch.setenv("KUBECONFIG", cell.environment["KUBECONFIG"])
    # A warning begins with its tenant.
    monkeypatch.setattr(pulumi.log, "warn", lambda message: lines.append(message.partition(": ")[2]))
    fleet = load(with_tenants(tenant3(cell), entries))
    cluster = LiveCluster(None, cell.namespace)
    home = StackHome(stack="adb-tenants/test", namespace=cell.namespace, uid=cluster.uid(), identifier="any")
    try:
        adopt_or_refuse(LiveFleet(fleet=fleet, cluster=cluster, home=home, nodes=LiveNodes(fleet, cluster)))
    except UnusableClusterError as error:
        lines += str(error).splitlines()
    found: dict[str, set[str]] = {}
    for entry, name in zip(entries, cases, strict=True):
        prefix = rf"\w+ {cell.namespace}/{re.escape(entry['name'])}-"
        found[name] = {_in_general(line, entry, cell) for line in lines if re.match(prefix, line)}
    return found


def _in_general(line: str, entry: Json, cell: Cell) -> str:
    line = REFUSAL.sub(r"\1", line).replace(entry["vip"], "VIP").replace(cell.namespace, "NS")
    line = re.sub(rf"--vrid={entry['vip'].rpartition('.')[2]}\b", "--vrid=V", line)
    line = re.sub(rf"\b{entry['name']}\b", "T", line).replace("NS/T-", "", 1)
    return re.sub(r"nodePort is \d+|clusterIP is 10\.[.\d]+", lambda found: found[0].rpartition(" ")[0] + " N", line)


def test_changes_that_affect_clients_or_data_are_refused(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judgements_of(cell, REFUSED, monkeypatch) == {name: case.expected for name, case in REFUSED.items()}


def test_other_changes_are_reported_unless_the_meaning_is_the_same(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judgements_of(cell, REPORTED, monkeypatch) == {
        name: OF_EVERY_TENANT ^ case.expected for name, case in REPORTED.items()
    }
