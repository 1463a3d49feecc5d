"""How quickly the ticket store saves, lists, searches and finds a caller's earlier tickets when it is large.

    python tests/benches/store_bench.py [--database sqlite|postgresql|URL] [--tickets 1000000] [--searchable N]
                                        [--writers 50] [--processes 4] [--seconds 20] [--only 名字]

`sqlite` is a file in a temporary folder, `postgresql` a server that the bench starts (settings as Debian's, fsync on).
An address is used as it is: an empty database is filled, one that has tickets is only measured. Milliseconds, as a
caller of `TicketStore` sees them; nobody else should be at work on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import multiprocessing
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

from ivr.prepare.places import Places
from ivr.settings import PROJECT
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Callback, Fact, Ticket, TranscriptLine
from tests import postgresql
from tests.benches.store_fill import caller, fill

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 22, 10, tzinfo=ZONE)
SAVES, READS = 300, 100
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on"}

LISTS: dict[str, dict[str, str]] = {
    "全部": {},
    "一条热线": {"hotline": "bank"},
    "热线和类别": {"hotline": "luxury", "category": "authenticity"},
    "没有的组合": {"hotline": "bank", "category": "product_fault"},
    "待审核": {"stage": "in_review"},
    "一条热线待审核": {"stage": "in_review", "hotline": "luxury"},
    "通话中": {"status": "draft"},
    "P1": {"urgency": "P1"},
    "P1 中途挂断 一条热线": {"urgency": "P1", "status": "abandoned", "hotline": "luxury"},
}
QUESTIONS: dict[str, str] = {
    "常见的词": "空调",
    "两个常见的词": "空调 漏水",
    "常见但不在一起": "手提包 信用卡",
    "常见的字": "水",
    "三个字以上": "不制冷 吹出来的都是热风",
    "整句": "等红灯时特别明显",
    "少见的型号": "KFR377W",
    "型号的开头": "KFR37",
    "一个地址": "237弄41号",
    "没有的词": "量子纠缠",
    "半有半无": "空调 量子",
    "编号": "GD20260503-000123",
    "姓名和词": "王芳 冰箱",
}


async def measured(what: str, times: int, do: Callable[[int], Awaitable[object]]) -> None:
    """The first is not counted: connections and statements are made then."""
    await do(-1)
    took = []
    for number in range(times):
        began = time.perf_counter()
        await do(number)
        took.append((time.perf_counter() - began) * 1000)
    show(what, took)


def show(what: str, took: list[float], more: str = "") -> None:
    took = sorted(took)
    p50, p95 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.95))]
    print(f"{what:　<16} p50 {p50:8.1f}  p95 {p95:8.1f}  最长 {took[-1]:8.1f} 毫秒（{len(took)} 次）{more}", flush=True)


def a_ticket(call_id: str, number: str) -> Ticket:
    facts = {"product": Fact("空调", "客厅那个挂机"), "problem": Fact("不制冷", "开半天吹的都是热风")}
    return Ticket(
        hotline="appliance", call_id=call_id, caller_number=number, created_at=NOW, fields=facts, summary="空调不制冷"
    )


async def saves(store: TicketStore, tickets: int) -> None:
    """One writer, as a call does it: a ticket, what is said, what becomes known."""
    run, made = time.time_ns(), list[Ticket]()

    async def create(number: int) -> None:
        made.append(await store.create(a_ticket(f"s{run}.{number}", "13800010001")))

    async def save(number: int) -> None:
        ticket = made[number + 1].with_fact("since", Fact("2026-11-19", "得有三天了"))
        made[number + 1] = await store.save(replace(ticket, summary="空调三天前起不制冷"), by="bot", why="第 3 轮")

    async def line(number: int) -> None:
        await store.add_line(
            made[number + 1].call_id, TranscriptLine("caller", "开半天吹的都是热风，得有三天了", 4.0, 0.9)
        )

    async def call_back(number: int) -> None:
        await store.record_callback(made[number + 1].ticket_no, Callback(NOW, "13800010001", "无人接听"))

    await measured("新建", SAVES, create)
    await measured("来电人的一句话", SAVES, line)
    await measured("保存", SAVES, save)
    await measured("约定回电", SAVES, call_back)


async def earlier(store: TicketStore, tickets: int) -> None:
    rng = random.Random(time.time_ns())

    async def ask(_: int) -> None:
        await store.of_caller(caller(rng, tickets), before=NOW)

    async def one_with_many(_: int) -> None:
        await store.of_caller("13000000000", before=NOW)

    await measured("来电人以前的工单", READS * 3, ask)
    await measured("工单最多的来电人", READS, one_with_many)


async def lists(store: TicketStore, tickets: int) -> None:
    for what, criteria in LISTS.items():
        await measured(f"列表：{what}", READS // 4, lambda _, c=criteria: store.find(**c))
    await measured("列表：待回电", READS // 4, lambda _: store.callbacks_due(NOW))


async def searches(store: TicketStore, tickets: int) -> None:
    for what, question in QUESTIONS.items():
        found = len(await store.search(question))
        took = []
        for _ in range(READS // 5):
            began = time.perf_counter()
            await store.search(question)
            took.append((time.perf_counter() - began) * 1000)
        show(f"搜索：{what}", took, f" {question}：{found} 张")
    await measured("搜索：一条热线里", READS // 5, lambda _: store.search("空调 漏水", hotline="auto"))


async def _write(url: str, who: int, writers: int, seconds: float) -> list[float]:
    store = TicketStore(url, ZONE, patience_s=30)
    await store.open()
    took: list[float] = []
    until = time.monotonic() + seconds

    async def writer(number: int) -> None:
        rng, turn = random.Random(who * 1000 + number), 0
        while time.monotonic() < until:
            began = time.perf_counter()
            ticket = await store.create(a_ticket(f"w{who}.{number}.{time.time_ns()}", "13900010001"))
            took.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            await store.save(ticket.with_fact("since", Fact("2026-11-19")), by="bot", why="第 3 轮")
            took.append((time.perf_counter() - began) * 1000)
            turn += 1
            await asyncio.sleep(rng.random() * 0.2)

    async with asyncio.TaskGroup() as group:
        for number in range(writers):
            group.create_task(writer(number))
    await store.close()
    return took


def write(url: str, who: int, writers: int, seconds: float) -> list[float]:
    return asyncio.run(_write(url, who, writers, seconds))


def many_writers(url: str, writers: int, processes: int, seconds: float) -> None:
    shares = [writers // processes + (number < writers % processes) for number in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        parts = pool.starmap(write, [(url, number, share, seconds) for number, share in enumerate(shares)])
    took = [each for part in parts for each in part]
    show(f"{writers} 个写者", took, f" {processes} 个进程，每秒 {len(took) / seconds:.0f} 次，没有出错")


PARTS: dict[str, Callable[[TicketStore, int], Awaitable[None]]] = {
    "saves": saves,
    "earlier": earlier,
    "lists": lists,
    "searches": searches,
}


async def bench(url: str, wish: argparse.Namespace) -> None:
    store = TicketStore(url, ZONE)
    await store.open()
    print(f"{await store.release()}，{wish.tickets:,} 张工单", flush=True)
    if not await store.find(limit=1):
        await store.close()  # nobody else is there while it is filled
        await fill(url, wish.tickets, wish.searchable if wish.searchable is not None else wish.tickets, NOW)
        store = TicketStore(url, ZONE)
        await store.open()
    for name, part in PARTS.items():
        if wish.only in (None, name):
            await part(store, wish.tickets)
    await store.close()


@contextmanager
def database(name: str) -> Iterator[str]:
    if name == "sqlite":
        with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
            yield f"sqlite+aiosqlite:///{folder}/tickets.db"
    elif name == "postgresql":
        with postgresql.running(Places(PROJECT), DURABLE) as server:
            if server is None:
                raise SystemExit("这台机器上没有 PostgreSQL：先运行 python3 -m ivr.prepare test。")
            yield server.url(server.create())
    else:
        yield name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--searchable", type=int, help="多少张（最新的）有全文索引；默认全部")
    parser.add_argument("--writers", type=int, default=50)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--only", choices=[*PARTS, "fill", "writers"])
    wish = parser.parse_args()
    with database(wish.database) as url:
        asyncio.run(bench(url, wish))
        if wish.only in (None, "writers"):
            many_writers(url, wish.writers, wish.processes, wish.seconds)


if __name__ == "__main__":
    main()
