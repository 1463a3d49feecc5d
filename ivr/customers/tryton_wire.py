"""Tryton's JSON-RPC (trytond 8.0, `protocols/jsonrpc.py`), without sockets: what is asked, what the answers mean."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from ivr.errors import WireError

SOLD = ("confirmed", "processing", "done")
STATES = {
    "draft": "草稿",
    "waiting": "待处理",
    "approved": "已批准",
    "rejected": "已驳回",
    "done": "已完成",
    "cancelled": "已取消",
}
"""State of a sale.complaint → Chinese."""
MOST = 20
Row = Mapping[str, Any]


def call(method: str, *params: Any) -> dict[str, Any]:
    return {"id": 0, "method": method, "params": list(params)}


def search(model: str, domain: Sequence[Any], order: str, names: Sequence[str], context: Row) -> dict[str, Any]:
    return call(f"model.{model}.search_read", list(domain), 0, MOST, [[order, "DESC"]], list(names), dict(context))


def session(user: str, user_id: int, token: str) -> str:
    """The Authorization header of everything after the login."""
    return "Session " + base64.b64encode(f"{user}:{user_id}:{token}".encode()).decode()


def result_of(answer: Any) -> Any:
    """Raises `WireError` for what is no answer, and for an error, with the server's word for it."""
    if not isinstance(answer, dict) or not {"result", "error"} & set(answer):
        raise WireError("Tryton 的答复不是 JSON-RPC")
    if error := answer.get("error"):
        words = error[0] if isinstance(error, list) and error else error
        raise WireError(f"Tryton 不肯：{str(words)[:150]}")
    return answer.get("result")


def login_of(result: Any) -> tuple[int, str]:
    """User's id and session. Raises `WireError`."""
    match result:
        case [int() as user_id, str() as token, *_]:
            return user_id, token
        case _:
            raise WireError("Tryton 登录的答复不对")


def contacts(numbers: Sequence[str]) -> list[Any]:
    """Domain of the contact mechanisms that are this caller's number."""
    either = ["OR", ["value", "in", list(numbers)], ["value_compact", "in", list(numbers)]]
    return [["type", "in", ["phone", "mobile"]], either]


def purchase(row: Row, warranty_months: int) -> dict[str, Any]:
    """Of a sale.line."""
    sale, product = row.get("sale.") or {}, row.get("product.") or {}
    sold = date_of(sale.get("sale_date"))
    until = months_after(sold, warranty_months) if sold and warranty_months else None
    return {
        "product": product.get("name"),
        "model": product.get("code"),
        "order_no": sale.get("number"),
        "purchased": sold,
        "warranty_until": until,
    }


def agreement(row: Row) -> dict[str, Any]:
    """Of a sale.subscription.line."""
    own_end = date_of(row.get("end_date"))
    until = own_end or date_of((row.get("subscription.") or {}).get("end_date"))
    return {"name": (row.get("service.") or {}).get("rec_name"), "until": until}


def complaint(row: Row) -> dict[str, Any]:
    """Of a sale.complaint."""
    return {
        "subject": row.get("description") or (row.get("type.") or {}).get("name"),
        "date": date_of(row.get("date")),
        "status": STATES.get(str(row.get("state")), row.get("state")),
        "reference": row.get("number"),
    }


def date_of(value: Any) -> dt.date | None:
    """Of `{"__class__": "date", …}`; None for anything else."""
    try:
        return dt.date(value["year"], value["month"], value["day"])
    except (TypeError, KeyError, ValueError):
        return None


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day of the month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in range(day.day, 27, -1):
        try:
            return dt.date(year, month + 1, last)
        except ValueError:
            continue
    return dt.date(year, month + 1, day.day)
