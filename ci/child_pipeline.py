"""`python -m ci.child_pipeline JOB...` prints GitLab's child pipeline: for each stack, these jobs of its template.

Standard input is what `ci.touched` prints. Each job needs the one before it. JSON is YAML.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from kube.json_text import loads
from kube.manifest import items, text

TEMPLATES = "ci/stack.gitlab-ci.yml"

Value: TypeAlias = "str | bool | list[Value] | dict[str, Value]"


def main() -> int:
    """Write the pipeline."""
    stacks = [text(stack) for batch in items(loads(sys.stdin.read())) for stack in items(batch)]
    sys.stdout.write(json.dumps(pipeline(stacks, sys.argv[1:]), indent=2) + "\n")
    return 0


def pipeline(stacks: Sequence[str], templates: Sequence[str]) -> dict[str, Value]:
    """Return the child pipeline; GitLab refuses one without jobs."""
    jobs = {name: job for stack in stacks for name, job in _jobs(stack, templates)}
    nothing: Value = {"variables": {"GIT_STRATEGY": "none"}, "script": ["echo 'The change touches no stack.'"]}
    return {"include": [{"local": TEMPLATES}], **(jobs or {"no-stack": nothing})}


def _jobs(stack: str, templates: Sequence[str]) -> Iterator[tuple[str, Value]]:
    needs: list[Value] = []
    for template in templates:
        yield f"{template} {stack}", {"extends": f".{template}", "variables": {"STACK": stack}, "needs": needs}
        needs = [{"job": f"{template} {stack}", "artifacts": True}]


if __name__ == "__main__":
    sys.exit(main())
