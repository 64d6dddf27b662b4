"""Write a review as JSON, for programs."""

import json
from dataclasses import asdict
from typing import TypeAlias

from review.access_path import AccessPath
from review.changes import ObjectChange
from review.findings import Finding
from review.verdict import Review

Value: TypeAlias = "str | bool | int | list[Value] | dict[str, Value] | None"


def document(review: Review) -> str:
    """Write everything that the comment has, uncut."""
    content: dict[str, Value] = {
        "stack": review.stack,
        "danger": review.danger.word,
        "changes": review.changes,
        "mayGoOn": review.can_proceed,
        "complete": review.complete,
        "engineExitCode": review.engine_exit_code,
        "refusals": [refusal.message for refusal in review.refusals],
        "warnings": [{"tenant": each.tenant or None, "says": each.message} for each in review.warnings],
        "tenants": [
            {
                "name": tenant.name,
                "danger": tenant.danger.word,
                "findings": [_finding(each) for each in tenant.findings],
                "accessPath": {"before": _path(tenant.path_before), "after": _path(tenant.path_after)},
                "objects": [_object(change) for change in tenant.objects],
            }
            for tenant in review.tenants
        ],
        "shared": {
            "danger": review.shared.danger.word,
            "findings": [{**_finding(each), "tenants": _affected(each)} for each in review.shared.findings],
            "objects": [_object(change) for change in review.shared.objects],
        },
    }
    return json.dumps(content, indent=2) + "\n"


def _finding(each: Finding) -> dict[str, Value]:
    return {"id": each.rule.id, "danger": each.danger.word, "about": list(each.about), "says": each.text()}


def _affected(each: Finding) -> Value:
    return None if each.affects is None else list(each.affects)


def _path(path: AccessPath | None) -> Value:
    if path is None:
        return None
    return {
        "vip": path.vip,
        "keepalivedHost": path.keepalived_host,
        "keepalivedPer": path.keepalived_per,
        "service": path.service,
        "role": path.role,
        "podHost": path.pod_host,
    }


def _object(change: ObjectChange) -> Value:
    return {
        "kind": change.kind,
        "name": change.name,
        "action": change.action.value,
        "fields": [asdict(field) for field in change.fields],
    }
