"""A resource's state in the engine: the live object and the inputs."""

from dataclasses import dataclass

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from dev.plugin.manifest import name_of, namespace_of
from dev.plugin.property_values import Manifest, from_struct, plain, to_struct, with_secrets_of


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of an object, with plain values."""

    inputs: Manifest
    live: Manifest
    manager: str
    """The resource's field manager; empty in a state without one."""

    @classmethod
    def parse(cls, struct: Struct) -> "Checkpoint":
        live = plain(from_struct(struct))
        inputs, manager = live.pop("__inputs", None) or {}, str(live.pop("__fieldManager", ""))
        live.pop("__initialApiVersion", None)
        return cls(inputs, live, manager)

    def struct(self, secrets_of: Manifest) -> Struct:
        """Return the engine's form, with the values secret that are secret in `secrets_of`."""
        state = with_secrets_of(secrets_of, self.live) | {
            "__inputs": with_secrets_of(secrets_of, self.inputs),
            "__initialApiVersion": self.inputs.get("apiVersion") or self.live["apiVersion"],
            "__fieldManager": self.manager,
        }
        return to_struct(state)


def resource_id(live: Manifest) -> str:
    """Return `namespace/name`, or `name` of a cluster-scoped object."""
    return "/".join(filter(None, (namespace_of(live), name_of(live))))


class OperationError(Exception):
    """The operation failed and changed nothing in the state."""


class PartialError(Exception):
    """The object exists, but is not ready or not up to date: the engine keeps it in the state, with the reasons."""

    def __init__(
        self, message: str, reasons: list[str], live: Manifest, state: Struct, inputs: Struct | None = None
    ) -> None:
        super().__init__(message)
        self.details = provider_pb2.ErrorResourceInitFailed(
            id=resource_id(live), properties=state, inputs=inputs, reasons=[message, *reasons]
        )
