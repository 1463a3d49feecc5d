"""The recogniser's re-use and giving up of decodings, with a model that is told when to finish."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, SILENCE, to_pcm
from ivr.call.ports import Hint
from ivr.errors import SpeechFailed
from ivr.settings import Settings
from ivr.speech import whisper
from ivr.speech.hypotheses import Decoded, Hypothesis
from ivr.speech.whisper import WhisperRecogniser
from ivr.speech.whisper_model import longest_text, padded_frames
from tests.fakes.speech import tone

VOICED = tone(1.0)
HISS = to_pcm(0.002 * np.random.default_rng(1).normal(size=4000))


@dataclass
class FakeModel:
    gate: threading.Event = field(default_factory=threading.Event)
    lengths: list[int] = field(default_factory=list)
    given_up: int = 0
    fails: Exception | None = None
    pids: Sequence[int] = (1, 2)

    def decode(
        self, pcm: bytes, prompt: str, terms: Sequence[str], beam: int, abandoned: Callable[[], bool]
    ) -> Decoded | None:
        self.lengths.append(len(pcm))
        self.gate.wait(5)
        if self.fails:
            raise self.fails
        if abandoned():
            self.given_up += 1
            return None
        return Decoded((Hypothesis(f"一共{len(pcm)}字节", -0.1),), 0.0)

    def close(self) -> None:
        self.gate.set()


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def recogniser(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[WhisperRecogniser]:
    monkeypatch.setattr(whisper, "simplifier", lambda: str)
    made = WhisperRecogniser(Settings(), {}, model)
    yield made
    asyncio.run(made.close())


async def begun(model: FakeModel, count: int) -> None:
    async with asyncio.timeout(5):
        while len(model.lengths) < count:
            await asyncio.sleep(0.001)


async def test_silence_after_an_early_decoding_changes_nothing(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    model.gate.set()
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED)
    early = await listening.result()
    listening.feed(SILENCE * 10)
    listening.feed(HISS)
    assert await listening.result() == early
    assert len(model.lengths) == 1


async def test_an_early_decoding_under_way_is_shared(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED)
    early = asyncio.create_task(listening.result())
    await begun(model, 1)
    early.cancel()
    listening.feed(SILENCE * 10)
    final = asyncio.create_task(listening.result())
    await asyncio.sleep(0)
    model.gate.set()
    assert (await final).text
    assert model.lengths == [len(VOICED)]


async def test_speech_after_an_early_decoding_gives_it_up(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED)
    early = asyncio.create_task(listening.result())
    await begun(model, 1)
    early.cancel()
    await asyncio.gather(early, return_exceptions=True)
    listening.feed(VOICED)
    final = asyncio.create_task(listening.result())
    await begun(model, 2)  # it does not wait for the first
    model.gate.set()
    assert (await final).text == f"一共{2 * len(VOICED)}字节"
    async with asyncio.timeout(5):  # the two run in threads of their own: the first may notice it later
        while model.given_up != 1:
            await asyncio.sleep(0.01)


async def test_who_still_waits_gets_the_early_words(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED)
    early = asyncio.create_task(listening.result())
    await begun(model, 1)
    listening.feed(VOICED)
    model.gate.set()
    assert (await early).text == f"一共{len(VOICED)}字节"


async def test_next_to_no_sound_is_nothing(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED[: 2 * FRAME_BYTES])
    assert (await listening.result()).text == ""
    assert not model.lengths


async def test_failure_is_speech_failed(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    model.fails = SpeechFailed("坏了。")
    model.gate.set()
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED)
    with pytest.raises(SpeechFailed):
        await listening.result()


async def test_too_many_at_once_is_refused(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    waiting = []
    for _ in range(whisper.WAITING):
        listening = recogniser.listen(Hint("appliance"))
        listening.feed(VOICED)
        waiting.append(asyncio.create_task(listening.result()))
    await begun(model, whisper.PARALLEL)
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED)
    with pytest.raises(SpeechFailed, match="跟不上"):
        await listening.result()
    assert not recogniser.keeps_up()
    assert recogniser.work().oldest_s > 0
    model.gate.set()
    assert all(heard.text for heard in await asyncio.gather(*waiting))


def test_short_input_is_padded_to_less_than_thirty_seconds() -> None:
    assert padded_frames(1.0) == 1000
    assert padded_frames(7.0) == 1500
    assert 1500 < padded_frames(16.0) <= 2000
    assert padded_frames(29.0) == 3000
    for length_s in range(1, 30):
        assert padded_frames(length_s) >= min(3000, length_s * 100 + 100)


def test_decoding_is_bounded() -> None:
    assert longest_text(50, 2.0) == 50 + 18 + 12
    assert longest_text(100, 29.0) <= 448


async def test_the_line_s_own_silence_is_not_decoded(recogniser: WhisperRecogniser, model: FakeModel) -> None:
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(b"\x08\x00\xf8\xff" * 4000)
    assert (await listening.result()).text == ""
    assert model.lengths == []


async def test_new_calls_go_elsewhere_while_words_are_late_or_nothing_decodes(
    recogniser: WhisperRecogniser, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recogniser.keeps_up()
    listening = recogniser.listen(Hint("appliance"))
    listening.feed(VOICED)
    late = asyncio.create_task(listening.result())
    await begun(model, 1)
    monkeypatch.setattr(whisper, "LATE_S", 0.0)
    assert not recogniser.keeps_up()
    model.gate.set()
    await late
    monkeypatch.undo()
    assert recogniser.keeps_up()
    model.pids = ()
    assert not recogniser.keeps_up()
