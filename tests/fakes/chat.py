"""A chat program by script: speaks the lines of `ivr chat --jsonl`. Run as a program.

    python tests/fakes/chat.py SCRIPT.json

SCRIPT: {"turns": [turn, …], "tickets": […]}: turn n+1 is the answer to line n. `"die": true` in a turn ends the
program without a word; `"raw": "…"` is written as it is. What it was told goes to SCRIPT.told, one line each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(script: Path) -> None:
    plan = json.loads(script.read_text("utf-8"))
    turns = iter(plan["turns"])
    with script.with_suffix(".told").open("w", encoding="utf-8") as told:
        if speak(next(turns)):
            for line in sys.stdin:
                told.write(line)
                told.flush()
                if "hang_up" in line or not speak(next(turns)):
                    break
    say(json.dumps({"tickets": plan["tickets"]}, ensure_ascii=False))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def speak(turn: dict[str, object]) -> bool:
    """False: the call is over."""
    if turn.get("die"):
        sys.stderr.write("内存不足\n")
        raise SystemExit(3)
    say(str(turn.get("raw") or json.dumps(turn, ensure_ascii=False)))
    return not turn.get("ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
