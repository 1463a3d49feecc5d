"""The real sherpa-onnx on models of our own making, which hear pitch instead of speech (`tests.fakes.sherpa_models`):
loading, streaming, hotwords, confidence, and the refusal of what is no model. Nothing here says how well a real Chinese
model hears."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ivr.audio import RATE, frames, to_pcm, write_wav
from ivr.call.ports import Heard, Hint
from ivr.commands.speech import app
from ivr.errors import NotPrepared, SettingsError
from ivr.packs import Pack
from ivr.settings import RecogniserChoice, Settings, Speech
from ivr.speech.recognisers import Recognisers
from ivr.speech.sherpa import SherpaRecogniser
from ivr.speech.sherpa_files import sherpa_files
from ivr.speech.sherpa_trial import checked
from ivr.speech.streaming import NO_MEASURE
from tests.fakes import sherpa_models

PACKS = {
    "appliance": Pack(
        hotline="appliance", name="美家电器", dialled=(), lexicon={"problem": {"不冷": (), "冷不": (), "TCL冷": ()}}
    ),
    "bank": Pack(hotline="bank", name="银行", dialled=()),
}
Made = Callable[..., SherpaRecogniser]


def tone(hertz: float, seconds: float) -> bytes:
    return to_pcm(0.3 * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE))


def pause(seconds: float) -> bytes:
    return bytes(2 * int(RATE * seconds))


SAID = pause(0.5) + tone(300, 0.7) + tone(2500, 0.7) + pause(0.3)
"""布, and 冷 at the very end: its chunk is filled up by what `finish` adds."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    engines: list[SherpaRecogniser] = []

    def open_(model: Callable[[Path], Path], hotwords_score: float = 1.5) -> SherpaRecogniser:
        folder = model(tmp_path / model.__name__)
        choice = RecogniserChoice(engine="sherpa", model=folder.name, hotwords_score=hotwords_score)
        engines.append(SherpaRecogniser(sherpa_files(folder), choice, PACKS))
        return engines[-1]

    yield open_
    for engine in engines:
        asyncio.run(engine.close())


async def heard(recogniser: SherpaRecogniser, pcm: bytes, hotline: str = "bank") -> tuple[Heard, list[str]]:
    listening, partials = recogniser.listen(Hint(hotline)), []
    for frame in frames(pcm):
        listening.feed(frame)
        await asyncio.sleep(0.001)
        partials.append(listening.partial())
    return await listening.result(), partials


@pytest.mark.parametrize("model", [sherpa_models.transducer, sherpa_models.ctc, sherpa_models.paraformer])
async def test_each_kind_of_model_streams(made: Made, model: Callable[[Path], Path]) -> None:
    recogniser = made(model)
    await recogniser.warm_up()
    said, partials = await heard(recogniser, SAID)
    assert said.text == "布冷"
    assert "布" in partials, "no partial words came while it was fed"
    assert (await heard(recogniser, pause(1.0)))[0] == Heard(text="", confidence=0.0)
    assert recogniser.keeps_up()
    assert recogniser.work().done == 3


async def test_a_transducer_tells_how_sure_it_is_others_do_not(made: Made) -> None:
    sure = (await heard(made(sherpa_models.transducer), SAID))[0].confidence
    assert 0.6 < sure < 0.9
    assert (await heard(made(sherpa_models.ctc), SAID))[0].confidence == NO_MEASURE


async def test_hotwords_of_the_hotline_decide_between_what_sounds_alike(made: Made) -> None:
    recogniser = made(sherpa_models.transducer)
    guided, _ = await heard(recogniser, SAID, "appliance")
    assert (guided.text, guided.alternatives) == ("不冷", ("布冷",))
    assert guided.confidence < (await heard(recogniser, SAID, "bank"))[0].confidence
    without = made(sherpa_models.transducer, 0.0)
    assert (await heard(without, SAID, "appliance"))[0].text == "布冷"


WORD_PIECES = "<blk>\t0\n<unk>\t0\n▁不\t-1\n▁布\t-2\n冷\t-3\n▁\t-4\n不\t-5\n布\t-6\n"


def with_word_pieces(folder: Path) -> Path:
    sherpa_models.transducer(folder)
    tokens = ("<blk>", "▁不", "▁布", "冷", "<unk>")
    (folder / "tokens.txt").write_text("".join(f"{token} {number}\n" for number, token in enumerate(tokens)), "utf-8")
    (folder / "bpe.vocab").write_text(WORD_PIECES, "utf-8")
    return folder


