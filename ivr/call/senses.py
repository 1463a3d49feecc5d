"""What a session hears, thinks and speaks with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.call.filler import Fillers, Pace
from ivr.call.ports import Conversation, Recogniser, Voice, VoiceActivity
from ivr.call.turn import TurnTaking
from ivr.settings import Turns


def never(text: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """Of one call; engines are shared by all."""

    activity: VoiceActivity
    recogniser: Recogniser
    voice: Voice
    conversation: Conversation
    turns: TurnTaking
    queue: str
    """Queue of the hotline's humans."""
    apology: str
    """Said before a failed call goes to a human."""
    is_backchannel: Callable[[str], bool] = never
    """Are these words a mere 嗯, that takes no turn?"""
    fillers: Fillers = field(default_factory=lambda: Fillers(Turns(), (), Pace()))
    """What is said when an answer is late."""
