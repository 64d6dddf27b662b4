"""Servers between a client and an API server: proxies, and a stub with given responses."""

import http.server
import json
import select
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

SOCKS_VERSION = b"\x05"


class _Forwarding(socketserver.StreamRequestHandler):
    """Forwards every request to one server, whatever its target, so that the target is reachable by the proxy only."""

    server: "_Proxy"

    def handle(self) -> None:
        socks = self.connection.recv(1, socket.MSG_PEEK) == SOCKS_VERSION
        if socks:
            self._greet()
        else:
            while self.rfile.readline().strip():
                pass
        with closing(socket.create_connection(self.server.target)) as upstream:
            succeeded = SOCKS_VERSION + b"\x00\x00\x01" + bytes(6)
            self.connection.sendall(succeeded if socks else b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.server.passed += 1
            ends = {self.connection: upstream, upstream: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    if not (content := end.recv(1 << 16)):
                        return
                    ends[end].sendall(content)

    def _greet(self) -> None:
        _, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.connection.sendall(SOCKS_VERSION + b"\x00")
        *_, kind = self.rfile.read(4)
        self.rfile.read({1: 4, 3: 0, 4: 16}[kind] or self.rfile.read(1)[0])
        self.rfile.read(2)


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    target: tuple[str, int]
    passed = 0


@contextmanager
def proxy_to(port: int) -> Iterator[_Proxy]:
    """Run a proxy, for HTTP CONNECT and SOCKS5, to a port of this machine."""
    with _Proxy(("127.0.0.1", 0), _Forwarding) as proxy:
        proxy.target = ("127.0.0.1", port)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy
        proxy.shutdown()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The stub's response to one request."""

    status: int
    body: Mapping[str, Any] | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False

    @classmethod
    def failure(cls, status: int, reason: str, message: str, **headers: str) -> "Reply":
        """Return a Status object like an API server's."""
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "message": message}
        return cls(status=status, body={**body, **({"reason": reason} if reason else {})}, headers=headers)


@contextmanager
def stub(*replies: Reply) -> Iterator[tuple[str, Sequence[str]]]:
    """Run an HTTP server with these responses in turn, the last one repeated; yield its address and the requests."""
    got: list[str] = []
    ended = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            got.append(self.path)
            reply = replies[min(len(got), len(replies)) - 1]
            if reply.hangs:
                ended.wait()
            body = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
            self.send_response(reply.status)
            kind = "text/html" if isinstance(reply.body, str) else "application/json"
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", got
        ended.set()
        server.shutdown()
