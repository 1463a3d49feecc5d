"""Fills a ticket store quickly with made-up complaints of two years, for `store_bench.py`.

The tables are the product's own; their secondary indexes are taken away while rows are loaded (SQLite: one transaction
without a journal; PostgreSQL: COPY) and made again afterwards, by the words the database itself gives for them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import make_url

from ivr.tickets.numbers import place, spelled
from ivr.tickets.schema import DAYS, SEARCH, TICKETS
from ivr.tickets.words import indexed, month

UTC = dt.UTC
DAYS_BACK = 730
BODIES = 40_000
"""Different complaints; callers, numbers and times make each ticket one of its own."""
AT_ONCE = 20_000

WORLD: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "appliance": (
        ("product_fault", "installation", "service_attitude", "consultation"),
        ("空调", "冰箱", "洗衣机", "热水器", "电视", "油烟机", "微波炉", "燃气灶", "净水器", "扫地机"),
        ("不制冷，吹出来的都是热风", "底下漏水，地板泡了一片", "嗡嗡响，吵得睡不着", "打不着火", "按了没反应",
         "转两下就停", "黑屏，只有声音", "一开就跳闸", "有一股焦味", "遥控器失灵", "面板一直闪灯",
         "结了厚厚一层霜"),
    ),
    "auto": (
        ("fault", "parts_delay", "aftersales", "consultation"),
        ("远山L6", "远山S5", "发动机", "变速箱", "空调", "刹车片", "天窗", "中控屏"),
        ("异响，等红灯时特别明显", "故障灯亮了", "烧机油", "跑偏", "充不进电", "漏油", "导航死机",
         "配件等了一个月还没到"),
    ),
    "courier": (
        ("delay", "lost", "damaged", "false_sign"),
        ("包裹", "文件", "生鲜", "手机", "行李箱"),
        ("三天没有更新物流", "显示签收但没有收到", "外箱压扁了，里面碎了", "放在驿站没有通知",
         "快递员态度很差", "少了一件"),
    ),
    "telecom": (
        ("billing", "network", "service_attitude", "consultation"),
        ("宽带", "手机卡", "套餐", "流量包", "路由器"),
        ("网速很慢，晚上连不上", "多扣了增值业务费", "没有办过却开通了", "信号不好，打电话断断续续",
         "改不了套餐", "停机后充了钱还是不能用"),
    ),
    "bank": (
        ("fee_dispute", "card", "service_attitude", "consultation"),
        ("信用卡", "储蓄卡", "手机银行", "贷款", "理财"),
        ("扣了年费", "转账没有到账", "登录不上", "被盗刷了一笔", "额度降了没有通知", "排队两个小时没有办成"),
    ),
    "ecommerce": (
        ("delivery_delay", "wrong_item", "quality", "refund"),
        ("羽绒服", "运动鞋", "手机壳", "电饭煲", "沙发", "耳机"),
        ("发错颜色了", "少发了一件", "退款一直没有到账", "开线了，质量很差", "拆开就是坏的", "客服不回消息"),
    ),
    "luxury": (
        ("quality", "repair", "authenticity", "consultation"),
        ("手提包", "腕表", "皮鞋", "围巾"),
        ("掉色", "走时不准", "开胶", "怀疑不是正品", "保养后有划痕", "五金生锈"),
    ),
}  # fmt: skip
PLACES = (
    "客厅",
    "卧室",
    "厨房",
    "卫生间",
    "阳台",
    "办公室",
    "店里",
    "楼下",
    "车库",
    "老家",
    "学校",
    "仓库",
    "单位",
    "宿舍",
)
SINCE = ("昨天", "三天前", "上周二", "国庆那天", "上个月", "刚买回来", "半年了", "早上")
FEELING = (
    "我都打了好几次电话了",
    "再不处理我就投诉",
    "麻烦尽快",
    "太耽误事了",
    "你们到底管不管",
    "家里有老人小孩",
    "谢谢",
)
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗", "芳伟娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"


@dataclass(frozen=True, slots=True)
class Body:
    """What a complaint says, without who and when."""

    hotline: str
    category: str
    summary: str
    fields: str
    words: str
    said: str


def bodies(rng: random.Random) -> list[Body]:
    return [_body(rng) for _ in range(BODIES)]


def _body(rng: random.Random) -> Body:
    (hotline,) = rng.choices(list(WORLD), weights=(30, 12, 20, 14, 8, 14, 2))
    categories, products, problems = WORLD[hotline]
    product, problem, where = rng.choice(products), rng.choice(problems), rng.choice(PLACES)
    since, feeling = rng.choice(SINCE), rng.choice(FEELING)
    name = rng.choice(SURNAMES) + rng.choice(GIVEN)
    model = f"{rng.choice(('KFR', 'BCD', 'XQG', 'MX', 'L'))}{rng.randrange(10, 999)}{rng.choice('ABCDEGHW')}"
    address = f"{rng.choice(PLACES)}附近{rng.randrange(1, 300)}弄{rng.randrange(1, 60)}号{rng.randrange(101, 2904)}室"
    said = [f"{where}那个{product}{since}开始{problem}", f"型号好像是{model}", feeling, f"我姓{name[0]}，住{address}"]
    facts = {
        "product": (product, f"{where}那个{product}"),
        "problem": (problem, said[0]),
        "since": ("2026-11-01", since),
        "model": (model, None),
        "address": (address, said[3]),
        "contact_name": (name, None),
    }
    summary = f"{where}{product}{since}起{problem}"
    document = {
        key: {"value": value, "said": words, "source": "caller", "confidence": 0.92, "turn": 2}
        for key, (value, words) in facts.items()
    }
    texts = [text for pair in facts.values() for text in pair if text]
    return Body(
        hotline, rng.choice(categories), summary, json.dumps(document, ensure_ascii=False),
        indexed(summary, *texts), indexed(*said),
    )  # fmt: skip


def caller(rng: random.Random, tickets: int) -> str:
    """A third of the callers' tickets are of one caller in fifty."""
    many = max(50, tickets // 4)
    at = rng.randrange(max(1, many // 50)) if rng.random() < 1 / 3 else rng.randrange(many)
    return f"1{3_000_000_000 + at * 7919 % 6_999_999_999:010d}"


def rows(
    count: int, searchable: int, now: dt.datetime, rng: random.Random
) -> Iterator[tuple[dict[str, Any], Any, dt.date]]:
    """Rows of tickets (and what they are found by, None for the older ones), in the order of time."""
    known, step = bodies(rng), dt.timedelta(days=DAYS_BACK) / count
    day, number = dt.date.min, 0
    for at in range(count):
        made = now - dt.timedelta(days=DAYS_BACK) + step * at
        if made.date() != day:
            day, number = made.date(), 0
        number += 1
        body, ticket_no, who = known[rng.randrange(BODIES)], spelled(day, number), caller(rng, count)
        owed = at > count - 2000 and rng.random() < 0.05
        row = {
            "ticket_no": ticket_no, "version": 3, "status": rng.choices(*STATUS)[0],
            "stage": rng.choices(*(STAGE_NOW if at > count - 3000 else STAGE))[0], "hotline": body.hotline,
            "category": body.category, "call_id": f"b{at}.1", "caller_number": who, "created_at": made,
            "summary": body.summary, "fields": body.fields, "missing": "[]", "completeness": 1.0,
            "prior_ticket_no": None, "occurrence": 1, "emotion_label": "calm", "emotion_score": 0.1,
            "urgency": rng.choices(*URGENCY)[0], "complexity": 0.0, "confidence": 0.9, "review_required": False,
            "review_reasons": "[]", "handoff_reason": None, "handoff_queue": None, "handoff_requested_at": None,
            "handoff_outcome": None, "handoff_agent": None, "handoff_waited_s": None,
            "callback_due": made if owed else None, "callback_number": who if owed else None,
            "callback_why": "来电人中途挂断" if owed else None, "customer": None, "suggestions": "[]",
            "recording": None,
        }  # fmt: skip
        found_by = None
        if at >= count - searchable:
            words = f" {month(day.year, day.month)}{indexed(ticket_no, ticket_no[2:], who)}{body.words[1:]}"
            found_by = (place(ticket_no, day), ticket_no, words, body.said)
        yield row, found_by, day


STATUS = (("complete", "incomplete", "abandoned"), (80, 12, 8))
STAGE = (("closed", "accepted", "corrected"), (90, 7, 3))
STAGE_NOW = (("new", "in_review", "accepted", "closed"), (40, 20, 30, 10))
URGENCY = (("P1", "P2", "P3", "P4"), (1, 9, 70, 20))


async def fill(url: str, count: int, searchable: int, now: dt.datetime) -> None:
    """Into an open, empty store."""
    began = time.monotonic()
    made = rows(count, searchable, now.astimezone(UTC), random.Random(7))
    if url.startswith("sqlite"):
        await asyncio.to_thread(_fill_sqlite, make_url(url).database or "", made)
    else:
        await _fill_postgresql(url, made)
    print(f"装入 {count:,} 张工单（其中 {searchable:,} 张可搜索）用了 {time.monotonic() - began:.0f} 秒", flush=True)


def _fill_sqlite(file: str, made: Iterator[tuple[dict[str, Any], Any, dt.date]]) -> None:
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
        database.execute(f"PRAGMA {pragma}")
    spared = "type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN ('tickets', 'ticket_search')"
    taken = database.execute(f"SELECT type, name, sql FROM sqlite_master WHERE {spared}").fetchall()
    for kind, name, _ in taken:
        database.execute(f"DROP {kind} {name}")
    names = [column.name for column in TICKETS.columns]
    marks = f"INSERT INTO tickets ({','.join(names)}) VALUES ({','.join('?' * len(names))})"
    database.execute("BEGIN")
    days: dict[dt.date, int] = {}
    for part in _parts(made):
        database.executemany(marks, [[_plain(row[name]) for name in names] for row, _, _ in part])
        found_by = [each for _, each, _ in part if each]
        database.executemany("INSERT INTO ticket_search (place, ticket_no, words, said) VALUES (?, ?, ?, ?)", found_by)
        for row, _, day in part:
            days[day] = int(row["ticket_no"].rpartition("-")[2])
    database.executemany(
        "INSERT INTO ticket_days (day, last) VALUES (?, ?)", [(d.isoformat(), n) for d, n in days.items()]
    )
    database.execute("INSERT INTO ticket_fts (ticket_fts) VALUES ('rebuild')")
    for _, _, sql in taken:
        database.execute(sql)
    database.execute("COMMIT")
    database.execute("PRAGMA journal_mode=WAL")
    database.close()


async def _fill_postgresql(url: str, made: Iterator[tuple[dict[str, Any], Any, dt.date]]) -> None:
    parts = make_url(url)
    connection = await asyncpg.connect(
        user=parts.username, password=parts.password, database=parts.database,
        host=parts.query.get("host") or parts.host, port=parts.port or 5432,
    )  # fmt: skip
    await connection.execute("SET maintenance_work_mem = '400MB'; SET synchronous_commit = off")
    spared = "tablename IN ('tickets', 'ticket_search') AND indexname NOT LIKE 'pk%' AND indexname NOT LIKE 'uq%'"
    taken = await connection.fetch(f"SELECT indexname, indexdef FROM pg_indexes WHERE {spared}")
    for row in taken:
        await connection.execute(f"DROP INDEX {row['indexname']}")
    names = [column.name for column in TICKETS.columns]
    days: dict[dt.date, int] = {}
    for part in _parts(made):
        records = [[row[name] for name in names] for row, _, _ in part]
        await connection.copy_records_to_table(TICKETS.name, records=records, columns=names)
        found_by = [each for _, each, _ in part if each]
        await connection.copy_records_to_table(
            SEARCH.name, records=found_by, columns=["place", "ticket_no", "words", "said"]
        )
        for row, _, day in part:
            days[day] = int(row["ticket_no"].rpartition("-")[2])
    await connection.copy_records_to_table(DAYS.name, records=list(days.items()), columns=["day", "last"])
    for row in taken:
        await connection.execute(row["indexdef"])
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _parts(made: Iterator[Any]) -> Iterator[list[Any]]:
    while part := list(itertools.islice(made, AT_ONCE)):
        yield part


def _plain(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, dt.datetime) else value
