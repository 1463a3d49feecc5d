"""Where calls come from and who takes them: ports, trunk, PBX, the humans' telephones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """TCP and UDP ports, all on `Settings.host` but SIP and RTP, which listen on `Telephony.sip_host`."""

    sip: int = 15060
    """SIP over UDP (Asterisk)."""
    rtp_first: int = 20000
    """First of the RTP ports (Asterisk)."""
    rtp_last: int = 20199
    asterisk_http: int = 18088
    """Asterisk's own HTTP server (ARI)."""
    ami: int = 15038
    bot: int = 18090
    """Ours: Asterisk connects here, control (ARI) and media websockets, one of each a call; or one AudioSocket."""
    fastagi: int = 14573
    """Ours: Asterisk asks here whether a call may go to the bot."""
    rasa: int = 15005
    actions: int = 15055
    """Rasa's action server."""
    events: int = 18091
    """Ours: health and the event stream (what the line says and hears)."""
    api: int = 18092
    """Ours: the HTTP API for other systems, on `Api.host`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One human's telephone."""

    extension: str
    """Digits: the SIP user name, too."""
    name: str = ""
    queues: tuple[str, ...] = ()
    """Hotlines it serves; empty = all."""
    skills: tuple[str, ...] = ()
    """What it can do, as `skill` in data/packs/<hotline>/handoff.yml names it: those queues call it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """The SIP trunk that brings the 400 calls. Without a host only SIP clients of this machine are let in."""

    host: str = ""
    """Address of the provider's proxy: its INVITEs are accepted, and calls of no other stranger."""
    port: int = 5060
    user: str = ""
    """With a user we register there; the password is `trunk_password` in `var/secrets.toml`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbx:
    """A PBX of your own (FreePBX, Asterisk ≥ 18) that brings the calls by AudioSocket. Without a host an Asterisk of
    ours is started."""

    host: str = ""
    """Its address: its AMI is asked there."""
    ami_port: int = 5038
    our_address: str = "127.0.0.1"
    """Address of this machine as the PBX reaches it; AudioSocket and FastAGI listen there. Firewall it: FastAGI knows
    no password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telephony:
    sip_host: str = "127.0.0.1"
    """Address that SIP and RTP listen on; 0.0.0.0 = all."""
    external_address: str = ""
    """Our public address when we stand behind NAT."""
    asterisk: str = ""
    """Path of an Asterisk ≥ 22.6 to use (≥ 18 with `media = "audiosocket"`); empty = the system's if it is suitable,
    else the one beside the project."""
    media: Literal["websocket", "audiosocket"] = "websocket"
    """How sound comes to us: chan_websocket (Asterisk ≥ 22.6, 21.11, 20.16), or AudioSocket (≥ 18, FreePBX)."""
    dialled_from: tuple[str, ...] = ("uri", "to")
    """Where the dialled number is taken from, first that a hotline knows: uri, to, diversion, called_party."""
    pbx: Pbx = field(default_factory=Pbx)
    trunk: Trunk = field(default_factory=Trunk)
    agents: tuple[Agent, ...] = (Agent(extension="8001", name="坐席一"), Agent(extension="8002", name="坐席二"))
    queue_timeout_s: int = 30
    """How long a caller waits for a human before a call-back is noted."""
    queue_patience_s: int = 900
    """The same for a caller who was told that all are busy and chose to wait."""
    ring_timeout_s: int = 15
    """How long one agent's telephone rings."""
    waiting_every_s: int = 30
    """How often a caller in a queue hears that all are busy, and that 1 is for a call-back; 0 = never."""
    music: str = ""
    """Folder with WAV files that a caller hears in a queue; empty = a ringing tone."""
    watchdog_s: float = 3.0
    """A line process whose event loop stood still for this long is killed; its callers go to humans."""
