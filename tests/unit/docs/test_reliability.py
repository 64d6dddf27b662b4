import json

from tests.support.matrix.matrix import FAULTS
from tests.support.matrix.page import page
from tests.support.matrix.results import read
from tests.support.program import ROOT

DATA = ROOT / "docs" / "reliability"


def test_the_page_is_what_the_last_runs_have_found() -> None:
    soak = json.loads((DATA / "soak.json").read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8") == page(read(DATA / "faults.json"), soak)


def test_the_page_has_every_fault_and_none_was_unmet() -> None:
    rows = read(DATA / "faults.json").rows
    assert {row.name: row.faulty for row in rows} == {fault.name: [] for fault in FAULTS}
