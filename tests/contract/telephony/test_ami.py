"""AMI against peers on this machine: an Asterisk that replays a recorded trace, one that refuses, one that is gone."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ivr.errors import TelephonyDown
from ivr.settings import Ports, Settings
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.ami_link import AmiTimes, Connection
from ivr.telephony.asterisk.handoffs import HandoffOutcome

TRACES = Path(__file__).parent / "traces"
QUICK = AmiTimes(ping_every_s=0.05, answer_timeout_s=0.2, backoff_s=(0.02,))
STATUS = (
    "Response: Success\r\n{id}EventList: start\r\nMessage: Queue status will follow\r\n\r\n"
    "Event: QueueParams\r\nQueue: appliance\r\n{id}\r\n"
    "Event: QueueMember\r\nQueue: appliance\r\nLocation: PJSIP/8001\r\nStatus: 1\r\nPaused: 0\r\n{id}\r\n"
    "Event: QueueStatusComplete\r\n{id}EventList: Complete\r\nListItems: 2\r\n\r\n"
)


@dataclass
class Peer:
    """An AMI server on a port of its own."""

    accepts: bool = True
    answers: bool = True
    """Without it the connection stays open and nothing comes: half-open TCP."""
    port: int = 0
    logins: int = 0
    keeps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What it has to list: action → events."""
    refuses: set[str] = field(default_factory=set)
    forgot: list[str] = field(default_factory=list)
    """Keys deleted in its database."""
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    server: asyncio.Server | None = None

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self.server:
            self.server.close()
        for writer in self.writers:
            writer.close()
        self.writers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                raw = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in raw.splitlines() if ": " in line)
                if self.answers:
                    self.answer(writer, action)
                    await writer.drain()

    def answer(self, writer: asyncio.StreamWriter, action: dict[str, str]) -> None:
        number = f"ActionID: {action['ActionID']}\r\n"
        match action["Action"]:
            case "Login" if not self.accepts:
                writer.write(f"Response: Error\r\n{number}Message: Authentication failed\r\n\r\n".encode())
                writer.close()
            case "Login":
                self.logins += 1
                writer.write(f"Response: Success\r\n{number}Message: Authentication accepted\r\n\r\n".encode())
            case "QueueStatus":
                writer.write(STATUS.format(id=number).encode())
            case "Status" | "DBGetTree" as name if name in self.refuses:
                writer.write(f"Response: Error\r\n{number}Message: Permission denied\r\n\r\n".encode())
            case "Status" | "DBGetTree" as name:
                events = "".join(f"{event}{number}\r\n" for event in self.keeps.get(name, ()))
                writer.write(
                    f"Response: Success\r\n{number}EventList: start\r\nMessage: Result will follow\r\n\r\n{events}"
                    f"Event: {name}Complete\r\n{number}EventList: Complete\r\n\r\n".encode()
                )
            case "DBDelTree":
                self.forgot.append(action["Key"])
                writer.write(f"Response: Success\r\n{number}Message: Key tree deleted successfully\r\n\r\n".encode())
            case "Ping":
                writer.write(f"Response: Success\r\n{number}Ping: Pong\r\n\r\n".encode())

    def say(self, raw: bytes) -> None:
        for writer in self.writers:
            writer.write(raw)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def watch(peer: Peer, tmp_path: Path) -> AsyncIterator[tuple[QueueWatch, list[HandoffOutcome]]]:
    outcomes: list[HandoffOutcome] = []
    watching = QueueWatch(settings(peer.port, tmp_path), outcomes.append, times=QUICK)
    await watching.start()
    yield watching, outcomes
    await watching.stop()


def settings(port: int, var: Path) -> Settings:
    return Settings(var=var, ports=Ports(ami=port))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.01)


async def test_free_agents_are_known_from_the_start(watch: tuple[QueueWatch, list[HandoffOutcome]]) -> None:
    assert watch[0].free_agents("appliance") == 1
    assert watch[0].free_agents("nobody-s") is None


@pytest.mark.parametrize(("trace", "outcome"), [("answered", "answered"), ("abandoned", "abandoned")])
async def test_a_recorded_hand_over(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]], trace: str, outcome: str
) -> None:
    raw = (TRACES / f"ami_{trace}.txt").read_bytes()
    events = raw[raw.index(b"Event: QueueStatusComplete") :].split(b"\r\n\r\n", 1)[1]
    # In segments of seven bytes: nothing may depend on where TCP cuts.
    for at in range(0, len(events), 7):
        peer.say(events[at : at + 7])
        if at % 700 == 0:
            await asyncio.sleep(0)
    await until(lambda: watch[1])
    assert [o.outcome for o in watch[1]] == [outcome]


ENDED = (
    "Event: DBGetTreeResponse\r\nKey: /ivr/1.1\r\nVal: CallId: 1.1,Queue: bank,Status: HANGUP,Agent: 8001,Waited: 4\r\n"
)


async def test_what_ended_while_ami_was_away_is_told_until_it_is_settled(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]]
) -> None:
    peer.keeps["DBGetTree"] = (ENDED,)
    for times in (2, 3):
        for writer in peer.writers:
            writer.close()
        peer.writers.clear()
        await until(lambda times=times: peer.logins == times and watch[0].connected)
        told = [(one.call_id, one.outcome, one.agent, one.waited_s) for one in watch[1]]
        assert told == [("1.1", "answered", "8001", 4.0)] * (times - 1), "until it is on its ticket"
        assert peer.forgot == []
    watch[0].settled("1.1")
    peer.say(b"Event: UserEvent\r\nUserEvent: IvrHandoff\r\nStep: ended\r\nStatus: HANGUP\r\n\r\n")  # of no call
    watch[0].settled("")
    watch[0].settled("2.2")
    await until(lambda: peer.forgot == ["1.1", "2.2"])


