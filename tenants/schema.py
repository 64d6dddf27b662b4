"""The JSON Schema of a stack file (draft 2020-12), derived from the contract.

It covers shapes, words and patterns; what concerns more than one value, only the linter checks.
"""

import json
from typing import Any

from tenants.contract import PROJECT, SECTIONS

_ABOUT = {
    "cluster": "The Kubernetes cluster that the tenants live in.",
    "defaults": "Settings of all tenants that do not have their own.",
    "platform": "The six objects that all tenants share: each read by its name, or declared with data.",
    "tenants": "The tenants of this stack, one entry each.",
}


def build() -> dict[str, Any]:
    """Build the schema."""
    sections = {section: {"description": _ABOUT[section], **kind.schema()} for section, kind in SECTIONS.items()}
    spellings = {spelling: section for section in SECTIONS for spelling in (f"{PROJECT}:{section}", section)}
    config = {
        "type": "object",
        "description": f"The stack's configuration. Keys of this project begin with {PROJECT}: or with nothing; "
        "those of others are ignored.",
        "properties": {spelling: {"$ref": f"#/$defs/{section}"} for spelling, section in spellings.items()},
        "patternProperties": {f"^({PROJECT}:)?(?!({'|'.join(SECTIONS)})$)[^:]*$": False},
        "anyOf": [{"required": [spelling]} for spelling, section in spellings.items() if section == "tenants"],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Stack file of the Pulumi project {PROJECT}",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": {
            **sections,
            "secure": {
                "type": "object",
                "description": "A text encrypted by `pulumi config set --secret`.",
                "properties": {"secure": {"type": "string"}},
                "required": ["secure"],
                "additionalProperties": False,
            },
        },
    }


def document() -> str:
    """Return the text of `tenants/schema.json`."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"
