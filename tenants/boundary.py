"""The boundary: raw configuration becomes a `Fleet`, once, or all that is wrong with it is said.

The program and the linter both come through here, with the same plain values; so they cannot disagree.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TypeVar

from tenants import rules
from tenants.contract import CLUSTER, DEFAULTS, PLATFORM, SECTIONS, TENANTS
from tenants.draft import EntryDraft, FleetDraft, PromotionDraft, SettingsDraft, Source, TenantDraft
from tenants.findings import Findings, LintFinding, TooManyFindingsError, printable
from tenants.fleet import (
    ClusterSpec,
    Fleet,
    Hosts,
    Keepalived,
    PromotionSpec,
    Role,
    State,
    TenantSpec,
    Toleration,
    UpdateStrategy,
)
from tenants.pools import Pools
from tenants.rules.addresses import segment_of
from tenants.rules.shape import ENCRYPTED, MISSING_KEY, ONLY_DATA, UNKNOWN_KEY, nearest

T = TypeVar("T")

_MOST_SHOWN = 100


class FleetError(Exception):
    """The configuration describes no fleet; the text lists every fault by its path."""

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
    """What there is to say of a configuration."""

    findings: tuple[LintFinding, ...]
    """In the order of the configuration's sections; waived ones among them."""
    draft: FleetDraft | None
    """`None` when reading was given up over too many findings."""

    @property
    def faults(self) -> tuple[LintFinding, ...]:
        """The findings that nobody has waived."""
        return tuple(finding for finding in self.findings if finding.waived is None)


def load(raw: Mapping[str, object], *, encrypted: Collection[str] = ()) -> Fleet:
    """The fleet that a configuration describes.

    Args:
        raw: the sections `cluster`, `defaults`, `platform` and `tenants` as plain JSON values; `None` is an absent one.
        encrypted: the sections that hold encrypted values. Which ones these are nobody knows any more, so no value of
            such a section is ever told.

    Raises:
        FleetError: it describes none; every finding is in it.
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
    """A finding of the section that may hold encrypted values, in words that are none of its own."""
    if finding.path[:1] != (MAY_BE_ENCRYPTED,):
        return finding
    known = {MAY_BE_ENCRYPTED, "name", "data", *(field.key for field in PLATFORM.fields)}
    path = tuple(takewhile(known.__contains__, finding.path))
    message = f"breaks a rule: {finding.rule.title[0].lower()}{finding.rule.title[1:]}"
    return LintFinding(rule=finding.rule, path=path, message=f"{message}; values here are secret, so none is shown")


MAY_BE_ENCRYPTED = "platform"
"""The section whose values may be encrypted."""


def examine(raw: Mapping[str, object]) -> Examination:
    """Everything there is to say of a configuration, an absent section being left out of it."""
    (verdict,) = examine_together({"": raw})
    return verdict


def examine_together(configurations: Mapping[str, Mapping[str, object]]) -> Sequence[Examination]:
    """The same of several at once, by how messages call their files: also what those of one cluster have in common.

    Which cluster that is, only `cluster.context` says: files without one mean the kubeconfig's current one.
    """
    all_notes = {file: Findings() for file in configurations}
    drafts: dict[str, FleetDraft] = {}
    for file, raw in configurations.items():
        with suppress(TooManyFindingsError):
            drafts[file] = _read(file, raw, all_notes[file])
    clusters: dict[object, list[FleetDraft]] = {}
    for file, draft in drafts.items():
        clusters.setdefault(_cluster_of(draft, configurations[file]), []).append(draft)
    for fleets in clusters.values():
        try:
            _check(fleets)
        except TooManyFindingsError:
            for fleet in fleets:
                del drafts[fleet.source.file]
    return [Examination(tuple(notes.findings), drafts.get(file)) for file, notes in all_notes.items()]


def _cluster_of(draft: FleetDraft, raw: Mapping[str, object]) -> object:
    written = raw.get("cluster")
    if draft.cluster.context is None and isinstance(written, dict) and "context" in written:
        return draft.source  # It cannot be told which: taken for a cluster of its own.
    return draft.cluster.context


def _check(fleets: Sequence[FleetDraft]) -> None:
    """Check the fleets of one cluster."""
    # What one stack does not say of the cluster's segments, another may.
    pools = Pools(tuple(pool for fleet in fleets for pool in fleet.cluster.vip_pools.written))
    for fleet in fleets:
        for tenant in fleet.tenants:
            tenant.segment = segment_of(tenant.vip, pools)
    rules.check(fleets)


def _read(file: str, raw: Mapping[str, object], notes: Findings) -> FleetDraft:
    for section in raw:
        if section not in SECTIONS:
            meant = nearest(section, SECTIONS)
            hint = f"did you mean {meant}?" if meant else f"the keys are {', '.join(SECTIONS)}"
            notes.add(UNKNOWN_KEY, (section,), f"unknown key; {hint}", at_key=True)
    cluster = CLUSTER.read(raw.get("cluster", {}), ("cluster",), notes) or CLUSTER.read({}, (), notes)
    assert cluster is not None  # noqa: S101 - an empty map reads as all defaults
    platform = PLATFORM.read(raw.get("platform", {}), ("platform",), notes)
    written = raw.get("defaults", {})
    layer = DEFAULTS.read(written, ("defaults",), notes)
    settings = layer.over(SEED_SETTINGS) if layer else SEED_SETTINGS
    defaults = written if isinstance(written, dict) else {}
    if "tenants" not in raw:
        notes.add(MISSING_KEY, ("tenants",), "is missing; list the tenants, or write [] for none")
    entries = TENANTS.read(raw.get("tenants", []), ("tenants",), notes) or ()
    source = Source(file=printable(file), notes=notes, namespace=cluster.namespace, defaults=defaults)
    tenants = tuple(_settled(source, index, entry, settings) for index, entry in enumerate(entries) if entry)
    return FleetDraft(source=source, cluster=cluster, platform=platform, tenants=tenants)


SEED_SETTINGS = SettingsDraft(
    active_role=Role.MASTER,
    state=State.RUNNING,
    adopt=False,
    memory="16Gi",
    memory_limit=2048,
    image="docker.dtdream.com/adb/adb-control:v1.1.0",
    update_strategy=UpdateStrategy.ON_DELETE,
    keepalived_image="docker.dtdream.com/dtdream/kube-keepalived-vip:0.9",
    tolerations=(Toleration(key="dedicated", operator="Equal", value="master", effect="NoSchedule"),),
    waivers=(),
)
"""What the seed has, for all that no tenant and no default says; `None` where that depends on the tenant."""


def _settled(source: Source, index: int, entry: EntryDraft, settings: SettingsDraft) -> TenantDraft:
    """A tenant's entry with what it leaves out taken from the defaults."""
    written = entry.written
    if entry.layer:
        settings = entry.layer.over(settings)

    def says(key: str) -> bool:
        return key in written or key in source.defaults

    data, logs = (f"/data0/{entry.name}/data", f"/data0/{entry.name}/adminlog") if entry.name else (None, None)
    octet = entry.vip.packed[-1] if entry.vip else None
    return TenantDraft(
        source=source,
        index=index,
        entry=entry,
        settings=settings,
        vrid=settings.vrid if says("vrid") else octet,
        data_path=settings.data_path if says("dataPath") else data,
        log_path=settings.log_path if says("logPath") else logs,
        waived={waiver.rule: waiver.reason for waiver in settings.waivers or () if waiver},
    )