async def test_an_outcome_that_is_not_on_its_ticket_is_kept_though_the_call_ends(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]]
) -> None:
    ours = b"Event: UserEvent\r\nUserEvent: IvrHandoff\r\nCallId: 1.1\r\nQueue: bank\r\n"
    peer.say(ours + b"Step: started\r\n\r\n")
    peer.say(b"Event: AgentConnect\r\nUniqueid: 1.1\r\nMemberName: 8001\r\n\r\n")
    peer.say(ours + b"Step: ended\r\nStatus: HANGUP\r\nAgent: 8001\r\n\r\n")
    await until(lambda: watch[1])
    peer.say(b"Event: UserEvent\r\nUserEvent: IvrHandoff\r\nCallId: 2.2\r\nStep: started\r\n\r\n")
    await asyncio.sleep(0.05)
    assert peer.forgot == []
    watch[0].settled("1.1")
    await until(lambda: peer.forgot == ["1.1"])


async def test_where_asterisk_refuses_to_tell_nobody_is_given_up(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]], caplog: pytest.LogCaptureFixture
) -> None:
    peer.say(b"Event: UserEvent\r\nUserEvent: IvrHandoff\r\nCallId: 1.1\r\nStep: started\r\n\r\n")
    await asyncio.sleep(0.05)
    peer.refuses = {"Status"}
    for writer in peer.writers:
        writer.close()
    peer.writers.clear()
    await until(lambda: peer.logins == 2 and watch[0].connected)
    assert watch[1] == []
    assert "AMI refused Status" in caplog.text


async def test_a_refused_login_is_told(peer: Peer, tmp_path: Path) -> None:
    peer.accepts = False
    with pytest.raises(TelephonyDown, match=r"拒绝了登录.*secrets\.toml"):
        await QueueWatch(settings(peer.port, tmp_path), times=QUICK).start()


async def test_nobody_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(TelephonyDown, match="连不上 AMI"):
        await QueueWatch(settings(port, tmp_path)).start()


async def test_somebody_who_says_nothing_is_told(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.telephony.asterisk.ami_link.LOGIN_TIMEOUT_S", 0.1)
    peer.answers = False
    with pytest.raises(TelephonyDown, match="没有回答"):
        await QueueWatch(settings(peer.port, tmp_path)).start()


async def test_a_lost_connection_is_renewed_and_nothing_is_made_up_meanwhile(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]]
) -> None:
    await peer.stop()
    await until(lambda: not watch[0].connected)
    assert watch[0].free_agents("appliance") is None
    await asyncio.sleep(0.1)
    await peer.start()
    await until(lambda: watch[0].connected)
    assert watch[0].free_agents("appliance") == 1
    assert peer.logins == 2


async def test_a_half_open_connection_is_noticed_and_renewed(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]]
) -> None:
    peer.answers = False
    await until(lambda: not watch[0].connected)
    peer.answers = True
    await until(lambda: watch[0].connected)
    assert peer.logins == 2


async def test_a_fault_inside_panoramisk_does_not_deafen_us(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = iter([AttributeError("'NoneType' object has no attribute 'send'"), KeyError("Ping"), ValueError("login")])
    ask, log_in = Connection.ask, Connection.log_in

    async def ask_badly(self: Connection, timeout_s: float, action: Mapping[str, str]) -> Any:
        if fault := next(faults, None):
            raise fault
        return await ask(self, timeout_s, action)

    async def log_in_badly(self: Connection) -> None:
        if fault := next(faults, None):
            raise fault
        await log_in(self)

    monkeypatch.setattr(Connection, "ask", ask_badly)
    monkeypatch.setattr(Connection, "log_in", log_in_badly)
    await until(lambda: peer.logins == 2 and watch[0].connected)
    peer.say(b"Event: UserEvent\r\nUserEvent: IvrHandoff\r\nStep: ended\r\nCallId: 1.1\r\nStatus: TIMEOUT\r\n\r\n")
    await until(lambda: watch[1])


async def test_a_fault_at_the_first_connection_is_one_that_passes(
    peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(self: Connection) -> None:
        raise AttributeError("protocol")

    monkeypatch.setattr(Connection, "log_in", fails)
    with pytest.raises(TelephonyDown, match="protocol"):
        await QueueWatch(settings(peer.port, tmp_path)).start()


async def test_a_shutdown_of_asterisk_is_a_lost_connection(
    peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]]
) -> None:
    peer.say(b"Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n")
    await until(lambda: peer.logins == 2)
    await until(lambda: watch[0].connected)


async def test_what_is_no_ami_does_no_harm(peer: Peer, watch: tuple[QueueWatch, list[HandoffOutcome]]) -> None:
    peer.say(
        b"\xff\xfe\r\n\r\nEvent: AgentConnect\r\n\r\nEvent\r\n\r\n: \r\n\r\n"
        b"Event: UserEvent\r\nUserEvent: IvrHandoff\r\n\r\n"
    )
    await asyncio.sleep(0.1)
    assert watch[0].connected
    assert watch[1] == []
