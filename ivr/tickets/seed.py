"""The world of one simulated call: what the CRM knows, which tickets are on file, what time it is.

A seed is a JSON file `{"id", "hotline", "now", "caller", "customer", "prior_tickets"}`, made of one scenario of
docs/contract/scenario.md.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ivr.errors import SettingsError
from ivr.tickets.completeness import counted
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Fact, Stage, Ticket

WHO = "simulation"


@dataclass(frozen=True, slots=True)
class PriorTicket:
    ticket_no: str
    category: str
    days_ago: int
    """Before the seed's `now`, at the same time of day."""
    stage: Stage = "closed"
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field id → normalised value."""


@dataclass(frozen=True, slots=True)
class Seed:
    id: str
    hotline: str
    now: dt.datetime
    """Aware: when the call begins."""
    caller: str | None = None
    """None: withheld."""
    customer: Mapping[str, Any] | None = None
    """In the form of docs/contract/scenario.md; `ivr.customers` reads it."""
    prior_tickets: tuple[PriorTicket, ...] = ()


class Keeps(Protocol):
    """The part of `TicketStore` that sowing needs."""

    async def put_on_file(self, ticket: Ticket, *, by: str, why: str) -> Ticket: ...


def read_seed(file: Path) -> Seed:
    """Raises `SettingsError` naming file and key."""
    try:
        seed = msgspec.json.decode(file.read_bytes(), type=Seed)
    except FileNotFoundError as error:
        raise SettingsError(f"找不到模拟的种子文件 {file}。") from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"模拟的种子文件 {file} 有误：{error}。") from error
    if seed.now.tzinfo is None:
        raise SettingsError(f"模拟的种子文件 {file}：now 要带时区，例如 2026-11-22T10:00:00+08:00。")
    return seed


def seed_of(scenario: Mapping[str, Any], zone: dt.tzinfo) -> dict[str, Any]:
    """The seed, as JSON, of one scenario. `date` may carry a time of day; else the call begins at 10:00."""
    plain = json.loads(json.dumps(dict(scenario), default=_iso, ensure_ascii=False))
    try:
        return {
            "id": str(plain["id"]),
            "hotline": plain["hotline"],
            "now": _moment(str(plain["date"]), zone).isoformat(),
            "caller": plain.get("caller"),
            "customer": plain.get("customer"),
            "prior_tickets": [
                {**prior, "fields": {name: str(value) for name, value in (prior.get("fields") or {}).items()}}
                for prior in plain.get("prior_tickets") or ()
            ],
        }
    except (KeyError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"场景 {plain.get('id', '?')} 缺少或写错了 {error}，格式见 docs/contract/scenario.md。"
        ) from error


async def sow(store: Keeps, seed: Seed, taxonomy: Taxonomy) -> tuple[Ticket, ...]:
    """Puts the seed's earlier tickets on file; may be repeated, by several processes too.
    Raises `SettingsError` for a category that the hotline does not have."""
    return tuple(
        [
            await store.put_on_file(prior_ticket(prior, seed, taxonomy), by=WHO, why=f"模拟 {seed.id} 之前的工单")
            for prior in seed.prior_tickets
        ]
    )


def prior_ticket(prior: PriorTicket, seed: Seed, taxonomy: Taxonomy) -> Ticket:
    ticket = Ticket(
        ticket_no=prior.ticket_no,
        stage=prior.stage,
        hotline=seed.hotline,
        category=prior.category,
        call_id=f"before-{seed.id}-{prior.ticket_no}",
        caller_number=seed.caller,
        created_at=seed.now - dt.timedelta(days=prior.days_ago),
        fields={name: Fact(value) for name, value in prior.fields.items()},
        summary=f"{prior.fields.get('product', '')}{prior.fields.get('problem', '')}",
    )
    ticket = counted(ticket, taxonomy)
    return replace(ticket, status="incomplete" if ticket.missing else "complete")


def _moment(date: str, zone: dt.tzinfo) -> dt.datetime:
    moment = dt.datetime.fromisoformat(date)
    if len(date) <= len("2026-11-22"):
        moment = moment.replace(hour=10)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _iso(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise SettingsError(f"场景里有不能写成 JSON 的值：{value!r}。")
