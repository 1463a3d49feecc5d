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
