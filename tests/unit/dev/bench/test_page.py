from pathlib import Path

import pytest

from dev.bench import page, plot
from dev.bench.results import Results, Sizes, Tool, Work
from tests.support.program import ROOT
from tests.unit.dev.bench.measured import cost, results


def rows(section: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, its head excepted."""
    _, _, below = section.partition(f"### {heading}\n\n")
    table = [line for line in below.partition("\n### ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def test_targets_are_ratios_of_fastest_turns_and_may_be_missed() -> None:
    assert rows(page.section(results()), "Targets") == [
        [
            "nothing changed, 4 tenants: `pulumi preview` ÷ `kubectl diff --server-side`",
            *("2.00 ÷ 2.00", "1.00", "≤ 1 (accepted: 1.3)", "yes"),
        ],
        [
            "failover, `pulumi up --skip-preview`: one of 4 tenants ÷ alone",
            *("3.00 ÷ 1.50", "2.00", "≤ 1.5 (accepted: 2.5)", "accepted"),
        ],
        [
            "failover alone ÷ nothing changed, `pulumi up --skip-preview`",
            *("1.50 ÷ 2.00", "0.75", "≤ 1.1", "yes"),
        ],
        ["nothing changed, `pulumi preview`: 10 tenants ÷ 4", "3.50 ÷ 2.00", "1.75", "≤ 2.6", "yes"],
    ]
    slow = results()
    slow.turns = [turn for turn in slow.turns if (turn.work, turn.tenants) != (Work.UNCHANGED, 10)]
    slow.add(Work.UNCHANGED, 10, Tool.PREVIEW, cost(30))
    assert rows(page.section(slow), "Targets")[-1][1:] == ["30.0 ÷ 2.00", "15.00", "≤ 2.6", "no"]


def test_growth_shows_every_size_and_what_a_tenant_more_costs() -> None:
    growth = {about: figures for about, *figures in rows(page.section(results()), "Growth")}
    assert growth["`pulumi preview`, s"] == ["1.2", "2", "3.5", "0.25"]
    assert growth["failover until the command returned, s"] == ["2.5", "4", "7", "0.5"]
    assert growth["preview, processor seconds: program"] == ["0.25", "0.4", "0.7", "0.05"]
    assert growth["preview, peak memory in MB: plugin"] == ["3", "3", "3", "0"]
    assert growth["preview, requests to the API server"] == ["125", "200", "350", "25"]
    assert growth["state, kB"] == ["80", "320", "800", "80"]


def test_tools_are_compared_where_others_were_measured() -> None:
    compared = results()
    compared.add(Work.UNCHANGED, 4, Tool.DRY_RUN, cost(1))
    assert rows(page.section(compared), "Nothing changed, until the command returns") == [
        ["1", "`kubectl diff --server-side`", "2.00", "1.00", "3", "3", "1.2", "200", "15"],
        ["1", "`pulumi preview`", "1.25", "0.62", "2.2", "1.9", "0.75", "125", "15"],
        ["1", "`pulumi up --skip-preview`", "2.00", "1.00", "3", "3", "1.2", "200", "15"],
        ["4", "`kubectl diff --server-side`", "2.00", "1.00", "3", "3", "1.2", "200", "15"],
        ["4", "`helm upgrade --dry-run=server`", "1.00", "0.50", "2", "1.5", "0.6", "100", "15"],
        ["4", "`pulumi preview`", "2.00", "1.00", "3", "3", "1.2", "200", "15"],
        ["4", "`pulumi up --skip-preview`", "2.00", "1.00", "3", "3", "1.2", "200", "15"],
    ]


def test_a_part_that_was_not_measured_is_not_shown() -> None:
    assert page.section(Results(sizes=Sizes())).count("\n") == 1
    one = Results(sizes=Sizes(lint=1000))
    one.add(Work.LINT, 1000, Tool.LINT, cost(0.3))
    one.add(Work.LINT, 1000, Tool.COMPOSE, cost(0.1))
    assert "of 1000 tenants takes 0.30 s without the start of Python, 3.0 times as long" in page.section(one)


def test_what_is_written_by_hand_remains(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "benchmark.md").write_text(f"# Before\n\n{page.BEGIN}old\n{page.END}\nAfter.\n")
    page.write(results(), tmp_path)
    assert (tmp_path / "benchmark.md").read_text() == (
        f"# Before\n\n{page.BEGIN}\n{page.section(results())}\n{page.END}\nAfter.\n"
    )
    assert Results.from_json((tmp_path / "benchmark.json").read_text()) == results()


@pytest.mark.parametrize("made", ["benchmark.md", "images/benchmark.svg"])
def test_page_and_plot_show_the_results_beside_them(made: str) -> None:
    written = Results.from_json(page.data(ROOT / "docs").read_text())
    shown = (ROOT / "docs" / made).read_text(encoding="utf-8")
    expected = plot.growth(written) if made.endswith("svg") else page.renewed(shown, written)
    assert shown == expected, f"docs/{made} is stale; run `python -m dev.bench page`"
