"""Which server is next: the least busy; one that failed rests, longer each time."""

from ivr.speech.addresses import LONGEST_REST_S, REST_S, Addresses


def test_the_least_busy_is_next_and_equals_take_turns() -> None:
    addresses = Addresses(["a", "b", "c", "a"])
    a, b, c = addresses.all
    assert [addresses.next(0.0) for _ in range(4)] == [a, b, c, a]
    a.busy, b.busy = 1, 2
    assert addresses.next(0.0) is c
    assert addresses.next(0.0, tried=[c]) is a
    assert addresses.next(0.0, tried=[a, b, c]) is None


def test_one_that_failed_rests_twice_as_long_each_time() -> None:
    addresses = Addresses(["a"])
    (a,) = addresses.all
    addresses.failed(a, 0.0)
    assert addresses.next(REST_S - 0.1) is None
    assert addresses.next(REST_S) is a
    addresses.failed(a, REST_S)
    assert addresses.next(3 * REST_S - 0.1) is None
    for _ in range(10):
        addresses.failed(a, 0.0)
    assert a.rest_s == LONGEST_REST_S
    addresses.good(a)
    addresses.failed(a, 0.0)
    assert a.rest_s == REST_S


def test_after_its_rest_it_gets_one_utterance_until_it_is_well() -> None:
    addresses = Addresses(["a"])
    (a,) = addresses.all
    addresses.failed(a, 0.0)
    assert addresses.next(REST_S) is a
    assert addresses.next(REST_S) is None
    addresses.good(a)
    assert addresses.next(REST_S) is a
