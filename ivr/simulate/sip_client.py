"""The SIP telephone itself, as a process of its own: pjsip below, JSON lines on standard input and output.

    python -m ivr.simulate.sip_client [--record DIR] [--host 127.0.0.1] [--echo-db 20 --echo-delay 0.15]
                                      [--noise-dbov -42] [--loss 1]

A process of its own, because pjsip keeps global state and native threads, and because whatever happens to it must
not touch the one who calls. It ends when its standard input does or when its parent dies. Sound goes through a
port of ours on the bridge's 20 ms clock, so that both directions are counted in the same samples.

Commands and events: see `ivr.simulate.softphone`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pjsua2 as pj

from ivr.audio import RATE, read_wav, write_wav
from ivr.simulate.handset import HandsetEvent, Said, SpeechEnded, SpeechStarted
from ivr.simulate.line_faults import LineFaults, add_arguments, faulty
from ivr.simulate.pjsip import Account, Call, Mouthpiece, answer_with, caller_of, headers_of, start_endpoint

KEY_EVERY_S = 0.3
"""From one key to the next: 160 ms of tone and a pause, as a quick human."""
POLL_MS = 10


class Wire:
    """JSON lines out, from any thread; what libraries print goes to standard error instead."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def __call__(self, kind: str, at: float, **values: Any) -> None:
        line = json.dumps({"event": kind, "at": round(at, 4), **values}, ensure_ascii=False)
        with self._lock:
            print(line, file=self._out, flush=True)


