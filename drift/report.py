"""Writes the report: as text for a terminal, as Markdown for a pipeline's issue, as JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from drift.findings import Drift, Repair
from drift.survey import Survey
from kube.escaping import markdown_code as code
from kube.escaping import visible

MAX_BYTES = 16_000
"""Of the Markdown: a quarter of what an issue on GitHub holds, beside the review of the preview."""
WAYS = {way: f"for `{way.value}`" for way in (Repair.HERE, Repair.UP)} | {Repair.BY_HAND: Repair.BY_HAND.value}
"""In the order to apply them."""


def text(survey: Survey, repaired: Sequence[Drift]) -> str:
    """Write one line for each difference."""
    lines = [f"repaired: {_line(each)}" for each in repaired]
    lines += [f"{_line(each)}; repair: {visible(_repair(each))}" for each in survey.drift]
    if survey.leftovers:
        lines += ["", "Not drift: fields left by the previous owner of an adopted object (`--repair` removes them):"]
        lines += [_line(each) for each in survey.leftovers]
    return "\n".join([*lines, _verdict(survey, visible(survey.stack))]) + "\n"


def markdown(survey: Survey, repaired: Sequence[Drift]) -> str:
    """Write a section of at most `MAX_BYTES`."""
    sign = "🟡" if survey.drift else "🟢"
    parts = [f"### {sign} Changed by hand: {_verdict(survey, code(survey.stack))}\n\n"]
    sections = (
        ("Repaired", repaired),
        ("", survey.drift),
        ("Not drift: fields left by previous owners of adopted objects", survey.leftovers),
    )
    room = MAX_BYTES - len(parts[0].encode())
    for title, entries in sections:
        rows = [_row(each) for each in entries]
        if not rows:
            continue
        heading = f"{title}:\n\n" if title else ""
        parts.append(f"{heading}| object | field | should be | is | by | repair |\n|---|---|---|---|---|---|\n")
        for number, row in enumerate(rows):
            room -= len(row.encode())
            if room < 0:
                parts.append(f"\n{len(rows) - number} more are left out for length.\n")
                return "".join(parts)
            parts.append(row)
        parts.append("\n")
    return "".join(parts)


def document(survey: Survey, repaired: Sequence[Drift]) -> str:
    """Write everything as JSON."""
    content = {
        "stack": survey.stack,
        "objects": survey.objects,
        "drift": _entries(survey.drift),
        "leftBehind": _entries(survey.leftovers),
        "repaired": _entries(repaired),
    }
    return json.dumps(content, indent=2) + "\n"


def _verdict(survey: Survey, stack: str) -> str:
    compared = f"{survey.objects} objects of stack {stack} compared"
    if not survey.drift:
        return f"no drift ({compared})"
    many = len(survey.drift)
    by = {way: sum(each.repair is way for each in survey.drift) for way in WAYS}
    counts = ", ".join(f"{count} {WAYS[way]}" for way, count in by.items() if count)
    return f"{many} difference{'s' if many != 1 else ''} ({compared}): {counts}"


def _line(each: Drift) -> str:
    what = " ".join(filter(None, (_object(each), each.path)))
    by = f" ({', '.join(filter(None, (each.manager, each.time)))})" if each.manager else ""
    return visible(f"{what}: should be {each.expected}, is {each.actual}{by}")


def _object(each: Drift) -> str:
    return f"{each.kind} {'/'.join(filter(None, (each.namespace, each.name)))}"


def _repair(each: Drift) -> str:
    return each.advice or each.repair.value


def _row(each: Drift) -> str:
    by = " ".join(filter(None, (each.manager, each.time)))
    cells = (_object(each), each.path, each.expected, each.actual, by, _repair(each))
    return "| " + " | ".join(code(cell) if cell else "" for cell in cells) + " |\n"


def _entries(drift: Iterable[Drift]) -> list[dict[str, Any]]:
    return [{**asdict(each), "repair": each.repair.value} for each in drift]
