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
from tenants import Role, load
from tests.support.cell import Cell, eventually
from tests.support.fleets import tenant3, with_tenants
from tests.support.legacy import JAVA_CLIENT, posted_objects

pytestmark = pytest.mark.engine

Json = dict[str, Any]
Objects = dict[str, Json]
"""The objects that the old service posted for a tenant, by kind and end of name: `StatefulSet master`."""

VIP, MASTER, KEEPALIVED = "Service vip", "StatefulSet master", "ReplicationController vip"
WORKLOADS = (MASTER, "StatefulSet standby", KEEPALIVED)
FIRST_VIP = 10
NEXT = "when its pod next starts"


@dataclass(frozen=True)
class Case:
    """A tenant whose objects differ from those of the old service."""

    edit: Callable[[Objects], object] = lambda _: None
    """Changes its objects."""
    expected: set[str] = field(default_factory=set)
    """Its refusals; or its warnings, except those of every tenant of the old service."""
    entry: Json = field(default_factory=dict)
    """Additional fields of its entry."""


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


def spec(objects: Objects, of: str = VIP) -> Json:
    found: Json = objects[of]["spec"]
    return found


def scale(objects: Objects, replicas: int, *of: str) -> None:
    for each in of or WORKLOADS:
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


def differs(of: str, path: str, live: object, declared: object = "(none)") -> str:
    return f"{of} its {path} is {live}, but the program declares {declared}"


def fixed(of: str, path: str, live: str) -> str:
    return f"{of} its {path} is {live}, which cannot be changed in place"


def scaled(replicas: int, *of: str) -> set[str]:
    state, verb, other = ("stopped", "stop", "running") if replicas else ("running", "start", "stopped")
    conflict = f"replicas: {replicas}, but state: {state} in the entry would {verb} its pod; set `state: {other}`"
    return {f"{each} it has {conflict}" for each in of}


def keeps(of: str, path: str, live: str) -> str:
    until = ", until a failover or a change replaces it" if of == KEEPALIVED else ""
    return f"{of} keeps {path} {live}, which is not declared{until}"


