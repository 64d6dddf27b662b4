"""Waits until objects are ready, by the official plugin's criteria for each kind."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from dev.plugin.api_server import ApiError, ApiServer
from dev.plugin.manifest import (
    ENDPOINTS,
    JOB,
    REPLICATION_CONTROLLER,
    SERVICE,
    STATEFUL_SET,
    ResourceKind,
    annotation,
    name_of,
    namespace_of,
    pluck,
)
from dev.plugin.property_values import Manifest
from dev.plugin.watched_objects import WatchedObjects

SETTLE_SECONDS = 2.0
"""How long a Service's Endpoints must be unchanged; the official plugin waits 10 s, too long for tests."""

_NO_PODS = (
    "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' "
    "may not match labels on any Pods"
)


class NotReadyError(Exception):
    """The object exists, but did not become ready."""

    def __init__(self, message: str, live: Manifest, reasons: list[str]) -> None:
        super().__init__(message)
        self.live = live
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """The timeout of a wait, the event that cancels it, and the function that reports its status."""

    seconds: float
    cancelled: threading.Event
    report: Callable[[str], None]


Watch = Callable[[ResourceKind, str], WatchedObjects]
Lacks = Callable[[Manifest], list[str]]
"""Returns what an object lacks to be ready; an empty list if it is ready."""


def _stateful_set_lacks(live: Manifest) -> list[str]:
    spec, status = live["spec"], live.get("status") or {}
    generation = live["metadata"]["generation"]
    wanted = spec["replicas"]
    ready = status.get("readyReplicas", 0)
    lacks = []
    if status.get("observedGeneration", 0) < generation:
        return [f"0 out of {wanted} replicas succeeded readiness checks"]
    # A changed OnDelete set keeps its old pods, and two revisions, until the pods are deleted.
    awaits_deletion = generation > 1 and pluck(spec, "updateStrategy", "type") == "OnDelete"
    counted = [status.get("replicas", 0), ready]
    if not awaits_deletion:
        counted.append(status.get("currentReplicas", 0))
    if any(number != wanted for number in counted):
        lacks.append(f"{ready} out of {wanted} replicas succeeded readiness checks")
    current, update = status.get("currentRevision", ""), status.get("updateRevision", "")
    if not awaits_deletion and (not current or current != update):
        lacks.append(f'StatefulSet controller failed to advance from revision "{current}" to revision "{update}"')
    return lacks


def _replication_controller_lacks(live: Manifest) -> list[str]:
    # `availableReplicas` is absent if it is 0: so a controller with 0 replicas is never ready, as in the original.
    available, wanted = pluck(live, "status", "availableReplicas"), pluck(live, "spec", "replicas")
    return [] if available == wanted else [f"{available or 0} out of {wanted} replicas are available"]


def _job_lacks(live: Manifest) -> list[str]:
    conditions = {item["type"]: item for item in pluck(live, "status", "conditions") or () if item["status"] == "True"}
    failed = conditions.get("Failed")
    if failed and failed.get("reason") in ("BackoffLimitExceeded", "DeadlineExceeded"):
        message = f"Resource '{name_of(live)}' was created but failed to initialize"
        raise NotReadyError(message, live, [f"[{failed['reason']}] {failed.get('message', '')}"])
    return [] if "Complete" in conditions else [f'Waiting for Job "{name_of(live)}" to succeed']


_LACKS: dict[ResourceKind, Lacks] = {
    STATEFUL_SET: _stateful_set_lacks,
    REPLICATION_CONTROLLER: _replication_controller_lacks,
    JOB: _job_lacks,
}


def await_ready(kind: ResourceKind, inputs: Manifest, outputs: Manifest, watch: Watch, limits: WaitLimits) -> Manifest:
    """Wait until an object is ready after its creation or update, and return it live; raises `NotReadyError`."""
    if annotation(inputs, "skipAwait") == "true":
        return outputs
    if wait_for := annotation(outputs, "waitFor"):
        return _await_object(kind, outputs, _waited_for(wait_for), watch, limits)
    if kind is SERVICE:
        return _await_endpoints(outputs, watch, limits)
    if kind in _LACKS:
        return _await_object(kind, outputs, _LACKS[kind], watch, limits)
    return outputs


