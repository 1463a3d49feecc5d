"""The action server is sent the domain once a model, not with every call."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from dialogue.actions import server as module


class Nowhere:
    async def close(self) -> None:
        return None


@pytest.fixture
def action_server(monkeypatch: pytest.MonkeyPatch) -> TestServer:
    monkeypatch.setattr(module, "stage", Nowhere)
    return TestServer(module.server())


async def test_a_domain_is_brought_once(action_server: TestServer) -> None:
    async with TestClient(action_server) as rasa:

        async def call(digest: str, **more: Any) -> int:
            sent = {"next_action": "action_of_nobody", "tracker": {}, "domain_digest": digest, **more}
            return (await rasa.post("/webhook", json=sent)).status

        assert await call("a") == module.UNKNOWN_DOMAIN
        assert await call("a", domain={"slots": {}}) == 404  # taken, but there is no such action
        assert await call("a") == 404
        assert await call("b") == module.UNKNOWN_DOMAIN  # a newly published model's
        assert await call("b", domain={"slots": {}}) == 404
        assert await call("a") == 404  # calls that began with the earlier model go on


def test_each_call_gets_its_own_models_domain() -> None:
    domains = module.Domains()
    domains.of({"domain_digest": "a", "domain": {"name": "first"}})
    domains.of({"domain_digest": "b", "domain": {"name": "second"}})
    assert domains.of({"domain_digest": "a"}) == {"name": "first"}
    assert domains.of({"domain_digest": "b"}) == {"name": "second"}
    assert domains.of({"domain": {"name": "without a digest"}}) == {"name": "without a digest"}
    assert domains.of({}) is None


def test_domains_of_long_ago_are_forgotten() -> None:
    domains = module.Domains()
    for number in range(module.DOMAINS + 1):
        domains.of({"domain_digest": str(number), "domain": {"name": number}})
    assert domains.of({"domain_digest": "0"}) is None
    assert domains.of({"domain_digest": str(module.DOMAINS)}) == {"name": module.DOMAINS}
