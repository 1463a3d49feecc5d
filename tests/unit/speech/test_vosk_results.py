"""Vosk's JSON: partial words, words with confidence, alternatives with scores, nonsense."""

import pytest

from ivr.errors import WireError
from ivr.speech import vosk_results

WORDS = """{"result": [{"conf": 0.5, "end": 1.0, "start": 0.0, "word": "冰箱"},
  {"conf": 1.0, "end": 1.2, "start": 1.0, "word": "不"}], "text": "冰箱 不"}"""
ALTERNATIVES = (
    """{"alternatives": [{"confidence": 135.2, "text": "转 人工"}, {"confidence": 134.2, "text": "转 员工"}]}"""
)


def test_a_partial_result() -> None:
    assert vosk_results.partial('{"partial" : "冰箱"}') == "冰箱"
    assert vosk_results.partial(WORDS) is None


def test_words_have_a_confidence_weighed_by_length() -> None:
    segment = vosk_results.segment(WORDS)
    assert segment.text == "冰箱 不"
    assert segment.confidence == pytest.approx(2 / 3)


def test_alternatives_share_their_scores() -> None:
    segment = vosk_results.segment(ALTERNATIVES)
    assert (segment.text, segment.alternatives) == ("转 人工", ("转 员工",))
    assert segment.confidence == pytest.approx(0.731, abs=0.001)


def test_nothing_heard() -> None:
    assert vosk_results.segment('{"text": ""}').confidence == 0.0
    assert vosk_results.segment('{"alternatives": [{"confidence": 1.0, "text": ""}]}').text == ""


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"result": [1], "text": "x"}', '{"alternatives": [{}]}'])
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        vosk_results.segment(text)
