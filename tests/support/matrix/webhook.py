"""An admission webhook that judges the objects of one tenant."""

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.support.admission import applied, judged
from tests.support.matrix import https
from tests.support.matrix.scene import HIT, Scene

Answer = Mapping[str, Any]
"""The response of an AdmissionReview, without its uid."""
ALLOWED: Answer = {"allowed": True}
DENIED: Answer = {"allowed": False, "status": {"code": 403, "message": "changes are frozen until Monday"}}
UNSUPPORTED: Answer = {"allowed": False, "status": {"code": 400, "message": "dry runs are not supported"}}


def rewriting(patch: Sequence[Mapping[str, Any]]) -> Answer:
    """Return an answer that changes the object by a JSON patch."""
    return {
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": base64.b64encode(json.dumps(patch).encode()).decode(),
    }


@contextmanager
def webhook(
    scene: Scene,
    answer: Answer,
    *,
    kind: str = "ValidatingWebhookConfiguration",
    resources: Sequence[str] = ("services", "statefulsets", "replicationcontrollers"),
    seconds: float = 0,
    dry_run: Answer | None = None,
) -> Iterator[None]:
    """Have every change of the tenant's objects judged during the block, after so many seconds.

    Dry runs may get an answer of their own.
    """

    class Handler(https.Handler):
        def do_POST(self) -> None:  # noqa: N802 - http.server's own name
            asked = json.loads(self.body())["request"]
            time.sleep(seconds)
            response = {"uid": asked["uid"], **(dry_run if dry_run and asked["dryRun"] else answer)}
            self.answer(200, {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})

    selector, rule = judged(scene.cell, resources)
    with https.serving(Handler, https.certificate()) as address:
        configuration = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "faults"},
            "webhooks": [
                {
                    "name": "freeze.faults.example",
                    "clientConfig": {
                        "url": f"{address}/judge",
                        "caBundle": base64.b64encode(https.AUTHORITY.cert_pem.bytes()).decode(),
                    },
                    "rules": [rule],
                    "namespaceSelector": selector,
                    "matchConditions": [{"name": "one-tenant", "expression": f"request.name.startsWith('{HIT}')"}],
                    "sideEffects": "NoneOnDryRun",
                    "admissionReviewVersions": ["v1"],
                    "failurePolicy": "Fail",
                    "timeoutSeconds": 2,
                }
            ],
        }
        with applied(scene.cell, configuration):
            yield
