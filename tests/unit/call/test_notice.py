"""How far a greeting must be heard before the call may be recorded."""

import pytest

from ivr.call.notice import Notice, up_to_notice


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


def test_it_is_heard_once_and_only_with_all_of_its_sentence() -> None:
    notice = Notice(recorded=True)
    notice.greeting("本次通话会录音。请讲。", farewell=False)
    notice.greeting("什么产品？", farewell=False)
    assert notice.pending
    assert not notice.heard("本次通话会")
    assert notice.heard("本次通话会录音。请")
    assert not notice.heard("本次通话会录音。请讲。")
    assert not notice.pending


@pytest.mark.parametrize(("recorded", "farewell"), [(False, False), (True, True)])
def test_nothing_is_awaited_where_nothing_is_recorded(recorded: bool, farewell: bool) -> None:
    notice = Notice(recorded=recorded)
    notice.greeting("本次通话会录音。", farewell=farewell)
    assert not notice.pending
    assert not notice.heard("本次通话会录音。")
