"""`ivr doctor`: looks at the installation, the configuration and, while it runs, the line."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import dataclasses
import datetime as dt
import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from ivr import doctor, listeners
from ivr.conversation.servers import at_work
from ivr.customers.trial import tried
from ivr.doctor import Finding, Holder, Verdict
from ivr.errors import IvrError, NotPrepared
from ivr.network_ports import answers
from ivr.packs import Pack, load_packs, load_prompts
from ivr.prepare.dialogue import trained_models
from ivr.prepare.places import Places
from ivr.prepare.settings_file import read as read_settings
from ivr.prepare.step import Job
from ivr.prepare.table import STEPS
from ivr.prepare.terminal import Terminal
from ivr.settings import Settings, load
from ivr.speech.model_archives import prove
from ivr.speech.model_folders import model_folder
from ivr.speech.vosk_server_link import wrong_with
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.config import APP
from ivr.telephony.asterisk.secrets import load_secrets
from ivr.telephony.asterisk.server import find as find_asterisk
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import load_taxonomy
from ivr.webhooks import secrets
from ivr.webhooks.ledger import Count, Ledger

SIGNS = {Verdict.OK: "✓", Verdict.UNKNOWN: "·", Verdict.WARN: "!", Verdict.FAIL: "✗"}
COLOURS = {Verdict.OK: "green", Verdict.UNKNOWN: "bright_black", Verdict.WARN: "yellow", Verdict.FAIL: "red"}
HTTP_TIMEOUT_S = 5.0
ARI_USER = f"{APP}-user"
"""As telephony_config/asterisk/ari.conf names it."""


def command(*, as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取")] = False) -> None:
    """检查安装和配置：端口、Asterisk、模型、Rasa、数据库、通知、API、中继、坐席、时钟、磁盘。每一项说明哪里不对、怎么办。

    线路在运行时一并检查 ARI 和 AMI 登录、队列坐席。有“✗”时退出码是 1。
    """
    try:
        settings = load()
        packs = load_packs(settings.root / "data")
        load_prompts(settings.root / "data")
        load_taxonomy(settings.root / "data")
    except IvrError as error:
        findings = [Finding("设置和数据", Verdict.FAIL, str(error), "改正这个文件后再检查一次。")]
    else:
        findings = [Finding("设置和数据", Verdict.OK, f"{len(packs)} 条热线：{'、'.join(packs)}")]
        findings += asyncio.run(examine(settings, packs))
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        _show(findings)
    raise typer.Exit(0 if doctor.healthy(findings) else 1)


async def examine(settings: Settings, packs: Mapping[str, Pack]) -> list[Finding]:
    """Everything there is to know. Never raises `IvrError`: that is a finding."""
    running = await answers(f"http://{settings.host}:{settings.ports.events}/health")
    settings = at_work(settings)
    found = [_asterisk(settings), doctor.model_files(settings.tools / "models"), _rasa_environment(settings)]
    found += [_dialogue(settings), *_ports(settings, running=running), *await _database(settings)]
    found += [*recognition_models(settings), *await _recognition_servers(settings)]
    found += [doctor.customer_source(one.name, one.took_ms, one.wrong) for one in await tried(settings)]
    if running:
        if settings.telephony.media == "websocket":
            found.append(await _ari(settings))
        found += [*await _queues(settings, packs), *await _dialogue_servers(settings)]
    else:
        mend = "启动后再检查一次：make run。"
        found += [Finding("ARI、AMI、Rasa、坐席", Verdict.UNKNOWN, "线路没有运行，看不到", mend)]
    found += [doctor.api(settings), *doctor.retention(settings)]
    found += [*_trunk(settings), *doctor.clock(dt.datetime.now(dt.UTC), settings, synchronised=_synchronised())]
    settings.var.mkdir(parents=True, exist_ok=True)
    return [*found, doctor.disk(settings.var, shutil.disk_usage(settings.var).free / 1e9)]


def _show(findings: list[Finding]) -> None:
    colour = sys.stdout.isatty()
    for finding in findings:
        sign = typer.style(SIGNS[finding.verdict], fg=COLOURS[finding.verdict]) if colour else SIGNS[finding.verdict]
        print(f"{sign} {finding.what}：{finding.says}")
        if finding.mend:
            print(f"    → {finding.mend}")
    count = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    print(f"\n{count[Verdict.OK]} 项正常，{count[Verdict.WARN]} 项提醒，{count[Verdict.FAIL]} 项不对。")


def _asterisk(settings: Settings) -> Finding:
    if settings.telephony.pbx.host:
        return Finding("Asterisk", Verdict.OK, f"用您自己的：{settings.telephony.pbx.host}")
    try:
        asterisk = find_asterisk(settings)
    except IvrError as error:
        return Finding("Asterisk", Verdict.FAIL, str(error), "运行 make prepare。")
    return Finding("Asterisk", Verdict.OK, f"{asterisk.version}（{asterisk.command[-1]}）")


def _rasa_environment(settings: Settings) -> Finding:
    if not (settings.root / ".venv-rasa/bin/rasa").exists():
        return Finding("Rasa 的环境", Verdict.FAIL, "还没有安装，或装到一半", "运行 make prepare。")
    return Finding("Rasa 的环境", Verdict.OK, str(settings.root / ".venv-rasa"))


def _dialogue(settings: Settings) -> Finding:
    places = Places(settings.root)
    job = Job(places, Terminal(), read_settings(settings.root / "ivr.toml"))
    step = next(step for step in STEPS if step.name == "dialogue")
    return doctor.trained_dialogue([path for path in trained_models(job) if path.exists()], current=step.is_done(job))


def _ports(settings: Settings, *, running: bool) -> list[Finding]:
    numbers = dataclasses.asdict(settings.ports)
    wanted = {name: port for name, port in numbers.items() if not name.startswith("rtp")}
    listening = listeners.sockets()
    taken = {port: inodes for port in wanted.values() if (inodes := listening.get(port))}
    owner = listeners.owners(inode for inodes in taken.values() for inode in inodes)
    ours = listeners.family(_own_processes(settings.var / "run"))
    held = {}
    for port, inodes in taken.items():
        process = next((owner[inode] for inode in inodes if inode in owner), None)
        program = listeners.command_line(process)[:80] if process else ""
        held[port] = Holder(program, ours=process in ours)
    return doctor.ports(wanted, held, running=running)


def _own_processes(run: Path) -> Iterator[int]:
    """Those that `ivr.processes` keeps. A stale file's number may be another program's by now: its words must fit."""
    for file in run.glob("*.pid") if run.is_dir() else ():
        with contextlib.suppress(ValueError):
            process = int(file.read_text("ascii"))
            if file.stem.split("-")[0] in listeners.command_line(process):  # rasa-3: that of the third version
                yield process


async def _database(settings: Settings) -> list[Finding]:
    """With what it says of the webhooks' receivers, where it answers."""
    try:
        url = settings.database_url
        store = TicketStore(url, settings.zone)
    except IvrError as error:
        return [Finding("数据库", Verdict.FAIL, str(error), "改正 ivr.toml 里的 database（docs/tickets.md）。")]
    shown = url.split("@")[-1].partition("?")[0]  # never the password
    file = Path(url.partition("///")[2]) if url.startswith("sqlite") else None
    if file and not file.exists():
        return [Finding("数据库", Verdict.OK, f"{file}，第一次启动时建立"), *webhooks(settings, {})]
    try:
        await store.open()
        release = await store.release()
        counts = await Ledger(store.database, now=settings.now).counts() if settings.webhooks else {}
    except IvrError as error:
        return [Finding("数据库", Verdict.FAIL, str(error), "检查设置 database、数据库是否在运行、文件的属主。")]
    finally:
        await store.close()
    return [Finding("数据库", Verdict.OK, f"{shown}（{release}）"), *webhooks(settings, counts)]


