from __future__ import annotations

from pathlib import Path

import pytest

from ivr.call.flow import TABLE, Event, State, after, diagram
from ivr.errors import IllegalEvent


def test_a_call_goes_through_greeting_question_answer_and_farewell() -> None:
    state = State.ARRIVED
    for event in (Event.REPLY, Event.PLAYED, Event.SPEECH, Event.TURN, Event.FAREWELL, Event.PLAYED, Event.DONE):
        state = after(state, event)
    assert state is State.ENDED


@pytest.mark.parametrize("state", [s for s in State if s is not State.ENDED])
def test_the_caller_may_hang_up_at_any_moment(state: State) -> None:
    assert after(state, Event.HUNG_UP) is State.ENDED


@pytest.mark.parametrize("event", list(Event))
def test_nothing_happens_after_the_end(event: Event) -> None:
    with pytest.raises(IllegalEvent, match=event.value):
        after(State.ENDED, event)


def test_an_illegal_event_names_state_and_event() -> None:
    with pytest.raises(IllegalEvent, match=r"等待.*播完"):
        after(State.LISTENING, Event.PLAYED)


def test_every_state_is_reached_and_every_state_reaches_the_end() -> None:
    reached = {State.ARRIVED}
    for _ in State:
        reached |= {b for (a, _), b in TABLE.items() if a in reached}
    assert reached == set(State)
    assert all((state, Event.HUNG_UP) in TABLE for state in State if state is not State.ENDED)


def test_the_diagram_holds_every_transition() -> None:
    drawn = diagram()
    for (a, event), b in TABLE.items():
        if event is not Event.HUNG_UP:
            assert f"{a.name} --> {b.name}: {event.value}" in drawn


def test_the_documentation_holds_this_diagram() -> None:
    page = Path(__file__).parents[3] / "docs" / "callflow.md"
    assert diagram() in page.read_text("utf-8"), (
        "docs/callflow.md is not drawn from the table: put in what `ivr flow` prints"
    )
