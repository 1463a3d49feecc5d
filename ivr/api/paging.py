"""Where a page ended, as an opaque word; and a ticket's entity tag."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import re

import msgspec

from ivr.api.problem import Problem
from ivr.tickets.ticket import Ticket, to_json

TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')


def cursor(last: Ticket) -> str:
    text = f"{last.created_at.isoformat()} {last.ticket_no}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(word: str) -> tuple[dt.datetime, str]:
    """Raises `Problem` for what is no cursor of ours."""
    try:
        text = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
        at, _, ticket_no = text.partition(" ")
        moment = dt.datetime.fromisoformat(at)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        moment, ticket_no = dt.datetime.min, ""  # noqa: DTZ901  (told below)
    if moment.tzinfo is None or not ticket_no.isascii() or not ticket_no.isprintable():
        raise Problem(422, "bad_cursor", "cursor 不对：要原样用上一页的 next。")
    return bounded(moment), ticket_no


def bounded(at: dt.datetime) -> dt.datetime:
    """Within the years that every database and time zone can hold; there are no tickets beyond."""
    return min(max(at, dt.datetime(1970, 1, 2, tzinfo=dt.UTC)), dt.datetime(9000, 1, 1, tzinfo=dt.UTC))


def etag(ticket: Ticket) -> str:
    """Changes with all that the ticket's form shows, also what has no version: transcript, recording, outcome. The
    order of keys does not count: PostgreSQL keeps its own."""
    digest = hashlib.sha256(msgspec.json.encode(to_json(ticket), order="deterministic")).hexdigest()
    return f'"{ticket.version}-{digest[:16]}"'


def tags(header: str) -> list[str]:
    """Of If-Match or If-None-Match, without W/; ["*"] for any. Raises `Problem` for what is neither. A proxy that
    compresses makes our tags weak (nginx); they are of the content, not of its bytes, so they count all the same."""
    if header.strip() == "*":
        return ["*"]
    found = TAG.findall(header)
    if not found or TAG.sub("", header).replace(",", "").strip():
        raise Problem(400, "bad_etag", "If-Match 不对：要原样用读工单时得到的 ETag，连同引号。")
    return [tag.removeprefix("W/") for tag in found]
