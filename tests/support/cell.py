"""A part of the test cluster for one test: a namespace with its own nodes."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dev.local.cluster import Node
from tests.support.process import run

Manifest = dict[str, Any]

OWNED_KINDS = (
    "services,statefulsets,replicationcontrollers,configmaps,secrets,serviceaccounts,pods,persistentvolumeclaims,jobs"
)
EVERY_NAMESPACE_HAS = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A namespace with its nodes."""

    namespace: str
    environment: Mapping[str, str]
    """The environment for `kubectl` and the engine."""

    def node(self, short_name: str) -> str:
        """Return the full name of a node, `m1.<namespace>` for `m1`."""
        return f"{short_name}.{self.namespace}"

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in this namespace and return its output; an error fails the test."""
        done = run("kubectl", "--namespace", self.namespace, *arguments, env=self.environment, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def create(self, *objects: Manifest) -> None:
        """Create objects as another client."""
        self.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def add_node(self, short_name: str) -> str:
        """Add a simulated node with the masters' taint; return its name."""
        name = self.node(short_name)
        self.create(Node(name, address="192.168.143.101").manifest())
        return name

    def get(self, kind: str, name: str) -> Manifest:
        found: Manifest = json.loads(self.kubectl("get", kind, name, "--output", "json"))
        return found

    def live(self, kinds: str, *arguments: str) -> list[Manifest]:
        """Return live objects without those that every namespace has."""
        items: list[Manifest] = json.loads(self.kubectl("get", kinds, *arguments, "--output", "json"))["items"]
        return [item for item in items if (item["kind"], item["metadata"]["name"]) not in EVERY_NAMESPACE_HAS]

    def objects(self) -> set[str]:
        """Return kind and name of every object of the kinds that a fleet has, pods included."""
        return set(self.uids())

    def uids(self) -> dict[str, str]:
        """Return the uid of each of these objects."""
        return {
            f"{item['kind']} {item['metadata']['name']}": item["metadata"]["uid"] for item in self.live(OWNED_KINDS)
        }

    def database_pods(self) -> dict[str, str]:
        """Return the uid of each control pod."""
        return {name: uid for name, uid in self.uids().items() if is_database_pod(name)}

    def tenancy_labels(self) -> dict[str, dict[str, str]]:
        """Return the `tenancy-` labels of each node of this cell."""
        return {
            item["metadata"]["name"]: {
                key: value for key, value in item["metadata"].get("labels", {}).items() if key.startswith("tenancy-")
            }
            for item in json.loads(self.kubectl("get", "nodes", "--output", "json"))["items"]
            if item["metadata"]["name"].endswith(f".{self.namespace}")
        }

    def endpoint_addresses(self, service: str) -> list[str]:
        """Return the ready addresses of a Service, from v1 Endpoints, which keepalived reads."""
        subsets = self.get("endpoints", service).get("subsets") or []
        return [address["ip"] for subset in subsets for address in subset.get("addresses", [])]

    def pod_address(self, pod: str) -> str:
        address: str = self.get("pod", pod)["status"]["podIP"]
        return address

    def keepalived_pod(self, tenant: str) -> Manifest:
        """Return the only keepalived pod of a tenant."""
        (pod,) = self.keepalived_pods(tenant)
        return pod

    def keepalived_pods(self, tenant: str) -> list[Manifest]:
        """Return the keepalived pods of a tenant's own that are not being deleted."""
        pods = self.live("pods", "--selector", f"adb={tenant}-vip")
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def is_database_pod(name: str) -> bool:
    """Whether a kind and name are those of a control pod."""
    return name.startswith("Pod ") and name.endswith("-0")


def new_cell(namespace: str, environment: Mapping[str, str], *nodes: str) -> Cell:
    """Create a namespace with these nodes."""
    cell = Cell(namespace=namespace, environment=environment)
    cell.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for node in nodes:
        cell.add_node(node)
    return cell


def eventually(condition: Callable[[], bool], *, what: str, seconds: float = 30) -> None:
    """Wait for a condition, for instance one that a controller brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"timed out after {seconds} s, before {what}"
        time.sleep(0.2)
