"""Where a call goes: to the bot, to a human at once, to the closed announcement, or nowhere. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ivr.packs import Pack
from ivr.settings import Settings
from ivr.telephony.numbers import caller_number, digits_of, readings, user_of

Route = Literal["bot", "human", "closed", "unknown"]

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What Asterisk knows of a call that arrives. All of it comes from outside and may be anything."""

    call_id: str
    """The channel's uniqueid."""
    uri: str = ""
    """User part of the request URI."""
    to: str = ""
    """Header To, as it came; so are the next two."""
    diversion: str = ""
    called_party: str = ""
    """P-Called-Party-ID (RFC 7315)."""
    caller: str = ""
    """User part of P-Asserted-Identity, else of From."""
    withheld: bool = False
    """Privacy was asked for."""
    simulation: str = ""
    """X-Ivr-Simulation, where the dialplan let it pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    call_id: str
    route: Route
    hotline: str = ""
    """'' only where the route is `unknown`."""
    queue: str = ""
    """Its humans."""
    caller_number: str | None = None
    """Normalised; None = withheld."""
    dialled: str = ""
    """The number that led to the hotline; on `unknown` the first one that was looked for."""
    recorded: bool = False
    simulation: str | None = None


def admission(
    invitation: Invitation, packs: Mapping[str, Pack], now: dt.datetime, settings: Settings, *, bot_healthy: bool
) -> Admission:
    """`now` is aware; the business time zone is applied here."""
    numbers = _dialled(invitation, settings)
    found = next(((n, p) for n in numbers for p in packs.values() if _leads(n, p, settings.region)), None)
    if found is None:
        return Admission(call_id=invitation.call_id, route="unknown", dialled=next(iter(numbers), ""))
    dialled, pack = found
    simulated = settings.simulation and _TOKEN.fullmatch(invitation.simulation) is not None
    return Admission(
        call_id=invitation.call_id,
        route=_route(pack, now.astimezone(settings.zone), bot_healthy=bot_healthy, simulated=simulated),
        hotline=pack.hotline,
        queue=pack.own_queue,
        caller_number=caller_number(invitation.caller, withheld=invitation.withheld, region=settings.region),
        dialled=dialled,
        recorded=pack.recording,
        simulation=invitation.simulation if simulated else None,
    )


def _route(pack: Pack, now: dt.datetime, *, bot_healthy: bool, simulated: bool) -> Route:
    # A simulated call has a clock of its own: open hours are those of real callers.
    if not simulated and not pack.open_hours.contains(now):
        return "closed"
    return "bot" if bot_healthy else "human"


def _dialled(invitation: Invitation, settings: Settings) -> list[str]:
    raw = {
        "uri": invitation.uri,
        "to": user_of(invitation.to),
        "diversion": user_of(invitation.diversion),
        "called_party": user_of(invitation.called_party),
    }
    return [number for source in settings.telephony.dialled_from if (number := digits_of(raw.get(source, "")))]


def _leads(number: str, pack: Pack, region: str) -> bool:
    return any(pack.answers_to(reading) for reading in readings(number, region))