def webhooks(settings: Settings, counts: Mapping[str, Count]) -> list[Finding]:
    """Does each take what it is told, and have a secret that is one?"""
    now, found = settings.now(), []
    try:
        secrets.check(settings.var / "secrets.toml", [hook.address for hook in settings.webhooks])
    except IvrError as error:
        mend = "改好或删掉这一项再重新启动；在那之前 HTTP API 和通知都起不来，通知先存着。"
        found = [Finding("通知的密钥", Verdict.FAIL, str(error), mend)]
    for hook in settings.webhooks:
        found += doctor.webhook(hook, counts.get(hook.address, Count()), now)
    return found


async def _ari(settings: Settings) -> Finding:
    where = (
        f"http://{settings.host}:{settings.ports.asterisk_http}/ari/channels"  # res_ari_asterisk (…/info) is not loaded
    )
    secret = load_secrets(settings.var / "secrets.toml").ari
    status, _ = await _get(where, auth=aiohttp.BasicAuth(ARI_USER, secret))
    if status == 200:
        return Finding("ARI 登录", Verdict.OK, "成功")
    mend = "重新启动 ivr up，让 Asterisk 用上现在的 var/secrets.toml。"
    if status == 401:
        return Finding("ARI 登录", Verdict.FAIL, "Asterisk 拒绝了用户名或密码", mend)
    return Finding(
        "ARI 登录", Verdict.FAIL, f"没有正常回答（HTTP {status or '无'}）", f"看 var/log/asterisk.log；{mend}"
    )


