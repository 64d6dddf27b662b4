"""The comment of any fleet fits where it is posted; the least dangerous is left out, and counted."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from review.__main__ import main
from review.markdown import GITHUB_LIMIT, comment
from tests.support.previews import judged, recorded


def multiplied(recording: str, count: int) -> list[dict[str, Any]]:
    """Return the changed objects of a recording's tenant3, repeated under other names."""
    changed = json.dumps([step for step in recorded(recording)["steps"] if "::tenant3-" in step["urn"]])
    return [step for number in range(count) for step in json.loads(changed.replace("tenant3", f"{recording}{number}"))]


@pytest.mark.parametrize("length", [1, 1_000, 100_000])
def test_no_name_is_too_long_for_a_comment(length: int) -> None:
    steps = json.dumps([*multiplied("failover", 20), *multiplied("host-move-allowed", 0)])
    unknown = [
        {"op": "delete", "urn": f"urn:pulumi:dev::p::kubernetes:core/v1:Namespace::{number}-{'é<' * length}"}
        for number in range(300)
    ]
    written = comment(judged({"steps": [*json.loads(steps.replace("failover1-", f"{'`' * length}-")), *unknown]}))
    assert len(written.encode()) <= GITHUB_LIMIT
    assert "more, none more dangerous than **data-loss**" in written


@pytest.mark.parametrize("count", [1, 50, 150, 500, 2000])
def test_a_comment_fits_and_cuts_the_least_dangerous_first(count: int) -> None:
    steps = [
        *multiplied("image-change", count),
        *multiplied("failover", count),
        *multiplied("host-move-allowed", 0),
        *multiplied("tenant-stopped", 3),
    ]
    reviewed = judged({"steps": steps})
    written = comment(reviewed)
    assert len(written.encode()) <= GITHUB_LIMIT
    rows = re.findall(r"^\| <code>([^<]*)</code> \|", written, flags=re.MULTILINE)
    assert rows == [tenant.name for tenant in reviewed.tenants][: len(rows)]
    assert rows[:3] == ["tenant-stopped0", "tenant-stopped1", "tenant-stopped2"]
    left_out = len(reviewed.tenants) - len(rows)
    assert (f"{left_out} more changed tenants are left out for length" in written) == (left_out > 0)
    diagrams = written.count("```mermaid")
    assert ("Diagrams and field diffs of" in written) == (diagrams < count)


def test_a_comment_has_the_length_of_its_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"steps": multiplied("tenant-stopped", 50)}))
    assert main([str(file), "--limit", "4000"]) == 0
    written = capsys.readouterr().out
    assert len(written.encode()) <= 4000
    assert "more changed tenants are left out for length" in written
