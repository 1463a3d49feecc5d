"""Rasa's own command line, faster: `python dialogue/serve.py run …` is `python -m rasa run …`.

What is put in the place of Rasa's parts, each for what it cost of a turn (docs/benchmarks.md):

- `RemoteAction.run`: `action_calls.py`. Most calls need no action server; the others carry less, on a connection that
  stays open, and their answers are not checked against a JSON schema (which cost more than all else).
- `Event.resolve_by_type`: Rasa walks the tree of all event classes for every event it reads.

Conversations are kept by `recent_trackers.py`, which Rasa finds through `endpoints.yml`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

RASA = "3.6."
"""Releases that this fits."""


def replace(owner: Any, name: str, replacement: Any) -> None:
    """Puts ours in the place of a part of Rasa, which must be there."""
    if not hasattr(owner, name):
        raise SystemExit(
            f"错误：Rasa 里没有 {owner.__name__}.{name}。dialogue/serve.py 只适用于 Rasa {RASA}x："
            "请按 requirements/rasa.txt 重新安装（make prepare），或改 dialogue/serve.py。"
        )
    setattr(owner, name, replacement)


def check_release() -> None:
    import rasa

    if not rasa.__version__.startswith(RASA):
        raise SystemExit(
            f"错误：这是 Rasa {rasa.__version__}，dialogue/serve.py 只适用于 {RASA}x："
            "请按 requirements/rasa.txt 重新安装（make prepare）。"
        )


def make_faster() -> None:
    check_release()
    from action_calls import run
    from rasa.core.actions.action import RemoteAction
    from rasa.shared.core.events import Event
    from rasa.shared.utils.common import all_subclasses

    replace(RemoteAction, "run", run)
    kinds = {kind.type_name: kind for kind in reversed(all_subclasses(Event)) if getattr(kind, "type_name", None)}
    resolve = Event.resolve_by_type

    def resolve_by_type(type_name: str, default: Any = None) -> Any:
        return kinds.get(type_name) or resolve(type_name, default)

    replace(Event, "resolve_by_type", staticmethod(resolve_by_type))


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    make_faster()
    from rasa.__main__ import main as rasa
    from timings import measure_if_asked

    measure_if_asked()
    rasa()


if __name__ == "__main__":
    main()
