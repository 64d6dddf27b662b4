"""Normalises the engine's reports, so that two runs can be compared."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

Observation = dict[str, Any]

# Their values depend on the time of the last request.
_VOLATILE = {"status", "creationTimestamp", "deletionTimestamp", "lastTransitionTime"}
_ALLOCATED = {"uid", "resourceVersion", "clusterIP", "clusterIPs", "version"}
_PATTERNS = {
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b": "<uid>",
    r"pulumi-kubernetes-[0-9a-f]{8}": "pulumi-kubernetes-<random>",
    # The plugins' advice on these errors differs.
    r"\n\nThe resource already exists in the cluster.*": "",
    r", see https://\S+ for troubleshooting help": "",
    # The plugins read different documents to check the connection.
    r"/openapi/v[23](\?timeout=32s)?": "/openapi",
}
# Errors of the engine itself, not of the plugin.
_ENGINE_ERRORS = re.compile(r"^(error: )?(update|preview|destroy|refresh) failed\n?$")


class Normaliser:
    """Replaces texts that differ from run to run: given names, and known patterns."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._patterns = {re.escape(text): name for text, name in names.items()} | _PATTERNS

    def preview(self, output: str) -> Observation:
        """Normalise the output of `pulumi preview --json`."""
        digest = json.loads(output)
        steps = [
            {
                "op": step["op"],
                "resource": _short(step["urn"]),
                "replaces": sorted(step.get("replaceReasons") or ()),
                "differs": sorted(step.get("diffReasons") or ()),
                "details": step.get("detailedDiff") or {},
                "inputs": (step.get("newState") or {}).get("inputs", {}),
                "outputs": (step.get("newState") or {}).get("outputs", {}),
            }
            for step in digest.get("steps", ())
            if _counts(step["op"], step["urn"])
        ]
        return {"steps": self._sorted(steps), "errors": self._errors(digest.get("diagnostics") or ())}

    def events(self, output: str) -> Observation:
        """Normalise the output of `pulumi up --json`, or of refresh or destroy."""
        events = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        done = {"resOutputsEvent": "done", "resOpFailedEvent": "failed"}
        steps = [
            {"op": event[kind]["metadata"]["op"], "resource": _short(event[kind]["metadata"]["urn"]), "result": result}
            for event in events
            for kind, result in done.items()
            if kind in event and _counts(event[kind]["metadata"]["op"], event[kind]["metadata"]["urn"])
        ]
        diagnostics = [event["diagnosticEvent"] for event in events if "diagnosticEvent" in event]
        return {"steps": self._sorted(steps), "errors": self._errors(diagnostics)}

    def state(self, output: str) -> list[Observation]:
        """Normalise the output of `pulumi stack export --show-secrets`."""
        kept = ("id", "inputs", "outputs", "initErrors", "external", "delete", "pendingReplacement")
        resources = json.loads(output)["deployment"].get("resources", ())
        return self._sorted(
            {"resource": _short(found["urn"])} | {key: found[key] for key in kept if key in found}
            for found in resources
            if _is_ours(found["urn"])
        )

    def _errors(self, diagnostics: Iterable[Mapping[str, Any]]) -> list[Any]:
        return self._sorted(
            {"resource": _short(found.get("urn", "")), "message": found["message"].strip()}
            for found in diagnostics
            if found["severity"] == "error" and not _ENGINE_ERRORS.match(found["message"])
        )

    def _sorted(self, observations: Iterable[Observation]) -> list[Any]:
        normal = [self._normal(observation) for observation in observations]
        return sorted(normal, key=lambda observation: json.dumps(observation, sort_keys=True))

    def _normal(self, value: Any, key: str = "") -> Any:
        if key == "managedFields":
            entries = (f"{entry['manager']} {entry['operation']}" for entry in value if not entry.get("subresource"))
            return sorted(self._normal(entry) for entry in entries)
        if key in _ALLOCATED and value not in ("None", ["None"]):
            return f"<{key}>"
        if isinstance(value, dict):
            return {name: self._normal(item, name) for name, item in value.items() if name not in _VOLATILE}
        if isinstance(value, list):
            return [self._normal(item) for item in value]
        if isinstance(value, str):
            for pattern, replacement in self._patterns.items():
                value = re.sub(pattern, replacement, value, flags=re.DOTALL)
        return value


def _short(urn: str) -> str:
    """Shorten `urn:pulumi:…::kubernetes:core/v1:ConfigMap::payload` to `core/v1:ConfigMap payload`."""
    return " ".join(urn.split("::")[2:]).replace("kubernetes:", "")


def _counts(operation: str, urn: str) -> bool:
    # Whether reads happen before an error ends the operation is random; their results are in the state.
    return operation not in ("same", "read", "refresh") and _is_ours(urn)


def _is_ours(urn: str) -> bool:
    return "::pulumi:pulumi:Stack::" not in urn
