"""Vosk's real Korean model, spoken to by espeak-ng: partial words, grammar, going on after a result. The voice is
far from people's, so what was said must be among the words, with little else asked."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.audio import SILENCE, frames, read_wav
from ivr.call.ports import Heard, Hint
from ivr.settings import RecogniserChoice, Settings
from ivr.speech.espeak_program import espeak
from ivr.speech.vosk import VoskRecogniser

ANSWERS = ("안녕하세요", "네", "아니요", "감사합니다")
HINT = Hint("appliance", ("confirm",))


@pytest.fixture(scope="module")
def recogniser() -> Iterator[VoskRecogniser]:
    folder = Settings().tools / "models" / "vosk-ko"
    made = VoskRecogniser(folder, RecogniserChoice(engine="vosk", model="vosk-ko"), expected=lambda hint: ANSWERS)
    yield made
    asyncio.run(made.close())


def spoken(text: str, folder: Path) -> bytes:
    file = folder / "said.wav"
    subprocess.run([*espeak(Settings()), "-v", "ko", "-s", "140", "-w", str(file), text], check=True, timeout=20)
    return SILENCE * 15 + read_wav(file) + SILENCE * 15


async def heard(recogniser: VoskRecogniser, pcm: bytes) -> tuple[Heard, list[str]]:
    listening, partials = recogniser.listen(HINT), []
    for frame in frames(pcm):
        listening.feed(frame)
        await asyncio.sleep(0.005)
        partials.append(listening.partial())
    return await listening.result(), partials


@pytest.mark.parametrize("text", ["안녕하세요", "감사합니다"])
async def test_an_answer_of_the_grammar_is_heard(recogniser: VoskRecogniser, tmp_path: Path, text: str) -> None:
    said, partials = await heard(recogniser, spoken(text, tmp_path))
    assert text in said.text.split()
    assert 0.3 < said.confidence <= 1.0
    assert any(partials), "no partial words came while it was fed"


async def test_silence_holds_no_words(recogniser: VoskRecogniser) -> None:
    said, _ = await heard(recogniser, SILENCE * 40)
    assert said == Heard(text="", confidence=0.0)


async def test_the_caller_goes_on_after_a_result(recogniser: VoskRecogniser, tmp_path: Path) -> None:
    listening = recogniser.listen(HINT)
    listening.feed(spoken("안녕하세요", tmp_path))
    first = await listening.result()
    assert first.text.startswith("안녕하세요")
    assert (await listening.result()).text == first.text
    listening.feed(spoken("감사합니다", tmp_path))
    whole = (await listening.result()).text
    assert whole.startswith(first.text + " ")


async def test_a_sentence_that_was_taken_to_be_over_too_early_is_heard_whole(
    recogniser: VoskRecogniser, tmp_path: Path
) -> None:
    pcm = spoken("안녕하세요", tmp_path)
    at = len(pcm) // 4 * 2
    listening = recogniser.listen(HINT)
    listening.feed(pcm[:at])
    await listening.result()
    listening.feed(pcm[at:])
    said = await listening.result()
    assert "안녕하세요" in said.text.split()
    assert said.wasted == 1


async def test_recognisers_are_used_again_and_remember_nothing(recogniser: VoskRecogniser, tmp_path: Path) -> None:
    for text in ("감사합니다", "안녕하세요", "감사합니다"):
        listening = recogniser.listen(HINT)
        listening.feed(spoken(text, tmp_path))
        assert text in (await listening.result()).text.split()
