"""Databases of a CRM: SQLite by its plain driver (in threads) and by its asyncio one, and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.customers.directory import open_source
from ivr.customers.sql import SqlCustomers
from ivr.errors import CustomersDown, IvrError, NotPrepared, SettingsError
from ivr.settings import CustomerSource, CustomerSql, Settings
from ivr.tickets.customer import Agreement, Complaint, Customer, Purchase, Vehicle

QUERIES = {
    "customer": "SELECT id AS customer_no, 姓名 AS name, level FROM members WHERE phone IN :numbers",
    "purchases": """SELECT item AS product, model, no AS order_no, bought, until AS warranty_until
                    FROM orders WHERE member = :customer_no ORDER BY bought DESC""",
    "vehicles": "SELECT plate AS plate_no, car AS product, NULL AS purchased FROM cars WHERE phone = :number;",
    "agreements": "SELECT name, until FROM plans WHERE member = :customer_no -- 会员计划",
    "complaints": "SELECT what AS subject, day AS date, state AS status, id AS reference FROM cases",
}
TABLES = """
CREATE TABLE members (id INTEGER, 姓名 TEXT, level TEXT, phone TEXT, password TEXT);
INSERT INTO members VALUES (7, '王芳', '黑金', '+86 138-0001-0001', 'x'), (8, '李雷', '普通', '(021)88886666', 'x'),
    (9, '韩梅', '普通', '8613900010009', 'x'), (9, '韩梅梅', '普通', '139 0001 0009', 'x'),
    (10, '赵父', '黑金', '13700010007', 'x'), (11, '赵子', '普通', '+8613700010007', 'x');
CREATE TABLE orders (member INTEGER, item TEXT, model TEXT, no TEXT, bought TEXT, until TEXT);
INSERT INTO orders VALUES (7, '空调', 'KFR35GW', 'DD1', '2026/3/1', '2032-03-01 00:00:00'), (7, '', 'X', 'DD2', '不详', NULL);
CREATE TABLE cars (phone TEXT, plate TEXT, car TEXT);
INSERT INTO cars VALUES ('13800010001', '粤B5K328', '远山L6');
CREATE TABLE plans (member INTEGER, name TEXT, until INTEGER);
INSERT INTO plans VALUES (7, '延长保修', 1930665600);
CREATE TABLE cases (what TEXT, day TEXT, state TEXT, id TEXT);
INSERT INTO cases VALUES ('空调漏水', '20251101', '已关闭', 'C-77');
"""  # noqa: E501


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "crm.db"
    connection = sqlite3.connect(file)
    connection.executescript(TABLES)
    connection.close()
    return file


@pytest.fixture(params=["sqlite", "sqlite+aiosqlite", "postgresql+asyncpg"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a database with these tables, on every kind of server and driver."""
    if request.param != "postgresql+asyncpg":
        yield f"{request.param}:///{request.getfixturevalue('database')}"
        return
    server = request.getfixturevalue("server")
    name = server.create()
    server.run(TABLES, name)
    yield server.url(name)
    server.drop(name)


def source(address: str, var: Path, **queries: str) -> Settings:
    sql = CustomerSql(address=address, queries=QUERIES | queries)
    columns = {"customer": {"tier": "level"}, "purchases": {"purchased": "bought"}}
    choice = CustomerSource(kind="sql", sql=sql, map=columns, vip=("黑金",))
    return Settings(var=var, customers={"default": choice})


@pytest.fixture
async def crm(address: str, tmp_path: Path) -> AsyncIterator[SqlCustomers]:
    opened = open_source(source(address, tmp_path), "default")
    assert isinstance(opened, SqlCustomers)
    yield opened
    await opened.close()


async def test_everything_that_is_mapped_is_found(crm: SqlCustomers) -> None:
    known = await crm.mapped("13800010001")
    assert known.customer == Customer(
        "王芳",
        "vip",
        (Purchase("空调", "KFR35GW", "DD1", dt.date(2026, 3, 1), dt.date(2032, 3, 1)),),
        (Vehicle("粤B5K328", "远山L6"),),
        (Agreement("延长保修", dt.date(2031, 3, 8)),),
        (Complaint("空调漏水", dt.date(2025, 11, 1), "已关闭", "C-77"),),
        customer_no="7",
    )
    assert known.unmapped == ()
    assert any("purchases.purchased" in doubt for doubt in known.doubts)
    assert any("没有 product" in doubt for doubt in known.doubts)
    assert "不详" not in "".join(known.doubts)


