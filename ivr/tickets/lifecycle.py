"""The life of a ticket as two tables: `STATUS`, the outcome of its call, and `STAGE`, the work that people do on it.

A step that the table does not hold raises `StepRefused`, naming stage and step. The diagram in docs/tickets.md is
`diagram()`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ivr.errors import StepRefused
from ivr.tickets.ticket import Stage, Status, Ticket

Step = Literal["send_to_review", "accept", "correct", "close", "reopen"]

STAGE: dict[tuple[Stage, Step], Stage] = {
    ("new", "send_to_review"): "in_review",
    ("new", "accept"): "accepted",
    ("new", "correct"): "corrected",
    ("new", "close"): "closed",
    ("in_review", "accept"): "accepted",
    ("in_review", "correct"): "corrected",
    ("accepted", "correct"): "corrected",
    ("accepted", "send_to_review"): "in_review",
    ("accepted", "close"): "closed",
    ("corrected", "correct"): "corrected",
    ("corrected", "accept"): "accepted",
    ("corrected", "close"): "closed",
    ("closed", "reopen"): "reopened",
    ("reopened", "send_to_review"): "in_review",
    ("reopened", "accept"): "accepted",
    ("reopened", "correct"): "corrected",
    ("reopened", "close"): "closed",
}

STATUS: dict[Status, frozenset[Status]] = {
    "draft": frozenset({"draft", "complete", "incomplete", "abandoned"}),
    "complete": frozenset({"complete"}),
    "incomplete": frozenset({"incomplete"}),
    "abandoned": frozenset({"abandoned"}),
}
"""What may follow what; the outcome of a call is final."""

STAGE_ZH: dict[Stage, str] = {
    "new": "新建",
    "in_review": "待审核",
    "accepted": "已受理",
    "corrected": "已更正",
    "closed": "已关闭",
    "reopened": "已重开",
}
STATUS_ZH: dict[Status, str] = {
    "draft": "通话中",
    "complete": "完整",
    "incomplete": "不完整",
    "abandoned": "中途挂断",
}


def moved(ticket: Ticket, step: Step) -> Ticket:
    """The ticket one step on. Raises `StepRefused` for a step that its stage does not allow."""
    try:
        return replace(ticket, stage=STAGE[ticket.stage, step])
    except KeyError:
        can = "、".join(name for (stage, name) in STAGE if stage == ticket.stage)
        raise StepRefused(
            f"工单 {ticket.ticket_no} 现在是“{STAGE_ZH[ticket.stage]}”（{ticket.stage}），不能 {step}；可以：{can}。"
        ) from None


def check_followed(before: Ticket, after: Ticket) -> None:
    """Raises `StepRefused` when a stored ticket's outcome, or a stage without a step that leads there, is changed."""
    if after.status not in STATUS[before.status]:
        was, would_be = STATUS_ZH[before.status], STATUS_ZH[after.status]
        raise StepRefused(f"工单 {before.ticket_no} 的通话结果已定为“{was}”，不能改成“{would_be}”。")
    reachable = {to for (stage, _), to in STAGE.items() if stage == before.stage}
    if after.stage != before.stage and after.stage not in reachable:
        raise StepRefused(
            f"工单 {before.ticket_no} 不能从“{STAGE_ZH[before.stage]}”直接变成“{STAGE_ZH[after.stage]}”，请一步一步来。"
        )


def diagram() -> str:
    """The stages as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> new"]
    lines += [f"    {stage} --> {to}: {step}" for (stage, step), to in STAGE.items()]
    return "\n".join(lines)
