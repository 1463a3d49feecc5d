"""Deliveries to a real receiver over real HTTP, from a real database."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from ivr.settings import Webhook
from ivr.tickets.ticket import Ticket
from ivr.webhooks import secrets
from ivr.webhooks.deliveries import Deliveries, Leased
from tests.contract.webhooks.conftest import Clock, Post, header
from tests.fakes.receiver import Receiver

KINDS = ("created", "completed")


async def test_events_arrive_in_order_and_are_signed(post: Post, receiver: Receiver, draft: Ticket) -> None:
    to = Webhook(address=receiver.address)
    post.courier(to)
    (number,) = await post.complete(draft)
    await post.all_are("delivered")
    assert [event["type"] for event in receiver.events] == ["ticket.created", "ticket.completed"]
    event = receiver.events[1]
    assert event["specversion"] == "1.0"
    assert (event["subject"], event["source"]) == (number, "/ivr/hotlines/appliance")
    assert event["data"]["ticket"]["status"] == "complete"
    assert dt.datetime.fromisoformat(event["time"]).tzinfo is not None
    (secret,) = secrets.load(post.file, [to.address])[to.address]
    for request in receiver.requests:
        head, body = {key.lower(): value for key, value in request[0].items()}, request[1]
        assert head["content-type"].startswith("application/cloudevents+json")
        told = StandardWebhook(secret).verify(body, head)
        assert told["id"] == head["webhook-id"]
        with pytest.raises(WebhookVerificationError):
            StandardWebhook(secret).verify(body.replace("空调".encode(), "冰箱".encode()), head)
        with pytest.raises(WebhookVerificationError):
            StandardWebhook(secrets.fresh()).verify(body, head)


async def test_while_a_secret_is_changed_both_are_good(post: Post, receiver: Receiver, draft: Ticket) -> None:
    old, new = secrets.fresh(), secrets.fresh()
    post.file.write_text(f'[webhooks]\n"{receiver.address}" = ["{new}", "{old}"]\n')
    post.courier(Webhook(address=receiver.address))
    await post.complete(draft)
    await receiver.got(1)
    for secret in (old, new):
        StandardWebhook(secret).verify(
            receiver.requests[0][1], {k.lower(): v for k, v in receiver.requests[0][0].items()}
        )


@pytest.mark.parametrize("answer", [500, 302, 404, 429, "slow", "die"])
async def test_what_is_not_taken_comes_again_with_the_same_id(
    post: Post, receiver: Receiver, draft: Ticket, clock: Clock, answer: int | str
) -> None:
    receiver.answers[:] = [answer]
    receiver.headers["Location"] = "http://127.0.0.1:9/elsewhere"
    post.courier(Webhook(address=receiver.address, timeout_s=0.3))
    await post.store.create(draft)
    await receiver.got(1)

    async def noted() -> bool:
        return any(one.attempts for one in await post.ledger.standing(["pending"], limit=1))

    await post.until(noted)
    (waiting,) = await post.ledger.standing(["pending"], limit=1)
    assert waiting.last_error
    assert waiting.due > clock()
    assert len(receiver.requests) == 1
    clock.forward(seconds=10)
    await post.all_are("delivered")
    assert len({header(request, "webhook-id") for request in receiver.requests}) == 1
    assert receiver.requests[0][1] == receiver.requests[1][1]


@pytest.mark.parametrize("answer", ["half", "long"])
async def test_a_2xx_counts_also_when_the_rest_of_the_answer_never_comes(
    post: Post, receiver: Receiver, draft: Ticket, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.webhooks.sending.REST_S", 0.5)  # longer than the request may take
    receiver.answers[:] = [answer]
    post.courier(Webhook(address=receiver.address, timeout_s=0.3))
    await post.store.create(draft)
    await post.all_are("delivered")
    assert len(receiver.requests) == 1


async def test_a_receiver_that_was_down_for_an_hour_misses_nothing(
    post: Post, receiver: Receiver, draft: Ticket, clock: Clock
) -> None:
    await receiver.stop()
    post.courier(Webhook(address=receiver.address))
    numbers = await post.complete(draft, 12)
    for _ in range(6):
        clock.forward(minutes=10)
        await asyncio.sleep(0.1)
    assert set(await post.states()) == {"pending"}
    await receiver.start()
    await post.store.create(draft)  # what is new is sent, and the receiver is seen to answer
    clock.forward(minutes=1)
    await post.until(lambda: _none_pending(post), within_s=30)
    told = [(event["subject"], event["type"]) for event in receiver.events]
    assert len(told) == len(set(told)) == 25
    for number in numbers:
        assert [kind for subject, kind in told if subject == number] == ["ticket.created", "ticket.completed"]


async def test_one_ticket_that_is_refused_holds_back_only_itself(post: Post, receiver: Receiver, draft: Ticket) -> None:
    (bad,) = await post.complete(draft)
    receiver.judge = lambda event: 500 if event["subject"] == bad else 204
    post.courier(Webhook(address=receiver.address))
    good = await post.complete(draft, 3)
    await post.until(lambda: _delivered(post, 6))
    told = [(event["subject"], event["type"]) for event in receiver.events]
    assert (bad, "ticket.completed") not in told
    assert {subject for subject, _ in told} == {bad, *good}


async def test_410_ends_it_until_somebody_asks_for_it(post: Post, receiver: Receiver, draft: Ticket) -> None:
    receiver.answers[:] = [410]
    post.courier(Webhook(address=receiver.address))
    await post.complete(draft)
    await post.all_are("gone")
    await post.complete(draft)
    await post.until(lambda: _count(post, 4))
    await post.all_are("gone")
    assert len(receiver.requests) == 1
    assert (await post.ledger.counts())[receiver.address].gone
    assert await post.ledger.send_again(receiver=receiver.address) == 4
    await post.all_are("delivered")
    assert len({event["id"] for event in receiver.events}) == 4


async def test_what_nobody_took_for_days_is_given_up_and_can_be_sent_after_all(
    post: Post, receiver: Receiver, draft: Ticket, clock: Clock
) -> None:
    receiver.answers[:] = [500]
    post.courier(Webhook(address=receiver.address), give_up_days=0.0)
    await post.store.create(draft)
    await post.all_are("dead")
    (dead,) = await post.ledger.standing(["dead"], limit=10)
    assert dead.last_error == "回答 500"
    assert (await post.ledger.counts())[receiver.address].dead == 1
    await post.ledger.send_again(event_id=dead.event_id)
    await post.all_are("delivered")


async def test_each_receiver_gets_what_it_wants_and_waits_for_no_other(
    post: Post, receiver: Receiver, draft: Ticket
) -> None:
    other = Receiver(answers=["slow"])
    await other.start()
    wants = Webhook(address=other.address, events=("ticket.completed",), hotlines=("appliance",), timeout_s=30)
    none = Webhook(address=other.address + "?x", hotlines=("parcel",))
    post.courier(Webhook(address=receiver.address), wants, none)
    await post.complete(draft, 3)
    await receiver.got(6)
    assert all(event["type"] == "ticket.completed" for event in other.events)
    for _, task in post.running:
        task.cancel()
    post.running.clear()
    await other.stop()


async def test_several_workers_deliver_once(post: Post, receiver: Receiver, draft: Ticket) -> None:
    for _ in range(4):
        post.courier(Webhook(address=receiver.address))
    await post.complete(draft, 15)
    await post.until(lambda: _delivered(post, 30), within_s=30)
    told = [event["id"] for event in receiver.events]
    assert len(told) == len(set(told)) == 30


async def test_a_new_worker_goes_on_where_the_last_one_ended(
    post: Post, receiver: Receiver, draft: Ticket, clock: Clock
) -> None:
    receiver.answers[:] = [503]
    receiver.headers["Retry-After"] = "120"
    post.courier(Webhook(address=receiver.address))
    await post.complete(draft)
    await receiver.got(1)
    await post.stop()
    (waiting, _) = await post.ledger.standing(["pending"], limit=10)
    assert waiting.due - clock() > dt.timedelta(seconds=110)
    post.courier(Webhook(address=receiver.address))
    clock.forward(minutes=3)
    await post.all_are("delivered")
    assert len(receiver.requests) == 3


async def test_what_is_done_is_forgotten_and_what_is_not_is_kept(
    post: Post, receiver: Receiver, draft: Ticket, clock: Clock
) -> None:
    lost = Webhook(address="http://127.0.0.1:9/lost")
    await post.complete(draft)
    await post.deliveries.spread([Webhook(address=receiver.address), lost])
    post.courier(Webhook(address=receiver.address))
    await post.until(lambda: _delivered(post, 2))
    keep = {"give_up_days": 3.0, "keep_days": 14.0}
    clock.forward(days=15)
    assert await post.deliveries.tidy([receiver.address, lost.address], **keep) == 0
    assert await post.deliveries.tidy([receiver.address], **keep) == 0  # given up just now
    assert sorted(await post.states()) == ["dead", "dead", "delivered", "delivered"]
    clock.forward(days=15)
    assert await post.deliveries.tidy([receiver.address], **keep) == 2
    assert await post.states() == []


async def _none_pending(post: Post) -> bool:
    states = await post.states()
    return "pending" not in states and len(states) > 0


async def _delivered(post: Post, number: int) -> bool:
    return (await post.states()).count("delivered") == number


async def _count(post: Post, number: int) -> bool:
    return len(await post.states()) == number


async def test_what_was_taken_and_could_not_be_noted_is_noted_later_and_not_sent_again(
    post: Post, receiver: Receiver, draft: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = await post.complete(draft, 3)
    delivered, failing = Deliveries.delivered, [RuntimeError("the database hiccups")] * 2

    async def mark(self: Deliveries, done: Leased, status: int) -> None:
        if done.event.ticket_no == numbers[0] and failing:
            raise failing.pop()
        await delivered(self, done, status)

    monkeypatch.setattr(Deliveries, "delivered", mark)
    post.pace = replace(post.pace, trouble_s=0.05, lease_margin_s=-0.3)  # the lease has ended by then
    post.courier(Webhook(address=receiver.address, timeout_s=0.3))
    await post.all_are("delivered")
    assert len(receiver.events) == 6


@pytest.mark.parametrize("asks", [{}, {"Retry-After": "1800"}])
async def test_whoever_answers_again_is_hurried_unless_it_said_when(
    post: Post, receiver: Receiver, draft: Ticket, clock: Clock, asks: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.webhooks.wire.FIRST_PAUSE_S", 1000.0)
    receiver.answers[:], receiver.headers = [503, 503], asks
    refused = await post.complete(draft, 2)
    post.courier(Webhook(address=receiver.address))
    await receiver.got(2)
    await post.stop()
    post.courier(Webhook(address=receiver.address))  # another worker keeps to it, too
    await post.complete(draft)
    if asks:
        await post.until(lambda: _delivered(post, 2))
        pending = await post.ledger.standing(["pending"], limit=10)
        assert sorted({one.ticket_no for one in pending}) == sorted(refused)
        clock.forward(seconds=1801)
    await post.all_are("delivered")


async def test_what_was_taken_beside_a_410_stays_delivered(post: Post, receiver: Receiver, draft: Ticket) -> None:
    refused, taken = await post.complete(draft, 2)
    gone = asyncio.Event()
    receiver.answers[:] = [410, "wait"]
    receiver.waited_for = gone
    post.courier(Webhook(address=receiver.address))
    await post.until(lambda: _gone(post, receiver))
    gone.set()
    await post.until(lambda: _delivered(post, 1))
    assert await post.ledger.send_again(receiver=receiver.address) == 3
    await post.all_are("delivered")
    told = [(event["subject"], event["type"]) for event in receiver.events]
    assert len(told) == 5
    assert sorted(set(told)) == sorted((no, f"ticket.{what}") for no in (refused, taken) for what in KINDS)


async def test_sending_again_does_not_send_what_is_on_its_way(post: Post, receiver: Receiver, draft: Ticket) -> None:
    receiver.answers[:] = ["wait"]
    receiver.waited_for = asyncio.Event()
    post.courier(Webhook(address=receiver.address))
    post.courier(Webhook(address=receiver.address))
    await post.store.create(draft)
    await receiver.got(1)
    assert await post.ledger.send_again(receiver=receiver.address) == 1
    await asyncio.sleep(0.2)
    receiver.waited_for.set()
    await post.all_are("delivered")
    assert len(receiver.requests) == 1


async def _gone(post: Post, receiver: Receiver) -> bool:
    count = (await post.ledger.counts()).get(receiver.address)
    return bool(count and count.gone)
