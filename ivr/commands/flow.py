"""`ivr flow`: the states of a call, drawn from the table."""

from __future__ import annotations

from ivr.call.flow import diagram


def command() -> None:
    """打印通话状态图（Mermaid），与 docs/callflow.md 里的一致。"""
    print(diagram(), end="")
