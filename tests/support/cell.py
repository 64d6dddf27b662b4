"""A corner of the test cluster that belongs to one test: a namespace, nodes of its own, and `kubectl` to look at it."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dev.local.cluster import Node

Manifest = dict[str, Any]

OWNED_KINDS = (
    "services,statefulsets,replicationcontrollers,configmaps,secrets,serviceaccounts,pods,persistentvolumeclaims,jobs"
)
EVERY_NAMESPACE_HAS = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Where one test's fleet lives."""

    namespace: str
    environment: Mapping[str, str]
    """What `kubectl` and the engine need to find the cluster."""

    def node(self, short_name: str) -> str:
        """The full name of a node of this cell: `m1` becomes `m1.<namespace>`."""
        return f"{short_name}.{self.namespace}"

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in this namespace and return what it prints; a failure ends the test with its words."""
        done = subprocess.run(
            ["kubectl", "--namespace", self.namespace, *arguments],
            env=dict(self.environment),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def create(self, *objects: Manifest) -> None:
        """Create objects as somebody else would."""
        self.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def add_node(self, short_name: str) -> str:
        """Add a simulated node, tainted as the seed's are; returns its name."""
        name = self.node(short_name)
        self.create(Node(name, address="192.168.143.101").manifest())
        return name

    def get(self, kind: str, name: str) -> Manifest:
        """One live object."""
        found: Manifest = json.loads(self.kubectl("get", kind, name, "--output", "json"))
        return found

    def live(self, kinds: str, *arguments: str) -> list[Manifest]:
        """Live objects, those that every namespace has left out."""
        items: list[Manifest] = json.loads(self.kubectl("get", kinds, *arguments, "--output", "json"))["items"]
        return [item for item in items if (item["kind"], item["metadata"]["name"]) not in EVERY_NAMESPACE_HAS]

    def objects(self) -> set[str]:
        """Kind and name of every object that a fleet could own or leave here, pods included."""
        return {f"{item['kind']} {item['metadata']['name']}" for item in self.live(OWNED_KINDS)}

    def uids(self) -> dict[str, str]:
        """Uid of each of those objects."""
        return {
            f"{item['kind']} {item['metadata']['name']}": item["metadata"]["uid"] for item in self.live(OWNED_KINDS)
        }

    def database_pods(self) -> dict[str, str]:
        """Uid of each control pod that is there."""
        return {name: uid for name, uid in self.uids().items() if name.startswith("Pod") and name.endswith("-0")}

    def tenancy_labels(self) -> dict[str, dict[str, str]]:
        """The `tenancy-` labels of each node of this cell."""
        return {
            item["metadata"]["name"]: {
                key: value for key, value in item["metadata"].get("labels", {}).items() if key.startswith("tenancy-")
            }
            for item in json.loads(self.kubectl("get", "nodes", "--output", "json"))["items"]
            if item["metadata"]["name"].endswith(f".{self.namespace}")
        }

    def endpoint_addresses(self, service: str) -> list[str]:
        """Ready addresses behind a Service, as keepalived sees them: v1 Endpoints."""
        subsets = self.get("endpoints", service).get("subsets") or []
        return [address["ip"] for subset in subsets for address in subset.get("addresses", [])]

    def pod_address(self, pod: str) -> str:
        """The IP address of a pod."""
        address: str = self.get("pod", pod)["status"]["podIP"]
        return address

    def keepalived_pod(self, tenant: str) -> Manifest:
        """The one keepalived pod of a tenant."""
        pods = self.live("pods", "--selector", f"adb={tenant}-vip")
        (pod,) = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        return pod


def eventually(condition: Callable[[], bool], *, what: str, seconds: float = 30) -> None:
    """Wait for what controllers do in their own time; the failure says what did not happen."""
    for _ in _attempts(seconds):
        if condition():
            return
    raise AssertionError(f"not within {seconds} s: {what}")


def _attempts(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.2)
