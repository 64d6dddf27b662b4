"""Read the output of `pulumi preview --json`, in both of its forms, into frozen steps.

The digest is one JSON object with `steps`, in which unchanged resources are left out. The event stream
(`PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true`) is one engine event a line, where a replacement comes as three. Neither
form's `config` is read: it may hold unencrypted passwords.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from kube import adoption_notice
from kube.json_text import UnreadableError, decoded, loads
from kube.manifest import NOTHING, Json, Manifest, at, items, mapping, text
from kube.urn import Urn, parse_urn


class Action(Enum):
    """What happens to an object, whichever of the engine's operations that takes."""

    KEEP = "unchanged"
    CREATE = "created"
    ADOPT = "adopted"
    UPDATE = "updated"
    REPLACE = "replaced"
    DELETE = "deleted"
    RELEASE = "no longer managed"
    """It stays in the cluster."""
    UNKNOWN = "changed in an unknown way"


ACTIONS = {
    "same": Action.KEEP,
    "read": Action.KEEP,
    # A refresh only reads; what it finds becomes a step of its own.
    "refresh": Action.KEEP,
    # Something that was only ever read is no longer read.
    "discard": Action.KEEP,
    "read-discard": Action.KEEP,
    "create": Action.CREATE,
    "import": Action.ADOPT,
    "update": Action.UPDATE,
    "delete": Action.DELETE,
    "replace": Action.REPLACE,
    "create-replacement": Action.REPLACE,
    "delete-replaced": Action.REPLACE,
    "discard-replaced": Action.REPLACE,
    "import-replacement": Action.REPLACE,
    "read-replacement": Action.REPLACE,
    "remove-pending-replace": Action.REPLACE,
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens to one resource."""

    urn: Urn
    parent: Urn | None
    action: Action
    is_object: bool
    """Whether it exists in the cluster; a component only groups."""
    before: Manifest
    """Inputs as deployed; empty if it is new."""
    after: Manifest
    """Inputs as declared; empty if it is deleted."""
    changed: tuple[str, ...]
    """Paths that differ according to the plugin, in its notation."""
    outputs_before: Manifest


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """An error or a warning."""

    urn: Urn | None
    """The resource that it concerns, if it has one."""
    message: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One preview; `refusals` is not empty if it failed."""

    stack: str
    steps: tuple[Step, ...]
    refusals: tuple[Diagnostic, ...]
    """Errors: refusals of the program, or why the preview failed."""
    warnings: tuple[Diagnostic, ...]
    """Those of the program, without duplicates."""
    adopted: frozenset[tuple[str, str]]
    """Kind and name of the objects that the program adopts; the engine reports them as created."""
    complete: bool
    """Whether the engine's output is complete."""


def parse(raw: bytes) -> Preview:
    """Read either form; raises `UnreadableError` if it is neither."""
    content = decoded(raw)
    try:
        document = loads(content)
    except json.JSONDecodeError as not_one_document:
        return _from_lines(content, not_one_document)
    if isinstance(document, dict) and isinstance(document.get("steps"), list):
        return _from_digest(document)
    if _is_event(document):
        return _from_events([mapping(document)])
    if isinstance(document, dict) and isinstance(document.get("diagnostics"), list):
        # A digest without steps: the program ended before it declared anything.
        return _from_digest(document)
    raise UnreadableError("JSON, but not the output of `pulumi preview --json`")


def _is_event(document: Json) -> bool:
    return isinstance(document, dict) and "sequence" in document and "timestamp" in document


def _from_lines(content: str, not_one_document: json.JSONDecodeError) -> Preview:
    lines = [line for line in content.splitlines() if line.strip()]
    events: list[Manifest] = []
    for number, line in enumerate(lines, 1):
        try:
            event = loads(line)
        except json.JSONDecodeError:
            if number == len(lines) and events:
                # Cut off in the middle of an event: those before it are still worth showing.
                break
            raise UnreadableError(
                f"invalid JSON at line {not_one_document.lineno} ({not_one_document.msg}); was the preview interrupted?"
            ) from not_one_document
        if not _is_event(event):
            raise UnreadableError(f"line {number} is not an event of a preview")
        events.append(mapping(event))
    return _from_events(events)


def _from_digest(document: Manifest) -> Preview:
    steps = [mapping(step) for step in items(document.get("steps"))]
    diagnostics = [mapping(entry) for entry in items(document.get("diagnostics"))]
    return _preview(steps, diagnostics, before="oldState", after="newState", ended=True)


def _from_events(events: list[Manifest]) -> Preview:
    steps = [mapping(at(event, "resourcePreEvent", "metadata")) for event in events if "resourcePreEvent" in event]
    diagnostics = [mapping(event.get("diagnosticEvent")) for event in events]
    summaries = [mapping(event["summaryEvent"]) for event in events if "summaryEvent" in event]
    ended = any(summary.get("result", "succeeded") == "succeeded" for summary in summaries)
    return _preview(steps, diagnostics, before="old", after="new", ended=ended)


def _preview(steps: list[Manifest], diagnostics: list[Manifest], *, before: str, after: str, ended: bool) -> Preview:
    refusals = tuple(_refusals(diagnostics))
    return Preview(
        stack=_stack(text(step.get("urn")) for step in steps),
        steps=tuple(_merged(_step(step, mapping(step.get(before)), mapping(step.get(after))) for step in steps)),
        refusals=refusals,
        warnings=tuple(_warnings(diagnostics)),
        adopted=_adopted(diagnostics),
        complete=ended and not refusals,
    )


def _step(step: Manifest, before: Manifest, after: Manifest) -> Step:
    op = text(step.get("op"))
    parent = text(after.get("parent")) or text(before.get("parent"))
    action = ACTIONS.get(op, Action.UNKNOWN)
    if op == "read" and before and not before.get("external") and after.get("external"):
        action = Action.RELEASE
    return Step(
        urn=parse_urn(text(step.get("urn"))),
        parent=parse_urn(parent) if parent else None,
        action=action,
        is_object=(after or before).get("custom") is not False,
        before=NOTHING if action is Action.CREATE else mapping(before.get("inputs")),
        after=NOTHING if action is Action.DELETE else mapping(after.get("inputs")),
        changed=tuple(mapping(step.get("detailedDiff"))),
        outputs_before=mapping(before.get("outputs")),
    )


def _merged(steps: Iterable[Step]) -> Iterator[Step]:
    """Merge the three steps that an event stream has for a replacement: delete-replaced, replace, create-…."""
    by_urn: dict[Urn, Step] = {}
    for step in steps:
        seen = by_urn.get(step.urn)
        if seen is None or seen.action is Action.KEEP:
            by_urn[step.urn] = step
        elif step.action is not Action.KEEP:
            by_urn[step.urn] = _one_step(seen, step)
    return iter(by_urn.values())


def _one_step(first: Step, second: Step) -> Step:
    return Step(
        urn=first.urn,
        parent=first.parent or second.parent,
        action=_one_action(first.action, second.action),
        is_object=first.is_object or second.is_object,
        before=first.before or second.before,
        after=second.after or first.after,
        changed=tuple(dict.fromkeys([*first.changed, *second.changed])),
        outputs_before=first.outputs_before or second.outputs_before,
    )


def _one_action(first: Action, second: Action) -> Action:
    if first is second:
        return first
    # What is imported with other inputs than it has is updated right away.
    return Action.ADOPT if {first, second} == {Action.ADOPT, Action.UPDATE} else Action.REPLACE


def _stack(urns: Iterable[str]) -> str:
    first = next((urn for urn in urns if urn.startswith("urn:pulumi:")), "")
    return first.removeprefix("urn:pulumi:").partition("::")[0]


GENERIC_ERRORS = (
    "preview failed",
    "update failed",
    "an unhandled error occurred: program exited with non-zero exit code: 1",
)
"""What the engine adds to the error that has the cause."""


def _refusals(diagnostics: Iterable[Manifest]) -> Iterator[Diagnostic]:
    found = _of_severity("error", diagnostics)
    return iter([refusal for refusal in found if refusal.message not in GENERIC_ERRORS] or found)


def _of_severity(severity: str, diagnostics: Iterable[Manifest]) -> list[Diagnostic]:
    found = {
        Diagnostic(urn=parse_urn(urn) if (urn := text(entry.get("urn"))) else None, message=_plain_message(entry)): None
        for entry in diagnostics
        if entry.get("severity") == severity
    }
    return list(found)


PROGRAM_TYPES = ("pulumi:pulumi:Stack", "adb:tenants:")
"""Prefixes of the types of resources that belong to no plugin."""
ABOUT_TOOLS = re.compile(
    r"(using pulumi-\S+ from \$PATH|resource plugin \S+ is expected to have version|failed to get plugin info"
    r"|failed to install provider|error downloading provider"
    r"|(refresh|destroy) operation is using an older version of package|\S+ is deprecated:) "
)
"""The beginning of warnings without a URN that the engine (3.250) and its SDK give about themselves; they differ from
machine to machine. One that is not listed here is shown."""


def _warnings(diagnostics: Iterable[Manifest]) -> Iterator[Diagnostic]:
    """Select the warnings of the program.

    A plugin's and most of the engine's (a hook retried, a diff not available) carry the URN of a resource, whose steps
    show what happens to it. The program's carry no URN, the stack's, or that of one of its components. So do a few of
    the engine's: those about its tools are left out, the one about operations that an interrupted `up` left pending is
    kept.
    """
    return (
        warning
        for warning in _of_severity("warning", diagnostics)
        if warning.message
        and (warning.urn is None or warning.urn.types[-1].startswith(PROGRAM_TYPES))
        and not ABOUT_TOOLS.match(warning.message)
    )


def _adopted(diagnostics: Iterable[Manifest]) -> frozenset[tuple[str, str]]:
    notices = (adoption_notice.read(text(entry.get("message"))) for entry in diagnostics)
    return frozenset(key for notice in notices for key in notice or ())


def _plain_message(diagnostic: Manifest) -> str:
    message = text(diagnostic.get("message")).strip()
    for prefix in ("error: ", "warning: ", "Preview failed: "):
        message = message.removeprefix(prefix)
    # `before hook "data-stays-where-it-is" failed: tenant3-master would start on an empty disk.`
    if message.startswith("before hook "):
        message = message.partition(" failed: ")[2] or message
    return message.strip()
