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
class Customer:
    name: str | None = None
    tier: Tier = "normal"
    purchases: tuple[Purchase, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    agreements: tuple[Agreement, ...] = ()

    @property
    def vip(self) -> bool:
        return self.tier == "vip"
