from dev.bench.results import Results, Sizes, Tool, Work
from tests.unit.dev.bench.measured import cost, results


def test_results_are_the_same_after_they_were_written_and_read() -> None:
    assert Results.from_json(results().as_json()) == results()


def test_the_fastest_turn_of_a_command_at_a_size_counts() -> None:
    assert results().fastest(Work.UNCHANGED, 4, Tool.PREVIEW) == cost(2)
    assert results().fastest(Work.UNCHANGED, 4, Tool.DRY_RUN) is None


def test_a_fleet_of_one_size_is_compared_with_itself_only() -> None:
    sizes = Sizes(fleet=(30,))
    assert (sizes.alone, sizes.compared, sizes.largest) == (30, 30, 30)
