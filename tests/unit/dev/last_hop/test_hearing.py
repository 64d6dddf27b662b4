from dev.last_hop.client import NOBODY
from dev.last_hop.hearing import Answer, Outage, answers, arp_delay, is_settled, outage
from dev.last_hop.lines import Line

VIP, OLD, NEW = "192.168.143.144", "hello-from-tenant3-master", "hello-from-tenant3-standby"


def lines(text: str) -> list[Line]:
    """Return lines of the machine."""
    return [line for each in text.splitlines() if (line := Line.parsed(each)) is not None]


def test_lines_that_are_not_the_machines_are_left_out() -> None:
    text = "ready 3.5\n\nmount: /sys: sysfs already mounted\nheard 4.25 192.168.143.144 nobody\nheard soon\nready\n"
    assert lines(text) == [Line("ready", 3.5, ()), Line("heard", 4.25, (VIP, "nobody"))]


def test_a_client_hears_its_own_vip() -> None:
    heard = lines(f"heard 1 {VIP} nobody\nheard 2 192.168.143.145 other\nheard 3 {VIP} {OLD}\nannounced 4 {VIP} aa:bb")
    assert answers(heard, VIP) == [Answer(1, NOBODY), Answer(3, OLD)]


def test_a_single_lost_request_is_left_out() -> None:
    heard = lines(f"heard 1 {VIP} {OLD}\nheard 2 {VIP} nobody\nheard 2.1 {VIP} {OLD}\nheard 3 {VIP} nobody")
    assert answers(heard, VIP) == [Answer(1, OLD), Answer(3, NOBODY)]


def test_an_outage_lasts_from_the_first_failure_to_the_last_right_answer() -> None:
    heard = [Answer(1, OLD), Answer(12.5, NOBODY), Answer(14, NEW), Answer(15, NOBODY), Answer(16.25, NEW)]
    expected = Outage(seconds=3.75, after_start=6.25, wrong=())
    assert outage(heard, since=10, old=OLD, right=NEW) == expected


def test_who_notices_nothing_has_no_outage() -> None:
    nothing = Outage(seconds=0, after_start=None, wrong=())
    assert outage([Answer(1, NOBODY), Answer(2, OLD)], since=10, old=OLD, right=OLD) == nothing


def test_a_change_of_database_without_a_gap_is_no_outage() -> None:
    expected = Outage(seconds=0, after_start=2, wrong=())
    assert outage([Answer(1, OLD), Answer(12, NEW)], since=10, old=OLD, right=NEW) == expected


def test_of_a_dead_node_nobody_is_heard_from_the_start() -> None:
    heard = [Answer(1, OLD), Answer(9.75, NOBODY), Answer(19, NEW)]
    assert outage(heard, since=10, old=OLD, right=NEW, is_dead=True) == Outage(seconds=9, after_start=9, wrong=())


def test_who_hears_nobody_or_the_old_database_has_no_end_of_the_outage() -> None:
    endless = Outage(seconds=None, after_start=None, wrong=())
    assert outage([Answer(1, OLD)], since=10, old=OLD, right=NEW) == endless
    assert outage([Answer(1, OLD), Answer(12, NOBODY)], since=10, old=OLD, right=OLD) == endless
    assert outage([], since=10, old=OLD, right=NEW) == endless


def test_another_tenants_and_the_old_database_after_the_new_one_are_wrong() -> None:
    heard = [Answer(1, OLD), Answer(12, NEW), Answer(13, OLD), Answer(14, "hello-from-tenant4-master"), Answer(15, NEW)]
    found = outage(heard, since=10, old=OLD, right=NEW)
    assert found == Outage(seconds=3, after_start=5, wrong=("hello-from-tenant4-master", OLD))


def test_a_vip_is_settled_when_the_right_database_is_heard_for_a_while() -> None:
    heard = [Answer(1, OLD), Answer(12, NEW)]
    assert is_settled(heard, NEW, now=16, seconds=4)
    assert not is_settled(heard, NEW, now=15, seconds=4)
    assert not is_settled(heard, OLD, now=16, seconds=4)
    assert not is_settled([], NEW, now=16, seconds=4)


def test_the_arp_cache_is_timed_from_the_first_announcement_of_the_new_mac() -> None:
    heard = lines(f"announced 9 {VIP} old\nannounced 11 {VIP} new\nannounced 12 {VIP} new\nneighbour 11.25 {VIP} new")
    assert arp_delay(heard, VIP, since=10) == 0.25
    assert arp_delay(heard, VIP, since=11.5) is None
    assert arp_delay(lines(f"neighbour 11 {VIP} new"), VIP, since=10) is None
