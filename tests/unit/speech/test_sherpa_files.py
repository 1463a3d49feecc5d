"""Folders of sherpa-onnx, told by their files; hotwords that a model can spell; how sure a result is."""

import math
import time
from pathlib import Path

import pytest

from ivr.call.ports import Hint
from ivr.errors import NotPrepared
from ivr.packs import Pack
from ivr.speech.hotwords import MOST, hotwords
from ivr.speech.prompting import expected
from ivr.speech.sherpa_files import looks_like_sherpa, sherpa_files
from ivr.speech.sherpa_results import of_two, segment
from ivr.speech.sherpa_trial import complaint
from ivr.speech.streaming import NO_MEASURE, Segment

ROLES = ("encoder", "decoder", "joiner")
CHARACTERS = ("<blk>", "冰", "箱", "不", "制", "冷", "对", "是", "的")


def folder_of(folder: Path, *files: str, symbols: tuple[str, ...] = CHARACTERS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).touch()
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(symbols)]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("files", "kind", "networks"),
    [
        (
            ["encoder.onnx", "decoder.onnx", "joiner.onnx"],
            "transducer",
            {"encoder": "encoder.onnx", "decoder": "decoder.onnx", "joiner": "joiner.onnx"},
        ),
        (
            [f"{role}-epoch-99-avg-1{kind}.onnx" for role in ROLES for kind in ("", ".int8")],
            "transducer",
            {
                "encoder": "encoder-epoch-99-avg-1.int8.onnx",
                "decoder": "decoder-epoch-99-avg-1.onnx",
                "joiner": "joiner-epoch-99-avg-1.int8.onnx",
            },
        ),
        (
            [f"{role}-chunk-{size}.onnx" for role in ROLES for size in ("16", "32")],
            "transducer",
            {role: f"{role}-chunk-16.onnx" for role in ROLES},
        ),
        (
            ["encoder.onnx", "encoder.int8.onnx", "decoder.onnx", "decoder.int8.onnx"],
            "paraformer",
            {"encoder": "encoder.int8.onnx", "decoder": "decoder.int8.onnx"},
        ),
        (["model.fp16.onnx"], "ctc", {"model": "model.fp16.onnx"}),
        (
            ["ctc-epoch-20-avg-1-chunk-16-left-128.int8.onnx"],
            "ctc",
            {"model": "ctc-epoch-20-avg-1-chunk-16-left-128.int8.onnx"},
        ),
    ],
)
def test_published_folders_are_known(files: list[str], kind: str, networks: dict[str, str], tmp_path: Path) -> None:
    found = sherpa_files(folder_of(tmp_path / "model", *files))
    assert (found.kind, {role: file.name for role, file in found.networks.items()}) == (kind, networks)


@pytest.mark.parametrize("files", [["decoder.onnx"], ["encoder-1.onnx", "decoder-2.onnx"], ["silero_vad.onnx"], []])
def test_what_is_missing_is_told(files: list[str], tmp_path: Path) -> None:
    with pytest.raises(NotPrepared, match="不齐"):
        sherpa_files(folder_of(tmp_path / "model", *files))


