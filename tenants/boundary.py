"""The boundary: turns a raw configuration into a `Fleet`, or reports everything that is wrong with it.

The program and the linter both come through here, with the same plain values, so they cannot disagree.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile

from tenants import rules
from tenants.contract import CLUSTER, DEFAULTS, PLATFORM, SECTIONS, TENANT, TENANTS
from tenants.draft import ClusterDraft, FleetDraft, KeepalivedNodeDraft, Source, TenantDraft, Values
from tenants.findings import Findings, LintFinding, TooManyFindingsError, printable
from tenants.fleet import Fleet, TenantSpec
from tenants.kinds import is_faulty
from tenants.pools import Pools
from tenants.rules.addresses import segment_of
from tenants.rules.shape import ENCRYPTED, MISSING_KEY, ONLY_DATA, UNKNOWN_KEY, nearest

_MOST_SHOWN = 100


class FleetError(Exception):
    """The configuration is not valid; the text lists every fault by its path."""

    def __init__(self, findings: tuple[LintFinding, ...]) -> None:
        self.findings = findings
        count = "1 fault" if len(findings) == 1 else f"{len(findings)} faults"
        lines = [
            f"The configuration of this stack has {count}:",
            *(f"  {finding}" for finding in findings[:_MOST_SHOWN]),
        ]
        if len(findings) > _MOST_SHOWN:
            lines.append(f"  … and {len(findings) - _MOST_SHOWN} more")
        lines.append("`python -m tenants lint Pulumi.<stack>.yaml` shows them with their lines.")
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Examination:
    """The verdict on a configuration."""

    findings: tuple[LintFinding, ...]
    """In the order of the sections, waived ones included."""
    draft: FleetDraft | None
    """`None` if reading ended early because of too many findings."""

    @property
    def faults(self) -> tuple[LintFinding, ...]:
        """The findings that are not waived."""
        return tuple(finding for finding in self.findings if finding.waived is None)


def load(raw: Mapping[str, object], *, encrypted: Collection[str] = ()) -> Fleet:
    """Return the fleet that a configuration describes.

    Args:
        raw: the sections `cluster`, `defaults`, `platform` and `tenants` as plain JSON values; `None` is an absent one.
        encrypted: the sections that hold encrypted values. The engine does not tell which values these are, so messages
            show no value of such a section.

    Raises:
        FleetError: the configuration is not valid; every finding is in it.
    """
    misplaced = [section for section in encrypted if section != MAY_BE_ENCRYPTED]
    if misplaced:
        message = f"holds an encrypted value, {ONLY_DATA}"
        raise FleetError(tuple(LintFinding(rule=ENCRYPTED, path=(section,), message=message) for section in misplaced))
    verdict = examine({section: value for section, value in raw.items() if value is not None})
    if verdict.faults or verdict.draft is None:
        raise FleetError(tuple(_without_values(fault) if encrypted else fault for fault in verdict.faults))
    fleet = _resolved(verdict.draft)
    return replace(fleet, platform=replace(fleet.platform, encrypted=MAY_BE_ENCRYPTED in encrypted))


def _without_values(finding: LintFinding) -> LintFinding:
    """Return a finding of the section that may hold encrypted values without any value of it."""
    if finding.path[:1] != (MAY_BE_ENCRYPTED,):
        return finding
    known = {MAY_BE_ENCRYPTED, "name", "data", *(field.key for field in PLATFORM.fields.values())}
    path = tuple(takewhile(known.__contains__, finding.path))
    message = f"breaks a rule: {finding.rule.title[0].lower()}{finding.rule.title[1:]}"
    return LintFinding(rule=finding.rule, path=path, message=f"{message}; values here are secret, so none is shown")


MAY_BE_ENCRYPTED = "platform"
"""The section whose values may be encrypted."""


def examine(raw: Mapping[str, object]) -> Examination:
    """Check one configuration, in which absent sections are left out."""
    (verdict,) = examine_together({"": raw})
    return verdict


def examine_together(configurations: Mapping[str, Mapping[str, object]]) -> Sequence[Examination]:
    """Check several configurations, by the names of their files in messages, also against each other.

    Only those of one cluster are compared, which `cluster.context` names; files without one mean the kubeconfig's
    current one.
    """
    found = {file: Findings() for file in configurations}
    drafts: dict[str, FleetDraft] = {}
    for file, raw in configurations.items():
        with suppress(TooManyFindingsError):
            drafts[file] = _read(file, raw, found[file])
    clusters: dict[object, list[FleetDraft]] = {}
    for file, draft in drafts.items():
        clusters.setdefault(_cluster_of(draft, configurations[file]), []).append(draft)
    for fleets in clusters.values():
        try:
            _check(fleets)
        except TooManyFindingsError:
            for fleet in fleets:
                del drafts[fleet.source.file]
    return [Examination(tuple(findings.findings), drafts.get(file)) for file, findings in found.items()]


def _cluster_of(draft: FleetDraft, raw: Mapping[str, object]) -> object:
    written = raw.get("cluster")
    if draft.cluster.context is None and isinstance(written, dict) and "context" in written:
        return draft.source  # Its context is faulty: it counts as a cluster of its own.
    return draft.cluster.context


def _check(fleets: Sequence[FleetDraft]) -> None:
    """Check the fleets of one cluster."""
    # Each stack may declare pools of the cluster's segments, and they hold for all.
    pools = Pools(tuple(pool for fleet in fleets for pool in fleet.cluster.vip_pools.written))
    for fleet in fleets:
        for tenant in fleet.tenants:
            tenant.segment = segment_of(tenant.vip, pools)
    rules.check(fleets)


def _read(file: str, raw: Mapping[str, object], findings: Findings) -> FleetDraft:
    for section in raw:
        if section not in SECTIONS:
            meant = nearest(section, SECTIONS)
            hint = f"did you mean {meant}?" if meant else f"the keys are {', '.join(SECTIONS)}"
            findings.add(UNKNOWN_KEY, (section,), f"unknown key; {hint}", at_key=True)
    cluster = CLUSTER.filled(CLUSTER.read(raw.get("cluster", {}), ("cluster",), findings) or {})
    platform = PLATFORM.read(raw.get("platform", {}), ("platform",), findings)
    defaults = raw.get("defaults", {})
    base = TENANT.over(TENANT.defaults, DEFAULTS.read(defaults, ("defaults",), findings) or {})
    if "tenants" not in raw:
        findings.add(MISSING_KEY, ("tenants",), "is missing; list the tenants, or write [] for none")
    written = raw.get("tenants", [])
    entries = TENANTS.read(written, ("tenants",), findings) or ()
    source = Source(
        file=printable(file),
        findings=findings,
        namespace=cluster["namespace"],
        defaults=defaults if isinstance(defaults, dict) else {},
    )
    tenants = (
        _tenant(source, index, entry, TENANT.filled(values, base))
        for index, (entry, values) in enumerate(
            zip(written if isinstance(written, list) else (), entries, strict=False)
        )
        if values is not None
    )
    return FleetDraft(
        source=source,
        cluster=_cluster(source, cluster),
        platform=platform,
        platform_keys={name: field.key for name, field in PLATFORM.fields.items()},
        tenants=tuple(tenants),
    )


def _cluster(source: Source, values: Values) -> ClusterDraft:
    keepalived = values["node_keepalived"] or {}
    return ClusterDraft(
        values=values,
        context=values["context"],
        keepalived_account=values["keepalived_account"],
        vip_pools=Pools(values["vip_pools"] or ()),
        pod_network=values["pod_network"],
        service_network=values["service_network"],
        node_addresses=frozenset(values["node_addresses"] or ()),
        reserved_vrids=values["reserved_vrids"] or (),
        keepalived_nodes=tuple(
            KeepalivedNodeDraft(source=source, index=index, node=node, is_declared=keepalived["declared_by"] is None)
            for index, node in enumerate(keepalived.get("nodes") or ())
            if node
        ),
        all_keepalived_nodes_known=not is_faulty(keepalived.get("nodes")),
    )


def _tenant(source: Source, index: int, written: Mapping[str, object], values: Values) -> TenantDraft:
    return TenantDraft(
        source=source,
        index=index,
        written=written,
        values=values,
        name=values["name"],
        vip=values["vip"],
        hosts=values["hosts"] or {},
        active_role=values["active_role"],
        state=values["state"],
        vrid=values["vrid"],
        keepalived_per=(values["keepalived"] or {}).get("per"),
        data_path=values["data_path"],
        log_path=values["log_path"],
        waived={waiver.rule: waiver.reason for waiver in values["waivers"] or () if waiver},
    )


def _resolved(draft: FleetDraft) -> Fleet:
    if draft.platform is None:
        raise AssertionError("there is no platform although no fault was found")
    return Fleet(
        cluster=CLUSTER.build(draft.cluster.values),
        platform=draft.platform,
        tenants=tuple(map(_resolved_tenant, draft.tenants)),
    )


def _resolved_tenant(draft: TenantDraft) -> TenantSpec:
    spec = TENANT.build({**draft.values, "segment": draft.segment})
    if spec.promotion and not spec.promotion.image:
        return replace(spec, promotion=replace(spec.promotion, image=spec.image))
    return spec
