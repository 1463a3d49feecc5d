"""`ivr score nlu`: intent, category and fields of one sentence, by Rasa's NLU and the code that a call runs."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import aiohttp

from ivr.conversation.evidence import load_evidence
from ivr.conversation.one_sentence import Reading, best, read
from ivr.conversation.servers import at_work
from ivr.conversation.situation import Setting
from ivr.errors import PeerDown, SettingsError
from ivr.packs import load_packs
from ivr.running import running_dialogue
from ivr.settings import Settings
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Ticket

Intents = Mapping[str, float]
PARSE_S = 20.0


def reader(
    settings: Settings, today: dt.date, hotline: str | None, asking: str | None, until: ExitStack
) -> Callable[[str], dict[str, Any]]:
    """The judge of lines. Rasa runs until `until` is closed; what already runs is used.

    Without a hotline the sentence is read for each, the likeliest is printed, and its name with it."""
    taxonomy, packs = load_taxonomy(settings.data), load_packs(settings.data)
    if asking and asking not in taxonomy.fields:
        raise SettingsError(f"没有叫 {asking} 的字段：data/taxonomy.yml 里有 {'、'.join(taxonomy.fields)}。")
    chosen = [taxonomy.hotline(hotline).id] if hotline else [name for name in taxonomy.hotlines if name in packs]
    settings_of = {
        name: Setting(packs[name], taxonomy, load_evidence(settings.data, name), today) for name in chosen
    }  # fmt: skip
    intents_of = _parser(settings, until)

    def judge(line: str) -> dict[str, Any]:
        intents = intents_of(line)
        noon = dt.datetime.combine(today, dt.time(12), settings.zone)
        readings = [
            read(line, intents, Ticket(hotline=name, call_id="score", caller_number=None, created_at=noon), one, asking)
            for name, one in settings_of.items()
        ]
        chosen = best(readings, intents)
        return _json(chosen) | ({} if hotline else {"hotline": chosen.hotline})

    return judge


def _json(reading: Reading) -> dict[str, Any]:
    return {
        "intent": reading.intent,
        "confidence": reading.confidence,
        "fields": {name: {"value": fact.value, "said": fact.said} for name, fact in reading.fields.items()},
        "category": reading.category,
    }


def _parser(settings: Settings, until: ExitStack) -> Callable[[str], Intents]:
    """Asks Rasa's NLU; starts it first where none runs."""
    runner = until.enter_context(asyncio.Runner())
    dialogue = running_dialogue(settings, lambda said: print(said, file=sys.stderr, flush=True))
    runner.run(_entered(dialogue))
    until.callback(lambda: runner.run(_left(dialogue)))
    working = at_work(settings)
    url = f"http://{working.host}:{working.ports.rasa}/model/parse"
    return lambda text: runner.run(parsed(url, text))


async def _entered(block: Any) -> None:
    await block.__aenter__()


async def _left(block: Any) -> None:
    await block.__aexit__(None, None, None)


async def parsed(url: str, text: str) -> Intents:
    """Intent → confidence. Raises `PeerDown` when Rasa does not answer."""
    timeout = aiohttp.ClientTimeout(total=PARSE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(url, json={"text": text}) as response,
        ):
            response.raise_for_status()
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise PeerDown(
            f"对话服务 Rasa 没有回答（{str(error) or type(error).__name__}）：请看 var/log/rasa.log。"
        ) from error
    return {str(each["name"]): float(each["confidence"]) for each in answer.get("intent_ranking", ())}
