"""Write a review as the comment of a pull request.

Whoever edits the tenant list chooses the names in it, so none is trusted: each is written as `<code>`, every character
of meaning to Markdown or HTML as an entity. Inside `<code>` neither GitHub nor GitLab looks for mentions or references.
"""

import re
from collections.abc import Iterator, Sequence

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

    def require(self, part: str) -> None:
        """Add a part for which room has been kept."""
        self._parts.append(part)
        self._size += len(part.encode())

    def text(self) -> str:
        """Return everything added so far."""
        return "".join(self._parts)


def _verdict(review: Review) -> str:
    many = f"{len(review.tenants)} tenant{'s' if len(review.tenants) != 1 else ''}"
    if review.refusals:
        return "⛔ Blocked: the preview was refused"
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
    worst = [tenant.name for tenant in review.tenants if tenant.danger is danger]
    at_stake = {
        Danger.TRAFFIC: "traffic is moved or interrupted",
        Danger.RESTART: "a running database is stopped or restarted",
        Danger.OUTAGE: "clients may be unable to connect",
        Danger.DATA_LOSS: "a database may lose its data",
    }[danger]
    named = ", ".join(map(code, worst[:5])) + (f" and {len(worst) - 5} more" if len(worst) > 5 else "")
    return f"{_level(danger)}: {at_stake} — {named or 'all tenants'}"


def _counted(warnings: Sequence[ProgramWarning]) -> str:
    return f" · {len(warnings)} warning{'s' if len(warnings) != 1 else ''}" if warnings else ""


def _warnings(page: _Page, review: Review) -> None:
    """List those that have no row in the table, since their tenant does not change or is not known."""
    changed = {tenant.name for tenant in review.tenants}
    listed = [each for each in review.warnings if each.tenant not in changed]
    if not listed:
        return
    page.require("\nWarnings:\n\n")
    for number, each in enumerate(listed):
        about = f"{code(each.tenant)}: " if each.tenant and not each.message.startswith(each.tenant) else ""
        if not page.add(f"- ⚠️ {about}{_on_one_line(each.message)}\n", share=0.3):
            page.require(f"- {len(listed) - number} more warnings are left out for length\n")
            return


def _on_one_line(message: str) -> str:
    return code(" ".join(message.split()))


def _refusals(refusals: Sequence[Diagnostic]) -> str:
    messages = dict.fromkeys("\n".join(map(visible, refusal.message.split("\n"))) for refusal in refusals)
    shown = "\n\n".join(messages)
    if len(shown.encode()) > LONGEST_REFUSALS:
        shown = shown.encode()[:LONGEST_REFUSALS].decode(errors="ignore") + "\n… (cut)"
    return f"\nPulumi would refuse this update:\n\n{_block(shown, 'text')}\n"


def _block(content: str, language: str) -> str:
    """Fence the content with more backticks than it has in a row."""
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def _table(page: _Page, review: Review) -> None:
    if not review.tenants:
        return
    page.require("\n| tenant | danger | what happens |\n| --- | --- | --- |\n")
    for number, tenant in enumerate(review.tenants):
        findings = _findings(tenant, review.warnings)
        row = f"| {code(tenant.name)} | {_level(tenant.danger)} | {findings} |\n"
        if not page.add(row):
            left = review.tenants[number:]
            page.require(
                f"\n{len(left)} more changed tenants are left out for length, none more dangerous than "
                f"**{left[0].danger.word}**.\n"
            )
            return


def _findings(tenant: TenantVerdict, warnings: Sequence[ProgramWarning]) -> str:
    warned = (f"⚠️ {_on_one_line(each.message)}" for each in warnings if each.tenant == tenant.name)
    return "<br>".join([*map(_sentence, tenant.findings), *warned])


def _level(danger: Danger) -> str:
    return f"{SIGNS[danger]} {danger.word}"


def _sentence(each: Finding) -> str:
    about = f"{', '.join(each.about)}: " if each.about else ""
    return f"{about}{each.text(code)} ({each.rule.id})"


def _shared_objects(page: _Page, review: Review) -> None:
    if not review.shared.findings:
        return
    page.require("\nShared by all tenants:\n\n")
    for number, each in enumerate(review.shared.findings):
        # Half of the page at most: the tenants matter more.
        if not page.add(f"- {_level(each.danger)} — {_sentence(each)}\n", share=0.5):
            left = review.shared.findings[number:]
            page.require(f"- {len(left)} more, none more dangerous than **{left[0].danger.word}**\n")
            return


def _details(page: _Page, review: Review) -> None:
    left_out: list[TenantVerdict] = []
    for tenant in review.tenants:
        if left_out or not page.add(_picture(tenant) + _diff(code(tenant.name), tenant.objects)):
            left_out.append(tenant)
    if left_out:
        page.require(
            f"\nPictures and field diffs of {len(left_out)} tenants are left out for length, none more dangerous than "
            f"**{left_out[0].danger.word}**.\n"
        )
    if not left_out and review.shared.objects:
        page.add(_diff("shared objects", review.shared.objects))


def _picture(tenant: TenantVerdict) -> str:
    if tenant.path_before == tenant.path_after or tenant.path_before is None:
        return ""
    drawn = mermaid.picture(tenant.path_before, tenant.path_after)
    return f"\nHow clients reach {code(tenant.name)}:\n\n{_block(drawn, 'mermaid')}\n"


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
