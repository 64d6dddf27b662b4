"""Faults of what judges and limits changes: webhooks, policies, quotas, the namespace."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.support.admission import applied, denied
from tests.support.matrix.fault import WORKS, Fault, fails
from tests.support.matrix.scene import HIT, Scene
from tests.support.matrix.webhook import ALLOWED, DENIED, UNSUPPORTED, rewriting, webhook

MIRROR = "registry.example/adb-control:mirrored"


def webhook_denies(scene: Scene) -> AbstractContextManager[None]:
    """A validating webhook denies every change of one tenant's objects."""
    return webhook(scene, DENIED)


def webhook_hangs(scene: Scene) -> AbstractContextManager[None]:
    """A validating webhook for one tenant's objects does not answer within its 2 s."""
    return webhook(scene, ALLOWED, seconds=30)


def webhook_refuses_dry_runs(scene: Scene) -> AbstractContextManager[None]:
    """A validating webhook denies every dry run for one tenant's objects, and allows the rest."""
    return webhook(scene, ALLOWED, dry_run=UNSUPPORTED)


def policy_denies(scene: Scene) -> AbstractContextManager[None]:
    """A ValidatingAdmissionPolicy denies one tenant's image."""
    return denied(scene.cell, "statefulsets", HIT, "only images of registry.example are allowed")


def webhook_rewrites(scene: Scene) -> AbstractContextManager[None]:
    """A mutating webhook replaces one tenant's image by that of a mirror."""
    patch = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": MIRROR}
    kind, resources = "MutatingWebhookConfiguration", ("statefulsets",)
    return webhook(scene, rewriting([patch]), kind=kind, resources=resources)


def quota_used_up(scene: Scene) -> AbstractContextManager[None]:
    """A ResourceQuota allows as many pods as run: a new keepalived pod is denied until the old one is gone."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "faults"},
        "spec": {"hard": {"pods": str(len(scene.cell.live("pods")))}},
    }
    return applied(scene.cell, quota)


@contextmanager
def namespace_terminating(scene: Scene) -> Iterator[None]:
    """The namespace is being deleted, before anything is deployed, and created again later."""
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "held", "finalizers": ["faults.example/held"]},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.cell.namespace}}
    scene.cell.create(held)
    scene.cell.kubectl("delete", "namespace", scene.cell.namespace, "--wait=false")
    yield
    scene.cell.kubectl("patch", "configmap", "held", "--type=merge", '--patch={"metadata":{"finalizers":[]}}')
    scene.cell.kubectl("wait", "--for=delete", f"namespace/{scene.cell.namespace}", "--timeout=60s")
    scene.cell.create(namespace)


FAULTS = (
    Fault(
        name="a webhook denies",
        inject=webhook_denies,
        up=fails("frozen until Monday"),
        drift=fails("is denied: .*frozen until Monday"),
        spares=True,
        silences=True,
    ),
    Fault(
        name="a webhook hangs",
        inject=webhook_hangs,
        every=fails("freeze.faults.example"),
        drift=fails("is denied: .*freeze.faults.example"),
        spares=True,
        silences=True,
    ),
    Fault(
        name="a webhook refuses dry runs",
        inject=webhook_refuses_dry_runs,
        preview=fails("dry runs are not supported"),
        review=fails("dry runs are not supported"),
        drift=fails("is denied: .*dry runs are not supported"),
        spares=True,
    ),
    Fault(
        name="a policy denies",
        inject=policy_denies,
        every=fails("only images of registry.example"),
        drift=fails("is denied: .*only images of registry.example"),
        spares=True,
    ),
    Fault(name="a webhook rewrites", inject=webhook_rewrites, spares=True),
    Fault(name="the quota is used up", inject=quota_used_up),
    Fault(
        name="the namespace is terminating",
        inject=namespace_terminating,
        every=fails("is being deleted, with everything in it"),
        drift=WORKS,
        deployed=False,
        quick=True,
    ),
)
