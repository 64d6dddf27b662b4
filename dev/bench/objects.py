"""What `pulumi up` made of a fleet, as manifests that other tools can apply: all of them then make equal objects."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]

# How the engine marks, in an exported state, a value that is more than JSON: here, a secret.
_MARK = "4dabf18193072939515e22adb298388d"


@dataclass(frozen=True, kw_only=True)
class Objects:
    """The objects of a fleet, in the order in which the engine recorded them."""

    node_labels: Sequence[Manifest]
    """Parts of nodes, which nobody here makes."""
    owned: Sequence[Manifest]
    """All others."""

    @classmethod
    def of_state(cls, exported: str) -> "Objects":
        """Those of `pulumi stack export --show-secrets`."""
        manifests = list(_manifests(json.loads(exported)))
        return cls(
            node_labels=[manifest for manifest in manifests if manifest["kind"] == "Node"],
            owned=[manifest for manifest in manifests if manifest["kind"] != "Node"],
        )

    def with_each_owned(self, change: Callable[[Manifest], Manifest]) -> "Objects":
        """The same with a change to the objects that are owned."""
        return Objects(node_labels=self.node_labels, owned=[change(manifest) for manifest in self.owned])


def write(manifests: Sequence[Manifest], file: Path) -> Path:
    """Write them as one file, for `kubectl apply` or a chart; returns the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # JSON is YAML, and is read faster.
    file.write_text("".join(f"---\n{json.dumps(manifest)}\n" for manifest in manifests))
    return file


def _manifests(state: Mapping[str, Any]) -> Iterator[Manifest]:
    for resource in state["deployment"]["resources"]:
        # What is external was only read.
        if resource["type"].startswith("kubernetes:") and not resource.get("external"):
            yield _plain(resource["inputs"])


def _plain(value: Any) -> Any:
    match value:
        case {"plaintext": str(text), **rest} if _MARK in rest:
            return _plain(json.loads(text))
        case dict():
            # Keys that begin with two underscores are notes of the plugin to itself.
            return {key: _plain(inner) for key, inner in value.items() if not key.startswith("__")}
        case list():
            return [_plain(inner) for inner in value]
    return value
