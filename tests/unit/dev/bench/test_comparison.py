from dev.bench.comparison import Comparison


def test_contenders_are_ratios_of_fastest_turns_to_the_reference() -> None:
    comparison = Comparison(about="A walk, from door to door.", reference="on foot")
    for contender, seconds in (("by car", 30.0), ("on foot", 12.0), ("by car", 5.0), ("on foot", 10.0)):
        comparison.add(contender, seconds)
    assert [line.split(maxsplit=3) for line in str(comparison).splitlines()] == [
        ["A", "walk,", "from", "door to door. Fastest of 2."],
        ["1.00", "10.000", "s", "on foot"],
        ["0.50", "5.000", "s", "by car"],
    ]
