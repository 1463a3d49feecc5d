"""The outbox is written with the ticket, or not at all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from ivr.errors import SettingsError, TicketChanged, TicketError
from ivr.tickets import outbox
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Callback, Handoff, Ticket, TranscriptLine
from ivr.tickets.tokens import Tokens
from tests.contract.conftest import NOW


async def events(store: TicketStore) -> list[Any]:
    async def ask(connection: Any) -> list[Any]:
        return list(await connection.execute(select(outbox.EVENTS).order_by(outbox.EVENTS.c.seq)))

    return await store.database.read(ask)


async def test_a_call_leaves_its_events_in_order(store: TicketStore, draft: Ticket) -> None:
    made = await store.create(draft)
    for at in range(8):
        await store.add_line(made.call_id, TranscriptLine("caller", f"第{at}句", float(at)))
    asked = replace(made, status="complete", handoff=Handoff("caller_request", "appliance", NOW))
    await store.save(asked, by="bot", why="转人工")
    await store.record_handoff(made.ticket_no, "answered", "8001", 7.5)
    found = await events(store)
    assert [event.type for event in found] == [
        "ticket.created",
        "ticket.completed",
        "ticket.handed_off",
        "ticket.handoff_ended",
    ]
    assert len({event.event_id for event in found}) == 4
    assert [line["text"] for line in found[2].data["last_lines"]] == [f"第{n}句" for n in range(2, 8)]
    assert found[3].data["ticket"]["handoff"]["agent"] == "8001"


async def test_a_telephone_that_rings_is_told_without_a_change(store: TicketStore, draft: Ticket) -> None:
    made = await store.create(draft)
    await store.add_line(made.call_id, TranscriptLine("caller", "我要退货", 1.0))
    await store.note_ring(made.ticket_no, agent="8001", queue="appliance_refund", reason="vip", waited_s=3.14)
    _, ring = await events(store)
    assert (ring.type, ring.ticket_no, ring.hotline) == ("ticket.ringing", made.ticket_no, made.hotline)
    assert ring.data["ring"] == {"agent": "8001", "queue": "appliance_refund", "reason": "vip", "waited_s": 3.1}
    assert [line["text"] for line in ring.data["last_lines"]] == ["我要退货"]
    assert (ring.data["ticket"]["ticket_no"], ring.data["changed"]) == (made.ticket_no, [])
    assert await store.get(made.ticket_no) == (await store.of_call(made.call_id))[0]
    assert (await store.get(made.ticket_no)).version == made.version


async def test_a_change_that_fails_leaves_no_event(store: TicketStore, draft: Ticket) -> None:
    made = await store.create(draft)
    await store.save(replace(made, summary="别人先改了"), by="a", why="")
    with pytest.raises(TicketChanged):
        await store.save(replace(made, status="complete"), by="b", why="")
    assert [event.type for event in await events(store)] == ["ticket.created"]


async def test_a_database_that_fails_after_the_change_takes_it_back(
    store: TicketStore, draft: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise TicketError("磁盘满了")

    made = await store.create(draft)
    monkeypatch.setattr(outbox, "note", fail)
    with pytest.raises(TicketError):
        await store.save(replace(made, status="complete"), by="bot", why="")
    assert (await store.get(made.ticket_no)).status == "draft"


async def test_tickets_of_another_system_are_no_news(store: TicketStore, draft: Ticket) -> None:
    await store.put_on_file(replace(draft, ticket_no="GD20250101-000001"), by="import", why="旧系统")
    assert await events(store) == []


async def test_a_call_back_is_done_once(store: TicketStore, draft: Ticket) -> None:
    made = await store.create(draft)
    await store.record_callback(made.ticket_no, Callback(NOW, "13800010001", "约定"))
    await store.finish_callback(made.ticket_no, by="api:客服", why="已回电")
    assert (await store.get(made.ticket_no)).callback is None
    assert await store.callbacks_due(NOW + dt.timedelta(days=1)) == ()
    with pytest.raises(TicketError, match="没有待办的回电"):
        await store.finish_callback(made.ticket_no, by="api:客服", why="已回电")
    assert (await store.history(made.ticket_no))[-1].who == "api:客服"


async def test_pages_go_on_where_the_last_one_ended(store: TicketStore, draft: Ticket) -> None:
    for _ in range(5):
        await store.create(draft)  # all of one moment
    seen: list[str] = []
    below = None
    while page := await store.find(below=below, limit=2, caller_number="13800010001"):
        seen += [ticket.ticket_no for ticket in page]
        below = (page[-1].created_at, page[-1].ticket_no)
        await store.create(draft)  # newer: on no later page
    assert seen == [f"GD20261122-{number:06d}" for number in range(5, 0, -1)]


async def test_tokens_are_checked_revoked_and_never_kept(store: TicketStore) -> None:
    tokens = Tokens(store.database)
    given = await tokens.add("客服系统", "read", at=NOW)
    token, _ = await tokens.check(given)
    assert token is not None
    assert (token.name, token.may("read"), token.may("write")) == ("客服系统", True, False)
    assert (await tokens.check(given[:-1] + ("A" if given[-1] != "A" else "B")))[0] is None
    assert await tokens.check("ivr_" + "0" * 16 + "_" + "a" * 43) == (None, "")
    assert await tokens.check("胡说") == (None, "")
    with pytest.raises(SettingsError, match="换一个名字"):
        await tokens.add("客服系统", "write", at=NOW)
    await tokens.revoke("客服系统", at=NOW)
    assert (await tokens.check(given))[0] is None
    with pytest.raises(SettingsError, match="没有叫"):
        await tokens.revoke("客服系统", at=NOW)
