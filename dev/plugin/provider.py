# ruff: noqa: ARG002, N802 - names, arguments and meaning of the methods are pulumirpc.ResourceProvider's
"""The resource operations: the part of `pulumirpc.ResourceProvider` that the engine uses for this program."""

import functools
import importlib.metadata
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from dev.plugin import diff, field_managers, kubeconfig, manifest
from dev.plugin.api_server import ApiError, ApiServer, UnreachableError
from dev.plugin.checkpoint import Checkpoint, OperationError, PartialError, resource_id
from dev.plugin.engine_log import EngineLog
from dev.plugin.ignored_fields import as_live
from dev.plugin.manifest import (
    ResourceKind,
    ResourceType,
    UnsupportedKindError,
    annotation,
    name_of,
    namespace_of,
    normalise,
    prune,
    resource_type,
)
from dev.plugin.property_values import Manifest, Unknown, contains, from_struct, plain, to_struct, with_secrets_of
from dev.plugin.readiness import NotReadyError, WaitLimits, await_ready, lacks_now
from dev.plugin.settings import Settings, diff_settings
from dev.plugin.watched_objects import WatchedObjects

VERSION = importlib.metadata.version("pulumi-kubernetes")
"""The official plugin's version, which the SDK requires."""

_IF_DELETED = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
_AWAIT_SECONDS = 600.0
_CREATE_RETRIES = 5
# Kinds whose deletion is not awaited with `pulumi.com/skipAwait`.
_DELETION_NOT_AWAITED = {
    *(manifest.NAMESPACE, manifest.POD, manifest.REPLICATION_CONTROLLER, manifest.STATEFUL_SET, manifest.JOB),
}

Request = TypeVar("Request")
Response = TypeVar("Response")
Servicer = TypeVar("Servicer")


