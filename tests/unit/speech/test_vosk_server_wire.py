"""What vosk-server is told, and when its last answer is there."""

import json

import pytest

from ivr.errors import WireError
from ivr.speech.streaming import Segment
from ivr.speech.vosk_server_wire import EOF, Answers, config


def test_the_first_message() -> None:
    plain = {"sample_rate": 8000, "words": True, "max_alternatives": 0}
    assert json.loads(config()) == {"config": plain}
    told = config(("是的", "[unk]"), 3)
    assert json.loads(told)["config"] == {**plain, "max_alternatives": 3, "phrase_list": ["是的", "[unk]"]}
    assert "是的" in told
    assert EOF == '{"eof" : 1}'


def test_an_answer_a_message_and_the_last_one_ends_it() -> None:
    answers = Answers()
    answers.sent()
    answers.sent()
    answers.take('{"partial": "冰箱"}')
    assert (answers.partial, answers.awaited, answers.complete) == ("冰箱", 1, False)
    answers.ended()
    answers.take('{"text": "冰箱", "result": [{"word": "冰箱", "conf": 1.0}]}')  # closed by the server itself
    assert (answers.partial, answers.complete) == ("", False)
    answers.take('{"text": ""}')
    assert answers.complete
    assert answers.segments == [Segment("冰箱", 1.0), Segment("", 0.0)]


def test_a_server_that_answers_less_often_is_complete_when_it_closes_after_a_segment() -> None:
    answers = Answers()
    for _ in range(5):
        answers.sent()
    answers.take('{"text": "你好"}')
    answers.ended()
    assert not answers.complete_when_closed
    answers.take('{"text": "再见"}')
    assert not answers.complete
    assert answers.complete_when_closed


@pytest.mark.parametrize("text", ["", "[]", "<html>", "{}", '{"error": "busy"}', '{"text": "x", "result": [1]}'])
def test_nonsense_is_told(text: str) -> None:
    with pytest.raises(WireError):
        Answers().take(text)
