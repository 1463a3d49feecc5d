"""One call through the session, on a line without a telephone, in audio time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ivr.call import session
from ivr.call.endpointing import Answer
from ivr.call.filler import Fillers, Pace
from ivr.call.ports import CallInfo, Heard, Keyed, Played, Reply, Said, Silent, Transfer
from ivr.call.senses import Senses
from ivr.call.session import CallSession
from ivr.call.thinking import Broken
from ivr.call.turn import TurnTaking
from ivr.errors import DialogueDown, SpeechFailed
from ivr.settings import Turns
from tests.fakes.conversation import FakeConversation
from tests.fakes.line import A_CALL, FakeLine
from tests.fakes.speech import FakeRecogniser, FakeVad, FakeVoice, tone

GREETING = Reply("您好，请说。", asks=("description",))
APOLOGY = "对不起，马上转人工。"
FILLERS = ("好的，我看一下。", "嗯，我记一下。")


@dataclass
class Call:
    line: FakeLine
    conversation: FakeConversation
    recogniser: FakeRecogniser
    voice: FakeVoice
    told: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    session: CallSession = field(init=False)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]

    async def says(self, length_s: float = 1.0) -> None:
        """The caller speaks, then is silent until the turn ends."""
        await self.line.speak(tone(length_s))
        await self.line.be_silent(1.0)


@asynccontextmanager
async def a_call(
    script: Iterable[Reply | Exception | str],
    heard: Iterable[Heard | str | Exception] = (),
    *,
    voice: FakeVoice | None = None,
    slow: asyncio.Event | None = None,
    info: CallInfo = A_CALL,
) -> AsyncIterator[Call]:
    call = Call(FakeLine(info), FakeConversation(script, slow), FakeRecogniser(heard), voice or FakeVoice())
    senses = Senses(
        activity=FakeVad(),
        recogniser=call.recogniser,
        voice=call.voice,
        conversation=call.conversation,
        turns=TurnTaking(Turns(), lambda text, asks: Answer.WHOLE if text == "对" else Answer.OPEN),
        queue="appliance",
        apology=APOLOGY,
        is_backchannel=lambda text: text == "嗯",
        fillers=Fillers(Turns(), FILLERS, Pace()),
    )
    call.session = CallSession(call.line, senses, lambda kind, details: call.told.append((kind, details)))
    task = asyncio.create_task(call.session.run())
    await asyncio.sleep(0)
    yield call
    await call.line.caller_hangs_up()
    await asyncio.wait_for(task, 5)


async def test_greeting_answer_question_and_goodbye() -> None:
    bye = Reply("记下了，再见。", ended=True, ticket_no="GD20261122-000001")
    async with a_call([GREETING, Reply("什么产品？", asks=("product",)), bye], ["坏了", "空调"]) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.let_finish()
        await call.says()
        await call.line.let_finish()
        await call.line.be_silent(0.1)
    assert call.voice.said == ["您好，请说。", "什么产品？", "记下了，再见。"]
    assert [t.heard.text for t in call.conversation.turns if isinstance(t, Said)] == ["坏了", "空调"]
    assert call.conversation.endings == [("bot_hung_up", None)]
    assert call.line.ticket_no == "GD20261122-000001"
    assert ("hang_up", pytest.approx(call.line.now, abs=0.5)) in call.line.calls
    assert call.recogniser.hints[1].asks == ("product",)
    assert call.kinds()[-1] == "ended"


async def test_the_ticket_is_settled_before_the_transfer_is_announced_and_made() -> None:
    farewell = Reply("为您转接。", ended=True, handoff="caller_request", ticket_no="GD20261122-000001", priority=5)
    farewell = replace(farewell, queue="appliance_refund", waits=True)
    async with a_call([GREETING, farewell], ["转人工"]) as call:
        await call.line.let_finish()
        await call.line.speak(tone(0.5))
        await call.line.be_silent(0.9)
        assert call.conversation.endings == [("handed_over", "caller_request")]
        assert call.line.transfer is None
        await call.line.let_finish()
        await call.line.be_silent(0.1)
    assert call.line.transfer == Transfer("appliance_refund", "caller_request", "GD20261122-000001", 5, waits=True)


async def test_the_first_syllable_reaches_the_recogniser() -> None:
    async with a_call([GREETING], ["好"]) as call:
        await call.line.let_finish()
        await call.says(0.6)
        assert call.recogniser.listenings[0].asked[0] >= 0.6 + 0.2


async def test_a_pause_makes_one_utterance_of_two_halves() -> None:
    async with a_call([GREETING, "嗯。"], ["前半", "整句"]) as call:
        await call.line.let_finish()
        await call.line.speak(tone(0.6))
        await call.line.be_silent(0.4)
        await call.says(0.6)
        assert len(call.recogniser.listenings) == 1
        assert len(call.conversation.turns) == 1


async def test_barge_in_silences_the_prompt() -> None:
    async with a_call([Reply("很长" * 50, asks=("description",)), "嗯。"], ["打断"]) as call:
        await call.line.be_silent(1.0)
        assert call.line.queued_s > 5
        await call.line.speak(tone(0.3))
        assert call.line.queued_s == 0
        await call.says(0.5)
        assert "barge_in" in call.kinds()
        assert [t.heard.text for t in call.conversation.turns if isinstance(t, Said)] == ["打断"]


async def test_a_cough_lets_the_prompt_go_on() -> None:
    async with a_call([Reply("很长" * 20, asks=("description",))]) as call:
        await call.line.be_silent(1.0)
        await call.line.speak(tone(0.12))
        assert call.line.paused
        await call.line.be_silent(0.6)
        assert not call.line.paused
        await call.line.let_finish()
        assert not call.conversation.turns


async def test_silence_and_keys_reach_the_dialogue() -> None:
    async with a_call([GREETING, "您还在吗？", "好的。"]) as call:
        await call.line.let_finish()
        await call.line.be_silent(5.2)
        await call.line.let_finish()
        await call.line.press("0")
        assert call.conversation.turns == [Silent(1), Keyed("0")]


async def test_noise_without_words_is_not_a_turn() -> None:
    async with a_call([GREETING], [""]) as call:
        await call.line.let_finish()
        await call.line.speak(tone(0.2))
        await call.line.be_silent(1.5)
        assert call.conversation.turns == []
        await call.line.be_silent(8.0)
        assert call.conversation.turns == [Silent(1)]


async def test_what_nobody_understood_is_told_to_the_dialogue() -> None:
    async with a_call([GREETING, "再说一遍？"], [SpeechFailed("坏了")]) as call:
        await call.line.let_finish()
        await call.says()
        assert call.conversation.turns == [Said(Heard(text="", confidence=0.0))]


async def test_dialogue_down_means_one_apology_and_a_human() -> None:
    async with a_call([GREETING, DialogueDown("对话服务没有回答。")], ["空调坏了"]) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.let_finish()
        await call.line.be_silent(0.1)
    assert call.voice.said[1:] == [APOLOGY]
    assert call.conversation.endings == [("handed_over", "bot_failure")]
    assert call.line.transfer == Transfer("appliance", "bot_failure", "GD20261122-000001")


async def test_dialogue_down_from_the_start_is_answered_all_the_same() -> None:
    async with a_call([DialogueDown("对话服务没有回答。")]) as call:
        await call.line.let_finish()
        await call.line.be_silent(0.1)
    assert call.line.answered
    assert call.line.transfer is not None


async def test_a_voice_that_fails_hands_over_without_words() -> None:
    async with a_call([GREETING], voice=FakeVoice(fails_on="，")) as call:
        await call.line.be_silent(0.5)
    assert call.line.transfer is not None
    assert call.line.transfer.reason == "bot_failure"


async def test_a_bug_hands_over_too() -> None:
    async with a_call([GREETING, RuntimeError("bug")], ["空调坏了"]) as call:
        await call.line.let_finish()
        await call.says()
    assert call.line.transfer is not None


async def test_hanging_up_in_mid_sentence_keeps_what_was_said() -> None:
    async with a_call([GREETING], ["空调坏了"]) as call:
        await call.line.let_finish()
        await call.line.speak(tone(1.0))
        await call.line.caller_hangs_up()
        await asyncio.sleep(0.05)
        assert [t.heard.text for t in call.conversation.turns if isinstance(t, Said)] == ["空调坏了"]
        assert call.conversation.endings == [("caller_hung_up", None)]


async def test_hanging_up_while_the_dialogue_thinks_waits_for_the_ticket() -> None:
    slow = asyncio.Event()
    async with a_call([GREETING, "嗯。"], ["空调坏了"], slow=slow) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.caller_hangs_up()
        assert call.conversation.endings == []
        slow.set()
        await asyncio.sleep(0.05)
        assert call.conversation.endings == [("caller_hung_up", None)]


async def test_going_on_while_the_answer_is_prepared_is_one_turn() -> None:
    async with a_call([GREETING, "嗯。"], ["前半", "整句"]) as call:
        call.recogniser.delay_s = 0.2
        await call.line.let_finish()
        await call.line.speak(tone(1.0))
        await call.line.be_silent(0.72)
        await call.line.speak(tone(0.5))
        await call.line.be_silent(0.8)
        await asyncio.sleep(0.6)
        await call.line.be_silent(0.1)
        assert len(call.recogniser.listenings) == 1
        assert len(call.conversation.turns) == 1


async def test_a_lost_mark_does_not_leave_the_caller_in_silence() -> None:
    async with a_call([GREETING, "您还在吗？"]) as call:

        def drop_marks() -> None:
            call.line._queue[:] = [piece for piece in call.line._queue if isinstance(piece, bytes)]

        call.line._pass_marks = drop_marks  # type: ignore[method-assign]
        await call.line.be_silent(1.0 + 3.0 + 8.5)
        assert call.conversation.turns == [Silent(1)]


async def test_a_line_that_breaks_is_a_caller_who_left() -> None:
    async with a_call([GREETING, "嗯。"], ["空调坏了"]) as call:
        await call.line.be_silent(1.0)
        call.line.broken.add("flush")
        await call.says()
    assert ("caller_hung_up", None) in call.conversation.endings


async def test_speech_in_the_last_moment_of_a_prompt_does_not_mute_the_next() -> None:
    async with a_call([GREETING, "好的，记下了。"], ["空调坏了"]) as call:
        call.line._queue.clear()
        await call.line.be_silent(0.5)
        await call.line.speak(tone(0.08))  # a pause is asked for …
        assert call.line.paused
        call.line._events.put_nowait(Played("1"))  # … and crosses the end of the prompt
        await call.line.speak(tone(1.0))
        await call.line.be_silent(1.0)
        assert not call.line.paused
        await call.line.let_finish()
        assert call.line.queued_s == 0


async def test_the_call_is_answered_though_the_dialogue_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(FakeConversation):
        async def begin(self, call: CallInfo) -> Reply:
            await asyncio.sleep(60)
            return GREETING

    line = FakeLine()
    senses = Senses(
        activity=FakeVad(), recogniser=FakeRecogniser(), voice=FakeVoice(), conversation=Slow([GREETING]),
        turns=TurnTaking(Turns()), queue="appliance", apology=APOLOGY,
    )  # fmt: skip
    monkeypatch.setattr(session, "ANSWER_WITHIN_S", 0.01)
    task = asyncio.create_task(CallSession(line, senses).run())
    await asyncio.sleep(0.1)
    assert line.answered
    await line.caller_hangs_up()
    await asyncio.wait_for(task, 5)


async def test_a_wordless_noise_that_stopped_a_question_has_it_asked_again() -> None:
    async with a_call([Reply("很长" * 20, asks=("description",))], [""]) as call:
        await call.line.be_silent(1.0)
        await call.line.speak(tone(0.26))
        await call.line.be_silent(1.0)
        assert call.voice.said == ["很长" * 20] * 2
        assert call.conversation.turns == []


async def test_an_answer_that_came_while_the_caller_made_a_noise_is_spoken_after_it() -> None:
    slow = asyncio.Event()
    async with a_call([GREETING, "什么产品？"], ["坏了", ""], slow=slow) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.speak(tone(0.26))
        slow.set()
        await call.line.be_silent(1.5)
        assert call.voice.said[-1] == "什么产品？"


async def test_a_late_failure_does_not_cut_the_farewell() -> None:
    async with a_call([GREETING, Reply("好的，记下了，再见。" * 3, ended=True)], ["再见"]) as call:
        await call.line.let_finish()
        await call.says()
        assert call.line.queued_s > 0
        call.session._happenings.put_nowait(Broken(DialogueDown("迟到的超时。"), 1))
        await call.line.be_silent(0.2)
        assert not call.line.hung_up


async def test_a_lost_line_is_not_a_caller_who_hung_up() -> None:
    async with a_call([GREETING]) as call:
        await call.line.let_finish()
        call.line._events.put_nowait(None)  # Asterisk took the call elsewhere
        await call.line.be_silent(0.1)
        assert call.conversation.endings == [("handed_over", "bot_failure")]


async def test_a_dialogue_that_stands_still_hands_over() -> None:
    async with a_call([GREETING, "嗯。"], ["坏了"], slow=asyncio.Event()) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.be_silent(10.5)
        assert call.voice.said[-1] == APOLOGY


async def test_keys_that_close_over_a_new_prompt_stop_it() -> None:
    slow = asyncio.Event()
    script = [GREETING, Reply("很长" * 40, asks=("order_no",), keys=True), "好的。"]
    async with a_call(script, ["坏了"], slow=slow) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.press("5")
        slow.set()
        await call.line.be_silent(4.0)
        assert Keyed("5") in call.conversation.turns
        assert call.line.queued_s < 2


async def test_the_phases_of_a_turn_are_reported_in_order() -> None:
    async with a_call([GREETING, Reply("什么产品？")], ["坏了"]) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.let_finish()
    turn = [kind for kind in call.kinds() if kind in ("heard", "reply", "speaking")]
    assert turn == ["reply", "speaking", "heard", "reply", "speaking"]
    heard = next(details for kind, details in call.told if kind == "heard")
    assert heard["end_of_turn_ms"] == round(1000 * Turns().end_s)
    assert all(details["took_ms"] < 5000 for kind, details in call.told if "took_ms" in details), "the greeting's too"


async def test_a_whole_answer_ends_the_turn_at_once() -> None:
    async with a_call([Reply("对吗？", asks=("confirm",)), "好的。"], ["对"]) as call:
        await call.line.let_finish()
        await call.line.speak(tone(0.5))
        await call.line.be_silent(0.28)
        assert call.conversation.turns == []
        await call.line.be_silent(0.06)
        assert "heard" in call.kinds()


async def test_a_mere_hm_takes_no_turn_and_the_prompt_goes_on_where_it_was() -> None:
    text = "我查到您三月五号报过空调，这次说的是它，还是别的事？"
    async with a_call([Reply(text, asks=("prior_ticket",))], ["嗯"]) as call:
        await call.line.be_silent(1.6)
        before = len(call.line.calls)
        await call.line.speak(tone(0.3))
        await call.line.be_silent(0.8)
        assert call.conversation.turns == []
        assert call.voice.said == [text, text]
        assert "backchannel" in call.kinds()
        rest = [("", at) for name, at in call.line.calls[before:] if name == "play"]
        assert len(rest) == 2, "of three clauses the two that were not heard to the end"
        await call.line.let_finish()
        assert call.kinds()[-1] == "played"


async def test_a_hm_when_the_question_was_heard_is_an_answer() -> None:
    async with a_call([Reply("说的是空调吗？", asks=("prior_ticket",)), "好的。"], ["嗯"]) as call:
        await call.line.be_silent(0.6)
        await call.says(0.3)
        assert [t.heard.text for t in call.conversation.turns if isinstance(t, Said)] == ["嗯"]


async def test_who_cuts_in_is_told_to_the_dialogue_with_what_they_had_heard() -> None:
    async with a_call([Reply("很长的一句话" * 10, asks=("description",)), "嗯。"], ["打断"]) as call:
        await call.line.be_silent(2.0)
        await call.says(0.5)
        (said,) = call.conversation.turns
        assert isinstance(said, Said)
        assert said.prompt_heard
        assert ("很长的一句话" * 10).startswith(said.prompt_heard)
        assert 1.5 <= len(said.prompt_heard) * 0.1 <= 2.2
        (barge_in,) = [details for kind, details in call.told if kind == "barge_in"]
        assert barge_in["heard"] == said.prompt_heard


async def test_a_late_answer_is_bridged_by_a_filler_and_follows_it() -> None:
    slow = asyncio.Event()
    async with a_call([GREETING, "什么产品？", "什么时候？"], ["坏了", "空调"], slow=slow) as call:
        await call.line.let_finish()
        await call.line.speak(tone(1.0))
        await call.line.be_silent(0.58)
        assert "heard" in call.kinds()
        await call.line.be_silent(0.5)
        assert "filler" not in call.kinds()
        await call.line.be_silent(0.12)
        assert call.voice.said[-1] == "好的，我看一下。"
        slow.set()
        await call.line.be_silent(0.1)
        assert call.voice.said[-1] == "什么产品？"
        assert "flush" not in [name for name, _ in call.line.calls]
        await call.line.let_finish()
        assert call.kinds().count("played") == 2
        slow.clear()
        await call.says()
        await call.line.be_silent(1.5)
        assert call.kinds().count("filler") == 1, "never twice in a row"
        slow.set()


async def test_who_speaks_on_hears_no_filler_to_the_end() -> None:
    slow = asyncio.Event()
    async with a_call([GREETING, "什么产品？"], ["坏了", "不制冷"], slow=slow) as call:
        await call.line.let_finish()
        await call.line.speak(tone(1.0))
        await call.line.be_silent(1.4)
        assert call.line.queued_s > 0
        await call.line.speak(tone(0.6))
        assert call.line.queued_s == 0
        slow.set()


async def test_an_answer_in_time_has_no_filler() -> None:
    async with a_call([GREETING, "什么产品？"], ["坏了"]) as call:
        await call.line.let_finish()
        await call.says()
        await call.line.be_silent(2.0)
        assert "filler" not in call.kinds()


NOTICE = Reply("您好，我是智能语音助手，本次通话会录音。请问您今天有什么事情要反映，是什么产品，出了什么问题？")


def recorded_at(call: Call) -> list[float]:
    return [at for name, at in call.line.calls if name == "record"]


@pytest.mark.parametrize("recorded", [True, False])
async def test_the_recording_begins_when_the_greeting_was_heard(recorded: bool) -> None:
    async with a_call([NOTICE, Reply("什么产品？")], ["坏了"], info=replace(A_CALL, recorded=recorded)) as call:
        await call.line.be_silent(1.0)
        assert recorded_at(call) == []
        await call.line.let_finish()
        assert len(recorded_at(call)) == recorded
        await call.says()
        await call.line.let_finish()
    assert len(recorded_at(call)) == recorded


@pytest.mark.parametrize(("heard_s", "interrupts"), [(0.1, False), (0.8, True)])
async def test_speech_interrupts_the_greeting_once_the_notice_was_heard(heard_s: float, interrupts: bool) -> None:
    """The notice is the first two fifths of the text."""
    info = replace(A_CALL, recorded=True)
    async with a_call([NOTICE, Reply("什么产品？")], ["坏了"], info=info) as call:
        await call.line.be_silent(0.04)
        whole_s = call.line.queued_s
        await call.line.be_silent(heard_s * whole_s - 0.3)
        await call.line.speak(tone(0.6))
        assert ("barge_in" in call.kinds()) == interrupts
        assert bool(recorded_at(call)) == interrupts
        await call.line.let_finish()
    assert len(recorded_at(call)) == 1