def _answering(
    method: Callable[[Servicer, Request], Response],
) -> Callable[[Servicer, Request, grpc.ServicerContext], Response]:
    """Turn the errors that a method may raise into gRPC errors, without a traceback."""

    @functools.wraps(method)
    def answer(self: Servicer, request: Request, context: grpc.ServicerContext) -> Response:
        try:
            return method(self, request)
        except PartialError as error:
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
            status.details.add().Pack(error.details)
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except (OperationError, ApiError, UnreachableError, UnsupportedKindError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        raise AssertionError("abort raises")

    return answer


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider resource; the engine starts a process for each of them."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._cancelled = threading.Event()
        self._watched: dict[tuple[ResourceKind, str], WatchedObjects] = {}
        self._watched_lock = threading.Lock()
        self._settings = Settings.from_variables({})
        self._server: ApiServer | None = None
        self._unreachable = "it was not configured"
        self._default_namespace = "default"

    # The plugin itself.

    @_answering
    def GetPluginInfo(self, request: Empty) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    @_answering
    def Attach(self, request: plugin_pb2.PluginAttach) -> Empty:
        self._log.connect(request.address)
        return Empty()

    @_answering
    def Cancel(self, request: Empty) -> Empty:
        self._cancelled.set()
        return Empty()

    @_answering
    def CheckConfig(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    @_answering
    def DiffConfig(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        difference = diff_settings(plain(from_struct(request.olds)), plain(from_struct(request.news)))
        changes = provider_pb2.DiffResponse.DIFF_SOME if difference.changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=difference.changed, replaces=difference.replaces)

    @_answering
    def Configure(self, request: provider_pb2.ConfigureRequest) -> provider_pb2.ConfigureResponse:
        self._settings = settings = Settings.from_variables(request.variables)
        # The import takes 0.3 s, and the engine starts two processes but configures only one.
        from dev.plugin.connection import Connection, NotLoopbackError  # noqa: PLC0415

        try:
            found = kubeconfig.load(settings.kubeconfig)
            of_context = (kubeconfig.context_of(found, settings.context) or {}).get("namespace")
            self._default_namespace = settings.namespace or of_context or "default"
            self._server = ApiServer(Connection(found, settings.context, settings.timeout_seconds))
        except NotLoopbackError as error:
            raise OperationError(str(error)) from error
        except UnreachableError as error:  # Operations that need the cluster will fail with this reason.
            self._unreachable = str(error)
        self._log.info(
            "using the local double of the kubernetes plugin (dev/plugin), "
            "which supports API servers on this machine only"
        )
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # Planning.

    @_answering
    def Check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        type_ = resource_type(request.urn)
        if self._server is None and self._settings.skip_update_unreachable:
            self._log.warning(
                "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...", request.urn
            )
            return provider_pb2.CheckResponse(inputs=request.olds)
        news = from_struct(request.news)
        inputs = normalise(plain(news))
        metadata = inputs.setdefault("metadata", {})
        if isinstance(metadata, dict):
            if not metadata.get("name"):
                raise OperationError("`.metadata.name` is required: the local double does not generate names")
            if type_.kind.namespaced and not metadata.get("namespace"):
                metadata["namespace"] = self._default_namespace
        return provider_pb2.CheckResponse(inputs=to_struct(with_secrets_of(news, inputs)))

    @_answering
    def Diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        type_ = resource_type(request.urn)
        state = Checkpoint.parse(request.olds)
        new = normalise(plain(from_struct(request.news)))
        old = prune(state.live, normalise(state.inputs))
        old = {"apiVersion": type_.kind.api_version, "kind": type_.kind.name} | old
        old.setdefault("metadata", {})["name"] = name_of(state.live)
        for manifest_ in (old, new):
            _canonical_namespace(type_.kind, manifest_)
        replacing = diff.force_new(type_.kind, new, self._settings.mutable, is_patch=type_.is_patch)
        differences = diff.detailed_diff(old, new, replacing, request.ignoreChanges)
        replaces = diff.replaces(differences)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if differences else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and resource_id(new) == resource_id(state.live),
            detailedDiff=differences,
            hasDetailedDiff=True,
        )

    # Changes.

    @_answering
    def Create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        type_ = resource_type(request.urn)
        news = from_struct(request.properties)
        inputs = plain(news)
        as_given = provider_pb2.CreateResponse(properties=request.properties)
        if request.preview and (self._server is None or type_.is_patch or contains(inputs, Unknown)):
            return as_given
        manager = field_managers.manager_name(inputs)
        try:
            outputs = self._create(self._reachable(), type_, inputs, manager, dry_run=request.preview)
        except ApiError as error:
            lacks_namespace = error.reason == "NotFound" and error.details.get("kind") == "namespaces"
            if request.preview and (lacks_namespace or error.reason in ("Forbidden", "AlreadyExists")):
                return as_given
            reason = field_managers.explain(error, manager)
            message = f'resource "{request.urn}" was not successfully created by the Kubernetes API server: {reason}'
            raise OperationError(message) from error
        if request.preview:
            outputs.pop("status", None)
            return provider_pb2.CreateResponse(properties=Checkpoint(inputs, outputs, manager).struct(news))
        try:
            live = self._await_ready(type_.kind, inputs, outputs, request.timeout, request.urn)
        except NotReadyError as error:
            message = (
                f'resource "{request.urn}" was successfully created, but the Kubernetes API server '
                f"reported that it failed to fully initialize or become live: {error}"
            )
            state = Checkpoint(inputs, error.live, manager).struct(news)
            raise PartialError(message, error.reasons, error.live, state) from error
        return provider_pb2.CreateResponse(
            id=resource_id(live), properties=Checkpoint(inputs, live, manager).struct(news)
        )

    def _create(
        self, server: ApiServer, type_: ResourceType, inputs: Manifest, manager: str, *, dry_run: bool
    ) -> Manifest:
        kind = type_.kind
        for attempt in range(_CREATE_RETRIES + 1):
            try:
                if type_.is_patch or self._settings.upsert_existing_objects:
                    force = dry_run or self._forces(inputs)
                    return server.apply(kind, inputs, inputs, manager, force=force, dry_run=dry_run)
                return server.create(kind, inputs, namespace_of(inputs), dry_run=dry_run)
            except ApiError as error:
                if error.reason != "NotFound" or dry_run or attempt == _CREATE_RETRIES:
                    raise
                self._cancelled.wait(2**attempt)  # The namespace may not exist yet.
        raise AssertionError("the last attempt returns or raises")

    @_answering
    def Update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        type_ = resource_type(request.urn)
        news = from_struct(request.news)
        inputs = normalise(plain(news))
        if request.preview and (self._server is None or contains(inputs, Unknown)):
            return provider_pb2.UpdateResponse(properties=request.news)
        server, old = self._reachable(), Checkpoint.parse(request.olds)
        former = field_managers.manager_name(old.inputs, old.manager)
        manager = field_managers.manager_name(inputs, old.manager)
        try:
            live = self._owned(server, type_, old.live, manager, dry_run=request.preview)
            inputs = as_live(inputs, live, manager, request.ignoreChanges)
            outputs = self._update(server, type_, inputs, live, manager, dry_run=request.preview)
            if not request.preview:
                outputs = self._await_ready(type_.kind, inputs, outputs, request.timeout, request.urn)
        except (ApiError, UnreachableError, NotReadyError) as error:
            if request.preview and isinstance(error, ApiError) and error.reason == "Forbidden":
                return provider_pb2.UpdateResponse(properties=request.news)
            reason = field_managers.explain(error, manager) if isinstance(error, ApiError) else str(error)
            try:
                live = server.get(type_.kind, namespace_of(old.live), name_of(old.live))
            except (ApiError, UnreachableError) as unseen:
                message = f'update of resource "{request.urn}" failed: {reason}\nunable to get cluster state: {unseen}'
                raise OperationError(message) from error
            message = (
                f'the Kubernetes API server reported that "{resource_id(live)}" failed to fully initialize '
                f"or become live: {reason}"
            )
            reasons = error.reasons if isinstance(error, NotReadyError) else []
            raise PartialError(message, reasons, live, Checkpoint(inputs, live, manager).struct(news)) from error
        if former != manager and not request.preview:
            field_managers.relinquish(server, type_.kind, outputs, former)
        return provider_pb2.UpdateResponse(properties=Checkpoint(inputs, outputs, manager).struct(news))

    def _owned(self, server: ApiServer, type_: ResourceType, old: Manifest, manager: str, *, dry_run: bool) -> Manifest:
        live = server.get(type_.kind, namespace_of(old), name_of(old))
        return live if dry_run or type_.is_patch else field_managers.hand_over(server, type_.kind, live, manager)

    def _update(
        self, server: ApiServer, type_: ResourceType, inputs: Manifest, live: Manifest, manager: str, *, dry_run: bool
    ) -> Manifest:
        force = self._forces(inputs) or not live["metadata"].get("managedFields")
        force = force or (dry_run and field_managers.is_created_by_us(live))
        return server.apply(type_.kind, inputs, live, manager, force=force, dry_run=dry_run)

    @_answering
    def Delete(self, request: provider_pb2.DeleteRequest) -> Empty:
        type_ = resource_type(request.urn)
        state = Checkpoint.parse(request.properties)
        if self._server is None:
            self._log.warning(f"configured Kubernetes cluster is unreachable: {self._unreachable}", request.urn)
            if self._settings.delete_unreachable:
                return Empty()
            raise OperationError(f"configured Kubernetes cluster is unreachable. {_IF_DELETED}")
        try:
            if type_.is_patch:
                manager = field_managers.manager_name(state.inputs, state.manager)
                field_managers.relinquish(self._server, type_.kind, state.live, manager)
                return Empty()
            propagation = annotation(state.inputs, "deletionPropagationPolicy").capitalize()
            if propagation not in ("Orphan", "Background"):
                propagation = "Foreground"
            self._server.delete(type_.kind, namespace_of(state.live), name_of(state.live), propagation)
        except ApiError as error:
            if error.reason == "NotFound":
                return Empty()
            raise
        if annotation(state.inputs, "skipAwait") != "true" or type_.kind not in _DELETION_NOT_AWAITED:
            self._await_deleted(self._server, type_.kind, state.live, _timeout(request.timeout, state.inputs))
        return Empty()

    def _await_deleted(self, server: ApiServer, kind: ResourceKind, live: Manifest, seconds: float) -> None:
        objects, uid = self._watch(kind, namespace_of(live)), live["metadata"]["uid"]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._cancelled.is_set():
            changes = objects.changes
            seen = objects.get(name_of(live))
            # The watch may be behind.
            if (seen is None or seen["metadata"]["uid"] != uid) and _is_gone(server, kind, live):
                return
            objects.wait(changes, seconds=0.5)
        raise OperationError("timed out waiting for the condition")

    # Reads.

    @_answering
    def Read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        type_ = resource_type(request.urn)
        if self._server is None:
            return self._read_unreachable(request)
        namespace, _, name = request.id.rpartition("/")
        given, old = from_struct(request.inputs), Checkpoint.parse(request.properties)
        old_inputs = normalise(plain(given))
        try:
            live = self._server.get(type_.kind, namespace, name)
        except ApiError as error:
            if error.reason == "NotFound":
                return provider_pb2.ReadResponse()
            raise
        is_new = "kind" not in old_inputs and "kind" not in old.live  # `.get()` or an import
        if "kind" not in old_inputs:  # An object that is only read has no inputs but its name.
            metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
            old_inputs = {"apiVersion": type_.kind.api_version, "kind": type_.kind.name, "metadata": metadata}
        inputs = manifest.inputs_of(live) if is_new else prune(live, old_inputs)
        manager = field_managers.manager_name(old_inputs, old.manager)
        state = Checkpoint(inputs, live, manager).struct(given)
        live_inputs = to_struct(with_secrets_of(given, inputs))
        if not is_new and (lacks := lacks_now(type_.kind, old_inputs, live, self._server)):
            message = f"Resource '{name}' was created but failed to initialize"
            raise PartialError(message, lacks, live, state, live_inputs)
        return provider_pb2.ReadResponse(id=request.id, properties=state, inputs=live_inputs)

    def _read_unreachable(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        self._log.warning(f"configured Kubernetes cluster is unreachable: {self._unreachable}", request.urn)
        if self._settings.delete_unreachable:
            return provider_pb2.ReadResponse()
        if self._settings.skip_update_unreachable:
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        raise OperationError(f"failed to read resource state due to unreachable cluster. {_IF_DELETED}")

    # Shared by the operations.

    def _reachable(self) -> ApiServer:
        if self._server is None:
            raise OperationError(f"configured Kubernetes cluster is unreachable: {self._unreachable}")
        return self._server

    def _forces(self, inputs: Manifest) -> bool:
        return self._settings.enable_patch_force or annotation(inputs, "patchForce") == "true"

    def _watch(self, kind: ResourceKind, namespace: str) -> WatchedObjects:
        with self._watched_lock:
            key = (kind, namespace if kind.namespaced else "")
            if key not in self._watched:
                self._watched[key] = WatchedObjects(self._reachable(), kind, namespace)
            return self._watched[key]

    def _await_ready(
        self, kind: ResourceKind, inputs: Manifest, outputs: Manifest, timeout: float, urn: str
    ) -> Manifest:
        limits = WaitLimits(_timeout(timeout, inputs), self._cancelled, lambda text: self._log.status(text, urn))
        live = await_ready(kind, inputs, outputs, self._watch, limits)
        self._log.status("", urn)
        return live


def _is_gone(server: ApiServer, kind: ResourceKind, live: Manifest) -> bool:
    try:
        found = server.get(kind, namespace_of(live), name_of(live))
    except ApiError as error:
        return error.reason == "NotFound"
    except UnreachableError:  # The object may still exist.
        return False
    return bool(found["metadata"]["uid"] != live["metadata"]["uid"])


def _timeout(requested: float, inputs: Manifest) -> float:
    annotated = annotation(inputs, "timeoutSeconds")
    return requested or (float(annotated) if annotated.isdecimal() else _AWAIT_SECONDS)


def _canonical_namespace(kind: ResourceKind, manifest_: Manifest) -> None:
    metadata = manifest_.get("metadata")
    if isinstance(metadata, dict):
        if kind.namespaced:
            metadata["namespace"] = metadata.get("namespace") or "default"
        else:
            metadata.pop("namespace", None)
