"""A local HTTPS server with a certificate of its own."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

from dev.local.cluster import LOOPBACK

AUTHORITY = trustme.CA()
"""Signs the certificates of this run's servers."""
DAY = timedelta(days=1)


def certificate(*, begins: timedelta = -DAY, ends: timedelta = DAY) -> trustme.LeafCert:
    """Return a server's certificate that is valid between two moments, relative to now."""
    now = datetime.now(UTC)
    return AUTHORITY.issue_cert(LOOPBACK, not_before=now + begins, not_after=now + ends)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], shown: trustme.LeafCert) -> Iterator[str]:
    """Serve during the block, and yield the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.configure_cert(context)
    server = _Server((LOOPBACK, 0), handler, context)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers over connections that stay open, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, code: int, content: Mapping[str, Any], **headers: str) -> None:
        """Send an answer as JSON."""
        body = json.dumps(content).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext) -> None:
        super().__init__(address, handler)
        # The handshake is made by the connection's thread, so that one client does not wait for another.
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that reject the certificate or go away."""
