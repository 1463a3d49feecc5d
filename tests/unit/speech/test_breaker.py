import itertools

from ivr.speech.breaker import LONGEST_REST_S, MISSES, REST_S, Advice, Breaker


def resting(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(MISSES):
        breaker.missed(now)
    return breaker


def test_one_miss_is_no_reason_to_rest() -> None:
    breaker = Breaker()
    assert not breaker.missed(0.0)
    assert breaker.advice(0.1) is Advice.WAIT


def test_misses_between_good_answers_do_not_add_up() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.missed(0.0)
        breaker.good()
    assert breaker.advice(0.1) is Advice.WAIT


def test_what_is_away_is_left_alone_and_then_probed_once() -> None:
    breaker = resting()
    assert breaker.advice(REST_S - 0.1) is Advice.LEAVE
    assert breaker.advice(REST_S) is Advice.PROBE
    assert breaker.advice(REST_S + 0.1) is Advice.LEAVE


def test_rests_longer_each_time_up_to_a_limit() -> None:
    breaker, now, probes = resting(), 0.0, []
    while now < 3600:
        now += 1
        if breaker.advice(now) is Advice.PROBE:
            probes.append(now)
    rests = [later - earlier for earlier, later in itertools.pairwise(probes)]
    assert rests[0] == 2 * REST_S
    assert max(rests) == LONGEST_REST_S


def test_a_good_probe_brings_it_back() -> None:
    breaker = resting()
    assert breaker.advice(REST_S) is Advice.PROBE
    breaker.good()
    assert breaker.advice(REST_S + 0.1) is Advice.WAIT
