"""How a call ends for us: hung up by either side, handed over, lost. In each the ticket is settled first."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from ivr.call.ports import Conversation, Line, Reply, Transfer
from ivr.call.reporter import Report
from ivr.errors import TelephonyDown


class Endings:
    def __init__(self, line: Line, dialogue: Conversation, queue: str, report: Report) -> None:
        self._line = line
        self._call = line.info
        self._dialogue = dialogue
        self._queue = queue
        self._report = report

    async def settled(self, reply: Reply) -> Reply:
        """The ticket is whole before the caller is told of a transfer, so no failure from there on loses anything."""
        ticket_no = await self._dialogue.end(self._call, "handed_over", reply.handoff)
        return replace(reply, ticket_no=ticket_no or reply.ticket_no)

    async def part(self, reply: Reply) -> None:
        """The last words were said."""
        if not reply.handoff:
            await self._line.hang_up()
            await self.hung_up(by_caller=False)
            return
        self._report("handoff", {"reason": reply.handoff, "ticket_no": reply.ticket_no})
        queue = reply.queue or self._queue
        await self._line.hand_over(Transfer(queue, reply.handoff, reply.ticket_no, reply.priority, waits=reply.waits))
        self._report("ended", {"how": "handed_over"})

    async def hung_up(self, *, by_caller: bool) -> None:
        how = "caller_hung_up" if by_caller else "bot_hung_up"
        await self._dialogue.end(self._call, "caller_hung_up" if by_caller else "bot_hung_up")
        self._report("ended", {"how": how})

    async def lost(self) -> None:
        """The call went on without us, to a human."""
        await self._dialogue.end(self._call, "handed_over", "bot_failure")
        self._report("ended", {"how": "handed_over"})

    async def broke(self) -> None:
        """A bug: its caller goes to a human without words."""
        ticket_no = await self._dialogue.end(self._call, "handed_over", "bot_failure")
        with contextlib.suppress(TelephonyDown):
            await self._line.hand_over(Transfer(self._queue, "bot_failure", ticket_no))
        self._report("ended", {"how": "handed_over"})