async def test_hotwords_of_models_with_word_pieces(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    """sherpa-onnx complains on the error output of what it cannot spell."""
    recogniser = made(with_word_pieces)
    assert (await heard(recogniser, SAID, "appliance"))[0].text == "不冷"
    assert (await heard(recogniser, SAID, "bank"))[0].text == "布冷"
    assert capfd.readouterr().err == ""


async def test_the_caller_goes_on_after_a_result(made: Made) -> None:
    recogniser = made(sherpa_models.transducer)
    listening = recogniser.listen(Hint("bank"))
    listening.feed(pause(0.5) + tone(300, 0.7) + pause(0.1))
    assert (await listening.result()).text == "布"
    assert (await listening.result()).text == "布"
    listening.feed(tone(2500, 0.7) + pause(0.3))
    assert (await listening.result()).text == "布冷"


async def test_the_event_loop_is_free_while_it_decodes(made: Made) -> None:
    recogniser = made(sherpa_models.ctc)
    listening = recogniser.listen(Hint("bank"))
    listening.feed(SAID * 20)
    waiting = asyncio.ensure_future(listening.result())
    beats = 0
    while not waiting.done():
        await asyncio.sleep(0)
        beats += 1
    assert beats > 20
    assert waiting.result().text.count("冷") == 20


async def test_a_hotline_hears_with_the_model_that_its_settings_name(tmp_path: Path) -> None:
    sherpa_models.transducer(tmp_path / "models-speech/mine")
    choice = RecogniserChoice(engine="sherpa", model="mine")
    recognisers = Recognisers(Settings(var=tmp_path, speech=Speech(recognisers={"default": choice})), PACKS)
    await recognisers.warm_up()
    listening = recognisers.listen(Hint("appliance"))
    listening.feed(SAID)
    assert (await listening.result()).text == "不冷"
    await recognisers.close()


def test_a_recording_is_heard_with_the_hotline_s_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sherpa_models.ctc(tmp_path / "var/models-speech/mine")
    settings = 'var = "var"\n[speech.recognisers.bank]\nengine = "sherpa"\nmodel = "mine"\n'
    (tmp_path / "ivr.toml").write_text(settings, "utf-8")
    monkeypatch.setenv("IVR_SETTINGS", str(tmp_path / "ivr.toml"))
    write_wav(tmp_path / "said.wav", SAID)
    told = CliRunner().invoke(app, ["hear", str(tmp_path / "said.wav"), "--hotline", "bank"], catch_exceptions=False)
    assert told.output.split("\t")[:3] == ["said.wav", f"{NO_MEASURE:.2f}", "布冷"]
    with pytest.raises(SettingsError, match="appliance"):
        CliRunner().invoke(app, ["hear", str(tmp_path / "said.wav"), "--hotline", "banc"], catch_exceptions=False)


@pytest.mark.parametrize("model", [sherpa_models.transducer, sherpa_models.ctc, sherpa_models.paraformer])
def test_a_whole_model_passes_its_trial(model: Callable[[Path], Path], tmp_path: Path) -> None:
    assert checked(model(tmp_path / "model")).networks


def missing_metadata(folder: Path) -> Path:
    return sherpa_models.transducer(folder, without=("decode_chunk_len",))


def of_another_kind(folder: Path) -> Path:
    sherpa_models.paraformer(folder)
    (folder / "encoder.onnx").rename(folder / "model.onnx")
    (folder / "decoder.onnx").unlink()
    return folder


def garbage(folder: Path) -> Path:
    sherpa_models.ctc(folder)
    (folder / "model.onnx").write_bytes(b"no network at all")
    return folder


def crashing(folder: Path) -> Path:
    """The network that only runs once something was said: its inputs are not those that it is given."""
    sherpa_models.paraformer(folder)
    shutil.copy(Settings().tools / "models/silero-vad/silero_vad.onnx", folder / "decoder.onnx")
    return folder


def tokens_of_another(folder: Path) -> Path:
    sherpa_models.ctc(folder)
    (folder / "tokens.txt").write_text("冰 0\n箱 1\n", "utf-8")
    return folder


def without_a_joiner(folder: Path) -> Path:
    sherpa_models.transducer(folder)
    (folder / "joiner.onnx").unlink()
    return folder


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (missing_metadata, "decode_chunk_len"),
        (of_another_kind, "encoder_dims"),
        (garbage, "Protobuf"),
        (crashing, "sherpa-onnx"),
        (tokens_of_another, "blk"),
        (without_a_joiner, "metadata"),
    ],
)
def test_what_is_no_model_is_refused_in_a_sentence(wrong: Callable[[Path], Path], why: str, tmp_path: Path) -> None:
    with pytest.raises(NotPrepared, match=why) as refused:
        checked(wrong(tmp_path / "model"))
    assert "请换成流式" in str(refused.value)
    assert str(refused.value).count("请换成流式") == 1
    assert "\n" not in str(refused.value)
