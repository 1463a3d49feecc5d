"""A SIP registrar that lets everybody in (RFC 3261, 10.3), and nothing more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast


class Registrar(asyncio.DatagramProtocol):
    """Answers REGISTER with 200, or with 403 those whose address of record is `refused`."""

    def __init__(self, refused: str = "-") -> None:
        self._refused = refused

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        lines = data.decode().split("\r\n")
        if not lines[0].startswith("REGISTER"):
            return
        kept = [line for line in lines if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq", "Contact")]
        allowed = f"sip:{self._refused}@" not in data.decode()
        status = "200 OK" if allowed else "403 Forbidden"
        answer = [f"SIP/2.0 {status}", *kept, "Expires: 300", "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(answer).encode(), addr)


@contextlib.asynccontextmanager
async def registrar(refused: str = "-") -> AsyncIterator[int]:
    """Gives its UDP port."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Registrar(refused), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
