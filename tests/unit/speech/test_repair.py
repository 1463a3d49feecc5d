"""Words that recognition spelt with other characters, and words that must stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.packs import load_packs
from ivr.speech.repair.lexicon import of_packs, of_words
from ivr.speech.repair.repairing import SURE
from ivr.speech.repair.sounds import load_sounds
from ivr.speech.repair.terms import APPLIED, Repairer, repaired
from ivr.speech.repair.words import Words, listed_words, usual_words

DATA = Path(__file__).parents[3] / "data"
SOUNDS = load_sounds(DATA)
PACKS = load_packs(DATA)
LEXICONS = {hotline: of_packs([pack]) for hotline, pack in PACKS.items()}


def repairer(hotline: str) -> Repairer:
    return Repairer(LEXICONS[hotline], SOUNDS, usual_words(DATA))


@pytest.mark.parametrize(
    ("hotline", "heard", "meant"),
    [
        ("appliance", "空调布置冷了", "空调不制冷了"),
        ("appliance", "洗衣机不脱税", "洗衣机不脱水"),
        ("appliance", "家里的空条坏了", "家里的空调坏了"),
        ("appliance", "冰箱下面有露水", "冰箱下面有漏水"),
        ("appliance", "抽油烟鸡声音很响", "抽油烟机声音很响"),
        ("bank", "我的卡被到刷了", "我的卡被盗刷了"),
        ("bank", "这个年废怎么收的", "这个年费怎么收的"),
        ("auto", "元山L7的大等不亮", "远山L7的大灯不亮"),
    ],
)
def test_a_misheard_term_is_repaired(hotline: str, heard: str, meant: str) -> None:
    assert repaired(heard, repairer(hotline).repairs(heard)) == meant


@pytest.mark.parametrize(
    ("hotline", "said"),
    [
        ("appliance", "我收集了一些资料，明天给你们寄过去"),
        ("appliance", "我姓孔，叫孔条"),
        ("appliance", "号码是一三八零零一三八零零零"),
        ("appliance", "昨天下午三点以后家里没有人"),
        ("bank", "短信提示转出去两万，不是我转的啊"),
        ("bank", "我不小心点错了，现在想改回来"),
        ("courier", "麻烦你们快一点，我明天就要出差了"),
        ("telecom", "我想问一下这个月的情况"),
        ("appliance", ""),
        ("appliance", "OK，嗯……"),
    ],
)
def test_what_is_right_stays(hotline: str, said: str) -> None:
    assert repaired(said, repairer(hotline).repairs(said)) == said


@pytest.mark.parametrize(
    ("hotline", "said"),
    [
        ("luxury", "喂，侬好呀，我那只包又来麻烦你们了"),
        ("bank", "三天不退，我就往银保监会投诉"),
        ("luxury", "柜姐讲这双靴子不是他们家的货"),
        ("appliance", "我部雪柜唔冻啦，啲餸都坏晒"),
    ],
)
def test_dialects_authorities_and_the_talk_of_trades_are_words(hotline: str, said: str) -> None:
    assert [each for each in repairer(hotline).repairs(said) if each.confidence >= SURE] == []


@pytest.mark.parametrize(
    ("hotline", "said"),
    [("appliance", "一滴水没有，碗堆一池子"), ("courier", "你给我喊个真人来嘛")],
)
def test_one_syllable_that_is_unlike_makes_no_short_term(hotline: str, said: str) -> None:
    assert [each for each in repairer(hotline).repairs(said) if each.confidence >= SURE] == []


def test_words_that_designers_list_are_words(tmp_path: Path) -> None:
    (tmp_path / "words.yml").write_text("人: [柜姐]\n方言字: [侬]\n", "utf-8")
    assert listed_words(tmp_path) == ("柜姐", "侬")
    assert Words({}, ["柜姐"]).log_probability("柜姐") is not None
    (tmp_path / "words.yml").write_text("[柜姐]\n", "utf-8")
    with pytest.raises(SettingsError, match=r"words\.yml"):
        listed_words(tmp_path)


@pytest.mark.parametrize("hotline", sorted(LEXICONS))
def test_a_lexicon_s_own_words_stay(hotline: str) -> None:
    own = repairer(hotline)
    for term in LEXICONS[hotline].terms:
        assert repaired(term.text, own.repairs(term.text)) == term.text


def test_the_text_is_the_input_with_the_repairs_in_place() -> None:
    heard = "家里的空条坏了，布置冷，还漏谁"
    found = [each for each in repairer("appliance").repairs(heard) if each.confidence >= APPLIED]
    text, place = "", 0
    for each in found:
        assert heard[each.start : each.end] == each.heard
        text, place = text + heard[place : each.start] + each.meant, each.end
    assert text + heard[place:] == "家里的空调坏了，不制冷，还漏水"
    assert repaired(heard, found) == text + heard[place:]


def test_another_hypothesis_that_has_the_term_makes_it_surer() -> None:
    own = Repairer(of_words(["电脑"]), SOUNDS, usual_words(DATA))
    [alone] = own.repairs("我的电导坏了")
    [backed] = own.repairs("我的电导坏了", others=("我的电脑坏了",))
    [elsewhere] = own.repairs("我的电导坏了", others=("电脑我的坏了",))
    assert alone.confidence == elsewhere.confidence < backed.confidence


def test_a_term_s_syllables_may_be_spread_over_the_hypotheses() -> None:
    own, others = repairer("auto"), ("到车雷胆一直乱叫", "刹车雷打一直乱叫")
    assert repaired("刹车没打一直乱叫", own.repairs("刹车没打一直乱叫"), SURE) == "刹车没打一直乱叫"
    assert repaired("刹车没打一直乱叫", own.repairs("刹车没打一直乱叫", (), others), SURE) == "倒车雷达一直乱叫"


def test_what_was_asked_for_is_likelier() -> None:
    own = repairer("appliance")
    [unasked] = own.repairs("是空条")
    [asked] = own.repairs("是空条", asked=("product",))
    assert unasked.confidence < asked.confidence
