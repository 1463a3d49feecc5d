"""A call as it happens, for people who watch: who said what, what was heard, how long the answer took."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from ivr.simulate.call_log import Live

SLOW_MS = 1200
"""Answers slower than this stand out."""


class ConversationView:
    """`run_call(…, watch=ConversationView(console))`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, live: Live) -> None:
        line = Text(f"{live.at:6.1f} 秒  ", style="dim")
        text, style = self._words(live)
        if text:
            self._console.print(line.append(text, style=style), soft_wrap=not self._console.is_terminal)

    def _words(self, live: Live) -> tuple[str, str]:
        match live.kind:
            case "answered":
                return f"☎ 接通（振铃 {live.ms} ms）", "bold"
            case "bot":
                return f"机器人：{live.text}", "cyan"
            case "caller":
                return f"来电者：{live.text}", "green"
            case "heard":
                return f"  听成：{live.text or '（没听清）'}", "dim"
            case "gap":
                return f"  应答间隔：{live.ms} ms", "yellow" if (live.ms or 0) > SLOW_MS else "dim"
            case "silence":
                return "来电者：（不说话）", "green"
            case "keys":
                return f"来电者按键：{live.text}", "green"
            case "handoff":
                return f"⇄ 转人工：{live.text}", "magenta"
            case "agent":
                return f"坐席接起：{live.text}", "bold magenta"
            case "ended":
                return "☎ 通话结束", "bold"
            case _:
                return "", ""
