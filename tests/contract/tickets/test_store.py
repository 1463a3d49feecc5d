from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.errors import TicketChanged, TicketError
from ivr.tickets.customer import Agreement, Customer, Purchase, Vehicle
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import (
    Callback,
    Emotion,
    Fact,
    Handoff,
    Review,
    Suggestion,
    Ticket,
    TranscriptLine,
    to_json,
)
from tests.contract.conftest import NOW, ZONE


def full(draft: Ticket) -> Ticket:
    """Every key holds something."""
    return replace(
        draft,
        status="complete",
        stage="in_review",
        category="product_fault",
        summary="空调三天前起不制冷",
        missing=("since",),
        completeness=0.67,
        prior_ticket_no="GD20261101-000001",
        occurrence=2,
        emotion=Emotion("annoyed", 0.46),
        urgency="P2",
        complexity=0.2,
        confidence=0.93,
        review=Review(True, ("vip",)),
        handoff=Handoff("caller_request", "appliance", NOW, "answered", "8001", 7.5),
        callback=Callback(NOW + dt.timedelta(hours=1), "13800010001", "无人接听"),
        customer=Customer(
            "王芳",
            "vip",
            (Purchase("空调", "KFR35GW", "DD20260301001", dt.date(2026, 3, 1), dt.date(2032, 3, 1)),),
            (Vehicle("粤B12345", "远山L6"),),
            (Agreement("延保", dt.date(2030, 1, 1)),),
        ),
        suggestions=(Suggestion("先断电", "冒烟"),),
        recording="1795313071.1.wav",
    )


async def test_what_is_written_is_what_is_read(store: TicketStore, draft: Ticket) -> None:
    written = await store.create(full(draft))
    read = await store.get(written.ticket_no)
    assert read == written
    assert to_json(read) == {**to_json(full(draft)), "ticket_no": "GD20261122-000001"}


async def test_times_come_back_in_the_business_time_zone(store: TicketStore, draft: Ticket) -> None:
    ticket = await store.create(replace(draft, created_at=NOW.astimezone(dt.UTC)))
    assert to_json(await store.get(ticket.ticket_no))["created_at"] == "2026-11-22T10:04:31+08:00"


async def test_numbers_count_from_one_on_each_business_day(store: TicketStore, draft: Ticket) -> None:
    before_midnight = dt.datetime(2026, 11, 22, 23, 59, 59, tzinfo=ZONE)
    numbers = [
        (await store.create(replace(draft, created_at=at))).ticket_no
        for at in (NOW, before_midnight, before_midnight + dt.timedelta(seconds=1), NOW)
    ]
    assert numbers == ["GD20261122-000001", "GD20261122-000002", "GD20261123-000001", "GD20261122-000003"]


async def test_a_ticket_that_is_not_written_takes_no_number(store: TicketStore, draft: Ticket) -> None:
    await store.create(draft)
    with pytest.raises(TicketError):
        await store.create(replace(draft, call_id=None))  # type: ignore[arg-type]
    assert (await store.create(draft)).ticket_no == "GD20261122-000002"


async def test_a_number_from_outside_is_never_allotted_again(store: TicketStore, draft: Ticket) -> None:
    await store.put_on_file(replace(draft, ticket_no="GD20261122-000007", call_id="old"), by="crm", why="导入")
    assert (await store.create(draft)).ticket_no == "GD20261122-000008"


async def test_putting_on_file_may_be_repeated_but_not_for_another_call(store: TicketStore, draft: Ticket) -> None:
    old = replace(draft, ticket_no="GD20261101-000001", call_id="old")
    assert await store.put_on_file(old, by="crm", why="导入") == await store.put_on_file(old, by="crm", why="导入")
    with pytest.raises(TicketError, match="GD20261101-000001"):
        await store.put_on_file(replace(old, call_id="other"), by="crm", why="导入")


