"""Log messages for the engine's output."""

import contextlib

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine's log service."""

    def __init__(self, address: str = "") -> None:
        self._engine: engine_pb2_grpc.EngineStub | None = None
        if address:
            self.connect(address)

    def connect(self, address: str) -> None:
        """Send messages to the engine at `address` from now on."""
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def info(self, message: str, urn: str = "") -> None:
        self._send(engine_pb2.INFO, message, urn)

    def warning(self, message: str, urn: str = "") -> None:
        self._send(engine_pb2.WARNING, message, urn)

    def status(self, message: str, urn: str) -> None:
        """Show a resource's current status until the next one; an empty message removes it."""
        self._send(engine_pb2.INFO, message, urn, ephemeral=True)

    def _send(
        self, severity: engine_pb2.LogSeverity.ValueType, message: str, urn: str, *, ephemeral: bool = False
    ) -> None:
        if self._engine is None:
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
        with contextlib.suppress(grpc.RpcError):  # The engine is exiting.
            self._engine.Log(request, timeout=10)
