"""Write a review as the comment of a pull request.

Whoever edits the tenant list chooses the names in it, so none is trusted: each is written as `<code>`, every character
of meaning to Markdown or HTML as an entity. Inside `<code>` neither GitHub nor GitLab looks for mentions or references.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from kube.escaping import markdown_code as code
from kube.escaping import visible
from review import mermaid
from review.changes import ObjectChange
from review.danger import Danger
from review.findings import Finding
from review.preview import Diagnostic
from review.program_warnings import ProgramWarning
from review.verdict import Review, TenantVerdict

GITHUB_LIMIT = 65_536
"""Characters of a comment; counted here in bytes, of which there are never fewer."""
LONGEST_DIFF = 6_000
LONGEST_REFUSALS = 8_000
SIGNS = {Danger.NONE: "🟢", Danger.TRAFFIC: "🟡", Danger.RESTART: "🟠", Danger.OUTAGE: "🟣", Danger.DATA_LOSS: "🔴"}
ROOM_FOR_NOTES = 600
"""Bytes kept free for the notes on what is left out."""


def comment(review: Review, *, limit: int = GITHUB_LIMIT) -> str:
    """Write the comment, at most `limit` bytes long: the least dangerous is left out first, with a note."""
    page = _Page(limit - ROOM_FOR_NOTES)
    page.require(f"{_mark(review.stack)}\n### {_verdict(review)}{_counted(review.warnings)}\n")
    if review.refusals:
        page.require(_refusals(review.refusals))
    elif not review.complete:
        page.require("\n> The preview is incomplete; there may be more changes.\n")
    elif review.engine_exit_code:
        page.require("\n> The preview gives no reason; there may be more changes.\n")
    _warnings(page, review)
    _shared_objects(page, review)
    _table(page, review)
    _details(page, review)
    return page.text()


def _mark(stack: str) -> str:
    """Write the first line, which is not displayed; a pipeline finds its comment by it."""
    return f"<!-- adb-tenants review of {re.sub(r'[^A-Za-z0-9._-]', '?', stack)} -->"


class _Page:
    """Text of limited length."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._size = 0

    def add(self, part: str, *, share: float = 1) -> bool:
        """Add a part if it fits into this share of the page; return whether it did."""
        size = len(part.encode())
        if self._size + size > self._limit * share:
            return False
        self.require(part)
        return True

    def add_all(self, parts: Iterable[str], *, share: float = 1) -> int:
        """Add parts until one does not fit; return how many are left out."""
        parts = list(parts)
        fitting = list(takewhile(lambda part: self.add(part, share=share), parts))
        return len(parts) - len(fitting)

    def require(self, part: str) -> None:
        """Add a part for which room has been kept."""
        self._parts.append(part)
        self._size += len(part.encode())

    def text(self) -> str:
        return "".join(self._parts)


def _verdict(review: Review) -> str:
    many = f"{len(review.tenants)} tenant{'s' if len(review.tenants) != 1 else ''}"
    if review.refusals:
        return "⛔ Blocked: the preview was refused or failed"
    if not review.complete:
        return "⛔ Blocked: the preview is incomplete"
    if review.engine_exit_code:
        return f"⛔ Blocked: `pulumi preview` ended with exit code {review.engine_exit_code}, see the job's log"
    if not review.changes:
        return "🟢 Nothing changes"
    if review.danger is Danger.NONE:
        what = f"{many} changed" if review.tenants else "Only shared objects change"
        return f"🟢 {what}: no client and no running database notices"
    danger = review.danger
    shared = [each.affects for each in review.shared.findings if each.danger is danger]
    worst = [tenant.name for tenant in review.tenants if tenant.danger is danger]
    worst += sorted({name for affected in shared for name in affected or ()} - set(worst))
    others = "all tenants" if None in shared else "tenants of other stacks"
    at_stake = {
        Danger.TRAFFIC: "traffic is moved or interrupted",
        Danger.RESTART: "a running database is stopped or restarted",
        Danger.OUTAGE: "clients may be unable to connect",
        Danger.DATA_LOSS: "a database may lose its data",
    }[danger]
    named = ", ".join(map(code, worst[:5])) + (f" and {len(worst) - 5} more" if len(worst) > 5 else "")
    return f"{_level(danger)}: {at_stake} — {named or others}"


def _counted(warnings: Sequence[ProgramWarning]) -> str:
    return f" · {len(warnings)} warning{'s' if len(warnings) != 1 else ''}" if warnings else ""


