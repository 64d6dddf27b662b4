"""Taking over what others made, in every way that it may differ: as the API server itself compares it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest

from components.adoption.adopt import adopt_or_refuse
from components.live.cluster import LiveCluster, UnusableClusterError
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from tenants import load
from tests.support.cell import Cell, eventually
from tests.support.fleets import tenant3, with_tenants
from tests.support.legacy import JAVA_CLIENT, posted_objects

pytestmark = pytest.mark.engine

Json = dict[str, Any]
Objects = dict[str, Json]
"""What the old service posted for a tenant, by kind and the end of the name: `StatefulSet master`, `Service vip`."""

MASTER, KEEPALIVED = "StatefulSet master", "ReplicationController vip"
FIRST_VIP = 10
NEXT = "from the next start of its pod on"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A tenant that somebody made in his own way."""

    edit: Callable[[Objects], object] = lambda _: None
    """What is other than the old service's."""
    entry: Json = field(default_factory=dict)
    """Fields of its entry, beside those that every tenant needs."""
    said: set[str] = field(default_factory=set)
    """Of the refusals, or of the notes: what tells them from those of the old service's own tenant."""


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
    "port": Case(
        edit=lambda o: spec(o)["ports"][0].update(port=5433),
        said={"Service vip its ports[adb].port is 5433, and the program's is 5432"},
    ),
    "target port": Case(
        edit=lambda o: spec(o)["ports"][0].update(targetPort=5433),
        said={"Service vip its ports[adb].targetPort is 5433, and the program's is 5432"},
    ),
    "second port": Case(
        edit=lambda o: spec(o)["ports"].append({"name": "x", "port": 80}),
        said={
            (
                'Service vip its ports[x] is {"name": "x", "port": 80, "protocol": "TCP", "targetPort": 80}, and the '
                "program's is (none)"
            )
        },
    ),
    "selector": Case(
        edit=lambda o: spec(o)["selector"].update(app="pg"),
        said={'Service vip its selector.app is "pg", and the program\'s is "adb"'},
    ),
    "narrower selector": Case(
        edit=lambda o: spec(o)["selector"].update(zone="a"),
        said={'Service vip its selector.zone is "a", and the program\'s is (none)'},
    ),
    "no selector": Case(
        edit=lambda o: spec(o).pop("selector"),
        said={
            'Service vip its selector.app is (none), and the program\'s is "adb"',
            'Service vip its selector.role is (none), and the program\'s is "master"',
            'Service vip its selector.tenancy is (none), and the program\'s is "T"',
        },
    ),
    "node port": Case(
        edit=lambda o: spec(o).update(type="NodePort"),
        said={
            'Service vip its externalTrafficPolicy is "Cluster", and the program\'s is (none)',
            "Service vip its ports[adb].nodePort is N, and the program's is (none)",
            'Service vip its type is "NodePort", and the program\'s is "ClusterIP"',
        },
    ),
    "external address": Case(
        edit=lambda o: spec(o).update(externalIPs=["10.1.1.1"]),
        said={
            'Service vip its externalIPs is ["10.1.1.1"], and the program\'s is (none)',
            'Service vip its externalTrafficPolicy is "Cluster", and the program\'s is (none)',
        },
    ),
    "affinity of sessions": Case(
        edit=lambda o: spec(o).update(sessionAffinity="ClientIP"),
        said={
            'Service vip its sessionAffinity is "ClientIP", and the program\'s is "None"',
            (
                'Service vip its sessionAffinityConfig is {"clientIP": {"timeoutSeconds": 10800}}, and the '
                "program's is (none)"
            ),
        },
    ),
    "headless": Case(
        edit=lambda o: spec(o).update(clusterIP="None"),
        said={"Service vip its clusterIP is None, which cannot be changed in place"},
    ),
    "not headless": Case(
        edit=lambda o: spec(o, "Service master").pop("clusterIP"),
        said={"Service master its clusterIP is N, which cannot be changed in place"},
    ),
    "addresses of unready pods": Case(
        edit=lambda o: spec(o, "Service master").update(publishNotReadyAddresses=True),
        said={"Service master its publishNotReadyAddresses is true, and the program's is (none)"},
    ),
    "direct return": Case(
        edit=lambda o: o["ConfigMap cm"].update(
            data={vip: f"{service}:DR" for vip, service in o["ConfigMap cm"]["data"].items()}
        ),
        said={"ConfigMap vip-cm it leads VIP to NS/T-vip:DR, and the program would to NS/T-vip"},
    ),
    "other service": Case(
        edit=lambda o: o["ConfigMap cm"].update(data=dict.fromkeys(o["ConfigMap cm"]["data"], "kube-system/x")),
        said={"ConfigMap vip-cm it leads VIP to kube-system/x, and the program would to NS/T-vip"},
    ),
    "two addresses": Case(
        edit=lambda o: o["ConfigMap cm"]["data"].update({"10.0.0.1": "default/x"}),
        said={"ConfigMap vip-cm it announces 10.0.0.1, VIP, and the entry says vip: VIP"},
    ),
    "immutable": Case(
        edit=lambda o: o["ConfigMap cm"].update(immutable=True),
        said={"ConfigMap vip-cm it is immutable, which cannot be changed in place"},
    ),
    "other ConfigMap": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].__setitem__(0, "--services-configmap=default/all-vips"),
        said={
            (
                "ReplicationController vip its keepalived serves ConfigMap default/all-vips, and the program's is "
                "NS/T-vip-cm"
            )
        },
    ),
    "other ConfigMap, spelled apart": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].__setitem__(
            slice(0, 1), ["--services-configmap", "default/all-vips"]
        ),
        said={
            (
                "ReplicationController vip its keepalived serves ConfigMap default/all-vips, and the program's is "
                "NS/T-vip-cm"
            )
        },
    ),
    "keepalived by another name": Case(
        edit=lambda o: container(o, KEEPALIVED).update(name="keepalived"),
        said={"ReplicationController vip its containers are keepalived, and the program's is T-vip"},
    ),
    "volumes of keepalived by other names": Case(
        edit=lambda o: rename_volume(o, "dev", "devices", of=KEEPALIVED),
        said={
            (
                "ReplicationController vip its volumes would keep members in front of the program's, for which the "
                "next `up` would replace it"
            )
        },
    ),
    "selector of keepalived": Case(
        edit=lambda o: other_label(o, KEEPALIVED),
        said={'ReplicationController vip its selector.team is "x", and the program\'s is (none)'},
    ),
    "keepalived elsewhere": Case(
        edit=lambda o: pod(o, KEEPALIVED).update(nodeSelector={"kubernetes.io/hostname": "M2"}),
        said={"ReplicationController vip its pod belongs on m2.NS, and the entry says hosts.master: m1.NS"},
    ),
    # pods that would start or end
    "scaled to none": Case(
        edit=lambda o: scale(o, 0),
        said={
            (
                "ReplicationController vip it has replicas: 0, and state: running in the entry would start its pod; "
                "write `state: stopped` there"
            ),
            (
                "StatefulSet master it has replicas: 0, and state: running in the entry would start its pod; write "
                "`state: stopped` there"
            ),
            (
                "StatefulSet standby it has replicas: 0, and state: running in the entry would start its pod; write "
                "`state: stopped` there"
            ),
        },
    ),
    "one role scaled to none": Case(
        edit=lambda o: scale(o, 0, MASTER),
        said={
            (
                "StatefulSet master it has replicas: 0, and state: running in the entry would start its pod; write "
                "`state: stopped` there"
            )
        },
    ),
    "two keepalived pods": Case(
        edit=lambda o: scale(o, 2, KEEPALIVED),
        said={"ReplicationController vip it has 2 replicas, and the program has one pod a role"},
    ),
    "running, and to be stopped": Case(
        entry={"state": "stopped"},
        said={
            (
                "ReplicationController vip it has replicas: 1, and state: stopped in the entry would end its pod; "
                "write `state: running` there"
            ),
            (
                "StatefulSet master it has replicas: 1, and state: stopped in the entry would end its pod; write "
                "`state: running` there"
            ),
            (
                "StatefulSet standby it has replicas: 1, and state: stopped in the entry would end its pod; write "
                "`state: running` there"
            ),
        },
    ),
    # data
    "data": Case(
        edit=lambda o: volume(o, "data")["hostPath"].update(path="/data1/x"),
        said={"StatefulSet master its data lies in /data1/x, and the entry says dataPath: /data0/T/data"},
    ),
    "data under another name": Case(
        edit=data_elsewhere,
        said={"StatefulSet master its data lies in /data1/db, and the entry says dataPath: /data0/T/data"},
    ),
    "data in a part of a directory": Case(
        edit=lambda o: mount(o, "data").update(subPath="pg"),
        said={"StatefulSet master its data lies in /data0/T/data/pg, and the entry says dataPath: /data0/T/data"},
    ),
    "data in a claim": Case(
        edit=lambda o: [
            volume(o, "data").pop("hostPath"),
            volume(o, "data").update(persistentVolumeClaim={"claimName": "c"}),
        ],
        said={
            "StatefulSet master its data lies in no directory of its host, and the entry says dataPath: /data0/T/data",
            (
                "StatefulSet master the API server refuses what is declared (* "
                "spec.template.spec.volumes[0].persistentVolumeClaim: Forbidden: may not specify more than 1 volume "
                'type * spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data")'
            ),
        },
    ),
    "data mounted elsewhere": Case(
        edit=lambda o: mount(o, "data").update(mountPath="/var/lib/pg"),
        said={
            "StatefulSet master its data lies in no directory of its host, and the entry says dataPath: /data0/T/data",
            (
                'StatefulSet master its volumeMounts[/var/lib/pg] is {"mountPath": "/var/lib/pg", "volume": '
                '{"hostPath": {"path": "/data0/T/data"}}}, and the program\'s is (none)'
            ),
        },
    ),
    "logs": Case(
        edit=lambda o: volume(o, "adminlog")["hostPath"].update(path="/data1/logs"),
        said={"StatefulSet master its adminlog lies in /data1/logs, and the entry says logPath: /data0/T/adminlog"},
    ),
    "logs of Tomcat": Case(
        edit=lambda o: volume(o, "tomcatlogs")["hostPath"].update(path="/data1/logs"),
        said={
            (
                'StatefulSet master its volumeMounts[/opt/tomcat/logs].volume.hostPath.path is "/data1/logs", and '
                'the program\'s is "/data0/T/adminlog/tomcatlogs"'
            )
        },
    ),
    "read-only": Case(
        edit=lambda o: mount(o, "data").update(readOnly=True),
        said={"StatefulSet master its volumeMounts[/home/gpadmin/data].readOnly is true, and the program's is (none)"},
    ),
    "keys": Case(
        edit=lambda o: volume(o, "root-ssh-volume")["secret"].update(secretName="mine"),
        said={
            (
                'StatefulSet master its volumeMounts[/opt/root-ssh].volume.secret.secretName is "mine", and the '
                'program\'s is "root-ssh-key"'
            )
        },
    ),
    "one more mount": Case(
        edit=lambda o: [
            pod(o)["volumes"].append({"name": "time", "hostPath": {"path": "/etc/localtime"}}),
            container(o)["volumeMounts"].append({"name": "time", "mountPath": "/etc/localtime"}),
        ],
        said={
            (
                'StatefulSet master its volumeMounts[/etc/localtime] is {"mountPath": "/etc/localtime", "volume": '
                '{"hostPath": {"path": "/etc/localtime"}}}, and the program\'s is (none)'
            )
        },
    ),
    "database by another name": Case(
        edit=lambda o: container(o).update(name="db"),
        said={"StatefulSet master its containers are db, and the program's is T-master"},
    ),
    "one more container": Case(
        edit=lambda o: pod(o)["containers"].append(SIDECAR),
        said={"StatefulSet master its containers are T-master, exporter, and the program's is T-master"},
    ),
    "one more container before": Case(
        edit=lambda o: pod(o)["containers"].insert(0, SIDECAR),
        said={"StatefulSet master its containers are exporter, T-master, and the program's is T-master"},
    ),
    "init container": Case(
        edit=lambda o: pod(o).update(initContainers=[SIDECAR]),
        said={
            (
                'StatefulSet master its initContainers is [{"image": "exporter:1", "imagePullPolicy": '
                '"IfNotPresent", "name": "exporter", "resources": {}, "terminationMessagePath": '
                '"/dev/termination-log", "termination…, and the program\'s is (none)'
            )
        },
    ),
    "host": Case(
        edit=lambda o: pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"}),
        said={"StatefulSet master its pod belongs on m2.NS, and the entry says hosts.master: m1.NS"},
    ),
    "host of none": Case(
        edit=together(lambda o: scale(o, 0), lambda o: pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"})),
        entry={"state": "stopped"},
        said={"StatefulSet master its pod belongs on m2.NS, and the entry says hosts.master: m1.NS"},
    ),
    "fixed to a node": Case(
        edit=lambda o: pod(o).update(nodeName="M1"),
        said={'StatefulSet master its nodeName is "m1.NS", and the program\'s is (none)'},
    ),
    # what cannot be changed
    "service name": Case(
        edit=lambda o: spec(o, MASTER).update(serviceName="elsewhere"),
        said={"StatefulSet master its serviceName is elsewhere, which cannot be changed in place"},
    ),
    "selector of the database": Case(
        edit=lambda o: other_label(o, MASTER),
        said={
            (
                'StatefulSet master its selector is {"matchLabels": {"app": "adb", "role": "master", "team": "x", '
                '"tenancy": "T"}}, which cannot be changed in place'
            )
        },
    ),
    "claims": Case(
        edit=lambda o: spec(o, MASTER).update(volumeClaimTemplates=[CLAIM]),
        said={"StatefulSet master it has volumeClaimTemplates, which cannot be changed in place"},
    ),
    "pod management": Case(
        edit=lambda o: spec(o, MASTER).update(podManagementPolicy="Parallel"),
        said={"StatefulSet master its podManagementPolicy is Parallel, which cannot be changed in place"},
    ),
    "ordinals": Case(
        edit=lambda o: spec(o, MASTER).update(ordinals={"start": 3}),
        said={'StatefulSet master its ordinals is {"start": 3}, and the program\'s is (none)'},
    ),
    "rolling": Case(
        edit=lambda o: spec(o, MASTER).pop("updateStrategy"),
        said={
            (
                "StatefulSet master its updateStrategy is RollingUpdate, and the entry's is OnDelete, which takes "
                "this first (it restarts nothing): kubectl --namespace NS patch statefulset T-master --type merge "
                '--patch \'{"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": null}}}\''
            )
        },
    ),
    "to be rolling": Case(
        entry={"updateStrategy": "RollingUpdate"},
        said={
            (
                "StatefulSet master its template changes, and updateStrategy: RollingUpdate would restart its "
                "database at once"
            ),
            (
                "StatefulSet standby its template changes, and updateStrategy: RollingUpdate would restart its "
                "database at once"
            ),
        },
    ),
}


