"""Asks the cluster by kubectl, which reads kubeconfigs, logs in and finds its way exactly as Pulumi's plugin does.

Both are client-go; see docs/decisions/0007-the-cluster-is-read-by-kubectl.md.
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

from kube.complaints import (
    NO_CONTEXT,
    NO_KUBECTL,
    UNREACHABLE,
    Complaint,
    KubectlError,
    Way,
    explained,
    read_complaint,
)
from kube.json_text import UnreadableError
from kube.manifest import Manifest, at, items, mapping, text

SECONDS = 120
"""For all that one kubectl does: the API server itself ends an ordinary request after 60, and may ask for pauses."""
PAUSES = (1, 3)
"""Seconds before the second try and the third, of what passes: an election of etcd takes one or two."""
TRYING_SECONDS = 10
"""How long after the first try began another one may begin."""
ASKED_WHEN_NOTHING_IS_SAID = "localhost:8080"
"""The API server that kubectl takes when neither a kubeconfig nor a pod's surroundings name one."""
# Since 1.33 a user's ~/.kube/kuberc may change the defaults of any flag, and `--raw` cannot stand a default `--output`.
_WITHOUT_PREFERENCES = {"KUBERC": "off", "KUBECTL_KUBERC": "false"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What kubectl printed."""

    objects: tuple[Manifest, ...]
    """Those it got, also when others failed."""
    complaint: str
    """What it said if anything failed; empty if nothing did."""
    context: str | None = None
    """Whom it asked."""

    @property
    def last_word(self) -> str:
        """The line of the complaint that says most."""
        return self.complaint.rpartition("\n")[2]

    def error(self) -> KubectlError:
        """The complaint as an exception to raise."""
        return _error(read_complaint(self.complaint), self.context)


def ask(arguments: Sequence[str], *, context: str | None, given: bytes = b"", repeatable: bool = False) -> Answer:
    """Run kubectl, on objects that are given to its standard input.

    Args:
        arguments: Command and flags, without `--context` and `--output`.
        context: Of the kubeconfig; `None` is the current one.
        given: For the standard input.
        repeatable: Whether doing it twice is the same as once, so that what passes is tried again.

    Raises:
        KubectlError: It cannot be run, or does not end.
        UnreadableError: It prints something else than objects.
    """
    printed = _run([*arguments, "--output", "json"], context=context, given=given, repeatable=repeatable)
    try:
        found = tuple(_objects(printed.out.decode().strip()))
    except ValueError as error:
        if not printed.complaint:
            raise UnreadableError(f"kubectl: {error}") from error
        found = ()
    return Answer(objects=found, complaint=printed.complaint, context=context)


def objects(arguments: Sequence[str], *, context: str | None, given: bytes = b"") -> tuple[Manifest, ...]:
    """Run a kubectl that only reads, and take what it got; raises `UnreadableError` also if anything failed."""
    answer = ask(arguments, context=context, given=given, repeatable=True)
    if answer.complaint:
        raise answer.error()
    return answer.objects


def read(path: str, *, context: str | None) -> Mapping[str, Any]:
    """Read what the API server has at a path of its own, `/api/v1/nodes`; the members of a list have no `kind`.

    What passes is tried again, up to three times within about ten seconds; a `Retry-After` is obeyed by kubectl.

    Raises:
        KubectlError: There is no answer; `reason` says which kind of none.
    """
    # Without --request-timeout, for which kubectl forgets that it is in a pod and asks localhost:8080 (1.32 and 1.36).
    printed = _run(["get", "--raw", path], context=context, repeatable=True)
    if printed.complaint:
        raise _error(read_complaint(printed.complaint), context)
    try:
        document = json.loads(printed.out)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "kind" not in document:
        said = "what answers is no Kubernetes API server; a proxy's own page?"
        raise _error(Complaint(reason=UNREACHABLE, said=said), context)
    return document


def delete(path: str, *, context: str | None) -> None:
    """Delete what the API server has at a path of its own, `/api/v1/nodes/m1`; raises `KubectlError`."""
    printed = _run(["delete", "--raw", path], context=context)
    if printed.complaint:
        raise _error(read_complaint(printed.complaint), context)


@dataclass(frozen=True, kw_only=True)
class _Printed:
    out: bytes
    complaint: str


def _run(arguments: Sequence[str], *, context: str | None, given: bytes = b"", repeatable: bool = False) -> _Printed:
    began = time.monotonic()
    for pause in PAUSES if repeatable else ():
        printed = _run_once(arguments, context, given)
        late = time.monotonic() + pause > began + TRYING_SECONDS
        if late or not printed.complaint or not read_complaint(printed.complaint).passes:
            return printed
        time.sleep(pause)
    return _run_once(arguments, context, given)


def _run_once(arguments: Sequence[str], context: str | None, given: bytes) -> _Printed:
    chosen = ["--context", context] if context else []
    # Not a pipe: a login plugin has it too, and one that outlives kubectl would hold this up.
    with tempfile.TemporaryFile() as stderr:
        try:
            done = subprocess.run(
                ["kubectl", *chosen, *arguments],
                input=given,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **_WITHOUT_PREFERENCES},
                check=False,
                timeout=SECONDS,
            )
        except OSError as error:
            raise KubectlError(
                f"kubectl, by which the cluster is read, does not run ({error.strerror or error}): install it "
                "(https://kubernetes.io/docs/tasks/tools/) where PATH leads; its version does not matter",
                reason=NO_KUBECTL,
            ) from error
        except subprocess.TimeoutExpired:
            # What it has said so far may be a login plugin's "open this address in a browser".
            waited = f"Unable to connect to the server: kubectl has not ended within {SECONDS} s"
            return _Printed(out=b"", complaint=f"{_words(stderr)}\n{waited}")
        said = _words(stderr) or f"exit code {done.returncode}"
    return _Printed(out=done.stdout, complaint=said if done.returncode else "")


def _words(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    return stderr.read().decode(errors="replace").strip()


def _error(complaint: Complaint, context: str | None) -> KubectlError:
    way = _way(context)
    if complaint.address == ASKED_WHEN_NOTHING_IS_SAID and ASKED_WHEN_NOTHING_IS_SAID not in way.server:
        complaint = Complaint(reason=NO_CONTEXT, said="there is none, or it has no current context")
    return explained(complaint, way)


def _way(context: str | None) -> Way:
    """Look up how the kubeconfig leads to the API server, for a message: what kubectl says names little of it."""
    try:
        view = _run_once(["config", "view", "--minify", "--output", "json"], context, b"")
        cluster = at(next(items(at(json.loads(view.out), "clusters")), None), "cluster")
    except (UnreadableError, ValueError):
        # It leads nowhere; in a pod, that is to the pod's own cluster.
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
        in_pod = f"https://[{host}]:{port}" if host and ":" in host else f"https://{host}:{port}"
        return Way(context=context, server=in_pod if host and not context else "")
    server = text(at(cluster, "server"))
    proxy = text(at(cluster, "proxy-url")) or _proxy_around(server)
    return Way(context=context, server=server, proxy=re.sub(r"//[^/@]*@", "//", proxy))


def _proxy_around(server: str) -> str:
    """What the environment's proxy for this server is."""
    url = urlsplit(server)
    if request.proxy_bypass(url.hostname or ""):
        return ""
    return request.getproxies_environment().get(url.scheme, "")


def _objects(printed: str) -> Iterator[Manifest]:
    """Read what may be one object, a list of them, or several one after another."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(printed):
        document, position = decoder.raw_decode(printed, position)
        if isinstance(document, dict) and "items" in document:
            yield from map(mapping, items(document["items"]))
        else:
            yield mapping(document)
        while printed[position : position + 1].isspace():
            position += 1
