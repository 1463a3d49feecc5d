"""A PBX of one's own: an Asterisk that knows of us only what `ivr telephony pbx` prints."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.call.ports import Digit, Line, Played, Transfer
from ivr.packs import load_packs
from ivr.settings import Agent, Pbx, Settings, Telephony
from ivr.simulate.softphone import Softphone
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.handoffs import HandoffOutcome
from ivr.telephony.asterisk.pbx import snippets
from ivr.telephony.asterisk.secrets import load_secrets
from ivr.telephony.asterisk.server import Prepared, prepare
from tests.e2e.conftest import free_ports
from tests.e2e.own_asterisk import started
from tests.e2e.test_line_transport import bot, until, uri
from tests.e2e.tone_bot import TICKET, tone

pytestmark = pytest.mark.line

INBOUND = "[general]\nstatic = yes\n\n[from-trunk]\nexten => _[+0-9]!,1,Goto(ivr-from-trunk,${EXTEN},1)\n\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    telephony = Telephony(media="audiosocket", agents=(Agent(extension="8001"),), queue_timeout_s=4, ring_timeout_s=3)
    return dataclasses.replace(Settings(), var=tmp_path / "var", ports=free_ports(), telephony=telephony)


@pytest.fixture
def pbx(settings: Settings) -> Iterator[tuple[Settings, Prepared]]:
    """The settings of the line, and the PBX."""
    packs = load_packs(settings.root / "data")
    prepared = prepare(settings, packs)
    there = Pbx(host="127.0.0.1", ami_port=settings.ports.ami)
    ours = dataclasses.replace(settings, telephony=dataclasses.replace(settings.telephony, pbx=there))
    added = snippets(ours, packs, load_secrets(settings.var / "secrets.toml"))
    (prepared.where.etc / "extensions.conf").write_text(INBOUND + added["extensions_custom.conf"])
    manager = prepared.where.etc / "manager.conf"
    general = manager.read_text().partition("\n[ivr]")[0]
    manager.write_text(f"{general}\n{added['manager_custom.conf']}")
    with started(prepared, settings.var):
        yield ours, prepared


async def test_a_call_of_a_pbx_is_answered_recorded_and_handed_over(pbx: tuple[Settings, Prepared]) -> None:
    settings, there = pbx
    calls: list[str] = []
    told: list[HandoffOutcome] = []

    async def on_call(line: Line) -> None:
        calls.append(line.info.call_id)
        await line.answer()
        await line.record()
        await line.play(tone(0.5))
        await line.mark("said")
        async for event in line.events():
            if event == Digit("1"):
                await line.hand_over(Transfer("appliance", "caller_request", TICKET))
            if event == Played("said"):
                await line.note_ticket(TICKET)

    password = load_secrets(settings.var / "secrets.toml", ["8001"]).agents["8001"]
    watch = QueueWatch(settings, told.append)
    await watch.start()
    async with bot(settings, load_packs(settings.root / "data"), on_call), Softphone() as phone, Softphone() as agent:
        await agent.register("8001", password, host="127.0.0.1", port=settings.ports.sip)
        await agent.answer_calls(0.3)
        await phone.call(uri(settings), caller="13800010001")
        await phone.wait("speech_ended")
        await phone.key("1")
        incoming = await agent.wait("incoming")
        await agent.wait("answered")
        await until(lambda: told)
        await phone.hang_up()
    await watch.stop()
    assert (incoming["name"], incoming["headers"]["X-Ticket-No"]) == (TICKET, TICKET)
    assert [(one.outcome, one.agent, one.call_id) for one in told] == [("answered", "8001", calls[0])]
    assert (there.where.spool / "monitor" / f"ivr-{calls[0]}.wav").exists()
