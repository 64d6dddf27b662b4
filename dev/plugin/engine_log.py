"""Messages to whoever watches the engine."""

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
        """Talk to the engine at `address`."""
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def info(self, message: str, urn: str = "") -> None:
        """One line that stays."""
        self._send(engine_pb2.INFO, message, urn)

    def warning(self, message: str, urn: str = "") -> None:
        """One line that stays, and counts as a warning."""
        self._send(engine_pb2.WARNING, message, urn)

    def status(self, message: str, urn: str) -> None:
        """What is going on right now; replaced by the next, ended by an empty one."""
        self._send(engine_pb2.INFO, message, urn, ephemeral=True)

    def _send(
        self, severity: engine_pb2.LogSeverity.ValueType, message: str, urn: str, *, ephemeral: bool = False
    ) -> None:
        if self._engine is None:
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
        with contextlib.suppress(grpc.RpcError):  # An engine that no longer listens is about to end us anyway.
            self._engine.Log(request, timeout=10)