CLAIM = {
    "metadata": {"name": "scratch"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
SIDECAR = {"name": "exporter", "image": "exporter:1"}
LIVE_SIDECAR = json.dumps(
    {"image": "exporter:1", "imagePullPolicy": "IfNotPresent", "name": "exporter", "resources": {}}
    | {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
)
LOCAL_TIME = '{"mountPath": "/etc/localtime", "volume": {"hostPath": {"path": "/etc/localtime"}}}'
PROBE = {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "tcpSocket": {"port": 5432}}
OTHER_CONFIG_MAP = f"{KEEPALIVED} its keepalived reads ConfigMap default/all-vips, but the program declares NS/T-vip-cm"

REFUSED: Mapping[str, Case] = {
    # clients
    "port": Case(lambda o: spec(o)["ports"][0].update(port=5433), {differs(VIP, "ports[adb].port", 5433, 5432)}),
    "target port": Case(
        lambda o: spec(o)["ports"][0].update(targetPort=5433), {differs(VIP, "ports[adb].targetPort", 5433, 5432)}
    ),
    "second port": Case(
        lambda o: spec(o)["ports"].append({"name": "x", "port": 80}),
        {differs(VIP, "ports[x]", '{"name": "x", "port": 80, "protocol": "TCP", "targetPort": 80}')},
    ),
    "selector": Case(lambda o: spec(o)["selector"].update(app="pg"), {differs(VIP, "selector.app", '"pg"', '"adb"')}),
    "narrower selector": Case(lambda o: spec(o)["selector"].update(zone="a"), {differs(VIP, "selector.zone", '"a"')}),
    "no selector": Case(
        lambda o: spec(o).pop("selector"),
        {
            differs(VIP, "selector.app", "(none)", '"adb"'),
            differs(VIP, "selector.role", "(none)", '"master"'),
            differs(VIP, "selector.tenancy", "(none)", '"T"'),
        },
    ),
    "node port": Case(
        lambda o: spec(o).update(type="NodePort"),
        {
            differs(VIP, "externalTrafficPolicy", '"Cluster"'),
            differs(VIP, "ports[adb].nodePort", "N"),
            differs(VIP, "type", '"NodePort"', '"ClusterIP"'),
        },
    ),
    "external address": Case(
        lambda o: spec(o).update(externalIPs=["10.1.1.1"]),
        {differs(VIP, "externalIPs", '["10.1.1.1"]'), differs(VIP, "externalTrafficPolicy", '"Cluster"')},
    ),
    "affinity of sessions": Case(
        lambda o: spec(o).update(sessionAffinity="ClientIP"),
        {
            differs(VIP, "sessionAffinity", '"ClientIP"', '"None"'),
            differs(VIP, "sessionAffinityConfig", '{"clientIP": {"timeoutSeconds": 10800}}'),
        },
    ),
    "headless": Case(lambda o: spec(o).update(clusterIP="None"), {fixed(VIP, "clusterIP", "None")}),
    "not headless": Case(
        lambda o: spec(o, "Service master").pop("clusterIP"), {fixed("Service master", "clusterIP", "N")}
    ),
    "addresses of unready pods": Case(
        lambda o: spec(o, "Service master").update(publishNotReadyAddresses=True),
        {differs("Service master", "publishNotReadyAddresses", "true")},
    ),
    "direct return": Case(
        lambda o: o["ConfigMap cm"].update(
            data={vip: f"{service}:DR" for vip, service in o["ConfigMap cm"]["data"].items()}
        ),
        {differs("ConfigMap vip-cm", "backend of VIP", "NS/T-vip:DR", "NS/T-vip")},
    ),
    "other service": Case(
        lambda o: o["ConfigMap cm"].update(data=dict.fromkeys(o["ConfigMap cm"]["data"], "kube-system/x")),
        {differs("ConfigMap vip-cm", "backend of VIP", "kube-system/x", "NS/T-vip")},
    ),
    "two addresses": Case(
        lambda o: o["ConfigMap cm"]["data"].update({"10.0.0.1": "default/x"}),
        {"ConfigMap vip-cm it announces 10.0.0.1, VIP, but the entry has vip: VIP"},
    ),
    "immutable": Case(
        lambda o: o["ConfigMap cm"].update(immutable=True),
        {"ConfigMap vip-cm it is immutable, which cannot be changed in place"},
    ),
    "other ConfigMap": Case(
        lambda o: container(o, KEEPALIVED)["args"].__setitem__(0, "--services-configmap=default/all-vips"),
        {OTHER_CONFIG_MAP},
    ),
    "other ConfigMap, spelled apart": Case(
        lambda o: container(o, KEEPALIVED)["args"].__setitem__(
            slice(0, 1), ["--services-configmap", "default/all-vips"]
        ),
        {OTHER_CONFIG_MAP},
    ),
    "keepalived by another name": Case(
        lambda o: container(o, KEEPALIVED).update(name="keepalived"),
        {"ReplicationController vip its containers are keepalived, but the program declares T-vip"},
    ),
    "volumes of keepalived by other names": Case(
        lambda o: rename_volume(o, "dev", "devices", of=KEEPALIVED),
        {
            (
                "ReplicationController vip its volumes would keep members before those of the program, and the next "
                "`up` would replace it for that"
            )
        },
    ),
    "selector of keepalived": Case(lambda o: other_label(o, KEEPALIVED), {differs(KEEPALIVED, "selector.team", '"x"')}),
    "keepalived elsewhere": Case(
        lambda o: pod(o, KEEPALIVED).update(nodeSelector={"kubernetes.io/hostname": "M2"}),
        {"ReplicationController vip its pod's node is m2.NS, but the entry has hosts.master: m1.NS"},
    ),
    # pods that would start or stop
    "scaled to none": Case(lambda o: scale(o, 0), scaled(0, *WORKLOADS)),
    "one role scaled to none": Case(lambda o: scale(o, 0, MASTER), scaled(0, MASTER)),
    "two keepalived pods": Case(
        lambda o: scale(o, 2, KEEPALIVED),
        {"ReplicationController vip it has 2 replicas, but the program declares at most one"},
    ),
    "running, and to be stopped": Case(entry={"state": "stopped"}, expected=scaled(1, *WORKLOADS)),
    # data
    "data": Case(
        lambda o: volume(o, "data")["hostPath"].update(path="/data1/x"),
        {"StatefulSet master its data is in /data1/x, but the entry has dataPath: /data0/T/data"},
    ),
    "data under another name": Case(
        data_elsewhere, {"StatefulSet master its data is in /data1/db, but the entry has dataPath: /data0/T/data"}
    ),
    "data in a part of a directory": Case(
        lambda o: mount(o, "data").update(subPath="pg"),
        {"StatefulSet master its data is in /data0/T/data/pg, but the entry has dataPath: /data0/T/data"},
    ),
    "data in a claim": Case(
        lambda o: [
            volume(o, "data").pop("hostPath"),
            volume(o, "data").update(persistentVolumeClaim={"claimName": "c"}),
        ],
        {
            "StatefulSet master its data is in no directory of its node, but the entry has dataPath: /data0/T/data",
            (
                "StatefulSet master the API server rejects the declared object (* "
                "spec.template.spec.volumes[0].persistentVolumeClaim: Forbidden: may not specify more than 1 volume "
                'type * spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"): change the entry or '
                "the live object accordingly"
            ),
        },
    ),
    "data mounted elsewhere": Case(
        lambda o: mount(o, "data").update(mountPath="/var/lib/pg"),
        {
            "StatefulSet master its data is in no directory of its node, but the entry has dataPath: /data0/T/data",
            differs(
                MASTER,
                "volumeMounts[/var/lib/pg]",
                '{"mountPath": "/var/lib/pg", "volume": {"hostPath": {"path": "/data0/T/data"}}}',
            ),
        },
    ),
    "logs": Case(
        lambda o: volume(o, "adminlog")["hostPath"].update(path="/data1/logs"),
        {"StatefulSet master its adminlog is in /data1/logs, but the entry has logPath: /data0/T/adminlog"},
    ),
    "logs of Tomcat": Case(
        lambda o: volume(o, "tomcatlogs")["hostPath"].update(path="/data1/logs"),
        {
            differs(
                MASTER,
                "volumeMounts[/opt/tomcat/logs].volume.hostPath.path",
                '"/data1/logs"',
                '"/data0/T/adminlog/tomcatlogs"',
            )
        },
    ),
    "read-only": Case(
        lambda o: mount(o, "data").update(readOnly=True),
        {differs(MASTER, "volumeMounts[/home/gpadmin/data].readOnly", "true")},
    ),
    "keys": Case(
        lambda o: volume(o, "root-ssh-volume")["secret"].update(secretName="mine"),
        {differs(MASTER, "volumeMounts[/opt/root-ssh].volume.secret.secretName", '"mine"', '"root-ssh-key"')},
    ),
    "one more mount": Case(
        lambda o: [
            pod(o)["volumes"].append({"name": "time", "hostPath": {"path": "/etc/localtime"}}),
            container(o)["volumeMounts"].append({"name": "time", "mountPath": "/etc/localtime"}),
        ],
        {differs(MASTER, "volumeMounts[/etc/localtime]", LOCAL_TIME)},
    ),
    "database by another name": Case(
        lambda o: container(o).update(name="db"),
        {"StatefulSet master its containers are db, but the program declares T-master"},
    ),
    "one more container": Case(
        lambda o: pod(o)["containers"].append(SIDECAR),
        {"StatefulSet master its containers are T-master, exporter, but the program declares T-master"},
    ),
    "one more container before": Case(
        lambda o: pod(o)["containers"].insert(0, SIDECAR),
        {"StatefulSet master its containers are exporter, T-master, but the program declares T-master"},
    ),
    "init container": Case(
        lambda o: pod(o).update(initContainers=[SIDECAR]),
        {differs(MASTER, "initContainers", f"[{LIVE_SIDECAR}]"[:159] + "…")},
    ),
    "host": Case(
        lambda o: pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"}),
        {"StatefulSet master its pod's node is m2.NS, but the entry has hosts.master: m1.NS"},
    ),
    "host of none": Case(
        together(lambda o: scale(o, 0), lambda o: pod(o).update(nodeSelector={"kubernetes.io/hostname": "M2"})),
        entry={"state": "stopped"},
        expected={"StatefulSet master its pod's node is m2.NS, but the entry has hosts.master: m1.NS"},
    ),
    "fixed to a node": Case(lambda o: pod(o).update(nodeName="M1"), {differs(MASTER, "nodeName", '"m1.NS"')}),
    # immutable fields
    "service name": Case(
        lambda o: spec(o, MASTER).update(serviceName="elsewhere"), {fixed(MASTER, "serviceName", "elsewhere")}
    ),
    "selector of the database": Case(
        lambda o: other_label(o, MASTER),
        {fixed(MASTER, "selector", '{"matchLabels": {"app": "adb", "role": "master", "team": "x", "tenancy": "T"}}')},
    ),
    "claims": Case(
        lambda o: spec(o, MASTER).update(volumeClaimTemplates=[CLAIM]),
        {"StatefulSet master it has volumeClaimTemplates, which cannot be changed in place"},
    ),
    "pod management": Case(
        lambda o: spec(o, MASTER).update(podManagementPolicy="Parallel"),
        {fixed(MASTER, "podManagementPolicy", "Parallel")},
    ),
    "ordinals": Case(
        lambda o: spec(o, MASTER).update(ordinals={"start": 3}), {differs(MASTER, "ordinals", '{"start": 3}')}
    ),
    "rolling": Case(
        lambda o: spec(o, MASTER).pop("updateStrategy"),
        {
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
            f"{of} its template changes, and updateStrategy: RollingUpdate would restart its database immediately; set "
            "`updateStrategy: OnDelete` in the entry"
            for of in WORKLOADS[:2]
        },
    ),
}


OF_EVERY_TENANT = {
    *(f'StatefulSet {role} gets hostnameOverride "T-{role}" instead of (none) {NEXT}' for role in Role),
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
    "path": Case(lambda o: volume(o, "data").update(hostPath={"path": f"/{volume(o, 'data')['hostPath']['path']}/."})),
    "names of volumes": Case(
        together(lambda o: rename_volume(o, "data", "db"), lambda o: rename_volume(o, "adminlog", "log")),
        {
            (
                "StatefulSet master keeps members of volumes before those of the program, so previews show an update "
                "until `python -m drift --repair` has removed them and `pulumi up` has run again"
            )
        },
    ),
    "volume of no one": Case(lambda o: pod(o)["volumes"].append({"name": "scratch", "emptyDir": {}})),
    "memory": Case(lambda o: container(o)["resources"]["limits"].update(memory="17179869184")),
    "memory, requested too": Case(lambda o: container(o)["resources"].update(requests={"memory": "16384Mi"})),
    "order": Case(
        lambda o: [container(o)["env"].reverse(), container(o)["volumeMounts"].reverse(), pod(o)["volumes"].reverse()]
    ),
    "way to forward": Case(
        lambda o: o["ConfigMap cm"].update(
            data={vip: f"{service}:NAT" for vip, service in o["ConfigMap cm"]["data"].items()}
        )
    ),
    "arguments": Case(spell_apart),
    "label of a Service": Case(lambda o: o["Service vip"]["metadata"]["labels"].update(team="x")),
    "annotation of a Service": Case(lambda o: o["Service vip"]["metadata"].update(annotations={"a/b": "c"})),
    "stopped": Case(lambda o: scale(o, 0), entry={"state": "stopped"}),
    # fields of the entry, for the next start
    "image": Case(
        lambda o: container(o).update(image="adb:2"),
        {f"StatefulSet master gets image docker.dtdream.com/adb/adb-control:v1.1.0 instead of adb:2 {NEXT}"},
    ),
    "more memory": Case(
        entry={"memory": "24Gi"},
        expected={f"StatefulSet {role} gets memory 24Gi instead of 16Gi {NEXT}" for role in Role},
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
        expected={f'StatefulSet {role} gets env[MEMORY_LIMIT].value "1" instead of "2048" {NEXT}' for role in Role},
    ),
    # fields that no entry has
    "one more variable": Case(
        lambda o: container(o)["env"].append({"name": "PGPASSWORD", "value": "hush"}),
        {keeps(MASTER, "env[PGPASSWORD]", "[secret]")},
    ),
    "annotation of pods": Case(
        lambda o: spec(o, MASTER)["template"]["metadata"]["annotations"].update(a="b"),
        {keeps(MASTER, "template.metadata.annotations.a", '"b"')},
    ),
    "toleration": Case(
        lambda o: tolerate(o, MASTER),
        {f'StatefulSet master loses tolerations[disk] {{"key": "disk", "operator": "Exists"}} {NEXT}'},
    ),
    "kind of directory": Case(
        lambda o: volume(o, "adminlog")["hostPath"].update(type="DirectoryOrCreate"),
        {keeps(MASTER, "volumeMounts[/home/gpadmin/gpAdminLogs].volume.hostPath.type", '"DirectoryOrCreate"')},
    ),
    "account": Case(
        lambda o: pod(o).update(serviceAccountName="adb", imagePullSecrets=[{"name": "registry"}]),
        {keeps(MASTER, "imagePullSecrets", '[{"name": "registry"}]'), keeps(MASTER, "serviceAccountName", '"adb"')},
    ),
    "no mount for Tomcat": Case(
        lambda o: [container(o)["volumeMounts"].remove(mount(o, "tomcatlogs"))],
        {
            (
                'StatefulSet master gets volumeMounts[/opt/tomcat/logs] {"mountPath": "/opt/tomcat/logs", "volume": '
                f'{{"hostPath": {{"path": "/data0/T/adminlog/tomcatlogs"}}}}}} {NEXT}'
            )
        },
    ),
    "probe": Case(
        lambda o: container(o).update(readinessProbe={"tcpSocket": {"port": 5432}}),
        {keeps(MASTER, "readinessProbe", json.dumps(PROBE | {"timeoutSeconds": 1}))},
    ),
    "time to end": Case(
        lambda o: pod(o).update(terminationGracePeriodSeconds=600),
        {f"StatefulSet master gets terminationGracePeriodSeconds 30 instead of 600 {NEXT}"},
    ),
    "command": Case(
        lambda o: container(o).update(command=["/bin/sh", "-c", "exec /entry/entry-point.sh"]),
        {f'{MASTER} gets command[2] "/entry/entry-point.sh" instead of "exec /entry/entry-point.sh" {NEXT}'},
    ),
    "number of revisions": Case(
        lambda o: spec(o, MASTER).update(revisionHistoryLimit=3), {keeps(MASTER, "revisionHistoryLimit", "3")}
    ),
    "unicast": Case(
        lambda o: container(o, KEEPALIVED)["args"].append("--use-unicast=true"),
        {
            (
                "ReplicationController vip gets arguments --services-configmap=NS/T-vip-cm --vrid=V instead of "
                f"--services-configmap=NS/T-vip-cm --vrid=V --use-unicast=true {NEXT}"
            )
        },
    ),
    "container beside keepalived": Case(
        lambda o: pod(o, KEEPALIVED)["containers"].append(SIDECAR),
        {keeps(KEEPALIVED, "containers[exporter]", LIVE_SIDECAR[:159] + "…")},
    ),
    "secrets of keepalived": Case(
        lambda o: pod(o, KEEPALIVED).update(imagePullSecrets=[{"name": "registry"}]),
        {keeps(KEEPALIVED, "imagePullSecrets", '[{"name": "registry"}]')},
    ),
    "toleration of keepalived": Case(
        lambda o: tolerate(o, KEEPALIVED),
        {f'ReplicationController vip loses tolerations[disk] {{"key": "disk", "operator": "Exists"}} {NEXT}'},
    ),
    "release": Case(
        lambda o: o[MASTER]["metadata"].update(annotations={"meta.helm.sh/release-name": "adb"}),
        {"StatefulSet master is also managed by the Helm release adb, which may revert or delete it: remove it there"},
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
    r"(?:is not|cannot be) adopted: (.*?)(?:\. (?:Adoption moves|No field|Choose another) .*|\.) Nothing was changed\."
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