@pytest.mark.parametrize(("number", "name"), [("02188886666", "李雷"), ("13900010009", "韩梅")])
async def test_numbers_are_found_however_they_are_written(crm: SqlCustomers, number: str, name: str) -> None:
    customer = await crm.of(number)
    assert customer is not None
    assert (customer.name, customer.tier) == (name, "normal")


async def test_a_number_that_several_customers_share_is_nobody_s(crm: SqlCustomers) -> None:
    known = await crm.mapped("13700010007")
    assert known.customer is None
    assert "2 位客户" in known.doubts[0]


async def test_two_of_one_name_are_two_where_no_number_tells(address: str, tmp_path: Path) -> None:
    query = "SELECT '王芳' AS name, id FROM members WHERE id IN (10, 11)"
    settings = source(address, tmp_path, customer=query)
    (choice,) = settings.customers.values()
    only = replace(choice, sql=replace(choice.sql, queries={"customer": query}))
    opened = open_source(replace(settings, customers={"default": only}), "default")
    known = await opened.mapped("13700010007")
    assert (known.customer, "2 位客户" in known.doubts[0]) == (None, True)
    await opened.close()


async def test_a_customer_of_another_number_is_not_believed(address: str, tmp_path: Path) -> None:
    settings = source(
        address, tmp_path, customer="SELECT id AS customer_no, 姓名 AS name, phone FROM members WHERE id = 7"
    )
    (choice,) = settings.customers.values()
    columns = {"customer": {"number": "phone"}}
    opened = open_source(replace(settings, customers={"default": replace(choice, map=columns)}), "default")
    assert (await opened.mapped("13800010001")).customer is not None
    other = await opened.mapped("13900010009")
    assert other.customer is None
    assert "另一个号码" in other.doubts[0]
    await opened.close()


async def test_a_stranger_is_nobody(crm: SqlCustomers) -> None:
    assert await crm.of("13700000000") is None


async def test_nothing_is_written(address: str, tmp_path: Path) -> None:
    writes = "WITH one AS (SELECT 1) INSERT INTO cases SELECT 'x', 'x', 'x', :number FROM one RETURNING what AS name"
    opened = open_source(source(address, tmp_path, customer=writes), "default")
    with pytest.raises(CustomersDown, match=r"readonly|read-only"):
        await opened.of("13800010001")
    await opened.close()


async def test_what_the_database_says_is_told_without_the_caller(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    opened = open_source(source(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path), "default")
    with pytest.raises(CustomersDown, match="no such table: members") as error:
        await opened.of("13800010001")
    assert "13800010001" not in str(error.value)
    await opened.close()


async def test_a_parameter_that_nobody_gives_is_told(address: str, tmp_path: Path) -> None:
    opened = open_source(source(address, tmp_path, purchases="SELECT 1 AS product WHERE 1 = :memberid"), "default")
    with pytest.raises(SettingsError, match="memberid"):
        await opened.of("13800010001")
    await opened.close()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (CustomerSql(address="sqlite:///x"), "customer"),
        (CustomerSql(address="nonsense", queries=QUERIES), "SQLAlchemy"),
        (CustomerSql(address="postgresql+asyncpg://crm:geheim@db/crm", queries=QUERIES), "密码"),
        (CustomerSql(address="sqlite:///x", queries=QUERIES | {"customer": "DELETE FROM members"}), "SELECT"),
        (CustomerSql(address="sqlite:///x", queries=QUERIES | {"customer": "SELECT 1; DROP TABLE x"}), "SELECT"),
        (CustomerSql(address="sqlite:///x", queries=QUERIES | {"cars": "SELECT 1"}), "cars"),
        (CustomerSql(address="oracle+nodriver://crm@db/crm", queries=QUERIES), "oracle"),
        (CustomerSql(address="mysql+pymysql://crm@db/crm", queries=QUERIES), "pymysql"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, sql: CustomerSql, told: str) -> None:
    settings = Settings(var=tmp_path, customers={"default": CustomerSource(kind="sql", sql=sql)})
    with pytest.raises(IvrError, match=told) as error:
        open_source(settings, "default")
    assert isinstance(error.value, SettingsError | NotPrepared)
    assert "geheim" not in str(error.value)
