"""Faults of the API server, of etcd, and of the way to them."""

import json
import os
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trustme
import yaml

from tests.support.matrix import https, proxy
from tests.support.matrix.fault import Fault, fails, may_fail
from tests.support.matrix.proxy import Failure, Judge, Request
from tests.support.matrix.scene import Scene

UNREACHABLE = "cannot be reached .*check that it is up and reachable, then retry"


def _kill_api_server(scene: Scene) -> None:
    os.kill(scene.cluster.processes()["kube-apiserver"], signal.SIGKILL)


@contextmanager
def down_at_the_start(scene: Scene) -> Iterator[None]:
    """The API server's process is killed before the commands."""
    _kill_api_server(scene)
    yield
    scene.cluster.start_components()


@contextmanager
def down_half_way(scene: Scene) -> Iterator[None]:
    """The API server's process is killed when `up` has changed its first object."""
    scene.half_way = lambda: _kill_api_server(scene)
    yield
    scene.half_way = None
    scene.cluster.start_components()


def behind(judge: Callable[[], Judge]) -> Callable[[Scene], AbstractContextManager[None]]:
    """Return an injection that puts a proxy before the API server."""

    def inject(scene: Scene) -> AbstractContextManager[None]:
        return _proxy(scene, judge())

    inject.__doc__ = judge.__doc__
    return inject


@contextmanager
def _proxy(scene: Scene, judge: Judge, shown: trustme.LeafCert | None = None) -> Iterator[None]:
    kubeconfig = Path(scene.stack.environment["KUBECONFIG"])
    with (
        proxy.before(kubeconfig, scene.directory, judge, shown) as through,
        scene.with_environment(KUBECONFIG=str(through)),
    ):
        yield


def slow() -> Judge:
    """A proxy delays each request by two seconds."""

    def judge(_: Request) -> None:
        time.sleep(2)

    return judge


def storm(how: str, failure: Failure, *, only_writes: bool = False) -> Callable[[], Judge]:
    """Return what makes judges that fail the first two requests of each method and path."""

    def judges() -> Judge:
        seen: Counter[Request] = Counter()

        def judge(request: Request) -> Failure | None:
            if only_writes and not request.writes:
                return None
            seen[request] += 1
            return failure if seen[request] <= 2 else None

        return judge

    judges.__doc__ = how
    return judges


def always_503() -> Judge:
    """A proxy answers every request with 503, as a load balancer without a backend does."""
    return lambda _: Failure(code=503, reason="ServiceUnavailable", message="no backend is available")


def showing(how: str, shown: trustme.LeafCert) -> Callable[[Scene], AbstractContextManager[None]]:
    """Return an injection that lets the API server show this certificate."""

    def inject(scene: Scene) -> AbstractContextManager[None]:
        return _proxy(scene, lambda _: None, shown)

    inject.__doc__ = how
    return inject


@contextmanager
def client_certificate_expired(scene: Scene) -> Iterator[None]:
    """The certificate in the kubeconfig expired yesterday."""
    kubeconfig = Path(scene.stack.environment["KUBECONFIG"])
    document = yaml.safe_load(kubeconfig.read_text())
    pki = Path(document["clusters"][0]["cluster"]["certificate-authority"]).parent
    authority = trustme.CA.from_pem((pki / "ca.crt").read_bytes(), (pki / "ca.key").read_bytes())
    yesterday = datetime.now(UTC) - https.DAY
    expired = authority.issue_cert(
        common_name="kubernetes-admin", not_before=yesterday - https.DAY, not_after=yesterday
    )
    file = scene.directory / "expired.pem"
    expired.private_key_and_cert_chain_pem.write_to_path(file)
    document["users"][0]["user"] = {"client-certificate": str(file), "client-key": str(file)}
    changed = scene.directory / "kubeconfig-expired"
    changed.write_text(yaml.safe_dump(document))
    with scene.with_environment(KUBECONFIG=str(changed)):
        yield


