"""`ivr dialogue check` on recordings."""

from pathlib import Path

import pytest

from ivr.audio import write_wav
from tests.fakes.speech import tone
from tests.unit.designing.site import Site

INDEX = "data/packs/shop/recordings/recordings.yml"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.edit("dialogue/domain/shop.yml", "是哪个产品？", "您好，{name}。请按0，毛病是{problem}。是哪个产品？")
    site.write(INDEX, "是哪个产品: which.wav\n")
    write_wav(tmp_path / "data/packs/shop/recordings/which.wav", tone(0.5))
    return site


def test_a_right_recording_has_no_findings(site: Site) -> None:
    assert site.shown() == []


@pytest.mark.parametrize("sentence", ["您好，小店", "您好小店。请按零", "请按 0", "对不起"])
def test_what_is_said_may_be_written_otherwise(site: Site, sentence: str) -> None:
    site.write(INDEX, f"{sentence}: which.wav\n")
    assert site.shown() == []


@pytest.mark.parametrize("sentence", ["您好，大店", "毛病是", "您好", "请按0，毛病是，是哪个产品", "产品"])
def test_what_nobody_says_is_a_hint(site: Site, sentence: str) -> None:
    if sentence == "您好":
        site.edit("dialogue/domain/shop.yml", "您好，{name}。", "您好{name}。")
    site.write(INDEX, f"{sentence}: which.wav\n")
    assert site.shown() == [
        f"HINT {INDEX}:1：没有一句话里有“{sentence}”：要和 responses 里的文字一样，从标点到标点，不含 {{…}}。"
    ]


def test_a_missing_file_is_an_error(site: Site) -> None:
    site.write(INDEX, "是哪个产品: which.wav\n请按0: zero.wav\n")
    assert site.shown() == [f"ERROR {INDEX}:2：缺少录音 zero.wav：请放到 recordings/ 里，或删掉这一行。"]


def test_a_file_without_sound_is_an_error(site: Site) -> None:
    site.write("data/packs/shop/recordings/which.wav", "nothing")
    (found,) = site.shown()
    assert found.startswith(f"ERROR {INDEX}:1：录音用不了")


def test_a_recording_that_is_in_no_index_is_a_hint(site: Site) -> None:
    write_wav(site.root / "data/packs/shop/recordings/other.wav", tone(0.5))
    assert site.shown() == [f"HINT {INDEX}：录音 other.wav 没有写进 recordings.yml：不会有人听到。"]


def test_the_same_words_twice_are_an_error(site: Site) -> None:
    site.write(INDEX, "请按0: which.wav\n请按零。: which.wav\n")
    assert site.shown() == [f"ERROR {INDEX}:2：“请按零。”和“请按0”说的是同一句，只能有一个录音。"]


def test_a_name_must_be_written(site: Site) -> None:
    site.write(INDEX, "是哪个产品: [which.wav]\n")
    assert f"ERROR {INDEX}:1：“是哪个产品”后面要写声音文件的名字，例如 greeting.wav。" in site.shown()
