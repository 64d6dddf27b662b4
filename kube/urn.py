"""URNs of the engine, taken apart."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Urn:
    """A resource's name, taken apart."""

    types: tuple[str, ...]
    """Type tokens of its parents and, last, its own."""
    name: str

    @property
    def kind(self) -> str:
        """`StatefulSet` of `kubernetes:apps/v1:StatefulSet`."""
        return self.types[-1].rpartition(":")[2]


def parse_urn(urn: str) -> Urn:
    """Take `urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$…::tenant3` apart; what is no URN is all name."""
    parts = urn.split("::", 3)
    if len(parts) < 4:
        return Urn(types=("",), name=urn)
    return Urn(types=tuple(parts[2].split("$")), name=parts[3])
