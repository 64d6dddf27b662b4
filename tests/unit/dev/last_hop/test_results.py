from dev.last_hop import page
from dev.last_hop.hearing import Outage
from dev.last_hop.results import Per, Results, Switch, What


def switch(seconds: float | None, *wrong: str, what: What = What.FAILOVER, expected: bool = True) -> Switch:
    return Switch(
        what=what,
        per=Per.NODE,
        tenant="tenant3",
        right="hello-from-tenant3-standby",
        outage=Outage(seconds=seconds, after_start=seconds, wrong=wrong),
        arp_delay=0.1,
        expected=expected,
    )


def test_results_are_the_same_after_they_were_written_and_read() -> None:
    results = Results(
        conditions="today", minutes=3, restarts=1, left_over=["m1 has x"], switches=[switch(1), switch(2)]
    )
    assert Results.from_json(results.as_json()) == results


def test_a_wrong_database_and_nobody_in_the_end_are_faults() -> None:
    results = Results(switches=[switch(1.5), switch(2, "hello-from-tenant4-master"), switch(None)])
    assert results.faults() == [
        "tenant3: failover, both nodes well, keepalived per node: heard hello-from-tenant4-master",
        "tenant3: failover, both nodes well, keepalived per node: hello-from-tenant3-standby is not heard",
    ]


def test_an_address_that_a_node_has_kept_is_a_fault() -> None:
    assert Results(left_over=["m1 has kept x"]).faults() == ["m1 has kept x"]


def test_a_neighbour_that_rule_e601_gives_up_is_no_fault() -> None:
    assert Results(switches=[switch(None, what=What.NEIGHBOUR, expected=False)]).faults() == []


def test_a_table_shows_the_shortest_and_the_longest_outage_and_their_number() -> None:
    cut_off = switch(None, what=What.NEIGHBOUR, expected=False)
    assert page.table(Results(switches=[switch(0.5), switch(2.25), switch(1), cut_off]), 0) == (
        "| what happens | keepalived per tenant | keepalived per node |\n"
        "| --- | --- | --- |\n"
        "| failover, both nodes are well |  | 0.5–2.2 s (3) |\n"
        "| another tenant's VIP comes to the node or leaves it |  | until its keepalived restarts (1) |\n"
    )


def test_only_the_table_of_a_page_is_renewed() -> None:
    old = f"# Page\n{page.BEGIN}old\n{page.END}rest\n"
    assert page.renewed(old, "new\n") == f"# Page\n{page.BEGIN}\nnew\n\n{page.END}rest\n"


def test_every_happening_has_its_words_in_both_languages() -> None:
    assert set(page.WORDS) == set(What)
    assert all(len(words) == 2 for words in page.WORDS.values())
