"""Vosk over the network, against a server that speaks vosk-server's protocol: its faults, and the real Korean model."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import vosk

from ivr.audio import SILENCE, frames
from ivr.call.ports import Heard, Hint, RecogniserWork
from ivr.settings import RecogniserChoice, Settings
from ivr.speech.vosk_server import VoskServerRecogniser
from ivr.speech.vosk_server_link import wrong_with
from tests.contract.speech.test_vosk import spoken
from tests.fakes.speech import FakeRecogniser, tone
from tests.fakes.vosk_server import VoskServer, vosk_server

HINT = Hint("appliance", ("confirm",))
BOUND_S = 0.4
LOCAL = Heard("本机听到的", 0.9)
SOUND = tone(0.6)
NOBODY = "ws://127.0.0.1:9"


@pytest.fixture
async def server() -> AsyncIterator[VoskServer]:
    async with vosk_server() as made:
        yield made


@asynccontextmanager
async def recogniser(
    *addresses: str, phrase_list: bool = False
) -> AsyncIterator[tuple[VoskServerRecogniser, FakeRecogniser]]:
    choice = RecogniserChoice(
        engine="vosk_server",
        addresses=addresses,
        connect_timeout_s=BOUND_S,
        answer_timeout_s=BOUND_S,
        phrase_list=phrase_list,
    )
    local = FakeRecogniser([LOCAL] * 5)
    made = VoskServerRecogniser(choice, local, expected=lambda hint: ("是的", "不是"))
    try:
        yield made, local
    finally:
        await made.close()


async def said(made: VoskServerRecogniser, pcm: bytes = SOUND) -> tuple[Heard, float]:
    """With the seconds that the caller waited."""
    listening = made.listen(HINT)
    for frame in frames(pcm):
        listening.feed(frame)
        await asyncio.sleep(0.005)
    now = asyncio.get_running_loop().time
    began = now()
    return await listening.result(), now() - began


async def test_words_come_from_the_server_while_it_is_fed(server: VoskServer) -> None:
    async with recogniser(server.address) as (made, local):
        listening = made.listen(HINT)
        assert listening.streams
        for frame in frames(SOUND):
            listening.feed(frame)
        async with asyncio.timeout(2):
            while listening.partial() != "30 帧":
                await asyncio.sleep(0.01)
        assert await listening.result() == Heard("30帧", 0.8)
        assert await listening.result() == Heard("30帧", 0.8)
        assert not local.listenings
    assert server.configs == [{"sample_rate": 8000, "words": True, "max_alternatives": 0}]
    assert server.open == 0


async def test_the_caller_goes_on_after_a_result(server: VoskServer) -> None:
    async with recogniser(server.address) as (made, _):
        listening = made.listen(HINT)
        listening.feed(SILENCE * 10)
        assert (await listening.result()).text == "10帧"
        listening.feed(SILENCE * 7)
        assert (await listening.result()).text == "10帧 7帧"


async def test_the_caller_goes_on_before_the_result_is_there(server: VoskServer) -> None:
    async with recogniser(server.address) as (made, _):
        listening = made.listen(HINT)
        listening.feed(SILENCE * 10)
        waiting = asyncio.ensure_future(listening.result())
        await asyncio.sleep(0)
        waiting.cancel()
        listening.feed(SILENCE * 7)
        assert (await listening.result()).text == "17帧"


async def test_what_does_not_fit_the_phrase_list_is_heard_again_without(server: VoskServer) -> None:
    async with recogniser(server.address, phrase_list=True) as (made, _):
        heard, _ = await said(made)
        assert heard.text == "30帧"
    assert [config.get("phrase_list") for config in server.configs] == [["是的", "不是", "[unk]"], None]


async def test_a_dropped_utterance_takes_its_connection_with_it(server: VoskServer) -> None:
    async with recogniser(server.address) as (made, _):
        listening = made.listen(HINT)
        listening.feed(SOUND)
        async with asyncio.timeout(2):
            while not listening.partial():
                await asyncio.sleep(0.01)
            assert made.work().waiting == server.open == 1
            del listening
            gc.collect()
            while server.open or made.work().waiting:
                await asyncio.sleep(0.01)


async def test_utterances_at_the_same_time_are_spread(server: VoskServer) -> None:
    async with vosk_server() as other, recogniser(server.address, other.address) as (made, _):
        await asyncio.gather(*(said(made) for _ in range(6)))
        assert (len(server.configs), len(other.configs)) == (3, 3)
        assert made.work() == RecogniserWork(done=6)


@pytest.mark.parametrize("fault", ["refuses", "dies", "nonsense", "mute", "mute at end"])
async def test_a_fault_is_made_up_for_here_within_the_bound(server: VoskServer, fault: str) -> None:
    break_it(server, fault)
    async with recogniser(server.address) as (made, local):
        heard, waited_s = await said(made)
        assert heard == LOCAL
        assert waited_s < BOUND_S + 0.3
        assert bytes(local.listenings[0].pcm) == SOUND
        heard, waited_s = await said(made)  # it rests
        assert heard == LOCAL
        assert waited_s < 0.2


@pytest.mark.parametrize("fault", ["refuses", "dies", "nonsense"])
async def test_a_fault_is_made_up_for_by_the_next_server(server: VoskServer, fault: str) -> None:
    break_it(server, fault)
    async with vosk_server() as other, recogniser(NOBODY, server.address, other.address) as (made, local):
        heard, _ = await said(made)
        assert heard.text == "30帧"
        assert not local.listenings


async def test_it_falls_back_while_the_caller_speaks(server: VoskServer) -> None:
    server.dies_after = 2
    async with recogniser(server.address) as (made, local):
        listening = made.listen(HINT)
        async with asyncio.timeout(3):
            while not local.listenings:
                listening.feed(SILENCE)
                await asyncio.sleep(0.01)
        assert not listening.streams  # so that the ear begins early, as it does with that engine
        listening.feed(SOUND)
        assert await listening.result() == LOCAL
        assert bytes(local.listenings[0].pcm).endswith(SOUND)


async def test_a_server_that_is_back_is_used_again(server: VoskServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.speech.addresses.REST_S", 0.1)
    server.status = 503
    async with recogniser(server.address) as (made, _):
        await made.warm_up()
        assert (await said(made))[0] == LOCAL
        server.status = 101
        await asyncio.sleep(0.5)
        assert (await said(made))[0].text == "30帧"


async def test_which_addresses_answer(server: VoskServer) -> None:
    async with vosk_server() as mute:
        mute.mute = True
        addresses = (server.address, mute.address, NOBODY)
        choice = RecogniserChoice(addresses=addresses, connect_timeout_s=BOUND_S, answer_timeout_s=BOUND_S)
        wrong = await wrong_with(choice)
    assert wrong[server.address] is None
    assert wrong[mute.address] == "没有及时回答"
    assert NOBODY.removeprefix("ws://") in (wrong[NOBODY] or "")


def break_it(server: VoskServer, fault: str) -> None:
    server.status = 503 if fault == "refuses" else 101
    server.dies_after = 2 if fault == "dies" else 0
    server.nonsense = "<html>" if fault == "nonsense" else ""
    server.mute = fault == "mute"
    server.mute_at_end = fault == "mute at end"


# --- the real model


@pytest.fixture(scope="module")
def model() -> vosk.Model:
    vosk.SetLogLevel(-1)
    return vosk.Model(str(Settings().tools / "models" / "vosk-ko"))


ANSWERS = ("안녕하세요", "네", "아니요", "감사합니다")


@pytest.mark.parametrize("phrases", [(), ANSWERS], ids=["freely", "phrase list"])
async def test_the_korean_model_behind_the_protocol(
    model: vosk.Model, tmp_path: Path, phrases: tuple[str, ...]
) -> None:
    def opens(config: dict[str, Any]) -> Any:
        words = config.get("phrase_list")
        given = [json.dumps(words, ensure_ascii=False)] if words else []
        raw = vosk.KaldiRecognizer(model, float(config["sample_rate"]), *given)
        raw.SetMaxAlternatives(config["max_alternatives"])
        raw.SetWords(config["words"])
        return raw

    pcm = await asyncio.to_thread(spoken, "감사합니다", tmp_path)
    async with vosk_server(opens) as server:
        choice = RecogniserChoice(addresses=(server.address,), answer_timeout_s=10.0, phrase_list=bool(phrases))
        made = VoskServerRecogniser(choice, FakeRecogniser([LOCAL]), expected=lambda hint: phrases)
        await made.warm_up()
        listening = made.listen(HINT)
        for frame in frames(pcm):
            listening.feed(frame)
            await asyncio.sleep(0.005)
        async with asyncio.timeout(20):
            while not listening.partial():
                await asyncio.sleep(0.01)
        heard = await listening.result()
        await made.close()
    assert "니다" in heard.text
    assert ("감사합니다" in heard.text.split()) or not phrases  # without a list the voice is too far from people's
    assert 0.3 < heard.confidence <= 1.0
