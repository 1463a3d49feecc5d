from ivr.speech.clauses import clauses


def texts(text: str) -> list[str]:
    return [clause.text for clause in clauses(text)]


def test_first_clause_is_short_so_that_sound_comes_early() -> None:
    assert texts("好的，我帮您登记了，请问是什么时候开始的？")[0] == "好的，我帮您登记了，"


def test_ends_at_every_sentence() -> None:
    assert texts("您好。请问有什么可以帮您？") == ["您好。", "请问有什么可以帮您？"]


def test_pauses_are_longer_after_sentences() -> None:
    comma, stop = clauses("请您说一下具体的情况，我来登记。")
    assert stop.pause_s > comma.pause_s > 0


def test_enumerations_stay_together() -> None:
    assert texts("幺三八、零零幺二、三四五六") == ["幺三八、零零幺二、三四五六"]


def test_a_piece_cut_again_is_itself() -> None:
    for clause in clauses("您好，这里是美家电器，我是智能语音助手。请问:有什么可以帮您?"):
        assert clauses(clause.text) == [clause]


def test_nothing_to_say() -> None:
    assert clauses("") == clauses("。……") == []
