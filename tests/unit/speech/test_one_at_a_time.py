import asyncio

from ivr.speech.engine import Urgency
from ivr.speech.one_at_a_time import OneAtATime


async def holding(place: OneAtATime, name: str, urgency: Urgency, order: list[str]) -> None:
    async with place.held(urgency):
        order.append(name)
        await asyncio.sleep(0)


async def test_the_most_urgent_is_next_and_equals_in_order() -> None:
    place, order = OneAtATime(), list[str]()
    names = [("a", Urgency.AHEAD), ("b", Urgency.AHEAD), ("c", Urgency.NEXT), ("d", Urgency.NOW), ("e", Urgency.NEXT)]
    await asyncio.gather(*(holding(place, name, urgency, order) for name, urgency in names))
    assert "".join(order) == "adceb"


async def test_who_gives_up_does_not_keep_the_place() -> None:
    place, order = OneAtATime(), list[str]()
    async with place.held(Urgency.NOW):
        waiting = [asyncio.create_task(holding(place, name, Urgency.NOW, order)) for name in "abc"]
        await asyncio.sleep(0)
        waiting[0].cancel()
    waiting[1].cancel()  # its turn has come, and it does not know yet
    await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert order == ["c"]
    async with asyncio.timeout(1), place.held(Urgency.AHEAD):
        pass
