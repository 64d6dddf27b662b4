"""The JSON Schema of a whole stack file (draft 2020-12), from the same contract that configuration is read by.

It knows shapes, words and patterns; what concerns more than one value, the linter knows.
"""

import json
from typing import Any

from tenants.contract import PROJECT, SECTIONS

_ABOUT = {
    "cluster": "The Kubernetes cluster that the tenants live in.",
    "defaults": "What tenants have that do not say otherwise.",
    "platform": "The six objects that all tenants share: each read by its name, or declared with data.",
    "tenants": "The tenants of this stack, one entry each.",
}


def build() -> dict[str, Any]:
    """The schema."""
    sections = {section: {"description": _ABOUT[section], **kind.schema()} for section, kind in SECTIONS.items()}
    spellings = {spelling: section for section in SECTIONS for spelling in (f"{PROJECT}:{section}", section)}
    config = {
        "type": "object",
        "description": f"The stack's configuration. Keys of this project begin with {PROJECT}: or with nothing; "
        "those of others are not looked at.",
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
    """The schema as it is kept in `tenants/schema.json`."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"
