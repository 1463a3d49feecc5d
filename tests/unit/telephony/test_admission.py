"""Where a call goes, as one table."""

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.packs import OpenHours, Pack
from ivr.settings import Settings, Telephony
from ivr.telephony.asterisk.admission import Invitation, admission

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
NIGHT = dt.datetime(2026, 11, 20, 20, 0, tzinfo=dt.UTC)
"""04:00 the next day in the business time zone."""
PACKS = {
    "appliance": Pack(
        hotline="appliance", name="美家电器", dialled=("4001000001", "02160000001", "0216000001*"), recording=True
    ),
    "bank": Pack(
        hotline="bank",
        name="银行",
        dialled=("4001000002",),
        queue="money",
        open_hours=OpenHours(opens="09:00", closes="18:00"),
    ),
}
ALL_SOURCES = Settings(telephony=Telephony(dialled_from=("uri", "to", "diversion", "called_party")))


def decide(*, now: dt.datetime = NOON, healthy: bool = True, settings: Settings = ALL_SOURCES, **asked: object):  # type: ignore[no-untyped-def]
    invitation = Invitation(call_id="1795313071.1", **{"caller": "13800010001", **asked})  # type: ignore[arg-type]
    return admission(invitation, PACKS, now, settings, bot_healthy=healthy)


@pytest.mark.parametrize(
    ("asked", "route", "hotline"),
    [
        ({"uri": "4001000001"}, "bot", "appliance"),
        ({"uri": "+864001000001"}, "bot", "appliance"),
        ({"uri": "+862160000001"}, "bot", "appliance"),
        ({"uri": "02160000019"}, "bot", "appliance"),
        ({"uri": "s", "to": "<sip:4001000002@proxy>"}, "bot", "bank"),
        ({"uri": "999999", "diversion": "<sip:4001000002@proxy>;reason=unconditional"}, "bot", "bank"),
        ({"uri": "999999", "called_party": "<sip:4001000001@proxy>"}, "bot", "appliance"),
        ({"uri": "4001000001", "to": "<sip:4001000002@proxy>"}, "bot", "appliance"),
        ({"uri": "999999"}, "unknown", ""),
        ({"uri": ""}, "unknown", ""),
    ],
)
def test_the_dialled_number_leads_to_a_hotline(asked: dict[str, object], route: str, hotline: str) -> None:
    decided = decide(**asked)
    assert (decided.route, decided.hotline) == (route, hotline)


def test_sources_that_are_not_set_are_not_read() -> None:
    only_uri = dataclasses.replace(ALL_SOURCES, telephony=Telephony(dialled_from=("uri",)))
    assert decide(uri="999999", to="<sip:4001000001@proxy>", settings=only_uri).route == "unknown"


def test_a_bot_that_is_not_well_gets_no_calls() -> None:
    decided = decide(uri="4001000001", healthy=False)
    assert (decided.route, decided.queue) == ("human", "appliance")


def test_closed_hours_are_those_of_the_business_time_zone() -> None:
    assert decide(uri="4001000002", now=NIGHT).route == "closed"
    assert decide(uri="4001000002", now=NOON).route == "bot"
    assert decide(uri="4001000002", now=NIGHT, healthy=False).route == "closed"


def test_what_goes_with_the_call() -> None:
    decided = decide(uri="4001000001", caller="+8613800010001")
    assert (decided.caller_number, decided.dialled, decided.recorded) == ("13800010001", "4001000001", True)
    assert decide(uri="4001000001", withheld=True).caller_number is None
    assert decide(uri="4001000002").queue == "money"


def test_a_simulation_is_accepted_only_where_it_is_set() -> None:
    simulating = dataclasses.replace(ALL_SOURCES, simulation=True)
    assert decide(uri="4001000001", simulation="tok-1").simulation is None
    assert decide(uri="4001000001", simulation="tok-1", settings=simulating).simulation == "tok-1"
    assert decide(uri="4001000001", simulation="../x", settings=simulating).simulation is None


def test_a_simulated_call_has_its_own_clock() -> None:
    simulating = dataclasses.replace(ALL_SOURCES, simulation=True)
    assert decide(uri="4001000002", now=NIGHT, simulation="tok", settings=simulating).route == "bot"


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_nothing_that_comes_in_raises(uri: str, to: str, diversion: str, called_party: str, caller: str) -> None:
    decide(uri=uri, to=to, diversion=diversion, called_party=called_party, caller=caller)
