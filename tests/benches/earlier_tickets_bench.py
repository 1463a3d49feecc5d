"""How long it takes to find the earlier ticket that "和上次一样" means, in a large store.

    python tests/benches/earlier_tickets_bench.py [--tickets 1000000] [--file FILE]

Fills an SQLite database (kept with `--file`, and used again when it is there) with tickets of as many callers as there
are telephones in a town, 60 of them of one caller, then finds that caller's candidates again and again: the query, the
tickets made of the rows, and their ranking. Prints medians and percentiles in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.settings import PROJECT
from ivr.tickets.linking import candidates
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import load_taxonomy

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 22, 10, tzinfo=ZONE)
CALLER = "13800010001"
OWN = 60
"""Earlier tickets of the caller who calls: far more than anybody has."""
ROUNDS = 300
EARLIER = 30
"""As many as the dialogue looks at."""
PRODUCTS = ("空调", "冰箱", "洗衣机", "热水器", "电视", "油烟机", "微波炉")
TROUBLES = ("不制冷，吹热风", "漏水，底下一摊", "嗡嗡响，吵得睡不着", "打不着火", "按了没反应", "转两下就停", "黑屏")
SAID = ("又坏了，跟上次一样", "还是那个空调，又吹热风了", "老毛病又犯了，漏水", "你们上回修的洗衣机又不转了")


def rows(count: int, rng: random.Random) -> Iterator[tuple[object, ...]]:
    for at in range(count):
        own = at < OWN
        caller = CALLER if own else f"13{rng.randrange(10**9):09d}"
        made = NOW - dt.timedelta(minutes=rng.randrange(400 if own else 60, 525_600))
        product, trouble = rng.choice(PRODUCTS), rng.choice(TROUBLES)
        fields = {
            name: {"value": value, "said": value, "source": "caller", "confidence": 0.9, "turn": 1}
            for name, value in (("product", product), ("problem", trouble), ("since", "2026-11-01"))
        }
        yield (
            f"GD{made:%Y%m%d}-{at:07d}", 3, "complete", "closed", "appliance", "product_fault", f"call-{at}", caller,
            f"{made.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}.000000", f"{product}{trouble}",
            json.dumps(fields, ensure_ascii=False), "[]", 1.0, None, 1, "calm", 0.1, "P3", 0.0, 0.9, 0, "[]", "[]",
        )  # fmt: skip


COLUMNS = (
    *("ticket_no", "version", "status", "stage", "hotline", "category", "call_id", "caller_number", "created_at"),
    *("summary", "fields", "missing", "completeness", "prior_ticket_no", "occurrence", "emotion_label"),
    *("emotion_score", "urgency", "complexity", "confidence", "review_required", "review_reasons", "suggestions"),
)


def fill(file: Path, count: int) -> None:
    began = time.perf_counter()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        words = f"INSERT INTO tickets ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        connection.executemany(words, rows(count, random.Random(1)))
    print(f"filled with {count} tickets in {time.perf_counter() - began:.0f} s, {file.stat().st_size / 2**20:.0f} MB")


async def measure(file: Path, count: int) -> None:
    store = TicketStore(f"sqlite+aiosqlite:///{file}", ZONE)
    await store.open()
    if not await store.of_caller(CALLER, before=NOW, limit=1):
        await store.close()
        await asyncio.to_thread(fill, file, count)
        store = TicketStore(f"sqlite+aiosqlite:///{file}", ZONE)
        await store.open()
    words = load_taxonomy(PROJECT / "data").judgement.linking
    took: dict[str, list[float]] = {"query": [], "ranking": [], "together": []}
    for turn in range(ROUNDS):
        began = time.perf_counter()
        tickets = await store.of_caller(CALLER, before=NOW, limit=EARLIER)
        asked = time.perf_counter()
        candidates(SAID[turn % len(SAID)], "空调", tickets, NOW.date(), words, problem="吹热风")
        ended = time.perf_counter()
        for name, span in (("query", asked - began), ("ranking", ended - asked), ("together", ended - began)):
            took[name].append(span * 1000)
    await store.close()
    for name, spans in took.items():
        cuts = statistics.quantiles(spans, n=100)
        print(f"{name:9} p50 {cuts[49]:6.2f} ms  p95 {cuts[94]:6.2f} ms  p99 {cuts[98]:6.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options.file or Path(folder) / "tickets.db", options.tickets))


if __name__ == "__main__":
    main()
