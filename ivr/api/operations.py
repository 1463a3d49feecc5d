"""All operations, as one table."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.api import forms
from ivr.api.calls import Calls, CustomerDesk
from ivr.api.office import Office
from ivr.api.routes import EXPORTS, Handler, Route
from ivr.api.tickets import Tickets
from ivr.tickets.customer import Customer
from ivr.tickets.ticket import Ticket

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET", path="/v1/tickets", name="list_tickets", tag="工单", scope="read",
        summary="列出或查找工单，新的在前，不含对话", query=forms.TicketFilter, answer=forms.TicketPage,
    ),
    Route(
        method="GET", path="/v1/exports/tickets", name="export_tickets", tag="工单", scope="read",
        summary="导出成文件：CSV、XLSX 或 JSON（连同对话）", query=forms.ExportFilter, answer=tuple(EXPORTS.values()),
    ),
    Route(
        method="GET", path="/v1/tickets/{ticket_no}", name="get_ticket", tag="工单", scope="read",
        summary="一张工单，连同对话", answer=Ticket, etag=True, problems=(404,),
    ),
    Route(
        method="PATCH", path="/v1/tickets/{ticket_no}", name="correct_ticket", tag="工单", scope="write",
        summary="更正或补全：字段、类别、摘要", body=forms.CorrectionForm, answer=Ticket,
        if_match=True, problems=(404, 409),
    ),
    Route(
        method="GET", path="/v1/tickets/{ticket_no}/history", name="ticket_history", tag="工单", scope="read",
        summary="每一次改动：谁、何时、为什么", answer=forms.History, problems=(404,),
    ),
    Route(
        method="GET", path="/v1/tickets/{ticket_no}/transcript", name="ticket_transcript", tag="工单", scope="read",
        summary="对话原文", answer=forms.Transcript, problems=(404,),
    ),
    Route(
        method="POST", path="/v1/tickets/{ticket_no}/steps", name="step_ticket", tag="工单", scope="write",
        summary="处理一步：送审、受理、关闭、重开", body=forms.StepForm, answer=Ticket,
        if_match=True, problems=(404, 409),
    ),
    Route(
        method="GET", path="/v1/callbacks", name="list_callbacks", tag="回电", scope="read",
        summary="该回的电话，急的在前", query=forms.CallbackFilter, answer=forms.TicketItems,
    ),
    Route(
        method="POST", path="/v1/tickets/{ticket_no}/callback/done", name="callback_done", tag="回电", scope="write",
        summary="已经回过电话", body=forms.Done, answer=Ticket, problems=(404, 409),
    ),
    Route(
        method="GET", path="/v1/calls/{call_id}", name="get_call", tag="通话", scope="read",
        summary="一通电话：它的工单和对话", answer=forms.CallForm, problems=(404,),
    ),
    Route(
        method="GET", path="/v1/calls/{call_id}/recording", name="get_recording", tag="通话", scope="read",
        summary="录音（WAV），可以只要一段（Range）", answer="audio/wav", problems=(404, 416),
    ),
    Route(
        method="GET", path="/v1/customers/{number}", name="get_customer", tag="客户", scope="read",
        summary="这个号码的客户资料", query=forms.CustomerFilter, answer=Customer, problems=(404,),
    ),
)  # fmt: skip


def handlers(office: Office) -> Mapping[str, Handler]:
    """By the route's name."""
    tickets, calls, customers = Tickets(office), Calls(office), CustomerDesk(office)
    return {
        "list_tickets": tickets.list_,
        "export_tickets": tickets.export,
        "get_ticket": tickets.get,
        "correct_ticket": tickets.correct,
        "ticket_history": tickets.history,
        "ticket_transcript": tickets.transcript,
        "step_ticket": tickets.step,
        "list_callbacks": tickets.callbacks,
        "callback_done": tickets.called_back,
        "get_call": calls.get,
        "get_recording": calls.recording,
        "get_customer": customers.get,
    }
