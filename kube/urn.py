"""Parses URNs of Pulumi's engine."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Urn:
    """The parts of a URN that are used here."""

    types: tuple[str, ...]
    """Type tokens of the parents and, last, of the resource itself."""
    name: str

    @property
    def kind(self) -> str:
        """The last part of the type: `StatefulSet` of `kubernetes:apps/v1:StatefulSet`."""
        return self.types[-1].rpartition(":")[2]


def parse_urn(urn: str) -> Urn:
    """Parse `urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$…::tenant3`; a text that is not a URN becomes the name."""
    parts = urn.split("::", 3)
    if len(parts) < 4:
        return Urn(types=("",), name=urn)
    return Urn(types=tuple(parts[2].split("$")), name=parts[3])
