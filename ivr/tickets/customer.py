"""What the CRM knows of a caller, as it is attached to a ticket."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Tier = Literal["normal", "vip"]


@dataclass(frozen=True, slots=True)
class Purchase:
    product: str
    model: str | None = None
    order_no: str | None = None
    purchased: dt.date | None = None
    warranty_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Vehicle:
    plate_no: str
    product: str | None = None
    """The car's model as it is sold: 远山L6."""
    purchased: dt.date | None = None
    warranty_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    name: str
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """An earlier one, as the CRM keeps it; our own are tickets."""

    subject: str
    date: dt.date | None = None
    status: str | None = None
    """In the CRM's words."""
    reference: str | None = None
    """Its number in the CRM."""


@dataclass(frozen=True, slots=True)
class Customer:
    name: str | None = None
    tier: Tier = "normal"
    purchases: tuple[Purchase, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    customer_no: str | None = None
    """Number in the CRM: who sees the ticket finds the customer there."""
    source: str | None = None
    """Which CRM told it."""

    @property
    def vip(self) -> bool:
        return self.tier == "vip"

    def lines(self) -> list[str]:
        """What they have and what they complained about, a line each, for who reads the ticket."""
        things = [
            ("买过", each.product, each.model, each.order_no, _since(each.purchased), _until(each.warranty_until))
            for each in self.purchases
        ]
        cars = [
            ("车辆", each.plate_no, each.product, _since(each.purchased), _until(each.warranty_until))
            for each in self.vehicles
        ]
        plans = [("协议", each.name, f"到 {each.until}" if each.until else None) for each in self.agreements]
        cases = [
            ("投诉过", each.subject, str(each.date or ""), each.status, each.reference) for each in self.complaints
        ]
        return ["　".join(filter(None, words)) for words in (*things, *cars, *plans, *cases)]


def _since(day: dt.date | None) -> str | None:
    return f"{day} 购买" if day else None


def _until(day: dt.date | None) -> str | None:
    return f"保修到 {day}" if day else None
