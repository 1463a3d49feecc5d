"""JSON from another system, however wrong or long it is."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from ivr.errors import WireError

PIECE = 65536


async def json_of(response: aiohttp.ClientResponse, longest_kb: int) -> Any:
    """Raises `WireError` for what is no JSON or longer than allowed; reads no more of that."""
    body = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        body += piece
        if len(body) > longest_kb * 1024:
            raise WireError(f"答复超过 {longest_kb} KB，不读了")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"答复（{response.status}，{len(body)} 字节）不是 JSON") from error
