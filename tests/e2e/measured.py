"""What the real calls of a test run measured, for its summary."""

from __future__ import annotations

ANSWER_GAPS: list[int] = []
"""Milliseconds from the caller's last speech sample to the first sample of the answer, at the SIP client."""

RING_EVENTS: list[int] = []
"""Milliseconds from the INVITE at the agent's telephone to the event at the desk; negative: the event first."""

RING_WEBHOOKS: list[int] = []
"""The same to the webhook at another system."""


def summary() -> list[str]:
    rings = {"桌面收到事件": RING_EVENTS, "别的系统收到 webhook": RING_WEBHOOKS}
    told = [f"坐席电话响到{what}（{len(took)} 次）：{sorted(took)} ms" for what, took in rings.items() if took]
    return [*([_gaps()] if ANSWER_GAPS else []), *told]


def _gaps() -> str:
    gaps = sorted(ANSWER_GAPS)
    middle, late = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.95)]
    return f"应答间隔（{len(gaps)} 轮，在 SIP 客户端测得）：p50 {middle} ms，p95 {late} ms；全部 {gaps}"
