"""Reads what `pulumi preview --json` wrote, in both of its forms, into frozen steps.

The digest is one JSON object with `steps`, in which unchanged resources are left out. The event stream
(`PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true`) is one engine event a line, where a replacement comes as three. Neither
form's `config` is read: it may hold passwords in plain words.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from kube import adoption_notice
from kube.json_text import UnreadableError, decoded, loads
from kube.manifest import Json, Manifest, at, items, mapping, text
from kube.urn import Urn, parse_urn


class Action(Enum):
    """What a step does to its object, whichever of the engine's operations it consists of."""

    KEEP = "unchanged"
    CREATE = "created"
    ADOPT = "adopted"
    UPDATE = "updated"
    REPLACE = "replaced"
    DELETE = "deleted"
    RELEASE = "only read from now on"
    """It stays in the cluster, but this stack keeps it no longer."""
    UNKNOWN = "treated in an unknown way"


ACTIONS = {
    "same": Action.KEEP,
    "read": Action.KEEP,
    # A refresh only looks; what it leads to is a step of its own.
    "refresh": Action.KEEP,
    # Something that was only ever read is not looked at any more.
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
    """Whether there is something of it in the cluster: not so for a component, which only groups."""
    before: Manifest
    """Inputs as deployed; empty where there is nothing yet."""
    after: Manifest
    """Inputs as declared; empty where there will be nothing."""
    changed: tuple[str, ...]
    """Paths that the plugin says differ, in its own notation."""
    outputs_before: Manifest


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """What was said besides the steps."""

    urn: Urn | None
    """The resource that it is about, if it says so."""
    message: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One preview; `refusals` is not empty if it failed."""

    stack: str
    steps: tuple[Step, ...]
    refusals: tuple[Diagnostic, ...]
    """Errors."""
    warnings: tuple[Diagnostic, ...]
    """What the program warns of, each once."""
    adopted: frozenset[tuple[str, str]]
    """Kind and name of objects that the program said it takes over; the engine's own word for them is "create"."""
    complete: bool
    """Whether the engine said all it had to say."""


def parse(raw: bytes) -> Preview:
    """Read either form.

    Raises:
        UnreadableError: It is neither.
    """
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
    raise UnreadableError("it is JSON, but not what `pulumi preview --json` writes")


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
                # Cut off in the middle of an event: what came before it still says what would happen.
                break
            raise UnreadableError(
                f"it is no JSON from line {not_one_document.lineno} on ({not_one_document.msg}); a preview that was "
                "interrupted cannot be reviewed"
            ) from not_one_document
        if not _is_event(event):
            raise UnreadableError(f"line {number} is no event of a preview")
        events.append(mapping(event))
    return _from_events(events)


def _from_digest(document: Mapping[str, Json]) -> Preview:
    diagnostics = [mapping(entry) for entry in items(document.get("diagnostics"))]
    refusals = tuple(_refusals(diagnostics))
    steps = [mapping(step) for step in items(document.get("steps"))]
    return Preview(
        stack=_stack(text(step.get("urn")) for step in steps),
        steps=tuple(_merged(map(_digest_step, steps))),
        refusals=refusals,
        warnings=tuple(_warnings(diagnostics)),
        adopted=_adopted(diagnostics),
        complete=not refusals,
    )


def _digest_step(step: Manifest) -> Step:
    return _step(
        op=text(step.get("op")),
        urn=text(step.get("urn")),
        before=mapping(step.get("oldState")),
        after=mapping(step.get("newState")),
        changed=mapping(step.get("detailedDiff")),
    )


def _from_events(events: list[Manifest]) -> Preview:
    diagnostics = [mapping(event.get("diagnosticEvent")) for event in events]
    refusals = tuple(_refusals(diagnostics))
    metadata = [mapping(at(event, "resourcePreEvent", "metadata")) for event in events if "resourcePreEvent" in event]
    summaries = [mapping(event["summaryEvent"]) for event in events if "summaryEvent" in event]
    return Preview(
        stack=_stack(text(step.get("urn")) for step in metadata),
        steps=tuple(_merged(map(_event_step, metadata))),
        refusals=refusals,
        warnings=tuple(_warnings(diagnostics)),
        adopted=_adopted(diagnostics),
        complete=not refusals and any(summary.get("result", "succeeded") == "succeeded" for summary in summaries),
    )


def _event_step(metadata: Manifest) -> Step:
    return _step(
        op=text(metadata.get("op")),
        urn=text(metadata.get("urn")),
        before=mapping(metadata.get("old")),
        after=mapping(metadata.get("new")),
        changed=mapping(metadata.get("detailedDiff")),
    )


def _step(*, op: str, urn: str, before: Manifest, after: Manifest, changed: Manifest) -> Step:
    parent = text(after.get("parent")) or text(before.get("parent"))
    action = ACTIONS.get(op, Action.UNKNOWN)
    if op == "read" and before and not before.get("external") and after.get("external"):
        action = Action.RELEASE
    return Step(
        urn=parse_urn(urn),
        parent=parse_urn(parent) if parent else None,
        action=action,
        is_object=(after or before).get("custom") is not False,
        before=NO_INPUTS if action is Action.CREATE else mapping(before.get("inputs")),
        after=NO_INPUTS if action is Action.DELETE else mapping(after.get("inputs")),
        changed=tuple(changed),
        outputs_before=mapping(before.get("outputs")),
    )


NO_INPUTS: Manifest = {}


def _merged(steps: Iterable[Step]) -> Iterator[Step]:
    """Make one step of the three that an event stream has for a replacement: delete-replaced, replace, create-…."""
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


AFTERTHOUGHTS = (
    "preview failed",
    "update failed",
    "an unhandled error occurred: program exited with non-zero exit code: 1",
)
"""What the engine adds beneath the error that says what is wrong."""


def _refusals(diagnostics: Iterable[Manifest]) -> Iterator[Diagnostic]:
    found = _of_severity("error", diagnostics)
    said = [refusal for refusal in found if refusal.message not in AFTERTHOUGHTS]
    return iter(said or found)


def _of_severity(severity: str, diagnostics: Iterable[Manifest]) -> list[Diagnostic]:
    found = {
        Diagnostic(urn=parse_urn(urn) if (urn := text(entry.get("urn"))) else None, message=_plain_message(entry)): None
        for entry in diagnostics
        if entry.get("severity") == severity
    }
    return list(found)


OF_THE_PROGRAM = ("pulumi:pulumi:Stack", "adb:tenants:")
"""What the types of resources begin with that are no plugin's."""
ABOUT_TOOLS = re.compile(
    r"(using pulumi-\S+ from \$PATH|resource plugin \S+ is expected to have version|failed to get plugin info"
    r"|failed to install provider|error downloading provider"
    r"|(refresh|destroy) operation is using an older version of package|\S+ is deprecated:) "
)
"""How warnings without a URN begin that the engine (3.250) and its SDK give about themselves: for whoever keeps the
tools and the program, and different on each machine. One that is not known here is shown, not hidden."""


def _warnings(diagnostics: Iterable[Manifest]) -> Iterator[Diagnostic]:
    """Keep the program's.

    A plugin speaks only of the resource that it is asked about, and the engine of one by its URN (a hook tried again, a
    diff not to be had): the steps tell what happens to it. What the program says carries no URN, the stack's, or that
    of one of its components. So do few of the engine's: those about its own tools are left out, the one about
    operations that an interrupted `up` left behind is kept.
    """
    return (
        warning
        for warning in _of_severity("warning", diagnostics)
        if warning.message
        and (warning.urn is None or warning.urn.types[-1].startswith(OF_THE_PROGRAM))
        and not ABOUT_TOOLS.match(warning.message)
    )


def _adopted(diagnostics: Iterable[Manifest]) -> frozenset[tuple[str, str]]:
    notices = (adoption_notice.read(text(entry.get("message"))) for entry in diagnostics)
    return frozenset(key for notice in notices for key in notice or ())


def _plain_message(diagnostic: Manifest) -> str:
    message = text(diagnostic.get("message")).strip()
    message = message.removeprefix("error: ").removeprefix("warning: ").removeprefix("Preview failed: ")
    if message.startswith("before hook "):
        # `before hook "data-stays-where-it-is" failed: tenant3-master would start on an empty disk.`
        message = message.partition(" failed: ")[2] or message
    return message.strip()
