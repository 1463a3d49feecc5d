"""Turn-taking in seconds of sound; nothing waits."""

from __future__ import annotations

import pytest

from ivr.audio import FRAME_MS
from ivr.call.endpointing import Answer
from ivr.call.turn import (
    Decision,
    DecodeEarly,
    KeysEntered,
    PausePrompt,
    ResumePrompt,
    SilenceElapsed,
    SpeechResumed,
    StopPrompt,
    TurnTaking,
    UtteranceEnded,
    UtteranceStarted,
)
from ivr.settings import Turns

TURNS = Turns()


MEANS = {
    "对": Answer.WHOLE,
    "一三八": Answer.UNFINISHED,
    "二零二六零三零一": Answer.NUMBER,
    "空调坏了": Answer.OPEN,
    "20260301": Answer.WHOLE,
}
"""What words are, whatever was asked."""


def play(turns: TurnTaking, *stretches: tuple[bool, float]) -> list[tuple[float, Decision]]:
    """Stretches of (speech?, seconds) → decisions with the second at which each was taken."""
    decisions, frame = [], 0
    for speech, length_s in stretches:
        for _ in range(round(length_s * 1000 / FRAME_MS)):
            frame += 1
            decisions += [(frame * FRAME_MS / 1000, d) for d in turns.frame(0.95 if speech else 0.02)]
    return decisions


def kinds(decisions: list[tuple[float, Decision]]) -> list[type]:
    return [type(d) for _, d in decisions]


def listening(asks: tuple[str, ...] = ("description",), *, keys: bool = False) -> TurnTaking:
    turns = TurnTaking(TURNS, judge=lambda text, asks: MEANS.get(text, Answer.OPEN))
    turns.prompt_started(asks, keys=keys)
    turns.prompt_played()
    return turns


def ends_after(words: str | None, ready_s: float = 0.2) -> float:
    """Seconds of silence that end an utterance whose words are there `ready_s` after it fell silent."""
    turns = listening()
    play(turns, (True, 1.0))
    before = play(turns, (False, ready_s))
    if words is not None and turns.words(words):
        return ready_s
    assert UtteranceEnded not in kinds(before)
    after = play(turns, (False, 5.0))
    return ready_s + next(at for at, decision in after if isinstance(decision, UtteranceEnded))


def test_an_utterance_is_noticed_decoded_early_and_ended() -> None:
    decisions = play(listening(), (False, 1.0), (True, 1.5), (False, 2.0))
    assert kinds(decisions) == [UtteranceStarted, DecodeEarly, UtteranceEnded]
    (started, _), (decoded, _), (ended, end) = decisions
    assert started == pytest.approx(1.0 + TURNS.start_s)
    assert decoded == pytest.approx(2.5 + TURNS.decode_s)
    assert ended == pytest.approx(2.5 + TURNS.end_wordless_s)
    assert isinstance(end, UtteranceEnded)
    assert end.voiced_s == pytest.approx(1.5)


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    decisions = play(listening(), (True, 1.0), (False, 0.5), (True, 1.0), (False, 1.1))
    assert kinds(decisions) == [UtteranceStarted, DecodeEarly, SpeechResumed, DecodeEarly, UtteranceEnded]


@pytest.mark.parametrize(
    ("words", "ready_s", "end_s"),
    [
        ("对", 0.2, TURNS.end_whole_s),
        ("对", 0.5, 0.5),
        ("空调坏了", 0.2, TURNS.end_s),
        ("空调坏了", 0.7, 0.7),
        ("二零二六零三零一", 0.2, TURNS.end_digits_s),
        ("一三八", 0.2, TURNS.end_unfinished_s),
        ("", 0.2, TURNS.end_s),
        (None, 0.2, TURNS.end_wordless_s),
    ],
)
def test_what_was_understood_decides_how_long_a_pause_ends_the_turn(
    words: str | None, ready_s: float, end_s: float
) -> None:
    assert ends_after(words, ready_s) == pytest.approx(end_s)


def test_nobody_is_cut_off_in_the_middle_of_a_number() -> None:
    turns = listening(("contact_number",))
    for _ in range(3):
        assert UtteranceEnded not in kinds(play(turns, (True, 0.8), (False, 0.5)))
        assert turns.words("一三八") == []
        assert play(turns, (False, 1.2)) == []


def test_words_of_before_the_caller_went_on_do_not_end_the_turn() -> None:
    turns = listening(("confirm",))
    play(turns, (True, 0.4), (False, 0.2))
    assert turns.words("对") == []
    assert UtteranceEnded not in kinds(play(turns, (True, 0.5), (False, 0.5)))


def test_words_without_an_utterance_are_of_no_interest() -> None:
    assert listening().words("对") == []


def test_a_click_is_not_speech() -> None:
    assert play(listening(), (False, 1.0), (True, 0.06), (False, 1.0)) == []


def test_stop_consonants_do_not_reset_the_start() -> None:
    assert UtteranceStarted in kinds(play(listening(), (True, 0.06), (False, 0.06), (True, 0.06)))


def test_silence_is_counted_and_starts_again_after_speech() -> None:
    turns = listening()
    first = play(turns, (False, TURNS.silence_s + 0.5))
    assert first == [(pytest.approx(TURNS.silence_s), SilenceElapsed(1))]
    turns.prompt_started(())
    turns.prompt_played()
    assert play(turns, (False, TURNS.silence_s + 0.5))[-1][1] == SilenceElapsed(2)
    turns.prompt_started(())
    turns.prompt_played()
    play(turns, (True, 1.0), (False, 1.2))
    turns.prompt_started(())
    turns.prompt_played()
    assert play(turns, (False, TURNS.silence_s + 0.5))[-1][1] == SilenceElapsed(1)


