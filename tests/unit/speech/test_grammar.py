"""What a closed question's answer is made of, in the words that a model knows."""

from ivr.call.ports import Hint
from ivr.speech.grammar import UNKNOWN, grammar, in_words, phrases


def test_only_closed_questions_have_a_grammar() -> None:
    assert "不是" in phrases(Hint("appliance", ("confirm",)))
    assert {"零", "幺", "就是这个号码"} <= set(phrases(Hint("appliance", ("contact_number",))))
    assert phrases(Hint("appliance", ("description",))) == ()
    assert phrases(Hint("appliance", ("confirm", "description"))) == ()
    assert phrases(Hint("appliance")) == ()


def test_a_phrase_is_spelled_in_the_longest_words_of_the_vocabulary() -> None:
    known = {"没错", "没", "有", "没有", "了", "谢谢"}.__contains__
    assert in_words("没有了", known) == "没有 了"
    assert in_words("没有别的", known) is None


def test_a_grammar_has_a_way_out_where_the_model_has_a_word_for_it() -> None:
    assert grammar(("对", "不"), {"对", "不", UNKNOWN}.__contains__) == ("对", "不", UNKNOWN)
    assert grammar(("对", "不"), {"对", "不"}.__contains__) == ("对", "不")
    assert grammar(("对", "不", "好", "是"), {"对"}.__contains__) == ()
    assert grammar((), {"对"}.__contains__) == ()
