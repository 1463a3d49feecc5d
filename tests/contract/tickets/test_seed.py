from __future__ import annotations

from pathlib import Path

from ivr.tickets.seed import PriorTicket, Seed, sow
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Ticket
from tests.contract.conftest import NOW

DATA = Path(__file__).resolve().parents[3] / "data"


async def test_sown_tickets_are_on_file_once_and_their_numbers_stay_free(store: TicketStore, draft: Ticket) -> None:
    """The line and the action server may both sow the same seed."""
    prior = (
        PriorTicket("GD20261101-000001", "product_fault", 21, fields={"product": "空调", "problem": "不制冷"}),
        PriorTicket("GD20261122-000002", "consultation", 0, fields={"problem": "怎么清洗"}),
    )
    seed = Seed("x", "appliance", NOW, "13800010001", None, prior)
    for _ in range(2):
        await sow(store, seed, load_taxonomy(DATA))
    assert [ticket.ticket_no for ticket in await store.find()] == ["GD20261122-000002", "GD20261101-000001"]
    earlier = await store.of_caller("13800010001", before=NOW)
    assert [ticket.ticket_no for ticket in earlier] == ["GD20261101-000001"]
    assert (await store.create(draft)).ticket_no == "GD20261122-000003"
