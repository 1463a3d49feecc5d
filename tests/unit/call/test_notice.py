"""How far a greeting must be heard before the call may be recorded."""

import pytest

from ivr.call.notice import up_to_notice


@pytest.mark.parametrize(
    ("greeting", "notice"),
    [
        ("您好，我是助手，本次通话会录音。请问有什么可以帮您？", "您好，我是助手，本次通话会录音。"),
        ("您好！通话可能被录音，用于改进服务；请讲。", "您好！通话可能被录音，用于改进服务；"),
        ("本次通话会录音", "本次通话会录音"),
        ("您好，请问有什么可以帮您？", "您好，请问有什么可以帮您？"),
    ],
)
def test_to_the_end_of_the_sentence_that_says_so(greeting: str, notice: str) -> None:
    assert up_to_notice(greeting) == notice