class Client:
    """One telephone with one line."""

    def __init__(self, wire: Wire, host: str, record: Path | None, faults: LineFaults) -> None:
        self._wire, self._host, self._record = wire, host, record
        self._placed = time.monotonic()
        self._answer: float | str = 0.0
        self._answer_due: float | None = None
        self._keys: list[str] = []
        self._key_due = 0.0
        self._call: Call | None = None
        self._accounts: list[Account] = []
        self._endpoint = start_endpoint(host, loss_percent=faults.loss_percent)
        self._mouthpiece = Mouthpiece(faulty(faults), self._heard)
        self._join_clock()
        self.account = self._add_account(f"sip:phone@{host}")
        self.address = self._endpoint.transportGetInfo(0).localName
        self.running = True
        self.tell("ready", address=str(self.address))

    # --- what happens ---

    def tell(self, kind: str, **values: Any) -> None:
        self._wire(kind, self._mouthpiece.handset.now, **values)

    def _heard(self, event: HandsetEvent) -> None:
        match event:
            case SpeechStarted(at):
                self._wire("speech_started", at)
            case SpeechEnded(at, started_at):
                self._wire("speech_ended", at, started_at=round(started_at, 4))
            case Said(name, started_at, ended_at):
                self._wire("said", ended_at, name=name, started_at=round(started_at, 4))

    def call_changed(self, call: Call, info: Any) -> None:
        since = round(1000 * (time.monotonic() - self._placed))
        if info.state == pj.PJSIP_INV_STATE_EARLY:
            self.tell("ringing", code=int(info.lastStatusCode), ms=since)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.tell("answered", code=200, ms=since)
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._save()
            self.tell("ended", code=int(info.lastStatusCode), reason=str(info.lastReason), ms=since)
            if self._call is call:
                self._call, self._answer_due, self._keys = None, None, []

    def incoming(self, prm: Any) -> None:
        call = Call(self.account, self, prm.callId)
        if self._call is not None:
            call.hangup(answer_with(486))
            return
        self._call, self._placed = call, time.monotonic()
        message = str(prm.rdata.wholeMsg)
        name, number = caller_of(call.getInfo().remoteUri)
        self.tell("incoming", name=name, number=number, headers=headers_of(message))
        if self._answer == "decline":
            call.answer(answer_with(486))
            return
        call.answer(answer_with(180))
        if self._answer != "ignore":
            self._answer_due = time.monotonic() + float(self._answer)

    def connect(self, media: Any) -> None:
        self._media = media  # kept alive with the call
        media.startTransmit(self._mouthpiece)
        self._mouthpiece.startTransmit(media)

    # --- what is asked for ---

    def obey(self, command: dict[str, Any]) -> None:
        match command:
            case {"call": str(target)}:
                self._place(target, command.get("from", "phone"), command.get("headers") or {})
            case {"register": {"extension": extension, "password": password, "host": host, "port": port}}:
                self._add_account(f"sip:{extension}@{host}:{port}", f"sip:{host}:{port}", str(extension), password)
            case {"say": str(file)}:
                pcm = read_wav(Path(file))
                with self._mouthpiece.lock:
                    self._mouthpiece.handset.say(pcm, command.get("name", file))
            case {"hush": _}:
                with self._mouthpiece.lock:
                    self._mouthpiece.handset.hush()
            case {"digits": str(digits)}:
                self._keys += digits
            case {"answer_calls": how}:
                self._answer = how if how in ("decline", "ignore") else float(how)
                self.tell("answering", how=how)
            case {"hang_up": _}:
                if self._call is not None:
                    self._call.hangup(answer_with(0))
            case {"quit": _}:
                self.running = False
            case _:
                self.tell("error", why=f"unknown command {command}")

    def turn(self) -> None:
        """What is due by now, and pjsip's own work."""
        self._endpoint.libHandleEvents(POLL_MS)
        now = time.monotonic()
        if self._answer_due is not None and now >= self._answer_due and self._call is not None:
            self._answer_due = None
            self._call.answer(answer_with(200))
        if self._keys and now >= self._key_due and self._call is not None:
            self._key_due = now + KEY_EVERY_S
            digit = self._keys.pop(0)
            self._call.dialDtmf(digit)
            self.tell("keyed", digit=digit, left=len(self._keys))

    def close(self) -> None:
        """Hang up and sign off, for a second at most."""
        if self._call is not None:
            self._call.hangup(answer_with(0))
        for account in self._accounts:
            if account.getInfo().regIsActive:
                account.sign_off()
        until = time.monotonic() + 1
        while time.monotonic() < until and (self._call is not None or any(a.signing_off for a in self._accounts)):
            self._endpoint.libHandleEvents(POLL_MS)
        self._save()

    def _place(self, target: str, caller: str | None, headers: dict[str, str]) -> None:
        if self._call is not None:
            self.tell("error", why="a call is going on")
            return
        self._placed = time.monotonic()
        option = pj.CallOpParam(True)
        option.txOption.localUri = (
            '"Anonymous" <sip:anonymous@anonymous.invalid>' if caller is None else f"sip:{caller}@{self._host}"
        )
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            option.txOption.headers.append(header)
        if caller is None:  # RFC 3323, as a trunk passes a withheld number on
            header = pj.SipHeader()
            header.hName, header.hValue = "Privacy", "id"
            option.txOption.headers.append(header)
        self._call = Call(self.account, self)
        self.tell("placed", to=target)
        try:
            self._call.makeCall(target, option)
        except pj.Error as error:
            self._call = None
            self.tell("ended", code=0, reason=str(error.reason), ms=0)

    # --- pjsip ---

    def _join_clock(self) -> None:
        """Tie our port to the null device too: its clock then drives us before, during and between the media of
        a call, and sample 0 is the start of this process."""
        form = pj.MediaFormatAudio()
        form.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, 20000, 16)
        self._mouthpiece.createPort("mouthpiece", form)
        devices = self._endpoint.audDevManager()
        self._mouthpiece.startTransmit(devices.getPlaybackDevMedia())
        devices.getCaptureDevMedia().startTransmit(self._mouthpiece)

    def _add_account(self, uri: str, registrar: str = "", user: str = "", password: str = "") -> Account:
        config = pj.AccountConfig()
        config.idUri = uri
        config.mediaConfig.transportConfig.port = 0
        config.mediaConfig.transportConfig.boundAddress = self._host
        if registrar:
            config.regConfig.registrarUri = registrar
            config.regConfig.timeoutSec = 300
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        account = Account(self)
        account.create(config, True)
        self._accounts.append(account)
        self.account = account
        return account

    def _save(self) -> None:
        if self._record is None:
            return
        self._record.mkdir(parents=True, exist_ok=True)
        with self._mouthpiece.lock:
            said, heard = bytes(self._mouthpiece.handset.said), bytes(self._mouthpiece.handset.heard)
        write_wav(self._record / "said.wav", said)
        write_wav(self._record / "heard.wav", heard.ljust(len(said), b"\0"))


def _commands() -> queue.Queue[dict[str, Any] | None]:
    """Standard input, read by a thread of its own: pjsip must not wait for it."""
    commands: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            if line.strip():
                commands.put(json.loads(line))
        commands.put(None)

    threading.Thread(target=read, name="commands", daemon=True).start()
    return commands


def _die_with_parent() -> None:
    prctl_set_pdeathsig = 1  # <linux/prctl.h>
    ctypes.CDLL(None).prctl(prctl_set_pdeathsig, signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(description="A SIP telephone on JSON lines.")
    parser.add_argument("--record", type=Path, help="folder for said.wav and heard.wav")
    parser.add_argument("--host", default="127.0.0.1", help="address to use")
    add_arguments(parser)
    options = parser.parse_args()
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is the parent's to handle
    client = Client(Wire(), options.host, options.record, LineFaults.of(options))
    commands = _commands()
    while client.running:
        client.turn()
        while client.running and not commands.empty():
            command = commands.get()
            if command is None:
                client.running = False
            else:
                _try(client, command)
    client.close()
    os._exit(0)  # pjsip's own tear-down asserts on ports that Python still holds


def _try(client: Client, command: dict[str, Any]) -> None:
    try:
        client.obey(command)
    except pj.Error as error:
        client.tell("error", why=str(error.reason))
    except (OSError, ValueError, KeyError) as error:
        client.tell("error", why=str(error))


if __name__ == "__main__":
    main()
