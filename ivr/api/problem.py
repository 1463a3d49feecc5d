"""Errors as application/problem+json (RFC 9457): a sentence for people, a code for programs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ivr.errors import (
    IvrError,
    PeerDown,
    StepRefused,
    StoreBusy,
    StoreDown,
    TicketChanged,
    TicketUnknown,
    WrongValue,
)

CONTENT_TYPE = "application/problem+json"

STATUS: dict[type[IvrError], int] = {
    TicketUnknown: 404,
    StepRefused: 409,
    TicketChanged: 412,
    WrongValue: 422,
    StoreBusy: 503,
    StoreDown: 503,
    PeerDown: 503,
}
"""Error of the product → status. Others are ours to mend: 500."""


class Problem(Exception):
    """`detail` is for a person, `code` is stable, `headers` go with the answer."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}

    def document(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }


def of_error(error: IvrError) -> Problem:
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    if status == 500:  # its sentence is for whoever runs the line: it may name files and servers
        return Problem(500, error.code, "服务内部出错，已记在日志里；请稍后再试，或告诉管理员。")
    return Problem(status, error.code, str(error), {"Retry-After": "2"} if status == 503 else {})


def unexpected() -> Problem:
    return Problem(500, "internal", "服务内部出错，已记在日志里；请稍后再试，或告诉管理员。")


OF_HTTP: dict[int, tuple[str, str]] = {
    404: ("not_found", "没有这个地址；有哪些见 /openapi.json。"),
    405: ("method_not_allowed", "这个地址不支持这种方法；支持的见 Allow。"),
    413: ("too_large", "请求太大：最多 64 KiB。"),
    416: ("bad_range", "要的范围不在录音里。"),
}
"""What aiohttp itself refuses → code and sentence."""


def of_http(status: int, headers: Mapping[str, str]) -> Problem:
    code, detail = OF_HTTP.get(status, ("bad_request", "请求不符合 HTTP 的规定。"))
    return Problem(status, code, detail, headers)
