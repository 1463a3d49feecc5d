"""Asterisk's configuration: the templates in `telephony_config/asterisk/`, filled in.

The templates' marks are `<< value >>`, `<% block %>` and `<# comment #>`, for `${…}`, `{…}` and `;` are Asterisk's own.
"""

from __future__ import annotations

import hashlib
import ipaddress
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from ivr.errors import SettingsError
from ivr.packs import HumanQueue, Pack
from ivr.settings import Agent, Settings
from ivr.telephony.asterisk.secrets import Secrets
from ivr.telephony.numbers import spellings

APP = "ivr"
"""Name of the Stasis application, of the ARI and of the AMI user."""
CALLS_USER = f"{APP}-calls"
"""AMI user of calls by AudioSocket."""
LONGEST_SOCKET_PATH = 100
"""Of sockaddr_un.sun_path's 108 bytes (unix(7)); Asterisk cuts a longer one silently."""
DIALLED = {
    "uri": "${EXTEN}",
    "to": "${PJSIP_PARSE_URI(${PJSIP_HEADER(read,To)},user)}",
    "diversion": "${PJSIP_PARSE_URI(${PJSIP_HEADER(read,Diversion)},user)}",
    "called_party": "${PJSIP_PARSE_URI(${PJSIP_HEADER(read,P-Called-Party-ID)},user)}",
}
"""Where a dialled number stands, in the dialplan's words."""

QUIET = {
    **dict.fromkeys(("ccss", "cel", "features", "pjproject", "queuerules", "udptl"), "[general]\n"),
    "acl": "; none\n",
    "cdr": "[general]\nenable = no\n",
    "stasis": "[taskpool]\nminimum_size = 5\n",
}
"""Files that Asterisk's core wants to see, though we set nothing in them: without them the log starts with errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Asterisk's folders; all but the last two are ours, below `var`."""

    etc: Path
    lib: Path
    spool: Path
    run: Path
    log: Path
    sounds: Path
    """Announcements, produced by the voice: no_agent, closed, waiting, called_back."""
    recordings: Path
    music: Path
    modules: Path
    """Of the Asterisk that is started."""
    data: Path

    def make(self) -> None:
        for folder in (self.etc, self.lib, self.spool, self.run, self.log, self.sounds, self.recordings):
            folder.mkdir(parents=True, exist_ok=True)
        self.etc.chmod(0o700)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    name: str
    members: Mapping[str, int] = field(default_factory=dict)
    """Extension of an agent → penalty: the lowest is called first."""
    weight: int = 0


def folders(settings: Settings, *, modules: Path, data: Path) -> Folders:
    base = settings.var / "asterisk"
    run = base / "run"
    if len(str(run / "asterisk.ctl").encode()) > LONGEST_SOCKET_PATH:
        run = Path(tempfile.gettempdir()) / f"ivr-{hashlib.sha256(str(base).encode()).hexdigest()[:12]}"
    return Folders(
        etc=base / "etc",
        lib=base / "lib",
        spool=base / "spool",
        run=run,
        log=settings.var / "log" / "asterisk",
        sounds=settings.var / "sounds",
        recordings=settings.var / "recordings",
        music=base / "music",
        modules=modules,
        data=data,
    )


def render(settings: Settings, packs: Mapping[str, Pack], secrets: Secrets, where: Folders) -> dict[str, str]:
    """File name → content. Raises `SettingsError`."""
    _check(settings, packs)
    if settings.telephony.trunk.user and not secrets.trunk_password:
        file = settings.var / "secrets.toml"
        raise SettingsError(f"中继用户 {settings.telephony.trunk.user} 没有密码：请填进 {file} 的 trunk_password。")
    source = settings.root / "telephony_config" / "asterisk"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(source),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (configuration files, not HTML; values are checked above)
    )
    values = _values(settings, packs, secrets, where)
    names = sorted(file.name for file in source.glob("*.conf"))
    if not names:
        raise SettingsError(f"{source} 里没有 Asterisk 的配置模板，请检查安装是否完整。")
    try:
        files = {name: environment.get_template(name).render(values) for name in names}
    except jinja2.TemplateError as error:
        raise SettingsError(f"{source} 里的模板有误：{error}") from error
    return {**{f"{name}.conf": content for name, content in QUIET.items()}, **files}


