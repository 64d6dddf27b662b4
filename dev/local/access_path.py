"""Shows how a client reaches a tenant's database, read from the live cluster, link by link."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dev.local.cluster import KwokCluster

_VIP_SUFFIX = "-vip"


@dataclass(frozen=True)
class PrintedAccessPath:
    """One tenant's links, as text; `broken` names what is missing."""

    tenant: str
    links: tuple[tuple[str, str], ...]
    broken: tuple[str, ...]

    def __str__(self) -> str:
        width = max(len(what) for what, _ in self.links)
        lines = [
            f"  {'→ ' if number else '  '}{what:<{width}}  {value}" for number, (what, value) in enumerate(self.links)
        ]
        lines += [f"  ✗ {missing}" for missing in self.broken]
        return "\n".join([f"{self.tenant}:", *lines])


def of_all_tenants(cluster: KwokCluster) -> list[PrintedAccessPath]:
    """Every tenant that has a VIP's ConfigMap, in the order of their names."""
    kinds = "configmaps,services,replicationcontrollers,endpointslices.discovery.k8s.io,pods"
    listed = json.loads(cluster.kubectl("get", kinds, "--all-namespaces", "--output=json"))
    objects = listed["items"]
    paths = []
    for config_map in _of_kind(objects, "ConfigMap"):
        name: str = config_map["metadata"]["name"]
        if name.endswith(f"{_VIP_SUFFIX}-cm"):
            tenant = name.removesuffix(f"{_VIP_SUFFIX}-cm")
            mine = [
                item for item in objects if item["metadata"].get("namespace") == config_map["metadata"]["namespace"]
            ]
            paths.append(_of_tenant(tenant, config_map, mine))
    return sorted(paths, key=lambda path: path.tenant)


def _of_tenant(tenant: str, config_map: dict[str, Any], objects: list[dict[str, Any]]) -> PrintedAccessPath:
    vip_name = f"{tenant}{_VIP_SUFFIX}"
    entries: dict[str, str] = config_map.get("data") or {}
    controller = _named(objects, "ReplicationController", vip_name)
    service = _named(objects, "Service", vip_name)
    keepalived = _selected(objects, (controller or {}).get("spec", {}).get("selector"))
    ready = _ready_addresses(objects, vip_name)

    links = [("client", "")]
    broken = []
    links += [("VIP", vip) for vip in entries]
    for pod in keepalived:
        links.append(("keepalived", f"pod {_where(pod)}"))
    links += [(f"ConfigMap {config_map['metadata']['name']}", f"{vip} → {target}") for vip, target in entries.items()]
    if service:
        spec = service["spec"]
        selector = ",".join(f"{key}={value}" for key, value in sorted((spec.get("selector") or {}).items()))
        links.append((f"Service {vip_name}", f"{spec.get('clusterIP')}:{_ports(spec['ports'])}, selects {selector}"))
    for address, pod_name in ready:
        target = _named(objects, "Pod", pod_name)
        links.append(("Endpoints", f"{address}, pod {_where(target) if target else pod_name}"))

    if not entries:
        broken.append(f"ConfigMap {config_map['metadata']['name']} holds no address")
    if not any(_is_ready(pod) for pod in keepalived):
        broken.append(f"no ready keepalived pod of ReplicationController {vip_name}")
    if not service:
        broken.append(f"no Service {vip_name}")
    if not ready:
        broken.append(f"Service {vip_name} has no ready endpoint")
    return PrintedAccessPath(tenant, tuple(links), tuple(broken))


def _of_kind(objects: Iterable[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [item for item in objects if item["kind"] == kind]


def _named(objects: Iterable[dict[str, Any]], kind: str, name: str) -> dict[str, Any] | None:
    return next((item for item in _of_kind(objects, kind) if item["metadata"]["name"] == name), None)


def _selected(objects: Iterable[dict[str, Any]], selector: dict[str, str] | None) -> list[dict[str, Any]]:
    wanted = (selector or {}).items()
    return [
        pod for pod in _of_kind(objects, "Pod") if wanted and wanted <= (pod["metadata"].get("labels") or {}).items()
    ]


def _ready_addresses(objects: Iterable[dict[str, Any]], service: str) -> list[tuple[str, str]]:
    """`address:port` and pod name of every ready endpoint of a Service."""
    found = []
    for part in _of_kind(objects, "EndpointSlice"):
        if (part["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == service:
            ports = _ports(part.get("ports") or [])
            for endpoint in part.get("endpoints") or []:
                if endpoint.get("conditions", {}).get("ready"):
                    pod = (endpoint.get("targetRef") or {}).get("name", "")
                    found += [(f"{address}:{ports}", pod) for address in endpoint["addresses"]]
    return sorted(found)


def _ports(ports: Iterable[dict[str, Any]]) -> str:
    return ",".join(str(port["port"]) for port in ports)


def _where(pod: dict[str, Any]) -> str:
    state = "ready" if _is_ready(pod) else pod["status"].get("phase", "unknown")
    return f"{pod['metadata']['name']} on node {pod['spec'].get('nodeName', '(none)')} ({state})"


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
