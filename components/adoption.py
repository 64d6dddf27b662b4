"""Which of a tenant's objects exist already, made by somebody else, and whether they may be taken over."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pulumi

from components.live_cluster import LiveCluster, UnusableClusterError
from tenants.fleet import Fleet, Role, Tenant

PULUMI = "pulumi-kubernetes"
"""What the plugin's field managers begin with: who has one of these made the object, or has taken it over."""

Kind = str
Name = str


def adopt_or_refuse(fleet: Fleet, live: LiveCluster) -> None:
    """Say what will be adopted; the provider then takes it over in place, as it is told to with every object.

    Raises:
        UnusableClusterError: An object is there that nobody said to adopt, or one that differs where the API server
            allows no change, or where the change would move clients or a database. Every one of them is named.
    """
    there = live.objects(fleet.cluster.namespace)
    faults: list[str] = []
    for tenant in fleet.tenants:
        present = [there[key] for key in objects_of(tenant) if key in there]
        foreign = [found for found in present if not _is_ours(found)]
        if not tenant.adopt:
            if len(foreign) < len(present):
                # The tenant is ours. Nothing tells any more that this object was, since somebody has changed all that
                # we set of it (the one address of a ConfigMap, say) or made it anew: it is put right, not refused.
                continue
            faults += [
                f"{_name(found)} is there already, made by {_makers(found)}: write `adopt: true` in {tenant.name}'s "
                "entry to take it over as it is, or choose another name."
                for found in foreign
            ]
            continue
        faults += [
            f"{_name(found)} cannot be adopted: {difference}, which cannot be changed in place. Nothing was changed."
            for found in foreign
            for difference in _unchangeable_differences(tenant, found)
        ]
        faults += [
            f"{_name(found)} is not adopted: {difference}. Adopting takes over what is there and moves neither clients "
            "nor data; change it afterwards. Nothing was changed."
            for found in foreign
            for difference in _displacing_differences(tenant, found, live)
        ]
        if foreign:
            names = ", ".join(f"{found['kind']} {found['metadata']['name']}" for found in foreign)
            # The engine's own word for it is "create": it knows only that the object is new to its state.
            pulumi.log.info(f"{tenant.name} adopts what is there, in place and without restarting a pod: {names}")
            for found in foreign:
                for difference in _template_differences(tenant, found):
                    pulumi.log.info(f"{_name(found)} {difference}, from the next start of its pod on")
    if faults:
        raise UnusableClusterError("\n".join(faults))


def objects_of(tenant: Tenant) -> Iterator[tuple[Kind, Name]]:
    """Kind and name of each namespaced object of a tenant."""
    for role in Role:
        yield "Service", tenant.control_node_name(role)
        yield "StatefulSet", tenant.control_node_name(role)
    yield "ConfigMap", tenant.virtual_ip_config_map_name
    yield "Service", tenant.virtual_ip_name
    yield "ReplicationController", tenant.virtual_ip_name


def _name(found: Mapping[str, Any]) -> str:
    return f"{found['kind']} {found['metadata']['namespace']}/{found['metadata']['name']}"


def _makers(found: Mapping[str, Any]) -> str:
    return ", ".join(sorted(_managers(found))) or "somebody else"


def _managers(found: Mapping[str, Any]) -> set[str]:
    return {entry["manager"] for entry in found["metadata"].get("managedFields", ()) if "subresource" not in entry}


def _is_ours(found: Mapping[str, Any]) -> bool:
    return any(manager.startswith(PULUMI) for manager in _managers(found))


def _unchangeable_differences(tenant: Tenant, found: Mapping[str, Any]) -> Iterable[str]:
    spec, name = found.get("spec", {}), found["metadata"]["name"]
    match found["kind"]:
        case "StatefulSet":
            labels = {"app": "adb", "role": _role(found), "tenancy": tenant.name}
            if spec["selector"] != {"matchLabels": labels}:
                yield f"its selector is {spec['selector']}"
            if spec["serviceName"] != name:
                yield f"its serviceName is {spec['serviceName']}"
            if spec.get("volumeClaimTemplates"):
                yield "it has volumeClaimTemplates"
        case "Service":
            headless = name != tenant.virtual_ip_name
            if headless != (spec.get("clusterIP") == "None"):
                yield f"its clusterIP is {spec.get('clusterIP')}"
        case "ConfigMap":
            if found.get("immutable"):
                yield "it is immutable"


def _displacing_differences(tenant: Tenant, found: Mapping[str, Any], live: LiveCluster) -> Iterator[str]:
    """What a take-over would change for clients, or where a database would look for its data."""
    match found["kind"]:
        case "StatefulSet":
            role, pod = _role(found), found["spec"]["template"]["spec"]
            paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"] if "hostPath" in volume}
            for volume, key, declared in (
                ("data", "dataPath", tenant.data_path),
                ("adminlog", "logPath", tenant.log_path),
            ):
                if paths.get(volume) != declared:
                    yield f"its {volume} lies in {paths.get(volume)}, and the entry says {key}: {declared}"
            host = live.host_of_pod(found["metadata"]["namespace"], f"{tenant.control_node_name(role)}-0")
            # Without a pod, as of a tenant that was scaled to 0, the labels say where it would start.
            hosts = [host] if host else live.nodes_labelled(tenant.node_label, role)
            if hosts and tenant.hosts.of(role) not in hosts:
                yield f"its pod belongs on {', '.join(hosts)}, and the entry says hosts.{role}: {tenant.hosts.of(role)}"
        case "ConfigMap":
            announced = ", ".join(found.get("data") or {})
            if announced != str(tenant.vip):
                yield f"it announces {announced or 'no address'}, and the entry says vip: {tenant.vip}"
        case "Service" if found["metadata"]["name"] == tenant.virtual_ip_name:
            selected = found["spec"].get("selector", {}).get("role")
            if selected != tenant.active_role:
                yield f"it leads to the {selected}, and the entry says activeRole: {tenant.active_role}"


def _template_differences(tenant: Tenant, found: Mapping[str, Any]) -> Iterator[str]:
    """What a take-over writes into a template while the pod goes on as it is."""
    if found["kind"] not in ("StatefulSet", "ReplicationController"):
        return
    container = found["spec"]["template"]["spec"]["containers"][0]
    if found["kind"] == "StatefulSet":
        image = tenant.image
        memory = container.get("resources", {}).get("limits", {}).get("memory")
        if memory != tenant.memory:
            yield f"gets memory {tenant.memory} instead of {memory}"
    else:
        image = tenant.keepalived.image
        if f"--vrid={tenant.vrid}" not in container.get("args", ()):
            yield f"gets --vrid={tenant.vrid} instead of {' '.join(container.get('args', ()))}"
    if container["image"] != image:
        yield f"gets image {image} instead of {container['image']}"


def _role(stateful_set: Mapping[str, Any]) -> Role:
    return Role(stateful_set["metadata"]["name"].rpartition("-")[2])
