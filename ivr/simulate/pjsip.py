"""pjsip as the telephone uses it: A-law only, no sound card, our own port on the bridge's clock."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pjsua2 as pj

from ivr.audio import RATE
from ivr.simulate.handset import Handset, HandsetEvent

CODEC = "PCMA/8000"
"""G.711 A-law, what the lines carry."""


class Mouthpiece(pj.AudioMediaPort):  # type: ignore[misc]
    """Our port on the bridge. pjsip's clock thread calls both methods once in 20 ms, the request first."""

    def __init__(self, handset: Handset, heard_something: Callable[[HandsetEvent], None]) -> None:
        super().__init__()
        self.handset = handset
        self.lock = threading.Lock()
        self._tell = heard_something

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802  (pjsua2's name)
        with self.lock:
            pcm, events = self.handset.speak()
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pj.ByteVector(pcm)
        frame.size = len(pcm)
        for event in events:
            self._tell(event)

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802
        pcm = bytes(frame.buf)
        with self.lock:
            events = self.handset.hear(pcm) if pcm else []
        for event in events:
            self._tell(event)


class Telephone(Protocol):
    """Who is told what happens."""

    def tell(self, kind: str, **values: Any) -> None: ...

    def call_changed(self, call: Call, info: Any) -> None: ...

    def incoming(self, prm: Any) -> None: ...

    def connect(self, media: Any) -> None: ...


class Call(pj.Call):  # type: ignore[misc]
    def __init__(self, account: pj.Account, telephone: Telephone, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self._telephone = telephone
        self.state = 0

    def onCallState(self, prm: Any) -> None:  # noqa: N802
        info = self.getInfo()
        if info.state != self.state:
            self.state = info.state
            self._telephone.call_changed(self, info)

    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802
        info = self.getInfo()  # kept: its media lie inside it
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._telephone.connect(self.getAudioMedia(index))

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802
        self._telephone.tell("digit", digit=str(prm.digit))


class Account(pj.Account):  # type: ignore[misc]
    def __init__(self, telephone: Telephone) -> None:
        super().__init__()
        self._telephone = telephone
        self.signing_off = False
        """Until the registrar has answered; `regIsActive` is false already when it wants the password again."""

    def sign_off(self) -> None:
        self.signing_off = True
        self.setRegistration(False)

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802
        self._telephone.incoming(prm)

    def onRegState(self, prm: Any) -> None:  # noqa: N802
        self.signing_off = False
        self._telephone.tell("registered", code=int(prm.code), reason=str(prm.reason))


def start_endpoint(host: str, *, loss_percent: int = 0) -> Any:
    """`loss_percent`: share of the sound's packets that is lost, each way."""
    endpoint = pj.Endpoint()
    with _quiet():
        endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = "ivr-softphone"
    config.logConfig.level = config.logConfig.consoleLevel = 1
    config.medConfig.clockRate = RATE
    config.medConfig.audioFramePtime = 20
    config.medConfig.noVad = True  # silence is sent, too: a telephone line never stands still
    config.medConfig.ecTailLen = 0
    config.medConfig.txDropPct = config.medConfig.rxDropPct = loss_percent
    config.medConfig.sndAutoCloseTime = -1
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = 0, host
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith(CODEC) else 0)
    return endpoint


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """pjlib greets before any log level can be set."""
    terminal, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(terminal, 1)
        os.close(terminal)
        os.close(nowhere)


def answer_with(code: int) -> Any:
    option = pj.CallOpParam(True)
    option.statusCode = code
    return option


def caller_of(uri: str) -> tuple[str, str]:
    """Display name and user of a SIP address: `"GD…" <sip:138…@host>`."""
    name, _, address = uri.rpartition("<")
    user = address.partition(":")[2] if ":" in address else address
    return name.strip().strip('"'), user.partition("@")[0].rstrip(">")


def headers_of(message: str) -> dict[str, str]:
    head = message.replace("\r\n", "\n").partition("\n\n")[0]
    pairs = (line.partition(":") for line in head.split("\n")[1:])
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}