def _known(value: T | None) -> T:
    """What is known once there is no fault."""
    if value is None:
        raise AssertionError("a value is missing although no fault was found")
    return value


def _all_known(values: tuple[T | None, ...] | None) -> tuple[T, ...]:
    return tuple(_known(value) for value in _known(values))


def _resolved(draft: FleetDraft) -> Fleet:
    cluster = draft.cluster
    return Fleet(
        cluster=ClusterSpec(
            context=cluster.context,
            namespace=_known(cluster.namespace),
            uid=cluster.uid,
            adopt_from=cluster.adopt_from,
            keepalived_account=_known(cluster.keepalived_account),
            image_pull_secrets=_all_known(cluster.image_pull_secrets),
            vip_pools=_all_known(cluster.vip_pools.written),
            pod_network=cluster.pod_network,
            service_network=cluster.service_network,
            node_addresses=tuple(sorted(_all_known(tuple(cluster.node_addresses)))),
            reserved_vrids=frozenset(_all_known(cluster.reserved_vrids)),
        ),
        platform=_known(draft.platform),
        tenants=tuple(_resolved_tenant(tenant) for tenant in draft.tenants),
    )


def _resolved_tenant(draft: TenantDraft) -> TenantSpec:
    hosts, settings = _known(draft.hosts), draft.settings
    return TenantSpec(
        name=_known(draft.name),
        vip=_known(draft.vip),
        hosts=Hosts(master=_known(hosts.master), standby=_known(hosts.standby)),
        active_role=_known(settings.active_role),
        vrid=_known(draft.vrid),
        segment=_known(draft.segment),
        state=_known(settings.state),
        adopt=_known(settings.adopt),
        memory=_known(settings.memory),
        memory_limit=_known(settings.memory_limit),
        image=_known(settings.image),
        data_path=_known(draft.data_path),
        log_path=_known(draft.log_path),
        update_strategy=_known(settings.update_strategy),
        keepalived=Keepalived(image=_known(settings.keepalived_image)),
        tolerations=_all_known(settings.tolerations),
        allow_move=_all_known(draft.entry.allow_move),
        force=draft.entry.force,
        promotion=_resolved_promotion(settings.promotion, _known(settings.image)),
        waivers=_all_known(settings.waivers),
    )


def _resolved_promotion(draft: PromotionDraft | None, tenant_image: str) -> PromotionSpec | None:
    if draft is None:
        return None
    return PromotionSpec(
        command=_all_known(draft.command),
        image=draft.image or tenant_image,
        timeout_seconds=_known(draft.timeout_seconds),
    )
