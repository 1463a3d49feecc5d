"""After the human's part: the agent completes the ticket that the bot began. One ticket, not another.

`finish` is what the command `ivr tickets complete` and the HTTP API call. The outcome of the call (`status`) stays; the
work on it (`stage`) moves on; what was done, by whom and when is in the ticket's history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ivr.errors import WrongValue
from ivr.tickets.correction import Correction, corrected
from ivr.tickets.judgement.summary import summary
from ivr.tickets.lifecycle import STAGE, moved
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Stage, Ticket, TranscriptLine

LONGEST_NOTE = 2000
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    fields: Mapping[str, str | None] = field(default_factory=dict)
    """Field id → its value, normalised as its kind says; None takes it away."""
    category: str | None = None
    """None: as it is."""
    note: str = ""
    """What was agreed: a line of the transcript, said by the agent."""
    close: bool = False
    """The matter is done with."""


def completed(ticket: Ticket, wrap_up: WrapUp, taxonomy: Taxonomy) -> Ticket:
    """The ticket as the agent leaves it: `accepted` when only what was lacking was added, `corrected` when something
    known was changed; `closed` from there. Raises `StepRefused` (also for a ticket whose call goes on) or
    `WrongValue`."""
    after = corrected(ticket, Correction(wrap_up.fields, wrap_up.category), taxonomy)
    if not _changed_known(ticket, after):
        after = replace(after, stage=_accepted(ticket))
    if after.fields:  # else the summary holds the caller's bare words
        after = replace(after, summary=summary(after, taxonomy))
    return moved(after, "close") if wrap_up.close else after


async def finish(
    store: TicketStore, ticket_no: str, wrap_up: WrapUp, taxonomy: Taxonomy, *, by: str, at: dt.datetime
) -> Ticket:
    """Writes it; gives the ticket as it is now stored. `by`: the agent's extension or name. Raises `TicketError` for a
    number that there is not, for a step that the ticket's stage does not allow and for values that do not fit."""
    note = wrap_up.note.strip()
    if len(note) > LONGEST_NOTE:
        raise WrongValue(f"小结太长（{len(note)} 字），最多 {LONGEST_NOTE} 字。")
    if not (wrap_up.fields or wrap_up.category or note or wrap_up.close):
        raise WrongValue("没有要补的：请给字段（field=值）、类别或小结。")
    why = f"坐席补全：{note}" if note else "坐席补全"
    ticket = await store.change(ticket_no, lambda known: completed(known, wrap_up, taxonomy), by=by, why=why)
    if note:
        since_s = max(0.0, (at - ticket.created_at).total_seconds())
        await store.add_line(ticket.call_id, TranscriptLine("agent", f"（小结 {by}）{note}", round(since_s, 2)))
    return await store.get(ticket_no)


def _changed_known(before: Ticket, after: Ticket) -> bool:
    """Something that was known is different now."""
    if before.category is not None and after.category != before.category:
        return True
    return any(after.value(name) != fact.value for name, fact in before.fields.items())


def _accepted(ticket: Ticket) -> Stage:
    return STAGE.get((ticket.stage, "accept"), ticket.stage)
