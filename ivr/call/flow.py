"""The states of a call as one table: (state, event) → state. An event that a state does not allow raises.

The diagram in docs/callflow.md is drawn from this table (`ivr flow`).
"""

from __future__ import annotations

import enum

from ivr.errors import IllegalEvent


class State(enum.Enum):
    ARRIVED = "来电"
    """The channel is here, not answered; the dialogue prepares its greeting."""
    SPEAKING = "播报"
    """The bot speaks; the caller may interrupt."""
    LISTENING = "等待"
    """The bot waits for the caller."""
    HEARING = "收听"
    """The caller speaks."""
    THINKING = "理解"
    """Recognition and dialogue work out the answer."""
    PARTING = "结束语"
    """The last words before the call ends or goes to a human."""
    ENDED = "结束"


class Event(enum.Enum):
    REPLY = "应答就绪"
    """The dialogue's turn is here and begins to play."""
    FAREWELL = "末句就绪"
    """A turn after which the bot is done begins to play."""
    PLAYED = "播完"
    SPEECH = "开口"
    """The caller began to speak (a barge-in when the bot speaks)."""
    NOTHING = "没有话"
    """What sounded like speech held no words."""
    TURN = "说完"
    """The caller's turn is over: an utterance, keys, or silence."""
    DONE = "离开"
    """Handed over or hung up by us."""
    HUNG_UP = "挂机"


S, E = State, Event

TABLE: dict[tuple[State, Event], State] = {
    (S.ARRIVED, E.REPLY): S.SPEAKING,
    (S.ARRIVED, E.FAREWELL): S.PARTING,
    (S.SPEAKING, E.PLAYED): S.LISTENING,
    (S.SPEAKING, E.SPEECH): S.HEARING,
    (S.SPEAKING, E.TURN): S.THINKING,
    (S.SPEAKING, E.FAREWELL): S.PARTING,
    (S.LISTENING, E.SPEECH): S.HEARING,
    (S.LISTENING, E.TURN): S.THINKING,
    (S.LISTENING, E.FAREWELL): S.PARTING,
    (S.HEARING, E.TURN): S.THINKING,
    (S.HEARING, E.FAREWELL): S.PARTING,
    (S.THINKING, E.SPEECH): S.HEARING,
    (S.THINKING, E.TURN): S.THINKING,
    (S.THINKING, E.NOTHING): S.LISTENING,
    (S.THINKING, E.REPLY): S.SPEAKING,
    (S.THINKING, E.FAREWELL): S.PARTING,
    (S.PARTING, E.FAREWELL): S.PARTING,
    (S.PARTING, E.PLAYED): S.PARTING,
    (S.PARTING, E.DONE): S.ENDED,
} | {(state, E.HUNG_UP): S.ENDED for state in State if state is not S.ENDED}


def after(state: State, event: Event) -> State:
    """The next state. Raises `IllegalEvent` naming both."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise IllegalEvent(f"通话在“{state.value}”状态下不应有“{event.value}”事件。") from None


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    rows = [f"    {a.name} --> {b.name}: {event.value}" for (a, event), b in TABLE.items() if event is not E.HUNG_UP]
    names = [f"    {state.name}: {state.value}" for state in State]
    note = "    note right of ENDED: 任何状态下来电人挂机都到“结束”"
    return "\n".join(["stateDiagram-v2", "    [*] --> ARRIVED", *names, *rows, "    ENDED --> [*]", note]) + "\n"
