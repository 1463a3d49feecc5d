from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.packs import Pack
from ivr.tickets.judgement.words import EmotionWords, LinkWords, UrgencyRules
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from ivr.tickets.ticket import Ticket

DATA = Path(__file__).resolve().parents[3] / "data"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 22, 10, 4, 31, tzinfo=ZONE)


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(DATA)


@pytest.fixture(scope="session")
def rules(taxonomy: Taxonomy) -> UrgencyRules:
    return taxonomy.judgement.urgency


@pytest.fixture(scope="session")
def feelings(taxonomy: Taxonomy) -> EmotionWords:
    return taxonomy.judgement.emotion


@pytest.fixture(scope="session")
def links(taxonomy: Taxonomy) -> LinkWords:
    return taxonomy.judgement.linking


@pytest.fixture
def pack() -> Pack:
    return Pack(hotline="appliance", name="美家电器", dialled=("4001000001",))


@pytest.fixture
def ticket() -> Ticket:
    return Ticket(hotline="appliance", call_id="1795313071.1", caller_number="13800010001", created_at=NOW)
