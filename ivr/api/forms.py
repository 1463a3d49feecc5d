"""What the API takes and gives, once: requests are checked against these types, the description is made from them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ivr.settings import WebhookEvent
from ivr.tickets.lifecycle import Step
from ivr.tickets.ticket import Stage, Status, Ticket, TranscriptLine, Urgency

NO_CONTROL = r"^[^\u0000-\u001f\u007f]+$"
"""A database of text cannot keep NUL, and a line is a line."""

TicketNo = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._-]{1,32}$", description="工单编号", examples=["GD20261122-000001"])
]
CallId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,128}$", description="通话编号", examples=["1795313071.1"])]
Number = Annotated[str, Meta(pattern=r"^[0-9]{3,20}$", description="国内号码，不带 +86", examples=["13800010001"])]
Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Moment = Annotated[dt.datetime, Meta(tz=True)]
Line = Annotated[str, Meta(pattern=NO_CONTROL, max_length=500)]
Why = Annotated[str, Meta(pattern=NO_CONTROL, max_length=500, description="为什么：记在工单的改动历史里")]
Limit = Annotated[int, Meta(ge=1, le=200, description="最多多少张")]
FieldId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class NoQuery(Struct, forbid_unknown_fields=True):
    """Takes no parameters."""


class _Filter(Struct, forbid_unknown_fields=True, kw_only=True):
    hotline: Annotated[Word, Meta(description="热线，如 appliance")] | None = None
    category: Annotated[Word, Meta(description="类别，如 product_fault")] | None = None
    status: Status | None = None
    stage: Stage | None = None
    urgency: Urgency | None = None
    caller_number: Number | None = None
    since: Annotated[Moment, Meta(description="从这时起（含），RFC 3339")] | None = None
    until: Annotated[Moment, Meta(description="到这时为止（不含），RFC 3339")] | None = None


class TicketFilter(_Filter, forbid_unknown_fields=True, kw_only=True):
    q: Annotated[str, Meta(pattern=NO_CONTROL, max_length=100, description="全文查找")] | None = None
    limit: Limit = 50
    cursor: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,200}$", description="上一页的 next")] | None = None


class ExportFilter(_Filter, forbid_unknown_fields=True, kw_only=True):
    format: Literal["csv", "xlsx", "json"] = "csv"


class CallbackFilter(Struct, forbid_unknown_fields=True, kw_only=True):
    until: Annotated[Moment, Meta(description="这时之前该回的，RFC 3339；不写就是现在")] | None = None
    limit: Limit = 50


class CustomerFilter(Struct, forbid_unknown_fields=True):
    hotline: Annotated[Word, Meta(description="哪条热线的客户系统；不写就是共用的")] | None = None


class TicketPage(Struct, kw_only=True):
    items: list[Ticket]
    """Without transcripts."""
    next: Annotated[str | None, Meta(description="下一页的 cursor；null：到底了")]


class TicketItems(Struct):
    items: list[Ticket]


class ChangeForm(Struct):
    at: dt.datetime
    who: str
    why: str
    changed: Annotated[dict[str, list[Any]], Meta(description="键 → [之前, 之后]")]


class History(Struct):
    items: list[ChangeForm]


class Transcript(Struct):
    items: list[TranscriptLine]


class CallForm(Struct):
    call_id: str
    tickets: list[Ticket]
    transcript: list[TranscriptLine]
    recording: Annotated[bool, Meta(description="有录音可以下载")]


class StepForm(Struct, forbid_unknown_fields=True):
    step: Step
    why: Why


class CorrectionForm(Struct, forbid_unknown_fields=True, kw_only=True):
    why: Why
    fields: Annotated[
        dict[FieldId, Line | None], Meta(max_length=40, description="字段 → 新的值（按字段的写法）；null 去掉它")
    ] = {}
    category: Word | UnsetType = UNSET
    summary: Line | UnsetType = UNSET


class Done(Struct, forbid_unknown_fields=True):
    why: Why


class ProblemForm(Struct, rename={"kind": "type"}):
    """RFC 9457."""

    kind: str
    title: str
    status: int
    detail: Annotated[str, Meta(description="给人看的一句话：哪里不对，怎么办")]
    code: Annotated[str, Meta(description="稳定的代码，给程序判断")]


class EventData(Struct):
    """`data` of a webhook; docs/webhooks.md."""

    ticket: Ticket
    who: str
    why: str
    changed: list[str]
    last_lines: list[dict[str, Any]] | UnsetType = UNSET
    """Of a hand-off and a ring."""
    ring: dict[str, Any] | UnsetType = UNSET
    """`ticket.ringing`: agent, queue, reason, waited_s."""


class _Envelope(Struct):
    """CloudEvents 1.0."""

    specversion: Literal["1.0"]
    id: str
    source: str
    subject: str
    time: dt.datetime
    datacontenttype: Literal["application/json"]


class TicketEvent(_Envelope):
    type: WebhookEvent
    data: EventData


class TestData(Struct):
    message: str


class TestEvent(_Envelope):
    """`ivr webhooks test`: of no ticket."""

    type: Literal["webhook.test"]
    data: TestData


def schemas(types: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """JSON Schema of each type, and the components they refer to."""
    found, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    components.get("Ticket", {}).get("properties", {}).pop("version", None)  # the ETag says it
    return list(found), dict(components)