async def test_an_unknown_number_is_told_in_one_sentence(store: TicketStore) -> None:
    with pytest.raises(TicketError, match="GD20990101-000001"):
        await store.get("GD20990101-000001")


async def test_every_change_is_kept_with_who_when_and_why(store: TicketStore, draft: Ticket) -> None:
    ticket = await store.create(draft, by="bot", why="第一条事实")
    ticket = await store.save(ticket.with_fact("since", Fact("2026-11-19")), by="bot", why="第 3 轮")
    await store.save(replace(ticket, urgency="P2"), by="8001", why="坐席更正")
    history = await store.history(ticket.ticket_no)
    assert [(change.who, change.why) for change in history] == [
        ("bot", "第一条事实"),
        ("bot", "第 3 轮"),
        ("8001", "坐席更正"),
    ]
    assert history[2].changed == {"urgency": ["P3", "P2"]}
    before, after = history[1].changed["fields.since"]
    assert before is None
    assert after["value"] == "2026-11-19"
    assert all(change.at.utcoffset() == dt.timedelta(hours=8) for change in history)


async def test_saving_without_a_change_leaves_no_trace(store: TicketStore, draft: Ticket) -> None:
    ticket = await store.create(draft)
    again = await store.save(ticket, by="bot", why="没有新内容")
    assert again.version == ticket.version
    assert len(await store.history(ticket.ticket_no)) == 1


async def test_a_stale_ticket_is_refused_and_the_newer_one_stays(store: TicketStore, draft: Ticket) -> None:
    read = await store.create(draft)
    await store.save(replace(read, summary="先到"), by="bot", why="")
    with pytest.raises(TicketChanged):
        await store.save(replace(read, summary="后到"), by="8001", why="")
    assert (await store.get(read.ticket_no)).summary == "先到"


async def test_change_reads_what_is_newest(store: TicketStore, draft: Ticket) -> None:
    ticket = await store.create(draft)
    await store.save(ticket.with_fact("model", Fact("KFR35GW")), by="bot", why="")
    changed = await store.change(ticket.ticket_no, lambda t: replace(t, summary="新"), by="8001", why="")
    assert changed.value("model") == "KFR35GW"
    assert (await store.get(ticket.ticket_no)).summary == "新"


async def test_a_failing_change_leaves_everything_as_it_was(store: TicketStore, draft: Ticket) -> None:
    ticket = await store.create(draft)

    def fails(_: Ticket) -> Ticket:
        raise TicketError("不行")

    with pytest.raises(TicketError, match="不行"):
        await store.change(ticket.ticket_no, fails, by="8001", why="")
    assert await store.get(ticket.ticket_no) == ticket
    await store.save(replace(ticket, summary="还能写"), by="bot", why="")


async def test_the_outcome_of_a_call_is_final(store: TicketStore, draft: Ticket) -> None:
    ticket = await store.create(replace(draft, status="abandoned"))
    with pytest.raises(TicketError, match="中途挂断"):
        await store.save(replace(ticket, status="complete"), by="8001", why="")
    with pytest.raises(TicketError):
        await store.save(replace(ticket, stage="reopened"), by="8001", why="")


async def test_the_line_and_the_dialogue_do_not_undo_each_other(store: TicketStore, draft: Ticket) -> None:
    """The action server read the ticket before the line wrote what became of the hand-off."""
    handoff = Handoff("caller_request", "appliance", NOW)
    read = await store.create(replace(draft, handoff=handoff))
    await store.record_handoff(read.ticket_no, "no_agent", None, 30.0)
    await store.record_callback(read.ticket_no, Callback(NOW, "13800010001", "无人接听"))
    await store.record_recording(read.ticket_no, "a.wav")
    await store.add_line(read.call_id, TranscriptLine("bot", "再见", 61.0))
    saved = await store.save(read.with_fact("since", Fact("2026-11-19")), by="bot", why="最后一轮")
    stored = await store.get(read.ticket_no)
    assert stored.handoff == replace(handoff, outcome="no_agent", waited_s=30.0)
    assert stored.callback == Callback(NOW, "13800010001", "无人接听")
    assert stored.recording == "a.wav"
    assert stored.value("since") == "2026-11-19"
    assert [line.text for line in stored.transcript] == ["再见"]
    assert saved.handoff == stored.handoff


