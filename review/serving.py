"""Which keepalived serves each running tenant's clients, before and after a change."""

from collections.abc import Mapping
from dataclasses import dataclass

from review.access_path import AccessPath, access_path
from review.changes import Changes, Deployed, TenantChange
from tenants.fleet import KeepalivedPer


@dataclass(frozen=True)
class Announcer:
    """A keepalived pod."""

    node: str
    per: KeepalivedPer


@dataclass(frozen=True)
class Serving:
    """By tenant, the keepalived pod before the change and after; `None` for none, and for one that serves nobody."""

    pods: Mapping[str, tuple[Announcer | None, Announcer | None]]

    def throughout(self, node: str) -> frozenset[str]:
        """Return the tenants whose keepalived, their own or the node's, is on this node before and after."""
        return frozenset(
            name for name, (old, new) in self.pods.items() if node and old and new and old.node == new.node == node
        )

    def before(self, node: str, per: KeepalivedPer) -> frozenset[str]:
        """Return the tenants that have a keepalived of this kind on this node before."""
        return frozenset(name for name, (old, _) in self.pods.items() if old == Announcer(node, per))

    def after(self, node: str, per: KeepalivedPer) -> frozenset[str]:
        """Return the tenants that have a keepalived of this kind on this node after."""
        return frozenset(name for name, (_, new) in self.pods.items() if new == Announcer(node, per))


def serving(changes: Changes) -> Serving:
    """Read it from the objects that change and, for the rest, from the stack's outputs."""
    unchanged = {name: _of_outputs(deployed) for name, deployed in changes.deployed.items()}
    return Serving(
        {
            **{name: (announcer, announcer) for name, announcer in unchanged.items()},
            **{tenant.name: (_now(tenant, after=False), _now(tenant, after=True)) for tenant in changes.tenants},
        }
    )


def _of_outputs(deployed: Deployed) -> Announcer | None:
    if not deployed.active_host or not deployed.runs:
        return None
    per = KeepalivedPer.TENANT if deployed.has_own_keepalived else KeepalivedPer.NODE
    return Announcer(deployed.active_host, per)


def _now(tenant: TenantChange, *, after: bool) -> Announcer | None:
    path = access_path(tenant, after=after)
    if path is None or not path.keepalived_host or not _has_clients(path):
        return None
    return Announcer(path.keepalived_host, path.keepalived_per)


def _has_clients(path: AccessPath) -> bool:
    """Whether a pod serves; the VIP of a stopped tenant stays on its node's keepalived."""
    return path.keepalived_per is KeepalivedPer.TENANT or bool(path.pod_host)
