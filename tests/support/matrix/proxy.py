"""A proxy before the API server, which answers as a fault tells it to."""

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme
import yaml

from tests.support.matrix import https

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OF_ONE_CONNECTION = frozenset({"connection", "content-length", "date", "host", "server", "transfer-encoding"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to the API server."""

    method: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether it changes an object."""
        return self.method in _WRITES and "dryRun=" not in self.path


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An answer as the API server words it."""

    code: int
    reason: str
    message: str
    retry_after: int | None = None

    def status(self) -> dict[str, Any]:
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        details = {} if self.retry_after is None else {"details": {"retryAfterSeconds": self.retry_after}}
        return {**status, "reason": self.reason, "code": self.code, **details}

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


Judge = Callable[[Request], Failure | None]
"""Returns the failure that answers a request, or `None` to pass it on; may wait before."""


class _Handler(https.Handler):
    judge: Judge
    connect: Callable[[], http.client.HTTPSConnection]

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.body()
        failure = type(self).judge(Request(method=self.command, path=self.path))
        if failure:
            self.answer(failure.code, failure.status(), **failure.headers())
        else:
            self._pass_on(body)
        self.wfile.flush()

    def _pass_on(self, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_CONNECTION}
        connection = type(self).connect()
        try:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_ONE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            # Piece by piece: a watch is an answer that does not end.
            while piece := answer.read1(65536):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            self.close_connection = True
        finally:
            connection.close()


@contextmanager
def before(kubeconfig: Path, directory: Path, judge: Judge, shown: trustme.LeafCert | None = None) -> Iterator[Path]:
    """Run a proxy before the API server of a kubeconfig, and yield the kubeconfig that leads through it."""
    document = yaml.safe_load(kubeconfig.read_text())
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
    tls.load_cert_chain(user["client-certificate"], user["client-key"])
    upstream = urlsplit(cluster["server"])
    connect = partial(http.client.HTTPSConnection, upstream.hostname or "", upstream.port, context=tls)
    handler = type("Handler", (_Handler,), {"judge": staticmethod(judge), "connect": staticmethod(connect)})
    with https.serving(handler, shown or https.certificate()) as address:
        authority = directory / "proxy-ca.crt"
        https.AUTHORITY.cert_pem.write_to_path(authority)
        document["clusters"][0]["cluster"] = {"certificate-authority": str(authority), "server": address}
        through = directory / "kubeconfig-through-proxy"
        through.write_text(yaml.safe_dump(document))
        yield through
