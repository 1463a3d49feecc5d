"""What stands in the place of Rasa's parts (`dialogue/serve.py`), in Rasa's own environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ivr.settings import PROJECT

Found = dict[str, Any]


@pytest.fixture(scope="module")
def found() -> Found:
    python = PROJECT / ".venv-rasa" / "bin" / "python"
    ran = subprocess.run(
        [python, Path(__file__).with_name("rasa_side.py")], capture_output=True, text=True, timeout=180, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    answer: Found = json.loads(ran.stdout.splitlines()[-1])
    return answer


def test_what_rasa_answers_itself(found: Found) -> None:
    assert found["own"] == {
        "note": [],
        "question": None,
        "not understood yet": None,
        "understood already": [],
        "form before it was understood": "RasaException",
        "form makes way": ["action_execution_rejected"],
        "form again": ["slot"],
        "form begins": ["slot"],
    }


def test_the_domain_is_sent_only_where_it_is_wanted(found: Found) -> None:
    # asked, asked again with it; known; another model's, asked again with it; known
    assert found["calls"]["domains"] == [False, True, False, False, True, False]
    assert found["calls"]["connections"] == 1


def test_a_call_carries_what_actions_read(found: Found) -> None:
    calls = found["calls"]
    assert "events" not in calls["keys"]
    assert calls["message"] == {"call_id": "1"}
    assert calls["slots"] == {"handled": "m1"}


def test_answers_are_said_and_kept(found: Found) -> None:
    calls = found["calls"]
    assert calls["events"] == ["bot", "slot", "bot", "slot"]
    assert (calls["said"], calls["marks"]) == ("哪天？", {"asks": ["since"]})
    assert "500" in calls["failed"]


def test_conversations_are_remembered_until_newer_ones_come(found: Found) -> None:
    assert found["memory"] == {"slot": {"handled": "m1"}, "unsaved": None, "message": "空调坏了", "kept": ["2", "3"]}


def test_the_last_states_are_those_that_rasa_makes(found: Found) -> None:
    assert found["states"]["wrong"] == 0
    assert found["states"]["states"] > 4


def test_a_graph_gives_what_rasas_own_runner_gives(found: Found) -> None:
    ours, theirs = found["graphs"]["ours"], found["graphs"]["rasa's"]
    assert ours == theirs
    assert ours[0] == {"last": 6}


def test_another_rasa_is_told_apart(found: Found) -> None:
    assert "no_such_part" in found["missing"]
    assert "requirements/rasa.txt" in found["missing"]