def lacks_now(kind: ResourceKind, inputs: Manifest, live: Manifest, server: ApiServer) -> list[str]:
    """Return what an object lacks now, for a refresh, which does not wait."""
    if annotation(inputs, "skipAwait") == "true" or kind is REPLICATION_CONTROLLER:
        return []
    if kind is SERVICE and _has_endpoints(live):
        try:
            endpoints = server.get(ENDPOINTS, namespace_of(live), name_of(live))
        except ApiError:
            return []
        return [_NO_PODS] if _is_pending(endpoints) else []
    try:
        return _LACKS[kind](live) if kind in _LACKS else []
    except NotReadyError as error:
        return error.reasons


def _await_object(kind: ResourceKind, outputs: Manifest, lacks: Lacks, watch: Watch, limits: WaitLimits) -> Manifest:
    objects = watch(kind, namespace_of(outputs))
    deadline = time.monotonic() + limits.seconds
    live, missing, reported = outputs, ["it has not been seen yet"], ""
    while True:
        changes = objects.changes
        if seen := objects.get(name_of(outputs), at_least=outputs["metadata"]["resourceVersion"]):
            live, missing = seen, lacks(seen)
        if not missing:
            return live
        if missing[0] != reported:
            limits.report(reported := missing[0])
        # For a Job, the original's reasons are failures only, not what is still missing.
        _stop_if_due(deadline, limits, live, [] if kind is JOB else missing)
        objects.wait(changes, seconds=0.5)


def _has_endpoints(service: Manifest) -> bool:
    spec = service["spec"]
    return bool(spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None" and spec.get("selector"))


def _is_pending(endpoints: Manifest | None) -> bool:
    return any(subset.get("notReadyAddresses") for subset in (endpoints or {}).get("subsets") or ())


def _await_endpoints(service: Manifest, watch: Watch, limits: WaitLimits) -> Manifest:
    if not _has_endpoints(service):
        return service
    endpoints = watch(ENDPOINTS, namespace_of(service))
    deadline = time.monotonic() + limits.seconds
    seen, since = None, time.monotonic()
    limits.report("waiting for the Endpoints to settle")
    while True:
        changes = endpoints.changes
        current = endpoints.get(name_of(service))
        if current != seen:
            seen, since = current, time.monotonic()
        # Endpoints without addresses also count as ready, once the controller has created them.
        settled = time.monotonic() - since >= SETTLE_SECONDS if seen else time.monotonic() >= deadline
        if settled and not _is_pending(seen):
            return service
        _stop_if_due(deadline, limits, service, [_NO_PODS])
        endpoints.wait(changes, seconds=0.25)


def _stop_if_due(deadline: float, limits: WaitLimits, live: Manifest, reasons: list[str]) -> None:
    if limits.cancelled.is_set():
        raise NotReadyError(f'Resource operation was cancelled for "{name_of(live)}"', live, reasons)
    if time.monotonic() >= deadline:
        raise NotReadyError(f"'{name_of(live)}' timed out waiting to be Ready", live, reasons)


def _waited_for(text: str) -> Lacks:
    """Parse the annotation `pulumi.com/waitFor`: `condition=Ready`, `jsonpath={.a.b}=v`, or a JSON list of these."""
    expressions = json.loads(text) if text.startswith("[") else [text]
    for expression in expressions:
        if not expression.startswith(("condition=", "jsonpath=")):
            raise ValueError(f'expected a "jsonpath=" or "condition=" prefix, got "{expression}"')

    def lacks(live: Manifest) -> list[str]:
        return [f"Waiting for {expression}" for expression in expressions if not _holds(expression, live)]

    return lacks


def _holds(expression: str, live: Manifest) -> bool:
    sort, _, rest = expression.partition("=")
    if (pluck(live, "status", "observedGeneration") or live["metadata"].get("generation", 0)) < live["metadata"].get(
        "generation", 0
    ):
        return False
    if sort == "condition":
        wanted, _, status = rest.partition("=")
        pairs = {(item["type"].lower(), item["status"].lower()) for item in pluck(live, "status", "conditions") or ()}
        return (wanted.lower(), (status or "True").lower()) in pairs
    path, _, value = rest.partition("}=")
    found = pluck(live, *path.strip("{}").strip(".").split("."))
    return found is not None if not value else str(found) == value
