"""Generates the page of rules, `docs/rules.md`."""

from tenants.rules import TOPICS

_HEAD = """\
# Rules

`python -m tenants lint` checks these rules, and so does the program before it declares anything. This page is generated
from `tenants/rules/` by `python -m tenants rules`; each rule has a good and a bad stack file in
`tests/data/rules/<id>/`.

All findings of a file are reported at once, each with its line. A rule marked *waivable* can be waived for one tenant,
with a reason; its finding is then listed as waived and refuses nothing:

```yaml
  adb-tenants:tenants:
    - name: tenant4
      waive: [{rule: E601, reason: "shares m1 with tenant3 until the third node is racked, agreed 2026-11-20"}]
```

A conflict between two tenants is settled by a waiver of either. Files that are linted together are compared with each
other if they are of one cluster (the same `cluster.context`, or none); a conflict is reported in every file concerned.
"""


def document() -> str:
    """Write the page."""
    parts = [_HEAD]
    for topic in TOPICS:
        parts.append(f"\n## {topic.title}\n")
        for rule in topic.rules:
            mark = " · *waivable*" if rule.waivable else ""
            parts.append(f"\n### {rule.id}: {rule.title}{mark}\n\n{rule.why}\n")
    return "".join(parts)
