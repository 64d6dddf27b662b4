"""A translation has its original's headings, commands, YAML, names and links; every link has a target."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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
"""Comments of shell, YAML and Mermaid, which are translated."""
LABEL = re.compile(r"[\[(|][^\[\]()|]*[\])|]|(?<=-\.) .* (?=\.->)")
"""The texts of a diagram's boxes and arrows."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The parts of a page that its translation must have too."""

    headings: Sequence[str]
    """The levels `h1`, `h2` … in their order."""
    blocks: Sequence[tuple[str, str]]
    """Language and content of each fenced block, without comments and a diagram's labels."""
    table_rows: Sequence[int]
    """Rows of each table."""
    code: Counter[str]
    """Each name, command and value in the text."""
    links: Counter[str]
    """Targets, as pages of the original, without the anchors (headings are translated)."""


def outline(page: str) -> Outline:
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
def test_a_translation_has_the_outline_of_its_original(original: str) -> None:
    expected, found = outline(original), outline(TRANSLATED[original])
    assert found.headings == expected.headings
    assert found.blocks == expected.blocks
    assert found.table_rows == expected.table_rows
    assert found.code == expected.code, "a name, command or value is missing, or there is one too many"
    assert found.links == expected.links


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def anchors(page: Path) -> set[str]:
    headings = (line.lstrip("# ") for line in page.read_text().splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_has_a_target(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not link.startswith("http"):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page} links to {link}, which does not exist"
            assert not anchor or anchor in anchors(target), f"{page} links to {link}, a heading that does not exist"
