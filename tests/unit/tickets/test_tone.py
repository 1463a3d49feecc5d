from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.tickets.judgement.emotion import emotion, of_call
from ivr.tickets.judgement.tone import Tone, raised, with_opening
from ivr.tickets.judgement.words import EmotionWords, load_judgement
from tests.unit.tickets.test_emotion import ANGRY, ANNOYED, ANXIOUS, CALM

OWN = (Tone(-24.0, 4.5),)
SHOUTED = Tone(-12.0, 7.0)


def test_nothing_measured_adds_nothing(feelings: EmotionWords) -> None:
    assert raised(Tone(), OWN, feelings.voice) == 0
    assert raised(Tone(-24.0, 4.5), OWN, feelings.voice) == 0


@pytest.mark.parametrize("level", [-34.0, -24.0, -14.0])
def test_what_counts_is_the_distance_from_the_own_beginning(feelings: EmotionWords, level: float) -> None:
    louder = raised(Tone(level + 8), (Tone(level),), feelings.voice)
    assert louder == pytest.approx(0.25 * 4 / 6, abs=0.01)


def test_shouting_from_the_first_word_counts_a_little(feelings: EmotionWords) -> None:
    at_once = raised(Tone(-8.0), (), feelings.voice)
    assert 0 < at_once < raised(Tone(-8.0), (Tone(-24.0),), feelings.voice)


def test_speed_counts_less_than_loudness_and_slowness_takes_nothing(feelings: EmotionWords) -> None:
    faster = raised(Tone(-24.0, 7.0), OWN, feelings.voice)
    assert 0 < faster < raised(Tone(-12.0, 4.5), OWN, feelings.voice)
    assert raised(Tone(-12.0, 3.0), OWN, feelings.voice) == raised(Tone(-12.0, 4.5), OWN, feelings.voice)


def test_the_beginning_is_two_measured_utterances_and_the_quieter_counts(feelings: EmotionWords) -> None:
    opening = with_opening(with_opening(with_opening((), Tone()), Tone(-24.0)), Tone(-12.0))
    assert opening == (Tone(-24.0), Tone(-12.0))
    assert with_opening(opening, Tone(-30.0)) == opening
    assert raised(Tone(-14.0), opening, feelings.voice) == 0.25


@pytest.mark.parametrize("text", CALM)
def test_calm_words_stay_calm_however_loud(feelings: EmotionWords, text: str) -> None:
    assert emotion(text, feelings, 0.325).label in {"calm", "annoyed"}


@pytest.mark.parametrize("text", ["你好，我家洗衣机不转了，想报修", "对的", "后天上午我在家"])
def test_words_without_any_feeling_stay_calm(feelings: EmotionWords, text: str) -> None:
    felt = emotion(text, feelings, 0.325)
    assert felt.label == "calm"
    assert felt.score <= 0.24


@pytest.mark.parametrize("text", [*CALM, *ANNOYED, *ANXIOUS, *ANGRY])
def test_a_raised_voice_never_weakens_and_adds_a_bounded_amount(feelings: EmotionWords, text: str) -> None:
    before, after = emotion(text, feelings), emotion(text, feelings, 0.325)
    assert before.score <= after.score
    if after.label == before.label:
        assert after.score <= before.score + 0.3


@pytest.mark.parametrize("text", ["恶心，真是的", "这也太过分了吧", "没人管，说话不算话，太差了，到底想拖多久"])
def test_annoyed_words_shouted_are_angry(feelings: EmotionWords, text: str) -> None:
    voice = raised(SHOUTED, OWN, feelings.voice)
    assert emotion(text, feelings).label == "annoyed"
    assert emotion(text, feelings, voice).label == "angry"


@pytest.mark.parametrize("text", ["等了半个月了也没人管", "很失望"])
def test_some_annoyance_shouted_is_more_of_it(feelings: EmotionWords, text: str) -> None:
    voice = raised(SHOUTED, OWN, feelings.voice)
    louder = emotion(text, feelings, voice)
    assert louder.label == "annoyed"
    assert louder.score > emotion(text, feelings).score


def test_a_call_pairs_each_utterance_with_its_own_voice(feelings: EmotionWords) -> None:
    said = ["你好，想报修", "这也太过分了吧"]
    assert of_call(said, feelings, (0.3, 0.0)) == of_call(said, feelings)
    assert of_call(said, feelings, (0.0, 0.3)).label == "angry"
    assert of_call(said, feelings, (0.0,)) == of_call(said, feelings)


def test_a_wrong_range_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "judgement").mkdir()
    for name in ("urgency.yml", "linking.yml"):
        (tmp_path / "judgement" / name).write_text("{}")
    (tmp_path / "judgement" / "emotion.yml").write_text("voice: {over_own_db: [4]}")
    with pytest.raises(SettingsError, match=r"emotion.yml 的 voice"):
        load_judgement(tmp_path / "judgement")