def _warnings(page: _Page, review: Review) -> None:
    """List those that have no row in the table, since their tenant does not change or is not known."""
    changed = {tenant.name for tenant in review.tenants}
    listed = [each for each in review.warnings if each.tenant not in changed]
    if not listed:
        return
    page.require("\nWarnings:\n\n")
    if left := page.add_all(map(_warning, listed), share=0.3):
        page.require(f"- {left} more warnings are left out for length\n")


def _warning(each: ProgramWarning) -> str:
    about = f"{code(each.tenant)}: " if each.tenant and not each.message.startswith(each.tenant) else ""
    return f"- ⚠️ {about}{_on_one_line(each.message)}\n"


def _on_one_line(message: str) -> str:
    return code(" ".join(message.split()))


def _refusals(refusals: Sequence[Diagnostic]) -> str:
    messages = dict.fromkeys("\n".join(map(visible, refusal.message.split("\n"))) for refusal in refusals)
    shown = "\n\n".join(messages)
    if len(shown.encode()) > LONGEST_REFUSALS:
        shown = shown.encode()[:LONGEST_REFUSALS].decode(errors="ignore") + "\n… (cut)"
    return f"\nThe preview ended with:\n\n{_block(shown, 'text')}\n"


def _block(content: str, language: str) -> str:
    """Fence the content with more backticks than it has in a row."""
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def _table(page: _Page, review: Review) -> None:
    if not review.tenants:
        return
    page.require("\n| tenant | danger | what happens |\n| --- | --- | --- |\n")
    rows = (
        f"| {code(tenant.name)} | {_level(tenant.danger)} | {_findings(tenant, review.warnings)} |\n"
        for tenant in review.tenants
    )
    if left := page.add_all(rows):
        page.require(
            f"\n{left} more changed tenants are left out for length, none more dangerous than "
            f"**{review.tenants[-left].danger.word}**.\n"
        )


def _findings(tenant: TenantVerdict, warnings: Sequence[ProgramWarning]) -> str:
    warned = (f"⚠️ {_on_one_line(each.message)}" for each in warnings if each.tenant == tenant.name)
    return "<br>".join([*map(_sentence, tenant.findings), *warned])


def _level(danger: Danger) -> str:
    return f"{SIGNS[danger]} {danger.word}"


def _sentence(each: Finding) -> str:
    about = f"{', '.join(each.about)}: " if each.about else ""
    return f"{about}{each.text(code)} ({each.rule.id})"


def _shared_objects(page: _Page, review: Review) -> None:
    findings = review.shared.findings
    if not findings:
        return
    page.require("\nShared objects:\n\n")
    # Half of the page at most: the tenants matter more.
    if left := page.add_all((f"- {_level(each.danger)} — {_sentence(each)}\n" for each in findings), share=0.5):
        page.require(f"- {left} more, none more dangerous than **{findings[-left].danger.word}**\n")


def _details(page: _Page, review: Review) -> None:
    details = (_diagram(tenant) + _diff(code(tenant.name), tenant.objects) for tenant in review.tenants)
    if left := page.add_all(details):
        page.require(
            f"\nDiagrams and field diffs of {left} tenants are left out for length, none more dangerous than "
            f"**{review.tenants[-left].danger.word}**.\n"
        )
    elif review.shared.objects:
        page.add(_diff("shared objects", review.shared.objects))


def _diagram(tenant: TenantVerdict) -> str:
    if tenant.path_before == tenant.path_after or tenant.path_before is None:
        return ""
    drawn = mermaid.diagram(tenant.path_before, tenant.path_after)
    return f"\nHow clients connect to {code(tenant.name)}:\n\n{_block(drawn, 'mermaid')}\n"


def _diff(title: str, objects: Sequence[ObjectChange]) -> str:
    lines = list(_diff_lines(objects))
    shown: list[str] = []
    size = 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > LONGEST_DIFF:
            shown.append(f"# … {len(lines) - len(shown)} more lines")
            break
        shown.append(line)
    count = f"{len(objects)} object{'s' if len(objects) != 1 else ''}"
    block = _block("\n".join(shown), "diff")
    return f"\n<details><summary>{title}: {count}, field by field</summary>\n\n{block}\n\n</details>\n"


def _diff_lines(objects: Sequence[ObjectChange]) -> Iterator[str]:
    for change in objects:
        yield visible(f"# {change}: {change.action.value}")
        for field in change.fields:
            yield visible(f"- {field.path}: {field.before}")
            yield visible(f"+ {field.path}: {field.after}")
