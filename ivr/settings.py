"""Everything that whoever runs the line may set: frozen, with meaning and unit under each field.

Defaults are here; `ivr.toml` in the project's folder (or `--settings FILE`, or `IVR_SETTINGS`) changes them.
What dialogue designers change is not here but in `data/` and `dialogue/`.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ivr.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Turn-taking, in seconds of sound."""

    speech_probability: float = 0.5
    """Voice activity at or over this is speech."""
    start_s: float = 0.10
    """Speech this long starts an utterance."""
    barge_in_s: float = 0.24
    """Speech this long while the bot speaks stops it; shorter only pauses it."""
    resume_s: float = 0.26
    """Silence this long after a false barge-in, and the bot goes on."""
    hold_s: float = 0.48
    """A prompt is held no longer than this: by then the caller has taken the floor, or the bot goes on."""
    echo_db: float = -20.0
    """Echo of the bot's own voice expected at first, below the bot's loudness; then each call learns its own."""
    decode_s: float = 0.08
    """Silence this long, and recognition begins, to be thrown away when speech goes on."""
    end_whole_s: float = 0.3
    """Silence that ends an answer of which nothing more is to be expected: a yes, a choice, a whole number."""
    end_s: float = 0.56
    """Silence that ends any other answer. Voice activity itself notices an end 0.1 s late."""
    end_digits_s: float = 1.1
    """Silence that ends a number whose length is not known: people pause between groups."""
    end_unfinished_s: float = 1.9
    """Silence that ends a sentence that broke off (因为…), a number short of its length."""
    end_wordless_s: float = 1.0
    """Silence that ends an utterance whose words are not there yet: recognition is slow."""
    longest_s: float = 30.0
    """An utterance is cut here."""
    silence_s: float = 5.0
    """Silence after a question, and the bot speaks again; the dialogue's rules say what."""
    key_gap_s: float = 3.0
    """Pause that ends keyed digits."""
    key_gap_whole_s: float = 1.0
    """Pause that ends keyed digits that are a whole number."""
    filler_s: float = 0.7
    """When the answer will take longer than this, something short is said first."""
    filler_by_s: float = 0.56
    """By then after the end of the turn."""
    protected_s: float = 0.3
    """The first part of a prompt that speech does not interrupt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserChoice:
    """What hears a hotline's callers."""

    engine: Literal["whisper", "vosk", "vosk_server", "sherpa"] = "whisper"
    """The embedded Whisper, a Vosk model, Vosk on other machines (vosk-server's websocket), or a streaming model of
    sherpa-onnx."""
    model: str = ""
    """Vosk, sherpa: name of a folder in `var/models-speech` or `.tools/models`, or a path."""
    grammar: bool = True
    """Vosk: questions answered by yes, no or digits are first heard with those words only."""
    alternatives: int = 0
    """Vosk: other hypotheses asked for; then its confidence comes from their scores, not from the words."""
    hotwords_score: float = 1.5
    """Sherpa, transducers: what each token of an expected answer or a term adds to the score of the search (natural
    logarithm); 0 = none, and the faster greedy search."""
    threads: int = 1
    """Of the decoding, here. Utterances beyond that take turns."""
    addresses: tuple[str, ...] = ()
    """Vosk server: ws:// or wss:// addresses; the least busy one hears the next utterance."""
    connect_timeout_s: float = 1.0
    """Vosk server: one that has not taken the connection by then rests for a while."""
    answer_timeout_s: float = 1.2
    """Vosk server: words that are not there so long after the end of an utterance come from the fallback."""
    phrase_list: bool = False
    """Vosk server: closed questions are first heard with their answers only. Just for models that know these words:
    a server does not tell what its model knows."""
    fallback: Literal["whisper", "vosk", "sherpa"] = "whisper"
    """Vosk server: what hears here when no server does, with the `model`, `grammar`, … of this choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    recognisers: Mapping[str, RecogniserChoice] = field(default_factory=dict)
    """By hotline; `default` = all others. Without one: the embedded Whisper."""
    beam: int = 5
    least_confidence: float = 0.35
    """Below this the dialogue asks again in another way."""
    voices: tuple[str, ...] = ("mandarin", "espeak:cmn")
    """What speaks, best first: `mandarin` (embedded), `edge:VOICE` (online, e.g. edge:zh-CN-XiaoxiaoNeural),
    `espeak:VOICE` (espeak-ng). The next one takes over when one fails, or is online and late."""
    hotline_voices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Hotline → its own `voices`."""
    first_sound_s: float = 0.3
    """How long a caller waits for an online voice before the next one speaks."""
    edge_address: str = ""
    """Websocket address of the online voice; empty = the service's own."""
    edge_proxy: str = ""
    """HTTP proxy on the way to the online voice."""
    voice_speed: float = 1.0
    """Faster over 1."""
    loudness_dbov: float = -19.0
    """Loudness of the bot's speech."""
    cache_mb: int = 200
    """Size of the store of spoken sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    timeout_s: float = 4.0
    """Rasa must have answered a turn by then; the caller goes to a human otherwise."""
    python: str = ""
    """Python 3.10 for Rasa; empty = looked for."""


WebhookEvent = Literal[
    "ticket.created",
    "ticket.completed",
    "ticket.incomplete",
    "ticket.abandoned",
    "ticket.handed_off",
    "ticket.ringing",
    "ticket.handoff_ended",
    "ticket.corrected",
]
"""What other systems are told of; docs/webhooks.md says when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Another system that is told of tickets. Its secret is in `var/secrets.toml`, made when it is first needed."""

    address: str
    """http:// or https://; redirects are not followed."""
    name: str = ""
    """What people and metrics call it; empty = its host."""
    events: tuple[WebhookEvent, ...] = ()
    """Empty = all."""
    hotlines: tuple[str, ...] = ()
    """Empty = all."""
    timeout_s: float = 10.0
    """An answer that is not there by then counts as none."""

    @property
    def shown(self) -> str:
        return self.name or urlsplit(self.address).netloc


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How long webhooks are tried and remembered."""

    give_up_days: float = 3.0
    """An event that nobody took for so long is given up; `ivr webhooks send-again` sends it after all."""
    keep_days: float = 14.0
    """Events that have been delivered, or given up, are forgotten after so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    host: str = ""
    """Address that the HTTP API listens on; empty = `Settings.host`. Others only behind a proxy that speaks TLS."""
    failed_logins: int = 20
    """Wrong tokens from one address in a minute; more are refused unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSql:
    """A CRM's database, asked by SELECTs. docs/customers.md has examples."""

    address: str = ""
    """SQLAlchemy address without the password, which is `password` of this source in `var/secrets.toml`."""
    queries: Mapping[str, str] = field(default_factory=dict)
    """`customer`, `purchases`, `vehicles`, `agreements`, `complaints` → SELECT. Parameters: `:numbers` (for IN: all
    ways to write the caller's number), `:number`; after `customer` also each of that row's columns."""
    pool: int = 4
    """Connections, at most: look-ups at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRequest:
    """One request to a CRM's HTTP interface. `{number}`, `{e164}`, … and `{other_request.path}` are filled in."""

    path: str
    """Behind `address`."""
    method: Literal["GET", "POST"] = "GET"
    body: str = ""
    """JSON with the same placeholders, for POST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHttp:
    """A CRM's HTTP interface that answers in JSON."""

    address: str = ""
    """https://… that all paths stand behind."""
    requests: Mapping[str, CustomerRequest] = field(default_factory=dict)
    """Name → request. One that uses another's answer waits for it; the others go out at once."""
    auth: Literal["none", "token", "basic", "oauth2"] = "none"
    """How we say who we are; the secret (`token`, `password`, `client_secret`) is in `var/secrets.toml`."""
    header: str = "Authorization"
    """Header of `token`."""
    scheme: str = "Bearer"
    """Word before the token; empty = none."""
    user: str = ""
    """Of `basic`; of `oauth2` the client id."""
    token_address: str = ""
    """OAuth2: where tokens are got (client credentials, RFC 6749 4.4)."""
    scope: str = ""
    """OAuth2: what is asked for; empty = what the client may."""
    secret_in_body: bool = False
    """OAuth2: client id and secret go in the form, for servers that do not take them as `basic`."""
    longest_kb: int = 512
    """A longer answer is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTryton:
    """A Tryton server (JSON-RPC), as a user who may read parties, sales, subscriptions and complaints."""

    address: str = ""
    """http://host:8000"""
    database: str = ""
    user: str = ""
    """Login; `password` is in `var/secrets.toml`."""
    vip_category: str = "VIP"
    """Parties of this category are VIP."""
    warranty_months: int = 0
    """Of every product sold, counted from the sale; 0 = Tryton does not tell, so nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSource:
    """The CRM that knows a hotline's callers."""

    kind: Literal["none", "file", "sql", "http", "tryton"] = "file"
    name: str = ""
    """As tickets, logs and metrics call it; empty = the name of the section."""
    file: str = ""
    """YAML file, form of data/customers.yml; relative to the project. Empty = that file."""
    sql: CustomerSql = field(default_factory=CustomerSql)
    http: CustomerHttp = field(default_factory=CustomerHttp)
    tryton: CustomerTryton = field(default_factory=CustomerTryton)
    map: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """`customer`, `purchases`, … → our key → their column, or JMESPath into their answer. `each` of a list: where it
    is. SQL columns that have our names need none."""
    vip: tuple[str, ...] = ("vip", "VIP", "true", "1")
    """Values of `tier` that mean VIP."""
    limit_s: float = 5.0
    """A look-up is given up then. The caller never waits for it: turns go without it after 0.3 s."""
    cache_s: float = 120.0
    """What was found of a number is kept so long."""
    failures: int = 3
    """So many in a row, and the source rests."""
    rest_s: float = 30.0
    """How long it is not asked then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what callers said is kept. What is older is deleted at night; `ivr tickets prune` shows it before."""

    tickets_days: int = 0
    """Days after which a ticket is deleted with its transcript, history and recording; 0 = kept for ever."""
    recordings_days: int = 0
    """Days after which a recording is deleted while its ticket stays; 0 = with its ticket."""
    at: str = "03:30"
    """Time of day, business time zone."""

    def __post_init__(self) -> None:
        if self.tickets_days < 0 or self.recordings_days < 0:
            raise ValueError("retention 的天数不能是负的")
        dt.time.fromisoformat(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    root: Path = PROJECT
    """The project's folder: `data/`, `dialogue/`, `telephony_config/`."""
    var: Path = PROJECT / "var"
    """What changes at run time: database, secrets, logs, recordings, Asterisk's own files."""
    tools: Path = PROJECT / ".tools"
    """What `make prepare` fetched: Asterisk, models, spoken sentences."""
    content: str = ""
    """Folder of a published version, whose `dialogue/` and `data/` hold in place of the project's. Set by the line."""
    host: str = "127.0.0.1"
    """Address of everything that only this machine's processes use."""
    time_zone: str = "Asia/Shanghai"
    """Business time zone; the machine's own is never used."""
    database: str = ""
    """Where tickets are: `postgresql://USER@HOST/NAME` (its password is `database_password` in `var/secrets.toml`), or
    `sqlite:////FILE`; empty = SQLite in `var`."""
    region: str = "CN"
    """Country of caller numbers without a country code."""
    simulation: bool = False
    """Accept simulated calls with a seed of their own. Never on a line that takes real calls."""
    retention: Retention = field(default_factory=Retention)
    ports: Ports = field(default_factory=Ports)
    telephony: Telephony = field(default_factory=Telephony)
    turns: Turns = field(default_factory=Turns)
    speech: Speech = field(default_factory=Speech)
    dialogue: Dialogue = field(default_factory=Dialogue)
    customers: Mapping[str, CustomerSource] = field(default_factory=dict)
    """By hotline; `default` = all others. Without one: data/customers.yml."""
    webhooks: tuple[Webhook, ...] = ()
    """Who is told of tickets."""
    delivery: Delivery = field(default_factory=Delivery)
    api: Api = field(default_factory=Api)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def line_host(self) -> str:
        """Where we listen for whoever brings the calls."""
        return self.telephony.pbx.our_address if self.telephony.pbx.host else self.host

    @property
    def api_host(self) -> str:
        return self.api.host or self.host

    @property
    def ami(self) -> tuple[str, int]:
        """Where AMI listens."""
        pbx = self.telephony.pbx
        return (pbx.host, pbx.ami_port) if pbx.host else (self.host, self.ports.ami)

    @property
    def data(self) -> Path:
        """What the hotlines know."""
        return Path(self.content or self.root) / "data"

    @property
    def database_url(self) -> str:
        """The address with the password, where there is one: not to be shown."""
        if not self.database:
            return f"sqlite+aiosqlite:///{self.var / 'tickets.db'}"
        return _with_password(self.database, self.var / "secrets.toml")

    def now(self) -> dt.datetime:
        return dt.datetime.now(self.zone)


def load(file: Path | None = None) -> Settings:
    """Settings from `file`, else `$IVR_SETTINGS`, else `ivr.toml` in the project, else the defaults.
    Relative paths in a file are relative to it. Raises `SettingsError` naming file and field."""
    named = file or (Path(os.environ["IVR_SETTINGS"]) if os.environ.get("IVR_SETTINGS") else None)
    path = named or PROJECT / "ivr.toml"
    if not path.exists():
        if named:
            raise SettingsError(f"找不到设置文件 {path}：请检查 --settings 或 IVR_SETTINGS。")
        return Settings()
    try:
        text = path.read_text("utf-8")
        raw = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        settings = msgspec.convert(raw, Settings, strict=True, dec_hook=_path_beside(path))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise SettingsError(f"设置文件 {path} 有误：{error}。") from error
    except OSError as error:
        raise SettingsError(f"设置文件 {path} 读不了（{error.strerror}）：请检查它是不是文件、有没有权限。") from error
    unknown = sorted(_unknown(raw, settings))
    if unknown:
        raise SettingsError(f"设置文件 {path} 里有不认识的项：{'、'.join(unknown)}。可用的项见 ivr/settings.py。")
    try:
        settings.zone  # noqa: B018  (a wrong name must be told now, not in a call)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # "../x" is a ValueError, a folder's name an OSError
        raise SettingsError(f"设置文件 {path}：没有叫 {settings.time_zone!r} 的时区。") from error
    wrong = next((sentence for webhook in settings.webhooks for sentence in _wrong_with(webhook)), "")
    if wrong or len({webhook.address for webhook in settings.webhooks}) < len(settings.webhooks):
        raise SettingsError(f"设置文件 {path}：{wrong or '[[webhooks]] 里有两个相同的 address，请合成一个。'}")
    return settings


def save(settings: Settings, file: Path) -> None:
    """The settings as a .json file that `load` reads: child processes get exactly ours."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(settings, enc_hook=str))


def _with_password(address: str, secrets: Path) -> str:
    """A user without a password in the address gets the one of the secrets' file; PGPASSWORD and ~/.pgpass also count,
    to the driver. Raises `SettingsError`."""
    parts = urlsplit(address)
    if not parts.scheme.startswith("postgres") or not parts.username or parts.password or not secrets.exists():
        return address
    try:
        password = tomllib.loads(secrets.read_text("utf-8")).get("database_password", "")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"密钥文件 {secrets} 有误：{error}。") from error
    user, _, where = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{where}")) if password else address


def _wrong_with(webhook: Webhook) -> Iterator[str]:
    place = f"[[webhooks]] 的 address {webhook.address!r}"
    try:
        address = urlsplit(webhook.address)
        known = address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:
        known, address = False, urlsplit("")
    if not known or len(webhook.address) > 500:
        yield f"{place} 不对：要写成 https://主机/路径。"
    if address.username or address.password:
        yield f"{place} 里不要写用户名和密码：签名已经证明是谁发的。"


def _path_beside(file: Path) -> Callable[[type, object], object]:
    def convert(kind: type, value: object) -> object:
        if issubclass(kind, Path) and isinstance(value, str):
            return (file.parent / value).resolve()
        raise NotImplementedError(kind)

    return convert


def _unknown(raw: object, settings: object, at: str = "") -> list[str]:
    """Keys of the file that no setting has, at any depth: `telephony.agents[0].nmae`."""
    if isinstance(raw, list) and isinstance(settings, tuple):
        pairs = zip(raw, settings, strict=False)
        return [name for number, (one, set_) in enumerate(pairs) for name in _unknown(one, set_, f"{at}[{number}]")]
    if isinstance(raw, dict) and isinstance(settings, Mapping):
        return [name for key, value in raw.items() for name in _unknown(value, settings[key], f"{at}.{key}")]
    if not isinstance(raw, dict) or not is_dataclass(settings):
        return []
    known = {one.name for one in fields(settings)}
    found: list[str] = []
    for key, value in raw.items():
        name = f"{at}.{key}" if at else key
        found += _unknown(value, getattr(settings, key), name) if key in known else [name]
    return found
