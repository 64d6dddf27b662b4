"""Each finding has a stable id, a rule that is used, and a row in docs/review.md; each part of a tenant has a judge."""

import ast
import re
import string
from collections.abc import Iterator
from importlib import import_module

from kube.escaping import markdown_code
from review import handbook, shared
from review.findings import Name, Rule, Word
from review.rules import TOPICS, traffic
from review.verdict import JUDGES
from tenants.objects import Part
from tests.support.program import ROOT


def test_the_page_has_the_rules_of_today() -> None:
    page = (ROOT / handbook.PAGE).read_text(encoding="utf-8")
    assert page == handbook.renewed(page), "docs/review.md is stale; run `python -m review.handbook`"


def test_ids_are_numbered_by_topic_and_unique() -> None:
    ids = [rule.id for rules in TOPICS.values() for rule in rules]
    assert all(re.fullmatch(r"R\d{3}", rule_id) for rule_id in ids)
    assert ids == sorted(set(ids))
    assert all(len({rule.id[1] for rule in rules}) == 1 for rules in TOPICS.values())


def test_every_part_in_the_table_of_objects_has_a_judge() -> None:
    assert {part for part, _ in JUDGES} | set(shared.JUDGES) | set(shared.NODE_JUDGES) == set(Part)


def test_every_name_is_written_as_code() -> None:
    found = traffic.FAILOVER.finding(old=Word("standby"), new=Word("master"), node=Name("master"))
    assert found.text(markdown_code) == "failover standby → master on <code>master</code>"


def test_every_rule_is_reported_with_the_values_of_its_sentence() -> None:
    reported: dict[str, str] = {}
    for rule, values in _reports():
        fields = {name for _, name, _, _ in string.Formatter().parse(rule.sentence) if name} - {"danger"}
        assert values == fields, rule.id
        reported[rule.id] = rule.sentence
    assert reported.keys() == {rule.id for rules in TOPICS.values() for rule in rules}


def _reports() -> Iterator[tuple[Rule, set[str]]]:
    """Read from the source which rules each `….finding(…)` may report, and the names of the values that it gives."""
    for file in (ROOT / "review").glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imports = [
            node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "review.rules"
        ]
        topics = {
            alias.asname or alias.name: import_module(f"review.rules.{alias.name}")
            for node in imports
            for alias in node.names
            if alias.name.islower()
        }
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            assigned = dict(_assigned(function))
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "finding":
                    names = [node.id for node in ast.walk(call.func.value) if isinstance(node, ast.Name)]
                    sources = [call.func.value, *(assigned[name] for name in names if name in assigned)]
                    values = {str(keyword.arg) for keyword in call.keywords} - {"about", "affects", "at_most"}
                    for node in (node for source in sources for node in ast.walk(source)):
                        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                            rule = getattr(topics.get(node.value.id), node.attr, None)
                            if isinstance(rule, Rule):
                                yield rule, values


def _assigned(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            targets, value = [node.target], node.value
        elif isinstance(node, ast.For):
            targets, value = [node.target], node.iter
        else:
            continue
        yield from ((name.id, value) for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