async def test_a_hand_off_nobody_asked_for_is_the_bots_failure(store: TicketStore, draft: Ticket) -> None:
    ticket = await store.create(draft)
    await store.record_handoff(ticket.ticket_no, "answered", "8001", 2.5)
    handoff = (await store.get(ticket.ticket_no)).handoff
    assert handoff is not None
    assert (handoff.reason, handoff.queue, handoff.outcome, handoff.agent) == (
        "bot_failure",
        "appliance",
        "answered",
        "8001",
    )


async def test_two_tickets_of_a_call_know_each_other_and_share_what_was_said(store: TicketStore, draft: Ticket) -> None:
    await store.add_line(draft.call_id, TranscriptLine("caller", "两件事", 1.5, 0.9))
    first = await store.create(draft)
    second = await store.create(replace(draft, fields={"product": Fact("洗衣机")}))
    await store.create(replace(draft, call_id="another"))
    tickets = await store.of_call(draft.call_id)
    assert [ticket.ticket_no for ticket in tickets] == [first.ticket_no, second.ticket_no]
    assert tickets[0].related == (second.ticket_no,)
    assert tickets[1].related == (first.ticket_no,)
    assert all(line.text == "两件事" for ticket in tickets for line in ticket.transcript)
    assert await store.of_call("nobody") == ()


async def test_the_transcript_is_in_the_order_of_time_and_before_any_ticket(store: TicketStore) -> None:
    for at, who in ((3.0, "bot"), (1.0, "bot"), (2.0, "caller")):
        await store.add_line("c", TranscriptLine(who, str(at), at))  # type: ignore[arg-type]
    assert [line.at for line in await store.transcript("c")] == [1.0, 2.0, 3.0]


async def test_earlier_tickets_of_a_caller_newest_first(store: TicketStore, draft: Ticket) -> None:
    for days in (40, 3, 20):
        await store.create(replace(draft, call_id=f"c{days}", created_at=NOW - dt.timedelta(days=days)))
    await store.create(replace(draft, call_id="other", caller_number="13900000000"))
    await store.create(replace(draft, call_id="withheld", caller_number=None))
    await store.create(draft)
    earlier = await store.of_caller("13800010001", before=NOW)
    assert [(NOW - ticket.created_at).days for ticket in earlier] == [3, 20, 40]
    assert len(await store.of_caller("13800010001", before=NOW, limit=2)) == 2


async def test_find_by_what_lists_ask_for(store: TicketStore, draft: Ticket) -> None:
    await store.create(replace(draft, status="complete", urgency="P1"))
    await store.create(replace(draft, hotline="bank", created_at=NOW + dt.timedelta(days=1)))
    assert len(await store.find()) == 2
    assert [t.hotline for t in await store.find(hotline="bank")] == ["bank"]
    assert [t.urgency for t in await store.find(status="complete", urgency="P1")] == ["P1"]
    assert [t.hotline for t in await store.find(since=NOW + dt.timedelta(hours=1))] == ["bank"]
    assert [t.hotline for t in await store.find(until=NOW + dt.timedelta(hours=1))] == ["appliance"]
    assert len(await store.find(limit=1, offset=1)) == 1


async def test_callbacks_due(store: TicketStore, draft: Ticket) -> None:
    soon = await store.create(replace(draft, callback=Callback(NOW, "1", "挂断")))
    await store.create(replace(draft, callback=Callback(NOW + dt.timedelta(hours=2), "1", "挂断")))
    assert [t.ticket_no for t in await store.callbacks_due(NOW)] == [soon.ticket_no]
