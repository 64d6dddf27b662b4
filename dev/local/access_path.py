"""Shows the path from a client to a tenant's database, as read from the live cluster."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dev.local.cluster import KwokCluster
from kube.facts import NODE_KEEPALIVED_LABEL, forward, is_ready, vips
from kube.manifest import Json, Manifest, at, items, key_of, mapping, text

_VIP_SUFFIX = "-vip"
_CONFIG_MAP_SUFFIX = f"{_VIP_SUFFIX}-cm"


@dataclass(frozen=True)
class TenantAccessPath:
    """The links of one tenant's path, as text, and what is missing."""

    tenant: str
    links: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        width = max(len(what) for what, _ in self.links)
        lines = [
            f"  {'→ ' if number else '  '}{what:<{width}}  {value}" for number, (what, value) in enumerate(self.links)
        ]
        lines += [f"  ✗ {each}" for each in self.missing]
        return "\n".join([f"{self.tenant}:", *lines])


def of_all_tenants(cluster: KwokCluster) -> list[TenantAccessPath]:
    """Return the paths of all tenants whose VIP is in a ConfigMap, their own or a node's, sorted by name."""
    kinds = "configmaps,services,replicationcontrollers,endpointslices.discovery.k8s.io,pods"
    listed = json.loads(cluster.kubectl("get", kinds, "--all-namespaces", "--output=json"))
    objects = list(map(mapping, items(at(listed, "items"))))
    paths = [
        _of_tenant(tenant, config_map, [each for each in objects if key_of(each)[1] == key_of(config_map)[1]])
        for config_map in _of_kind(objects, "ConfigMap")
        for tenant in _tenants_in(config_map)
    ]
    return sorted(paths, key=lambda path: path.tenant)


def _tenants_in(config_map: Manifest) -> Sequence[str]:
    """Return the tenants whose VIPs a ConfigMap has: one in a tenant's own, several or none in a node's."""
    if _is_of_a_node(config_map):
        services = {backend.service for vip in vips(config_map) if (backend := forward(config_map, vip))}
        return [service.removesuffix(_VIP_SUFFIX) for service in services]
    name = _name(config_map)
    return [name.removesuffix(_CONFIG_MAP_SUFFIX)] if name.endswith(_CONFIG_MAP_SUFFIX) else []


def _is_of_a_node(config_map: Manifest) -> bool:
    return NODE_KEEPALIVED_LABEL in mapping(at(config_map, "metadata", "labels"))


def _of_tenant(tenant: str, config_map: Manifest, objects: Sequence[Manifest]) -> TenantAccessPath:
    vip_name = f"{tenant}{_VIP_SUFFIX}"
    entries, controller_name = mapping(config_map.get("data")), vip_name
    if _is_of_a_node(config_map):
        ours = [vip for vip in entries if (backend := forward(config_map, vip)) and backend.service == vip_name]
        entries, controller_name = {vip: entries[vip] for vip in ours}, _name(config_map)
    controller = _named(objects, "ReplicationController", controller_name)
    service = _named(objects, "Service", vip_name)
    keepalived = _selected_pods(objects, mapping(at(controller, "spec", "selector")))
    ready = _ready_addresses(objects, vip_name)

    links = [("client", ""), *(("VIP", vip) for vip in entries)]
    links += [("keepalived", f"pod {_describe(pod)}") for pod in keepalived]
    links += [(f"ConfigMap {_name(config_map)}", f"{vip} → {target}") for vip, target in entries.items()]
    if service:
        selector = ",".join(f"{key}={value}" for key, value in sorted(mapping(at(service, "spec", "selector")).items()))
        address = f"{at(service, 'spec', 'clusterIP')}:{_ports(at(service, 'spec', 'ports'))}"
        links.append((f"Service {vip_name}", f"{address}, selects {selector}"))
    for address, pod_name in ready:
        target = _named(objects, "Pod", pod_name)
        links.append(("Endpoints", f"{address}, pod {_describe(target) if target else pod_name}"))

    checks = {
        f"ConfigMap {_name(config_map)} holds no address": bool(entries),
        f"no ready keepalived pod of ReplicationController {controller_name}": any(map(is_ready, keepalived)),
        f"no Service {vip_name}": bool(service),
        f"Service {vip_name} has no ready endpoint": bool(ready),
    }
    return TenantAccessPath(tenant, tuple(links), tuple(what for what, present in checks.items() if not present))


def _name(manifest: Manifest) -> str:
    return text(at(manifest, "metadata", "name"))


def _of_kind(objects: Iterable[Manifest], kind: str) -> list[Manifest]:
    return [each for each in objects if each.get("kind") == kind]


def _named(objects: Iterable[Manifest], kind: str, name: str) -> Manifest | None:
    return next((each for each in _of_kind(objects, kind) if _name(each) == name), None)


def _selected_pods(objects: Iterable[Manifest], selector: Manifest) -> list[Manifest]:
    pods = _of_kind(objects, "Pod") if selector else ()
    return [pod for pod in pods if selector.items() <= mapping(at(pod, "metadata", "labels")).items()]


def _ready_addresses(objects: Iterable[Manifest], service: str) -> list[tuple[str, str]]:
    """Return `address:port` and pod name of each ready endpoint of a Service."""
    return sorted(
        (f"{address}:{_ports(part.get('ports'))}", text(at(endpoint, "targetRef", "name")))
        for part in _of_kind(objects, "EndpointSlice")
        if at(part, "metadata", "labels", "kubernetes.io/service-name") == service
        for endpoint in items(part.get("endpoints"))
        if at(endpoint, "conditions", "ready")
        for address in items(at(endpoint, "addresses"))
    )


def _ports(ports: Json) -> str:
    return ",".join(str(at(port, "port")) for port in items(ports))


def _describe(pod: Manifest) -> str:
    state = "ready" if is_ready(pod) else text(at(pod, "status", "phase")) or "unknown"
    return f"{_name(pod)} on node {text(at(pod, 'spec', 'nodeName')) or '(none)'} ({state})"
