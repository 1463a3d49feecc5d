"""A streaming recogniser in real calls: Vosk with its Korean model, an echo for a dialogue, espeak-ng at both ends."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr.settings import Settings
from tests.e2e.echo_line import EchoCalls, asterisk, echo_line, korean, spoken
from tests.fakes.korean import SENTENCES, Echo, alike

pytestmark = pytest.mark.line


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = korean(tmp_path_factory.mktemp("korean"))
    with asterisk(made):
        yield made


@pytest.fixture
async def calls(settings: Settings, tmp_path: Path) -> AsyncIterator[EchoCalls]:
    made = EchoCalls(settings, tmp_path)
    async with echo_line(settings, Echo(), made.report_of):
        yield made


async def test_what_is_said_is_said_back_and_can_be_interrupted(
    settings: Settings, calls: EchoCalls, tmp_path: Path
) -> None:
    files = await spoken(settings, SENTENCES, tmp_path)
    async with calls.caller() as caller:
        await caller.event("played")
        shares = []
        for text in ("안녕하세요", "네", "배송이 너무 늦어요"):
            heard = await caller.say(files[text])
            shares.append(alike(text, str(heard["text"])))
            assert (await caller.event("reply"))["text"] == f"{heard['text']}."
            await caller.event("played")
        await caller.phone.say(files["감사합니다"])
        await caller.event("speaking")
        await caller.phone.say(files["배송이 너무 늦어요"])
        assert (await caller.event("barge_in"))["heard_s"] < 3.0
        interrupting = await caller.event("heard")
        await caller.event("played")
        measured = await caller.measured()
    assert sum(shares) / len(shares) > 0.5, shares
    assert interrupting["text"]
    gaps = [answer.gap_ms for answer in measured.answers if answer.gap_ms is not None]
    assert len(gaps) >= 4
    assert min(gaps) > 100
    assert sorted(gaps)[len(gaps) // 2] < 2500
