"""Runs kubectl, which reads kubeconfigs, logs in and connects exactly as Pulumi's plugin does: both are client-go.

See docs/decisions/0007-the-cluster-is-read-by-kubectl.md.
"""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any
from urllib import request
from urllib.parse import urlsplit

from kube import kubectl_errors
from kube.json_text import UnreadableError, concatenated
from kube.kubectl_errors import Connection, Failure, KubectlError, Reason, sentence
from kube.manifest import Manifest, at, items, mapping, text

TIMEOUT_SECONDS = 120
"""For one kubectl process: the API server itself ends an ordinary request after 60, and may ask for pauses."""
RETRY_PAUSES = (1, 3)
"""Seconds before the second and the third attempt after a transient error: an election of etcd takes one or two."""
RETRY_WITHIN_SECONDS = 10
"""No attempt begins later than this after the first one."""
DEFAULT_SERVER = "localhost:8080"
"""The API server that kubectl takes when neither a kubeconfig nor a pod's environment names one."""
# Since 1.33 a user's ~/.kube/kuberc may change the defaults of any flag, and `--raw` fails with a default `--output`.
_WITHOUT_PREFERENCES = {"KUBERC": "off", "KUBECTL_KUBERC": "false"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What kubectl printed."""

    objects: tuple[Manifest, ...]
    """Also present if others failed."""
    stderr: str
    """Empty if nothing failed."""
    context: str | None = None

    @property
    def last_line(self) -> str:
        """The last line of the error output, which has the actual error."""
        return self.stderr.rpartition("\n")[2]

    def error(self) -> KubectlError:
        """Return the error output as an exception to raise."""
        return _error(kubectl_errors.parse(self.stderr), self.context)


def run(arguments: Sequence[str], *, context: str | None, stdin: bytes = b"", idempotent: bool = False) -> Answer:
    """Run kubectl and parse the objects that it prints.

    Args:
        arguments: Command and flags, without `--context` and `--output`.
        context: Of the kubeconfig; `None` is the current one.
        stdin: Objects for the standard input.
        idempotent: Whether running it twice has the same effect as once, so that transient errors are retried.

    Raises:
        KubectlError: kubectl is not installed.
        UnreadableError: The output is not JSON.
    """
    stdout, stderr = _run([*arguments, "--output", "json"], context, stdin, idempotent=idempotent)
    try:
        found = tuple(_objects(stdout.decode()))
    except ValueError as error:
        if not stderr:
            raise UnreadableError(f"kubectl: {error}") from error
        found = ()
    return Answer(objects=found, stderr=stderr, context=context)


def objects(arguments: Sequence[str], *, context: str | None, stdin: bytes = b"") -> tuple[Manifest, ...]:
    """Run a read-only kubectl command and return its objects; raises `UnreadableError` if anything failed."""
    answer = run(arguments, context=context, stdin=stdin, idempotent=True)
    if answer.stderr:
        raise answer.error()
    return answer.objects


def read(path: str, *, context: str | None) -> Mapping[str, Any]:
    """Read an API path such as `/api/v1/nodes`; the members of a list have no `kind`. Raises `KubectlError`.

    Transient errors are retried, up to three attempts within about ten seconds; kubectl itself obeys `Retry-After`.
    """
    # Without --request-timeout, with which kubectl ignores a pod's own account and asks localhost:8080 (1.32 and 1.36).
    stdout, stderr = _run(["get", "--raw", path], context, idempotent=True)
    if stderr:
        raise _error(kubectl_errors.parse(stderr), context)
    try:
        document = json.loads(stdout)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "kind" not in document:
        message = "the response is not from a Kubernetes API server; is it a proxy's page?"
        raise _error(Failure(reason=Reason.UNREACHABLE, message=message), context)
    return document


def write(arguments: Sequence[str], *, context: str | None) -> None:
    """Run a command that changes objects, once; raises `KubectlError`."""
    _, stderr = _run(arguments, context, idempotent=False)
    if stderr:
        raise _error(kubectl_errors.parse(stderr), context)


def delete(path: str, *, context: str | None) -> None:
    """Delete the object at an API path such as `/api/v1/nodes/m1`; raises `KubectlError`."""
    write(["delete", "--raw", path], context=context)


def _run(arguments: Sequence[str], context: str | None, stdin: bytes = b"", *, idempotent: bool) -> tuple[bytes, str]:
    """Return the output and the error output, which is empty if kubectl succeeded."""
    began = time.monotonic()
    for pause in RETRY_PAUSES if idempotent else ():
        printed = _run_once(arguments, context, stdin)
        late = time.monotonic() + pause > began + RETRY_WITHIN_SECONDS
        if late or not printed[1] or not kubectl_errors.parse(printed[1]).is_transient:
            return printed
        time.sleep(pause)
    return _run_once(arguments, context, stdin)


def _run_once(arguments: Sequence[str], context: str | None, stdin: bytes) -> tuple[bytes, str]:
    chosen = ["--context", context] if context else []
    # Not a pipe: a login plugin inherits it, and one that outlives kubectl would block this process.
    with tempfile.TemporaryFile() as stderr:
        try:
            done = subprocess.run(
                ["kubectl", *chosen, *arguments],
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **_WITHOUT_PREFERENCES},
                check=False,
                timeout=TIMEOUT_SECONDS,
            )
        except OSError as error:
            raise KubectlError(
                f"kubectl, which reads the cluster, cannot be run ({error.strerror or error}): install it on PATH "
                "(https://kubernetes.io/docs/tasks/tools/), in any version",
                reason=Reason.NO_KUBECTL,
            ) from error
        except subprocess.TimeoutExpired:
            # Output so far may be a login plugin's "open this address in a browser".
            timeout = f"Unable to connect to the server: kubectl did not finish within {TIMEOUT_SECONDS} s"
            return b"", f"{_text(stderr)}\n{timeout}"
        message = _text(stderr) or f"exit code {done.returncode}"
    return done.stdout, message if done.returncode else ""


def _text(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    return stderr.read().decode(errors="replace").strip()


def _error(failure: Failure, context: str | None) -> KubectlError:
    connection = _connection(context)
    if failure.address == DEFAULT_SERVER and DEFAULT_SERVER not in connection.server:
        failure = Failure(reason=Reason.NO_CONTEXT, message="there is none, or it has no current context")
    return KubectlError(sentence(failure, connection), reason=failure.reason)


def _connection(context: str | None) -> Connection:
    """Look up server and proxy in the kubeconfig: kubectl's errors rarely name them."""
    try:
        view, _ = _run_once(["config", "view", "--minify", "--output", "json"], context, b"")
        cluster = at(next(items(at(json.loads(view), "clusters")), None), "cluster")
    except (UnreadableError, ValueError):
        # No usable kubeconfig; in a pod, kubectl then connects to the pod's own cluster.
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
        in_pod = f"https://[{host}]:{port}" if host and ":" in host else f"https://{host}:{port}"
        return Connection(context=context, server=in_pod if host and not context else "")
    server = text(at(cluster, "server"))
    proxy = text(at(cluster, "proxy-url")) or _proxy_from_environment(server)
    return Connection(context=context, server=server, proxy=re.sub(r"//[^/@]*@", "//", proxy))


def _proxy_from_environment(server: str) -> str:
    url = urlsplit(server)
    if request.proxy_bypass(url.hostname or ""):
        return ""
    return request.getproxies_environment().get(url.scheme, "")


def _objects(printed: str) -> Iterator[Manifest]:
    """Parse one object, a list of them, or several in a row."""
    for document in concatenated(printed):
        if isinstance(document, dict) and "items" in document:
            yield from map(mapping, items(document["items"]))
        else:
            yield mapping(document)
