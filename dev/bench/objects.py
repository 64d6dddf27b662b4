"""The objects that `pulumi up` created for a fleet, as manifests: the other tools then create equal ones."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drift import deployed

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Objects:
    """The objects of a fleet, in the order in which the engine recorded them."""

    node_labels: Sequence[Manifest]
    """Partial nodes, which exist before the fleet."""
    owned: Sequence[Manifest]
    """All others."""

    @classmethod
    def of_state(cls, exported: str) -> "Objects":
        """Read the output of `pulumi stack export --show-secrets`."""
        manifests = [dict(each.manifest) for each in deployed.parse(exported.encode()).objects]
        return cls(
            node_labels=[manifest for manifest in manifests if manifest["kind"] == "Node"],
            owned=[manifest for manifest in manifests if manifest["kind"] != "Node"],
        )

    def with_each_owned(self, change: Callable[[Manifest], Manifest]) -> "Objects":
        """Return a copy with a change to the owned objects."""
        return Objects(node_labels=self.node_labels, owned=[change(manifest) for manifest in self.owned])


def write(manifests: Sequence[Manifest], file: Path) -> Path:
    """Write the manifests to one file, for `kubectl apply` or a chart, and return it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # JSON is YAML, and is read faster.
    file.write_text("".join(f"---\n{json.dumps(manifest)}\n" for manifest in manifests))
    return file
