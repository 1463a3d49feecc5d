"""What a call takes along to a human, as channel variables. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.call.ports import Transfer

TICKET = "__IVR_TICKET"
"""Two underscores: the agent's channel inherits it."""
FAILED: Mapping[str, str] = {"IVR_REASON": "bot_failure"}
"""The bot gave the call up."""


def of_transfer(transfer: Transfer) -> dict[str, str]:
    ticket = {TICKET: transfer.ticket_no} if transfer.ticket_no else {}
    waits = {"IVR_WAITS": "1"} if transfer.waits else {}
    of_all = {"IVR_QUEUE": transfer.queue, "IVR_REASON": transfer.reason, "QUEUE_PRIO": str(transfer.priority)}
    return {**ticket, **of_all, **waits}


def clean(value: str) -> str:
    """It travels through the dialplan, AMI and SIP headers."""
    return re.sub(r"[^A-Za-z0-9_.+-]", "", value)
