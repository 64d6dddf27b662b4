"""Runs the whole program under Pulumi's mocks and records everything that it registers."""

import asyncio
import json
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS, get_root_resource, set_root_resource
from pulumi.runtime.stack import Stack, run_in_stack
from pulumi.runtime.sync_await import _sync_await

from tests.support.strategies import NODE_LABELS

ROOT = Path(__file__).parents[2]
PROJECT = "adb-tenants"
KUBERNETES_VERSION = "1.36"
READ_STACK_OUTPUTS = "pulumi:pulumi:readStackOutputs"
READY = {"type": "Ready", "status": "True"}
CLUSTER_UID = "4d5d1b4e-0c1a-4c43-9a1c-6f0f7a1e2b3c"

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as it is registered with the engine."""

    urn: str
    type: str
    name: str
    provider: str
    dependencies: frozenset[str]
    inputs: Manifest = field(default_factory=dict)
    secret_inputs: frozenset[str] = frozenset()
    """Names of the top-level inputs that are secrets for the engine."""
    read_id: str = ""
    """The id of a read resource; empty for a declared one."""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True, kw_only=True)
class Program:
    """What one run of the program registered, by URN and in order, and exported."""

    resources: Mapping[str, Registered]
    exports: Mapping[str, Any]

    def of_type(self, token: str) -> dict[str, Registered]:
        """Return the resources of one type token, by logical name."""
        return {found.name: found for found in self.resources.values() if found.type == token}

    def manifest(self, kind: str, name: str) -> Manifest:
        """Return the inputs of the one declared object of this kind and name."""
        (found,) = (each for each in self.manifests() if (each["kind"], each["metadata"].get("name")) == (kind, name))
        return found

    def manifests(self) -> list[Manifest]:
        """Return the inputs of every declared Kubernetes object."""
        return [
            found.inputs
            for found in self.resources.values()
            if found.type.startswith("kubernetes:") and not found.read_id
        ]


@dataclass(kw_only=True)
class ClusterOfMocks(mocks.Mocks):
    """Answers reads as a cluster with these objects, and creates whatever is declared."""

    kubelet_version: str = "v1.36.3"
    shared_objects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """`data` of existing ConfigMaps and Secrets, by `namespace/name`."""
    services: Sequence[Manifest] = ()
    jobs: Sequence[Manifest] = ()
    outputs: Manifest = field(default_factory=dict)
    """The stack's outputs after its last `up`."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Manifest]:
        if args.resource_id and args.resource_id in self.shared_objects:
            return args.resource_id, {"data": dict(self.shared_objects[args.resource_id])}
        return args.resource_id or f"{args.name}-id", args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Return the outputs of the stack's last `up`; the program invokes nothing else."""
        assert args.token == READ_STACK_OUTPUTS, f"the program called {args.token}"
        return {"name": args.args["name"], "outputs": dict(self.outputs), "secretOutputNames": []}, []


class RecordingMonitor(mocks.MockMonitor):
    """A mock monitor that also records resource options, which `Mocks` do not receive."""

    def __init__(self, cluster: ClusterOfMocks) -> None:
        super().__init__(cluster)
        self.registered: dict[str, Registered] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return a URN as the engine builds it, of the types of all parents; the mocks use only the nearest."""
        parent_type = parent.split("::")[2] if parent else ""
        qualified = type_ if parent_type in ("", "pulumi:pulumi:Stack") else f"{parent_type}${type_}"
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{qualified}::{name}"

    def RegisterResource(  # noqa: N802 - the monitor's own name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        response: resource_pb2.RegisterResourceResponse = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object)
            self.registered[response.urn] = Registered(
                urn=response.urn,
                type=request.type,
                name=request.name,
                inputs={key: rpc.unwrap_rpc_secret(value) for key, value in inputs.items()},
                secret_inputs=frozenset(key for key, value in inputs.items() if rpc.is_rpc_secret(value)),
                provider=request.provider,
                dependencies=frozenset(request.dependencies),
                ignore_changes=tuple(request.ignoreChanges),
                replace_on_changes=tuple(request.replaceOnChanges),
                delete_before_replace=request.deleteBeforeReplace,
            )
        return response

    def ReadResource(  # noqa: N802 - the monitor's own name
        self, request: resource_pb2.ReadResourceRequest
    ) -> resource_pb2.ReadResourceResponse:
        response: resource_pb2.ReadResourceResponse = super().ReadResource(request)  # type: ignore[no-untyped-call]
        self.registered[response.urn] = Registered(
            urn=response.urn,
            type=request.type,
            name=request.name,
            read_id=request.id,
            provider=request.provider,
            dependencies=frozenset(request.dependencies),
        )
        return response


def ready_node(name: str, *, kubelet_version: str) -> Manifest:
    """Return a node on which pods can run."""
    status = {"conditions": [READY], "nodeInfo": {"kubeletVersion": kubelet_version}}
    return {"metadata": {"name": name, "labels": {**NODE_LABELS}}, "status": status}


def run_program(
    config: Mapping[str, Any],
    *,
    cluster: ClusterOfMocks | None = None,
    stack: str = "dev",
    encrypted: Sequence[str] = (),
) -> Program:
    """Run `__main__.py` with this configuration (keys without the project's prefix), of which some are encrypted."""
    cluster = cluster or ClusterOfMocks()
    monitor = RecordingMonitor(cluster)
    asyncio.set_event_loop(asyncio.new_event_loop())
    mocks.set_mocks(monitor.mocks, project=PROJECT, stack=stack, preview=False, monitor=monitor)
    set_all_config(
        {f"{PROJECT}:{key}": json.dumps(value) for key, value in config.items()},
        [f"{PROJECT}:{key}" for key in encrypted],
    )

    SETTINGS.rpc_manager.clear()
    SETTINGS.outputs.clear()
    # `run_in_stack` makes a stack of its own, as the language host does.
    set_root_resource(None)  # type: ignore[arg-type]

    stacks: list[Stack] = []

    def run() -> None:
        root = get_root_resource()
        assert isinstance(root, Stack)
        stacks.append(root)
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    async def run_and_export() -> Manifest:
        await run_in_stack(run)
        return await pulumi.Output.from_input(stacks[0].outputs).future() or {}

    # The test process goes on after the program, and needs its garbage collector.
    with mock.patch("components.preflight.LiveCluster", autospec=True) as live_cluster, mock.patch("gc.disable"):
        live = live_cluster.return_value
        live.uid.return_value = CLUSTER_UID
        live.namespace.return_value = {"metadata": {"name": "default"}}
        live.objects.return_value = {("Service", each["metadata"]["name"]): each for each in cluster.services}
        live.secrets.return_value = {}
        hosts = [node for tenant in config["tenants"] for node in tenant["hosts"].values()]
        listed = config.get("cluster", {}).get("nodeKeepalived", {}).get("nodes", ())
        live.nodes.return_value = {
            node: ready_node(node, kubelet_version=cluster.kubelet_version)
            for node in (*hosts, *(each["name"] for each in listed))
        }
        live.pods.return_value = {}
        live.pod.return_value = {"status": {"conditions": [READY]}}
        live.jobs.return_value = cluster.jobs
        live.revisions.return_value = {"tenant3-master": "current"}
        # Works even if another loop is running: the browser tests leave theirs running.
        exports = _sync_await(run_and_export())
    return Program(resources=monitor.registered, exports=exports)