def test_without_tokens_it_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "encoder.onnx").touch()
    assert not looks_like_sherpa(tmp_path)
    with pytest.raises(NotPrepared, match=r"tokens\.txt"):
        sherpa_files(tmp_path)
    (tmp_path / "tokens.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "decoder.onnx").touch()
    with pytest.raises(NotPrepared, match="读不出来"):
        sherpa_files(tmp_path)


TRANSDUCER = ("encoder.onnx", "decoder.onnx", "joiner.onnx")


@pytest.mark.parametrize(
    ("symbols", "vocabulary", "unit"),
    [
        (CHARACTERS, False, "cjkchar"),
        ((*CHARACTERS, "▁THE", "ING"), False, "cjkchar"),
        ((*CHARACTERS, "▁THE", "ING"), True, "cjkchar+bpe"),
        (("▁冰", "▁箱", "▁THE", "S", "ING", "▁A", "箱"), True, "bpe"),
        (("▁THE", "S"), False, ""),
        (("n", "ǐ", "h", "ǎo"), False, ""),
    ],
)
def test_the_unit_that_hotwords_are_spelled_in(
    symbols: tuple[str, ...], vocabulary: bool, unit: str, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "model", *TRANSDUCER, symbols=symbols)
    if vocabulary:
        (folder / "bpe.vocab").touch()
    assert sherpa_files(folder).unit == unit


def test_hotwords_are_those_that_the_model_can_spell(tmp_path: Path) -> None:
    files = sherpa_files(folder_of(tmp_path / "model", *TRANSDUCER))
    assert hotwords(["不制冷", "对", "洗衣机", "冰箱", "冰箱:2", "冰/箱", "TCL冰箱", "冰箱"], files) == "不制冷/冰箱"
    ctc = sherpa_files(folder_of(tmp_path / "ctc", "model.onnx"))
    assert hotwords(["冰箱"], ctc) == ""


@pytest.mark.parametrize(
    ("symbols", "phrase", "spelled"),
    [
        ((*CHARACTERS, "▁THE"), "TCL冰箱", ""),
        ((*CHARACTERS, "▁", "T", "C", "L", "▁THE"), "tcl冰箱", "TCL冰箱"),
        (("▁冰", "箱", "▁THE", "▁A", "S", "T"), "冰箱", "冰箱"),
        (("▁冰", "▁箱", "▁THE", "▁A", "S", "T"), "冰箱", ""),
        (("冰", "箱", "▁THE", "▁A", "S", "T", "▁B", "▁C", "▁D"), "冰箱", ""),
        (("▁", "冰", "箱", "▁THE", "▁A", "S", "T", "▁B", "▁C"), "冰箱", "冰箱"),
    ],
)
def test_word_pieces_are_joined_from_characters_that_are_there(
    symbols: tuple[str, ...], phrase: str, spelled: str, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "model", *TRANSDUCER, "bpe.vocab", symbols=symbols)
    assert hotwords([phrase], sherpa_files(folder)) == spelled


def test_an_utterance_does_not_wait_for_its_hotwords(tmp_path: Path) -> None:
    many = tuple(chr(0x4E00 + number) for number in range(6000))
    files = sherpa_files(folder_of(tmp_path / "model", *TRANSDUCER, symbols=many))
    began = time.process_time()
    words = hotwords([first + second for first, second in zip(many[:1000], many[1000:2000], strict=True)], files)
    assert words.count("/") == MOST - 1
    assert time.process_time() - began < 0.5


def test_answers_come_before_terms() -> None:
    pack = Pack(
        hotline="appliance", name="美家电器", dialled=(), lexicon={"product": {"冰箱": ()}, "problem": {"不制冷": ()}}
    )
    said = expected(Hint("appliance", ("confirm",), ("KFR-35",)), pack)
    assert said[:2] == ("对", "是的")
    assert {"冰箱", "不制冷", "KFR-35"} <= set(said)
    assert said.index("没错") < said.index("KFR-35")


def test_confidence_is_that_of_the_sound() -> None:
    assert segment("冰箱", [math.log(0.9), math.log(0.4)]).confidence == pytest.approx(0.6)
    assert segment("冰箱", []).confidence == NO_MEASURE
    assert segment("<unk>", [-0.1]) == Segment("", 0.0)
    raised = segment("我的冰箱", [-0.1, -0.1, -2.0, -2.0], [0.0, 0.0, 1.5, 1.5])
    assert raised.confidence == pytest.approx(math.exp(-2.0)), "a term that only hotwords put there is doubtful"


def test_two_readings_make_one() -> None:
    assert of_two(Segment("不制冷", 0.5), Segment("不制冷", 0.6)) == Segment("不制冷", 0.5)
    both = of_two(Segment("不制冷", 0.5), Segment("布置冷", 0.7))
    assert (both.text, both.alternatives) == ("不制冷", ("布置冷",))
    assert both.confidence < 0.5
    assert of_two(Segment("转人工", 0.05), Segment("装好了", 0.6)).text == "装好了"
    assert of_two(Segment("转人工", 0.05), Segment("", 0.0)) == Segment("转人工", 0.025)


def test_the_last_line_of_a_dying_process_is_the_reason() -> None:
    said = "/project/sherpa-onnx/csrc/online-model.cc:Init:42 'T' does not exist in the metadata\n\n"
    assert complaint(said, 255) == "'T' does not exist in the metadata"
    assert complaint("", -11).endswith("信号 11")
    assert complaint("", 255).endswith("退出码 255")