def test_no_silence_is_counted_while_the_bot_thinks() -> None:
    turns = listening()
    play(turns, (True, 1.0), (False, 1.2))
    assert play(turns, (False, 20.0)) == []


def test_noise_without_words_gives_the_floor_back_and_silence_counts_on() -> None:
    turns = listening()
    play(turns, (False, 4.0), (True, 0.2), (False, 1.2))
    turns.nothing_said()
    assert SilenceElapsed in kinds(play(turns, (False, TURNS.silence_s)))


def test_barge_in_pauses_first_and_then_stops() -> None:
    turns = TurnTaking(TURNS)
    turns.prompt_started(("description",))
    decisions = play(turns, (False, 1.0), (True, 1.0), (False, 1.1))
    assert kinds(decisions) == [PausePrompt, StopPrompt, UtteranceStarted, DecodeEarly, UtteranceEnded]
    assert decisions[0][0] == pytest.approx(1.06)
    assert decisions[1][0] == pytest.approx(1.0 + TURNS.barge_in_s)


def test_a_cough_only_pauses_the_prompt() -> None:
    turns = TurnTaking(TURNS)
    turns.prompt_started(("description",))
    decisions = play(turns, (False, 1.0), (True, 0.14), (False, 2.0))
    assert kinds(decisions) == [PausePrompt, ResumePrompt]
    assert decisions[1][0] == pytest.approx(1.14 + TURNS.resume_s)
    assert decisions[1][0] - decisions[0][0] <= 0.5


def test_the_beginning_of_a_prompt_is_protected() -> None:
    turns = TurnTaking(TURNS)
    turns.prompt_started(("description",))
    assert play(turns, (True, TURNS.protected_s)) == []


def test_a_legal_notice_is_protected_from_speech_but_not_from_keys() -> None:
    turns = TurnTaking(TURNS)
    turns.prompt_started((), protected=True)
    assert play(turns, (True, 3.0)) == []
    assert turns.digit("0") == [StopPrompt(), KeysEntered("0")]


def test_zero_means_a_human_at_once_unless_digits_were_asked_for() -> None:
    assert listening().digit("0") == [KeysEntered("0")]
    turns = listening(("order_no",), keys=True)
    assert turns.digit("0") == []
    assert turns.digit("1") == []
    assert turns.digit("#") == [KeysEntered("01")]


def test_a_pause_ends_keyed_digits() -> None:
    turns = listening(("order_no",), keys=True)
    for digit in "2026":
        assert turns.digit(digit) == []
    decisions = play(turns, (False, 5.0))
    assert decisions == [(pytest.approx(TURNS.key_gap_s), KeysEntered("2026"))]


def test_a_number_of_full_length_is_closed_by_a_shorter_pause() -> None:
    turns = listening(("order_no",), keys=True)
    for digit in "20260301":
        assert turns.digit(digit) == []
    assert play(turns, (False, 5.0)) == [(pytest.approx(TURNS.key_gap_whole_s), KeysEntered("20260301"))]


def test_the_hash_alone_is_an_empty_entry_and_the_star_begins_anew() -> None:
    turns = listening(("order_no",), keys=True)
    assert turns.digit("#") == [KeysEntered("")]
    turns = listening(("order_no",), keys=True)
    assert [turns.digit(key) for key in "12*34#"][-1] == [KeysEntered("34")]


def test_an_endless_utterance_is_cut() -> None:
    decisions = play(listening(), (True, 40.0))
    assert decisions[-1][0] == pytest.approx(TURNS.longest_s, abs=0.1) or kinds(decisions).count(UtteranceEnded) == 1


def test_the_caller_who_goes_on_while_the_bot_thinks_is_heard() -> None:
    turns = listening()
    play(turns, (True, 1.0), (False, 1.2))
    assert UtteranceStarted in kinds(play(turns, (True, 0.5)))


def heard_at(turns: TurnTaking, *frames: tuple[float, float, float]) -> list[tuple[float, Decision]]:
    """(probability, dBov, seconds) → decisions with the second at which each was taken."""
    decisions, frame = [], 0
    for probability, level, length_s in frames:
        for _ in range(round(length_s * 1000 / FRAME_MS)):
            frame += 1
            taken = turns.frame(probability, level_dbov=level)
            decisions += [(frame * FRAME_MS / 1000, decision) for decision in taken]
    return decisions


def test_loudness_tells_the_end_before_voice_activity_does() -> None:
    turns = listening()
    found = heard_at(turns, (0.95, -20.0, 1.0), (0.95, -55.0, 0.14), (0.02, -55.0, 2.0))
    assert kinds(found) == [UtteranceStarted, DecodeEarly, UtteranceEnded]
    assert [round(at, 2) for at, _ in found[1:]] == [1.1, 1.0 + TURNS.end_wordless_s]


def test_a_voice_that_becomes_soft_is_still_the_caller_s() -> None:
    turns = listening()
    found = heard_at(turns, (0.95, -20.0, 1.0), (0.95, -45.0, 2.0))
    assert kinds(found) == [UtteranceStarted, DecodeEarly, SpeechResumed]
