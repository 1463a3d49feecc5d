"""What the NLU server makes of a part of a sentence, and what becomes of it when it fails."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialogue.actions.world import Stage
from ivr.settings import Settings

SAID = "我叫李秀兰，电话一三八零零零一"
RANKED = {"intent_ranking": [{"name": "inform", "confidence": 0.9}]}


@pytest.fixture
async def nlu() -> AsyncIterator[TestServer]:
    async def parse(request: web.Request) -> web.Response:
        return web.json_response(RANKED, status=request.app[STATUS][0])

    app = web.Application()
    app[STATUS] = [200]
    app.router.add_post("/model/parse", parse)
    server = TestServer(app)
    async with server:
        yield server


STATUS = web.AppKey("status", list[int])


async def asked(server: TestServer) -> dict[str, float]:
    known = Settings()
    stage = Stage(replace(known, host="127.0.0.1", ports=replace(known.ports, rasa=server.port or 0)))
    try:
        return await stage.intents(SAID)
    finally:
        await stage.close()


async def test_an_answer_is_taken(nlu: TestServer) -> None:
    assert await asked(nlu) == {"inform": 0.9}


@pytest.mark.parametrize("status", [400, 409, 500, 503])
async def test_a_refusal_is_no_answer_and_keeps_the_callers_words_out_of_the_log(
    nlu: TestServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    nlu.app[STATUS][0] = status
    with caplog.at_level(logging.DEBUG):
        assert await asked(nlu) == {}
    assert "李秀兰" not in caplog.text
    assert f"{len(SAID)} characters" in caplog.text