def write(files: Mapping[str, str], where: Folders) -> None:
    """Put the files where Asterisk reads them; what it must not read any more is removed."""
    where.make()
    for stale in {file.name for file in where.etc.glob("*.conf")} - set(files):
        (where.etc / stale).unlink()
    for name, content in files.items():
        file = where.etc / name
        file.touch(mode=0o600)
        file.write_text(content, "utf-8")


def queues(settings: Settings, packs: Mapping[str, Pack]) -> dict[str, Queue]:
    """By name; hotlines may share one."""
    result: dict[str, Queue] = {}
    for pack in packs.values():
        agents = [agent for agent in settings.telephony.agents if not agent.queues or pack.hotline in agent.queues]
        for name in pack.queue_names:
            wanted = pack.human_queues.get(name, HumanQueue())
            known = result.get(name, Queue(name=name))
            members = {**_members(agents, wanted), **known.members}
            result[name] = Queue(name=name, members=members, weight=max(known.weight, wanted.weight))
    return result


def _members(agents: Iterable[Agent], queue: HumanQueue) -> dict[str, int]:
    """Extension → penalty: whoever can do it is called first."""
    skilled = {agent.extension: 0 if not queue.skill or queue.skill in agent.skills else 1 for agent in agents}
    return {extension: penalty for extension, penalty in skilled.items() if queue.others or not penalty}


def _values(settings: Settings, packs: Mapping[str, Pack], secrets: Secrets, where: Folders) -> dict[str, object]:
    telephony = settings.telephony
    return {
        **{name: getattr(where, name) for name in Folders.__dataclass_fields__},
        "app": APP,
        "calls_user": CALLS_USER,
        "audiosocket": telephony.media == "audiosocket",
        "host": settings.line_host,
        "ports": settings.ports,
        "secrets": secrets,
        "simulation": settings.simulation,
        "telephony": telephony,
        "trunk": telephony.trunk,
        "agents": telephony.agents,
        "local_clients": not telephony.trunk.host or _is_loopback(telephony.sip_host),
        "queues": list(queues(settings, packs).values()),
        "numbers": _numbers(packs, settings.region),
        "dialled_from": [DIALLED[source] for source in telephony.dialled_from],
    }


def _numbers(packs: Mapping[str, Pack], region: str) -> list[tuple[str, str]]:
    """(extension or pattern, queue): every number as a provider may spell it; the first hotline to name one has it."""
    found: dict[str, str] = {}
    for pack in packs.values():
        for number in pack.dialled:
            for spelling in spellings(number, region):
                pattern = f"_{spelling[:-1]}!" if spelling.endswith("*") else spelling
                found.setdefault(pattern, pack.own_queue)
    return list(found.items())


def _check(settings: Settings, packs: Mapping[str, Pack]) -> None:
    telephony = settings.telephony
    if telephony.pbx.host and telephony.media != "audiosocket":
        raise SettingsError('telephony.pbx 要和 telephony.media = "audiosocket" 一起用：请在设置里写上。')
    unknown = set(telephony.dialled_from) - set(DIALLED)
    if unknown:
        raise SettingsError(
            f"telephony.dialled_from 里的 {'、'.join(sorted(unknown))} 不认识；可用：{'、'.join(DIALLED)}。"
        )
    for agent in telephony.agents:
        if not agent.extension.isascii() or not agent.extension.isdigit():
            raise SettingsError(f"telephony.agents 的分机号 {agent.extension!r} 应当只含数字。")
    for name in {name for pack in packs.values() for name in pack.queue_names}:
        if not name.isascii() or not name.replace("_", "").replace("-", "").isalnum() or name == "general":
            raise SettingsError(
                f"队列名 {name!r} 只能用英文字母、数字、- 和 _（见 data/packs 里的 hotline.yml 和 handoff.yml）。"
            )
    for value in (telephony.sip_host, telephony.external_address, telephony.trunk.host, telephony.trunk.user):
        if set(value) & set("\r\n;[]<> ,"):
            raise SettingsError(f"telephony 里的 {value!r} 含有 Asterisk 配置不能有的字符。")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
