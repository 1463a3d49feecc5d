import pytest

from ivr.call.ports import Heard
from ivr.speech.hypotheses import Hypothesis, doubtful, echoes, heard, invented, repeated, tidy

PROMPT = "美家电器客服热线。你好，我想反映一个问题。空调、洗衣机、转人工。"
TERMS = ("空调", "洗衣机", "微波炉", "转人工")


def hear(*hypotheses: tuple[str, float], no_speech: float = 0.0, support: float | None = None) -> Heard:
    made = [Hypothesis(text, score) for text, score in hypotheses]
    made[0] = Hypothesis(made[0].text, made[0].score, support)
    return heard(made, no_speech=no_speech, prompt=PROMPT, terms=TERMS)


def test_best_first_and_marks_do_not_make_another_hypothesis() -> None:
    said = hear(("我家冰箱坏了。", -0.2), ("我家冰箱坏了", -0.3), ("我家病箱坏了", -0.5))
    assert said.text == "我家冰箱坏了。"
    assert said.alternatives == ("我家病箱坏了",)


def test_agreement_and_score_make_confidence() -> None:
    sure = hear(("昨天晚上", -0.2), ("昨天晚上。", -0.3))
    split = hear(("昨天晚上", -0.2), ("作案我想", -0.25))
    poor = hear(("昨天晚上", -1.1), ("昨天晚上。", -1.2))
    assert sure.confidence > 0.85
    assert split.confidence < sure.confidence
    assert poor.confidence < 0.35


def test_a_word_that_only_the_prompt_put_there_is_not_believed() -> None:
    believed = hear(("转人工。", -0.3), ("转人工", -0.4), support=-0.9)
    made_up = hear(("转人工。", -0.3), ("转人工", -0.4), support=-6.0)
    assert believed.confidence > 0.7
    assert made_up.confidence < 0.35


def test_a_term_that_other_hypotheses_do_not_hold_is_less_sure() -> None:
    assert hear(("转人工。", -0.3), ("专员工。", -0.35)).confidence < hear(("转人工。", -0.3)).confidence


@pytest.mark.parametrize(
    "text", ["请不吝点赞 订阅 转发", "中文字幕志愿者 李宗盛", "谢谢观看", "感谢您的收看", "字幕by索兰娅"]
)
def test_credits_of_videos_are_not_speech(text: str) -> None:
    assert invented(text)
    assert hear((text, -0.1)).text == ""


def test_thanks_are_speech() -> None:
    assert hear(("谢谢你。", -0.2)).text == "谢谢你。"
    assert hear(("没有了，谢谢。", -0.2)).text == "没有了，谢谢。"


def test_the_prompt_come_back_is_dropped() -> None:
    assert echoes("美家电器客服热线。", PROMPT)
    assert echoes("空调、洗衣机、转人工。", PROMPT)
    assert not echoes("转人工", PROMPT)
    assert not echoes("我家空调和洗衣机都坏了", PROMPT)
    assert hear(("美家电器客服热线。", -0.1), ("没电了。", -0.5)).text == "没电了。"


@pytest.mark.parametrize("text", ["空调、空调", "空调、洗衣机，洗衣机、空", "转人工，空调、空调。"])
def test_a_list_of_the_prompt_s_words_is_not_believed_unless_it_was_plainly_said(text: str) -> None:
    assert hear((text, -0.62), ("空调，是空", -0.7), support=-2.4).text == ""
    assert hear((text, -0.3)).text == text or echoes(text, PROMPT)


def test_what_is_said_of_terms_and_poorly_heard_stays() -> None:
    assert hear(("空调坏了，空调坏了", -0.7)).text
    assert hear(("不是，不对", -0.7)).text
    assert hear(("空调", -0.7)).text


def test_what_comes_after_the_prompt_come_back_is_hardly_believed() -> None:
    assert hear(("空调、洗衣机、转人工。", -0.2), ("转人工。", -0.3)).confidence < 0.4
    assert hear(("转人工。", -0.3), ("空调、洗衣机、转人工。", -0.4)).confidence > 0.4


def test_silence() -> None:
    assert hear(("嗯", -1.0), no_speech=0.9).text == ""
    assert hear(("热线。", -2.0)) == hear(("", 0.0))


@pytest.mark.parametrize(("text", "loops"), [
    ("好的好的好的好的好的", True), ("哈哈哈哈哈哈哈哈", True), ("对对对", False), ("88888888", False),
    ("我家空调坏了两次", False),
])  # fmt: skip
def test_loops(text: str, loops: bool) -> None:
    assert repeated(text) is loops


def test_tidy() -> None:
    assert tidy(" ,我家 空调坏了,能修吗?") == "我家空调坏了，能修吗？"
    assert tidy("1,280元") == "1,280元"


def test_only_short_texts_made_of_a_term_are_weighed_without_the_prompt() -> None:
    assert doubtful(Hypothesis("转人工。", -0.3), TERMS)
    assert doubtful(Hypothesis("给我转人工", -0.3), TERMS)
    assert not doubtful(Hypothesis("我家的空调昨天开始就不制冷了", -0.3), TERMS)
    assert not doubtful(Hypothesis("昨天", -0.3), TERMS)
