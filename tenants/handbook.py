"""The page of rules, `docs/rules.md`, from the rules themselves."""

from tenants.rules import TOPICS

_HEAD = """\
# Rules

What `python -m tenants lint` checks, and the program before it declares anything. This page is generated from
`tenants/rules/` by `python -m tenants rules`; each rule has a good and a bad stack file in `tests/data/rules/<id>/`.

All findings of a file are reported in one go, each with its line. A rule marked *waivable* can be set aside for one
tenant, with a reason; the finding is then listed as waived and refuses nothing:

```yaml
  adb-tenants:tenants:
    - name: tenant4
      waive: [{rule: E601, reason: "shares m1 with tenant3 until the third node is racked, agreed 2026-11-20"}]
```

What two tenants have with each other is settled by either's waiver. Files that are given together are checked together:
those with one `cluster.context`, or all without any, are one cluster's, and a finding stands in each file that it
concerns.
"""


def document() -> str:
    """The page."""
    parts = [_HEAD]
    for topic, rules in TOPICS.items():
        parts.append(f"\n## {topic}\n")
        for rule in rules:
            mark = " · *waivable*" if rule.waivable else ""
            parts.append(f"\n### {rule.id}: {rule.title}{mark}\n\n{rule.why}\n")
    return "".join(parts)
