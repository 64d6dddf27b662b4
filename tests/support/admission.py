"""Webhooks, policies and quotas that judge what is changed in a test's namespace."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from tests.support.cell import Cell, Manifest


@contextmanager
def applied(cell: Cell, *objects: Manifest) -> Iterator[None]:
    """Have these objects in the cluster during the block, and wait until they take effect."""
    for each in objects:
        cell.create(each)
    # The API server's admission reads its configuration once a second.
    time.sleep(3)
    try:
        yield
    finally:
        for each in reversed(objects):
            cell.kubectl("delete", each["kind"], each["metadata"]["name"])
        time.sleep(3)


def judged(cell: Cell, resources: Sequence[str]) -> tuple[Manifest, Manifest]:
    """Return the selector of the namespace, and the rule for creations and updates of these resources there."""
    rule = {
        "apiGroups": ["", "apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": [*resources],
    }
    return {"matchLabels": {"kubernetes.io/metadata.name": cell.namespace}}, rule


def denied(cell: Cell, resource: str, prefix: str, message: str) -> AbstractContextManager[None]:
    """Have a policy deny the creation and update of objects whose names begin like this."""
    selector, rule = judged(cell, [resource])
    name, api = f"denied-{cell.namespace}", "admissionregistration.k8s.io/v1"
    policy = {
        "apiVersion": api,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"namespaceSelector": selector, "resourceRules": [rule]},
            "validations": [{"expression": f"!object.metadata.name.startsWith('{prefix}')", "message": message}],
        },
    }
    binding = {
        "apiVersion": api,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    return applied(cell, policy, binding)