@contextmanager
def etcd_full(scene: Scene) -> Iterator[None]:
    """etcd has raised its alarm NOSPACE, and creates nothing until an administrator has disarmed it."""
    _alarm(scene, "ACTIVATE")
    yield
    _alarm(scene, "DEACTIVATE")
    # The controller manager has ended, as it could not renew its lease. A kubelet starts it again.
    scene.cluster.start_components()


def _alarm(scene: Scene, action: str) -> None:
    def ask(path: str, **content: str) -> dict[str, Any]:
        asked = urllib.request.Request(f"{scene.cluster.etcd}{path}", json.dumps(content).encode())  # noqa: S310
        with urllib.request.urlopen(asked) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found

    member = ask("/v3/maintenance/status")["header"]["member_id"]
    ask("/v3/maintenance/alarm", action=action, memberID=member, alarm="NOSPACE")


FAULTS = (
    Fault(
        name="the API server is down at the start",
        inject=down_at_the_start,
        every=fails(UNREACHABLE),
        review=fails("refused|cannot be reached"),
        quick=True,
    ),
    Fault(
        name="the API server goes down half-way",
        inject=down_half_way,
        up=fails("connection refused|cannot be reached"),
        drift=fails(UNREACHABLE),
        silences=True,
    ),
    Fault(name="the API server is slow", inject=behind(slow)),
    Fault(
        name="the API server answers 429",
        inject=behind(
            storm(
                "A proxy answers the first two of equal requests with 429 and Retry-After.",
                Failure(code=429, reason="TooManyRequests", message="too many requests, try later", retry_after=1),
            )
        ),
    ),
    Fault(
        name="the API server answers 409",
        inject=behind(
            storm(
                "A proxy answers the first two of equal writes with 409.",
                Failure(
                    code=409,
                    reason="Conflict",
                    message="the object has been modified; please apply your changes "
                    "to the latest version and try again",
                ),
                only_writes=True,
            )
        ),
        up=fails("the object has been modified"),
        silences=True,
    ),
    Fault(
        name="the API server answers 500",
        inject=behind(
            storm(
                "A proxy answers the first two of equal requests with 500, as during an election of etcd.",
                Failure(code=500, reason="InternalError", message="etcdserver: leader changed"),
            )
        ),
        every=may_fail("leader changed|unable to load schema information"),
        drift=may_fail("retry when it has recovered"),
        silences=True,
    ),
    Fault(
        name="the API server answers 503",
        inject=behind(
            storm(
                "A proxy answers the first two of equal requests with 503.",
                Failure(code=503, reason="ServiceUnavailable", message="apiserver is shutting down"),
            )
        ),
        every=may_fail("shutting down|unable to load schema information"),
        drift=may_fail("retry when it has recovered"),
        silences=True,
    ),
    Fault(
        name="the API server always answers 503",
        inject=behind(always_503),
        every=fails("failed several times .*retry when it has recovered"),
        review=fails("failed several times"),
    ),
    Fault(
        name="etcd is full",
        inject=etcd_full,
        up=fails("database space exceeded|Waiting for StatefulSet"),
        silences=True,
        do="Compact and defragment etcd, then disarm its alarm: `etcdctl alarm disarm`.",
    ),
    Fault(
        name="the API server's certificate has expired",
        inject=showing(
            "The API server shows a certificate that expired yesterday.",
            https.certificate(begins=-2 * https.DAY, ends=-https.DAY),
        ),
        every=fails("certificate has expired"),
    ),
    Fault(
        name="the local clock is behind",
        inject=showing(
            "The API server shows a certificate that is valid from tomorrow on, as on a machine whose clock is behind.",
            https.certificate(begins=https.DAY, ends=2 * https.DAY),
        ),
        every=fails("not yet valid"),
    ),
    Fault(
        name="the kubeconfig's certificate has expired",
        inject=client_certificate_expired,
        every=fails("log in|Unauthorized"),
    ),
)