OF_THE_OLD_SERVICE = {
    *(
        f'StatefulSet {role} gets hostnameOverride "T-{role}" instead of (none), {NEXT}'
        for role in ("master", "standby")
    ),
    f'ReplicationController vip gets serviceAccountName "adb-keepalived" instead of (none), {NEXT}',
}
"""What is said of every tenant that it made: these take effect when a pod is started again."""


def spell_apart(objects: Objects) -> None:
    """Write keepalived's flags in the other ways that its program reads them."""
    config_map, vrid = container(objects, KEEPALIVED)["args"]
    container(objects, KEEPALIVED)["args"] = ["--vrid", vrid.partition("=")[2], config_map.removeprefix("-")]


def tolerate(objects: Objects, of: str) -> None:
    pod(objects, of)["tolerations"].append({"key": "disk", "operator": "Exists"})


NAMED: Mapping[str, Case] = {
    "as the old service made it": Case(),
    # the same in other words
    "path": Case(
        edit=lambda o: volume(o, "data").update(hostPath={"path": f"/{volume(o, 'data')['hostPath']['path']}/."})
    ),
    "names of volumes": Case(
        edit=together(lambda o: rename_volume(o, "data", "db"), lambda o: rename_volume(o, "adminlog", "log")),
        said={
            (
                "StatefulSet master keeps members of volumes in front of the program's, so that previews show an "
                "update until `python -m drift --repair` has taken them out and an `up` has seen it"
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
    # what the entry says for the next start
    "image": Case(
        edit=lambda o: container(o).update(image="adb:2"),
        said={f"StatefulSet master gets image docker.dtdream.com/adb/adb-control:v1.1.0 instead of adb:2, {NEXT}"},
    ),
    "more memory": Case(
        entry={"memory": "24Gi"},
        said={
            f"StatefulSet master gets memory 24Gi instead of 16Gi, {NEXT}",
            f"StatefulSet standby gets memory 24Gi instead of 16Gi, {NEXT}",
        },
    ),
    "id": Case(
        entry={"vrid": 200},
        said={
            f"ReplicationController vip gets --vrid=200 instead of --services-configmap=NS/T-vip-cm --vrid=V, {NEXT}"
        },
    ),
    "image of keepalived": Case(
        entry={"keepalived": {"image": "keepalived:2"}},
        said={
            (
                "ReplicationController vip gets image keepalived:2 instead of "
                f"docker.dtdream.com/dtdream/kube-keepalived-vip:0.9, {NEXT}"
            )
        },
    ),
    "variable": Case(
        entry={"memoryLimit": 1},
        said={
            f'StatefulSet master gets env[MEMORY_LIMIT].value "1" instead of "2048", {NEXT}',
            f'StatefulSet standby gets env[MEMORY_LIMIT].value "1" instead of "2048", {NEXT}',
        },
    ),
    # what the entry has no word for
    "one more variable": Case(
        edit=lambda o: container(o)["env"].append({"name": "PGPASSWORD", "value": "hush"}),
        said={"StatefulSet master keeps env[PGPASSWORD] [secret], which no entry says"},
    ),
    "annotation of pods": Case(
        edit=lambda o: spec(o, MASTER)["template"]["metadata"]["annotations"].update(a="b"),
        said={'StatefulSet master keeps template.metadata.annotations.a "b", which no entry says'},
    ),
    "toleration": Case(
        edit=lambda o: tolerate(o, MASTER),
        said={f'StatefulSet master loses tolerations[disk] {{"key": "disk", "operator": "Exists"}}, {NEXT}'},
    ),
    "kind of directory": Case(
        edit=lambda o: volume(o, "adminlog")["hostPath"].update(type="DirectoryOrCreate"),
        said={
            (
                "StatefulSet master keeps volumeMounts[/home/gpadmin/gpAdminLogs].volume.hostPath.type "
                '"DirectoryOrCreate", which no entry says'
            )
        },
    ),
    "account": Case(
        edit=lambda o: pod(o).update(serviceAccountName="adb", imagePullSecrets=[{"name": "registry"}]),
        said={
            'StatefulSet master keeps imagePullSecrets [{"name": "registry"}], which no entry says',
            'StatefulSet master keeps serviceAccountName "adb", which no entry says',
        },
    ),
    "no mount for Tomcat": Case(
        edit=lambda o: [container(o)["volumeMounts"].remove(mount(o, "tomcatlogs"))],
        said={
            (
                'StatefulSet master gets volumeMounts[/opt/tomcat/logs] {"mountPath": "/opt/tomcat/logs", "volume": '
                f'{{"hostPath": {{"path": "/data0/T/adminlog/tomcatlogs"}}}}}}, {NEXT}'
            )
        },
    ),
    "probe": Case(
        edit=lambda o: container(o).update(readinessProbe={"tcpSocket": {"port": 5432}}),
        said={
            (
                'StatefulSet master keeps readinessProbe {"failureThreshold": 3, "periodSeconds": 10, '
                '"successThreshold": 1, "tcpSocket": {"port": 5432}, "timeoutSeconds": 1}, which no entry says'
            )
        },
    ),
    "time to end": Case(
        edit=lambda o: pod(o).update(terminationGracePeriodSeconds=600),
        said={f"StatefulSet master gets terminationGracePeriodSeconds 30 instead of 600, {NEXT}"},
    ),
    "command": Case(
        edit=lambda o: container(o).update(command=["/bin/sh", "-c", "exec /entry/entry-point.sh"]),
        said={
            (
                'StatefulSet master gets command[2] "/entry/entry-point.sh" instead of "exec /entry/entry-point.sh", '
                f"{NEXT}"
            )
        },
    ),
    "number of revisions": Case(
        edit=lambda o: spec(o, MASTER).update(revisionHistoryLimit=3),
        said={"StatefulSet master keeps revisionHistoryLimit 3, which no entry says"},
    ),
    "unicast": Case(
        edit=lambda o: container(o, KEEPALIVED)["args"].append("--use-unicast=true"),
        said={
            (
                "ReplicationController vip gets arguments --services-configmap=NS/T-vip-cm --vrid=V instead of "
                f"--services-configmap=NS/T-vip-cm --vrid=V --use-unicast=true, {NEXT}"
            )
        },
    ),
    "container beside keepalived": Case(
        edit=lambda o: pod(o, KEEPALIVED)["containers"].append(SIDECAR),
        said={
            (
                'ReplicationController vip keeps containers[exporter] {"image": "exporter:1", "imagePullPolicy": '
                '"IfNotPresent", "name": "exporter", "resources": {}, "terminationMessagePath": '
                '"/dev/termination-log", "terminationM…, which no entry says, until a failover or a change replaces '
                "it"
            )
        },
    ),
    "secrets of keepalived": Case(
        edit=lambda o: pod(o, KEEPALIVED).update(imagePullSecrets=[{"name": "registry"}]),
        said={
            (
                'ReplicationController vip keeps imagePullSecrets [{"name": "registry"}], which no entry says, until '
                "a failover or a change replaces it"
            )
        },
    ),
    "toleration of keepalived": Case(
        edit=lambda o: tolerate(o, KEEPALIVED),
        said={f'ReplicationController vip loses tolerations[disk] {{"key": "disk", "operator": "Exists"}}, {NEXT}'},
    ),
    "release": Case(
        edit=lambda o: o[MASTER]["metadata"].update(annotations={"meta.helm.sh/release-name": "adb"}),
        said={
            (
                "StatefulSet master is also kept by the Helm release adb, which may put it back or delete it: take "
                "it out there"
            )
        },
    ),
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


REFUSAL = re.compile(r"(?:is not|cannot be) adopted: (.*?)(?:\. Adopting takes over .*|\.) Nothing was changed\.")


def said_of(cell: Cell, cases: Mapping[str, Case], monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Ask to adopt them all; what is said of each case, its tenant called T, its address VIP and the namespace NS."""
    entries = create(cell, cases)
    lines: list[str] = []
    monkeypatch.setenv("KUBECONFIG", cell.environment["KUBECONFIG"])
    # What changes is a warning, which begins with its tenant.
    monkeypatch.setattr(pulumi.log, "warn", lambda said: lines.append(said.partition(": ")[2]))
    fleet = load(with_tenants(tenant3(cell), entries))
    live = LiveCluster(None)
    home = StackHome(stack="adb-tenants/test", namespace=cell.namespace, uid=live.uid(), identifier="any")
    try:
        adopt_or_refuse(fleet, live, home, LiveNodes(fleet, live))
    except UnusableClusterError as error:
        lines += str(error).splitlines()
    said: dict[str, set[str]] = {}
    for entry, name in zip(entries, cases, strict=True):
        tenant = re.escape(entry["name"])
        of_it = [line for line in lines if re.match(rf"\w+ {cell.namespace}/{tenant}-", line)]
        said[name] = {_in_general(line, entry, cell) for line in of_it}
    return said


def _in_general(line: str, entry: Json, cell: Cell) -> str:
    line = REFUSAL.sub(r"\1", line).replace(entry["vip"], "VIP").replace(cell.namespace, "NS")
    line = re.sub(rf"--vrid={entry['vip'].rpartition('.')[2]}\b", "--vrid=V", line)
    line = re.sub(rf"\b{entry['name']}\b", "T", line).replace("NS/T-", "", 1)
    return re.sub(r"nodePort is \d+|clusterIP is 10\.[.\d]+", lambda found: found[0].rpartition(" ")[0] + " N", line)


def test_what_clients_or_a_database_would_notice_is_refused(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said_of(cell, REFUSED, monkeypatch) == {name: case.said for name, case in REFUSED.items()}


def test_what_nobody_notices_now_is_named_and_what_means_the_same_is_not(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said_of(cell, NAMED, monkeypatch) == {name: OF_THE_OLD_SERVICE ^ case.said for name, case in NAMED.items()}