async def _queues(settings: Settings, packs: Mapping[str, Pack]) -> list[Finding]:
    watch = QueueWatch(settings)
    try:
        await watch.start()
    except IvrError as error:
        mend = "重新启动 ivr up，让 Asterisk 用上现在的 var/secrets.toml。"
        return [Finding("AMI 登录", Verdict.FAIL, str(error), mend)]
    try:
        names = dict.fromkeys(name for pack in packs.values() for name in pack.queue_names)
        members = [doctor.queue_members(name, watch.free_agents(name)) for name in names]
        return [Finding("AMI 登录", Verdict.OK, "成功"), *members]
    finally:
        await watch.stop()


def recognition_models(settings: Settings) -> list[Finding]:
    """Those that hotlines name. Models of some engines are loaded to know them (seconds)."""
    found = []
    for hotline, choice in settings.speech.recognisers.items():
        engine = choice.fallback if choice.engine == "vosk_server" else choice.engine
        if engine == "whisper":
            continue
        wrong = None
        try:
            prove(model_folder(settings, choice.model, engine), engine)
        except NotPrepared as error:
            wrong = str(error)
        found.append(doctor.recognition_model(hotline, choice.model, wrong))
    return found


async def _recognition_servers(settings: Settings) -> list[Finding]:
    found = []
    for choice in {each for each in settings.speech.recognisers.values() if each.engine == "vosk_server"}:
        try:
            wrong = await wrong_with(choice)
        except IvrError as error:
            found.append(Finding("识别服务", Verdict.FAIL, str(error), "改正设置后再检查一次。"))
        else:
            found += [doctor.recognition_server(address, why) for address, why in wrong.items()]
    return found


async def _dialogue_servers(settings: Settings) -> list[Finding]:
    found = []
    for name, port, path, log in (
        ("Rasa", settings.ports.rasa, "status", "rasa"),
        ("动作服务", settings.ports.actions, "health", "actions"),
    ):
        status, answer = await _get(f"http://{settings.host}:{port}/{path}")
        if status == 200:
            found.append(Finding(name, Verdict.OK, Path(str(answer.get("model_file") or "在回答")).name))
        else:
            says = f"没有正常回答（HTTP {status or '无'}）"
            found.append(Finding(name, Verdict.FAIL, says, f"看 var/log/{log}.log，再重新启动 ivr up。"))
    return found


async def _get(url: str, auth: aiohttp.BasicAuth | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON; status 0 when nobody answers."""
    timeout = aiohttp.ClientTimeout(total=HTTP_TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout, auth=auth) as http, http.get(url) as response:
            content = await response.json(content_type=None) if response.status == 200 else {}
            return response.status, content if isinstance(content, dict) else {}
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return 0, {}


def _trunk(settings: Settings) -> list[Finding]:
    trunk = settings.telephony.trunk
    has_password = bool(trunk.user) and bool(load_secrets(settings.var / "secrets.toml").trunk_password)
    speech = settings.speech
    return doctor.trunk(
        settings.telephony,
        voices=[name for names in (speech.voices, *speech.hotline_voices.values()) for name in names],
        resolves=_resolves(trunk.host),
        has_password=has_password,
        simulation=settings.simulation,
    )


def _resolves(host: str) -> bool:
    try:
        return bool(host) and bool(socket.getaddrinfo(host, None))
    except OSError:
        return False


def _synchronised() -> bool | None:
    """adjtimex(2) in read-only mode: TIME_ERROR means the kernel knows of no synchronisation."""
    call: Callable[[Any], int] | None = getattr(ctypes.CDLL(None), "adjtimex", None)
    if call is None:
        return None
    state = call(ctypes.create_string_buffer(512))  # struct timex, modes = 0
    return None if state < 0 else state != 5  # TIME_ERROR
