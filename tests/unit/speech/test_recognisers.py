"""Each hotline's recogniser is the one that the settings choose."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.call.ports import Hint, RecogniserWork
from ivr.errors import NotPrepared, SettingsError
from ivr.packs import Pack
from ivr.settings import RecogniserChoice, Settings, Speech, load
from ivr.speech.model_folders import model_folder
from ivr.speech.recognisers import ENGINES, Open, Recognisers, fallback
from ivr.speech.vosk import VoskModel
from ivr.speech.vosk_server_link import checked
from tests.fakes.speech import FakeRecogniser

PACKS = {name: Pack(hotline=name, name=name, dialled=()) for name in ("appliance", "bank", "telecom")}


class Engine(FakeRecogniser):
    behind = False
    warm = False

    async def warm_up(self) -> None:
        self.warm = True

    def work(self) -> RecogniserWork:
        return RecogniserWork(waiting=1, oldest_s=0.5, done=2)

    def keeps_up(self) -> bool:
        return not self.behind


def chosen(**by_hotline: RecogniserChoice) -> tuple[Recognisers, dict[str, Engine]]:
    made: dict[str, Engine] = {}

    def opens(name: str) -> Open:
        return lambda settings, choice, packs, opened: made.setdefault(f"{name} {choice.model}".strip(), Engine())

    engines: Mapping[str, Open] = {name: opens(name) for name in ("whisper", "vosk")}
    return Recognisers(Settings(speech=Speech(recognisers=by_hotline)), PACKS, engines), made


async def test_hotlines_that_choose_the_same_share_one_engine() -> None:
    vosk = RecogniserChoice(engine="vosk", model="cn")
    recognisers, made = chosen(bank=vosk, telecom=vosk)
    assert set(made) == {"whisper", "vosk cn"}
    for hotline in PACKS:
        recognisers.listen(Hint(hotline))
    assert [len(made["whisper"].listenings), len(made["vosk cn"].listenings)] == [1, 2]
    await recognisers.warm_up()
    assert all(engine.warm for engine in made.values())
    assert recognisers.work() == RecogniserWork(waiting=2, oldest_s=0.5, done=4)
    await recognisers.close()
    assert all(engine.closed for engine in made.values())


def test_default_is_for_all_others_and_whisper_is_not_loaded_for_nobody() -> None:
    _, made = chosen(default=RecogniserChoice(engine="vosk", model="cn"))
    assert set(made) == {"vosk cn"}


def test_one_engine_that_falls_behind_is_enough() -> None:
    recognisers, made = chosen()
    assert recognisers.keeps_up()
    made["whisper"].behind = True
    assert not recognisers.keeps_up()


def test_a_hotline_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match="banc"):
        chosen(banc=RecogniserChoice())


def test_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "ivr.toml"
    file.write_text('[speech.recognisers.default]\nengine = "vosk"\nmodel = "vosk-ko"\nthreads = 2\n')
    assert load(file).speech.recognisers == {"default": RecogniserChoice(engine="vosk", model="vosk-ko", threads=2)}
    file.write_text('[speech.recognisers.default]\nengine = "vosk"\nmodle = "vosk-ko"\n')
    with pytest.raises(SettingsError, match=r"speech\.recognisers\.default\.modle"):
        load(file)
    file.write_text('[speech.recognisers.default]\nengine = "siri"\n')
    with pytest.raises(SettingsError):
        load(file)


def test_a_model_is_found_by_name_or_path(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var", tools=tmp_path / "tools")
    for folder in (settings.var / "models-speech/mine", settings.tools / "models/theirs"):
        folder.mkdir(parents=True)
    assert model_folder(settings, "mine", "vosk").name == "mine"
    assert model_folder(settings, "theirs", "vosk").name == "theirs"
    assert model_folder(settings, str(settings.tools / "models/theirs"), "vosk").name == "theirs"
    with pytest.raises(NotPrepared, match="models-speech"):
        model_folder(settings, "none", "vosk")
    with pytest.raises(NotPrepared, match="model"):
        model_folder(settings, "", "vosk")


def test_a_folder_that_is_no_sherpa_model_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    choice = RecogniserChoice(engine="sherpa", model=str(tmp_path))
    with pytest.raises(NotPrepared, match=r"tokens\.txt"):
        Recognisers(Settings(speech=Speech(recognisers={"default": choice})), PACKS)


def test_a_folder_that_is_no_vosk_model_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotPrepared, match=r"am/final\.mdl"):
        VoskModel(tmp_path)
    (tmp_path / "am").mkdir()
    (tmp_path / "am/final.mdl").write_bytes(b"nothing")
    with pytest.raises(NotPrepared, match="读不出来"):
        VoskModel(tmp_path)


async def test_vosk_servers_stand_on_the_engine_that_other_hotlines_use() -> None:
    server = RecogniserChoice(engine="vosk_server", addresses=("ws://10.0.0.5:2700",))
    made: list[Engine] = []

    def whisper(*_: object) -> Engine:
        made.append(Engine())
        return made[-1]

    engines = {"whisper": whisper, "vosk_server": ENGINES["vosk_server"]}
    recognisers = Recognisers(Settings(speech=Speech(recognisers={"bank": server})), PACKS, engines)
    recognisers.listen(Hint("telecom"))
    assert len(made) == 1
    await recognisers.close()
    assert made[0].closed


def test_the_fallback_is_whisper_or_the_model_of_the_choice() -> None:
    server = RecogniserChoice(engine="vosk_server", addresses=("ws://a",), model="cn", threads=2)
    assert fallback(server) == RecogniserChoice()
    assert fallback(replace(server, fallback="vosk")) == RecogniserChoice(engine="vosk", model="cn", threads=2)
    sherpa = RecogniserChoice(engine="sherpa", model="cn", threads=2, hotwords_score=2.0)
    assert fallback(replace(server, fallback="sherpa", hotwords_score=2.0)) == sherpa


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (RecogniserChoice(), "没有写地址"),
        (RecogniserChoice(addresses=("ws://a:1", "10.0.0.5:2700")), "10.0.0.5:2700"),
        (RecogniserChoice(addresses=("http://a:1",)), "ws://"),
        (RecogniserChoice(addresses=("ws://a:x",)), "ws://a:x"),
        (RecogniserChoice(addresses=("ws://a:1",), answer_timeout_s=0.0), "answer_timeout_s"),
    ],
)
def test_addresses_that_are_none_are_told(choice: RecogniserChoice, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        checked(choice)
