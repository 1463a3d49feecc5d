from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.tickets.judgement.emotion import emotion, of_call
from ivr.tickets.judgement.words import EmotionWords, load_judgement
from tests.unit.tickets.conftest import DATA

CALM = [
    "你好，我家洗衣机不转了，想报修",
    "嗯，型号我看看，是三零四二",
    "对的",
    "不着急，你们慢慢来",
    "麻烦您帮我查一下订单",
    "没事儿，不生气，就是想问问",
    "不好意思打扰一下，我想咨询安装",
    "我不急，明天来也行，谢谢",
    "后天上午我在家",
    "空调开了不凉，三天了",
    "没什么不满意的，就是想换个颜色",
    "我买了个垃圾处理器，想约安装",
]
ANNOYED = [
    "都修了三次了，怎么还这样",
    "你们这服务也太差了吧",
    "等了半个月了也没人管",
    "我真是服了，又坏了",
    "说好的昨天来，到现在也没个说法",
    "你们踢皮球踢来踢去的，有意思吗",
    "可真行啊你们，修一次坏一次",
    "很失望，质量这么差",
    "凭什么多扣我的钱",
    "客服态度特别不好，爱搭不理的",
    "老是掉线，烦死人了都快",
]
ANXIOUS = [
    "急死我了，孩子等着喝奶呢",
    "怎么办呀，我好害怕",
    "快点快点，求你们赶紧派人来",
    "我担心得一宿睡不着",
    "吓死我了，我都不敢碰它",
    "来不及了，明天就要用了，能不能快点",
    "救命啊，快来人",
]
ANGRY = [
    "你们还要不要脸",
    "他妈的什么破玩意儿",
    "气死我了，一群骗子",
    "滚！叫你们老板来",
    "太过分了，简直欺人太甚",
    "垃圾公司，赶紧倒闭吧",
    "我忍无可忍了",
    "听不懂人话是不是",
    "放屁！明明是你们弄坏的",
]


@pytest.mark.parametrize("text", CALM)
def test_calm(feelings: EmotionWords, text: str) -> None:
    assert emotion(text, feelings).label == "calm"


@pytest.mark.parametrize("text", ANNOYED)
def test_annoyed(feelings: EmotionWords, text: str) -> None:
    felt = emotion(text, feelings)
    assert felt.label == "annoyed"
    assert 0.2 <= felt.score < 0.7


@pytest.mark.parametrize("text", ANXIOUS)
def test_anxious(feelings: EmotionWords, text: str) -> None:
    assert emotion(text, feelings).label == "anxious"


@pytest.mark.parametrize("text", ANGRY)
def test_angry_is_over_every_default_threshold(feelings: EmotionWords, text: str) -> None:
    felt = emotion(text, feelings)
    assert felt.label == "angry"
    assert felt.score >= 0.7


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("有点失望", "太失望了"),
        ("挺慢的，不满意", "又坏了，第三次了，不满意，太差了"),
        ("怎么办", "急死我了，怎么办啊，快点快点快点"),
        ("烦", "烦透了！到底管不管！"),
    ],
)
def test_stronger_words_score_higher(feelings: EmotionWords, less: str, more: str) -> None:
    assert emotion(less, feelings).score < emotion(more, feelings).score


def test_a_call_is_its_strongest_moment(feelings: EmotionWords) -> None:
    assert of_call(["你们要不要脸", "对", "谢谢"], feelings).label == "angry"
    assert of_call([], feelings).label == "calm"
    once = of_call(["太失望了"], feelings).score
    assert once < of_call(["太失望了", "服务太差了", "怎么还没人管"], feelings).score < 0.7


FEELINGS = load_judgement(DATA / "judgement").emotion


@given(st.text(max_size=200))
def test_any_text_has_a_label_and_a_score_between_0_and_1(text: str) -> None:
    felt = emotion(text, FEELINGS)
    assert felt.label in {"calm", "annoyed", "anxious", "angry"}
    assert 0 <= felt.score <= 1
