from ivr.call.fading import FADED_MS, Fading

SPEECH, SYLLABLE, NOISE = -22.0, -36.0, -52.0


def heard(fading: Fading, *levels: float | None) -> int:
    said = 0
    for level in levels:
        said = fading.frame(level)
    return said


def test_a_fall_counts_from_the_last_loud_frame() -> None:
    fading = Fading()
    assert heard(fading, *[SPEECH] * 20, *[NOISE] * 4) == 0
    assert heard(fading, NOISE) == FADED_MS
    assert heard(fading, NOISE) == FADED_MS + 20


def test_soft_syllables_and_consonants_are_speech() -> None:
    fading = Fading()
    assert heard(fading, *[SPEECH] * 20, *[SYLLABLE] * 20) == 0
    assert heard(fading, *[NOISE] * 4, SPEECH, *[NOISE] * 4) == 0


def test_without_a_loudness_nothing_is_known() -> None:
    assert heard(Fading(), *[None] * 50) == 0


def test_each_utterance_has_its_own_loudest() -> None:
    fading = Fading()
    heard(fading, *[SPEECH] * 20)
    fading.forget()
    assert heard(fading, *[-48.0] * 20) == 0


def test_a_shout_is_forgotten() -> None:
    fading = Fading()
    heard(fading, -5.0)
    assert heard(fading, *[-30.0] * 100) == 0
