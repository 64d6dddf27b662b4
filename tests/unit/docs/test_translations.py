"""A translated page says the same as its original: same headings, same commands and YAML, same names, same links."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.program import ROOT

TRANSLATED = {
    "README.md": "README.zh-CN.md",
    "docs/operations.md": "docs/operations.zh-CN.md",
    "docs/bad-day.md": "docs/bad-day.zh-CN.md",
}
COMMENT = re.compile(r"\s*(?:#|%%).*")
"""In shell and YAML what follows a `#` is for people, and translated."""
LABEL = re.compile(r"[\[(|][^\[\]()|]*[\])|]|(?<=-\.) .* (?=\.->)")
"""What a diagram writes on its boxes and arrows."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What must not get lost in translation."""

    headings: Sequence[str]
    """`h1`, `h2` … in their order, those of one level not told apart by their words."""
    blocks: Sequence[tuple[str, str]]
    """Language and content of each fenced block, comments and a diagram's labels left out."""
    table_rows: Sequence[int]
    """Rows of each table."""
    code: Counter[str]
    """Each name, command and value in the text."""
    links: Counter[str]
    """Targets, a translated page's taken for the original's; without anchors, since headings have other words."""


def outline(page: str) -> Outline:
    """Read a page."""
    tokens = MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text())
    inline = [part for token in tokens for part in token.children or ()]
    return Outline(
        headings=[token.tag for token in tokens if token.type == "heading_open"],
        blocks=[(token.info, _without_words(token)) for token in tokens if token.type == "fence"],
        table_rows=list(_table_rows(tokens)),
        code=Counter(part.content for part in inline if part.type == "code_inline"),
        links=Counter(_target(str(part.attrs["href"])) for part in inline if part.type == "link_open"),
    )


def _without_words(fence: Token) -> str:
    lines = [COMMENT.sub("", line).rstrip() for line in fence.content.splitlines()]
    if fence.info == "mermaid":
        lines = [LABEL.sub("", line) for line in lines]
    return "\n".join(line for line in lines if line)


def _table_rows(tokens: Sequence[Token]) -> Iterator[int]:
    rows = 0
    for token in tokens:
        if token.type == "table_open":
            rows = 0
        elif token.type == "tr_open":
            rows += 1
        elif token.type == "table_close":
            yield rows


def _target(href: str) -> str:
    page, _, _ = href.partition("#")
    return page.replace(".zh-CN.md", ".md")


@pytest.mark.parametrize("original", TRANSLATED)
def test_a_translation_keeps_step_with_its_original(original: str) -> None:
    expected, found = outline(original), outline(TRANSLATED[original])
    assert found.headings == expected.headings
    assert found.blocks == expected.blocks
    assert found.table_rows == expected.table_rows
    assert found.code == expected.code, "a name, command or value is missing, or there is one too many"
    assert found.links == expected.links


@pytest.mark.parametrize("translation", TRANSLATED.values())
def test_every_link_between_pages_leads_to_a_file_and_every_anchor_to_a_heading(translation: str) -> None:
    text = (ROOT / translation).read_text()
    anchors = {re.sub(r"[^\w\- ]", "", line.lstrip("# ")).replace(" ", "-").lower() for line in text.splitlines()}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        page, _, anchor = target.partition("#")
        if page.startswith("http"):
            continue
        assert ((ROOT / translation).parent / page).exists(), f"{translation} links to {target}, which is not there"
        assert not anchor or page or anchor in anchors, f"{translation} links to {target}, but has no such heading"
