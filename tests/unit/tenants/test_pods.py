"""Quantities and image references are valid where the Go code that reads them later accepts them.

`tests/data/go-verdicts/` was recorded from `resource.ParseQuantity` (k8s.io/apimachinery 0.36.3; good: parsed, and more
than zero) and `reference.ParseNormalizedNamed` (github.com/distribution/reference 0.6.0, which the kubelet uses).
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tenants.findings import Invalid
from tenants.rules.pods import cpu, image_reference, memory
from tests.support.program import ROOT

VERDICTS = ROOT / "tests" / "data" / "go-verdicts"
JUDGES: dict[str, tuple[Callable[[str], Any], ...]] = {"quantities": (memory, cpu), "images": (image_reference,)}
CASES = [
    (kind, case["text"], case["good"])
    for kind in JUDGES
    for case in json.loads((VERDICTS / f"{kind}.json").read_text())
]


@pytest.mark.parametrize(("kind", "text", "good"), CASES, ids=repr)
def test_a_text_is_judged_as_go_judges_it(kind: str, text: str, good: bool) -> None:
    for judge in JUDGES[kind]:
        verdict = judge(text)
        assert verdict == text if good else isinstance(verdict, Invalid)


def test_an_exponent_that_would_block_an_api_server_is_refused() -> None:
    # ParseQuantity computes it digit by digit (2026-11: exponents of 18 digits had not ended after ten minutes).
    assert isinstance(memory("1e999999999999999999"), Invalid)
