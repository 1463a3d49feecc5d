"""The API over real HTTP, on real databases."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from ivr.api import server
from ivr.api.routes import EXPORTS
from ivr.errors import StoreDown
from ivr.tickets.database import Database
from ivr.tickets.ticket import Ticket
from tests.contract.api.conftest import FAILED_LOGINS, Api
from tests.contract.conftest import NOW


async def test_tickets_are_listed_page_by_page(api: Api, draft: Ticket) -> None:
    made = [(await api.store.create(replace(draft, call_id=f"c{n}"))).ticket_no for n in range(5)]
    await api.store.create(replace(draft, hotline="courier"))
    seen, cursor = [], ""
    while True:
        _, page, _ = await api.ask("GET", f"/v1/tickets?hotline=appliance&limit=2{cursor}", token="read")
        seen += [ticket["ticket_no"] for ticket in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == made[::-1]
    status, problem, headers = await api.ask("GET", "/v1/tickets?cursor=abc")
    assert (status, problem["code"]) == (422, "bad_cursor")
    assert headers["Content-Type"].startswith("application/problem+json")


async def test_tickets_are_found_by_their_words(api: Api, draft: Ticket) -> None:
    number = await api.ended(draft)
    _, page, _ = await api.ask("GET", "/v1/tickets", params={"q": "不制冷"})
    assert [ticket["ticket_no"] for ticket in page["items"]] == [number]
    _, page, _ = await api.ask("GET", "/v1/tickets", params={"q": "不制冷", "hotline": "courier"})
    assert page["items"] == []


async def test_what_is_found_comes_page_by_page_too(api: Api, draft: Ticket) -> None:
    made = [await api.ended(replace(draft, call_id=f"c{n}")) for n in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        params = {"q": "不制冷", "limit": "2", **({"cursor": cursor} if cursor else {})}
        _, page, _ = await api.ask("GET", "/v1/tickets", params=params)
        seen.append([ticket["ticket_no"] for ticket in page["items"]])
        cursor = page["next"]
    assert seen == [made[:2:-1], made[2:0:-1], made[:1]]


async def test_tickets_are_exported_as_files(api: Api, draft: Ticket) -> None:
    made = [await api.ended(replace(draft, call_id=f"c{n}")) for n in range(3)]
    await api.store.create(replace(draft, hotline="courier"))
    for kind, media in EXPORTS.items():
        params = {"format": kind, "hotline": "appliance", "caller_number": "13800010001"}
        status, raw, headers = await api.ask("GET", "/v1/exports/tickets", params=params, token="read")
        assert (status, headers["Content-Type"]) == (200, media)
        assert headers["Content-Disposition"].endswith(f'.{kind}"')
        match kind:
            case "csv":
                found = [row["编号"] for row in csv.DictReader(raw.decode("utf-8-sig").splitlines())]
            case "xlsx":
                with zipfile.ZipFile(io.BytesIO(raw)) as book:
                    sheet = book.read("xl/worksheets/sheet1.xml").decode()
                found = [number for number in made[::-1] if number in sheet]
            case _:
                found = [ticket["ticket_no"] for ticket in raw]
                assert raw[0]["transcript"]
        assert found == made[::-1]
    assert (await api.ask("GET", "/v1/exports/tickets?format=pdf"))[0] == 422


async def test_a_tag_that_a_proxy_made_weak_is_good(api: Api, draft: Ticket) -> None:
    path = f"/v1/tickets/{await api.ended(draft)}"
    tag = "W/" + (await api.ask("GET", path))[2]["ETag"]
    assert (await api.ask("GET", path, headers={"If-None-Match": tag}))[0] == 304
    change = {"why": "核对过", "summary": "空调不制冷"}
    assert (await api.ask("PATCH", path, change, headers={"If-Match": tag}))[0] == 200
    assert (await api.ask("PATCH", path, change, headers={"If-Match": tag}))[0] == 412


async def test_a_body_that_never_comes_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_S", 0.05)

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    headers = {"If-Match": "*", "Content-Type": "application/json"}
    status, problem, _ = await api.ask("PATCH", "/v1/tickets/GD20261122-000001", data=endless(), headers=headers)
    assert (status, problem["code"]) == (408, "slow_body")


async def test_what_is_refused_before_it_is_looked_at_is_answered_too(api: Api) -> None:
    assert (await api.ask("GET", "/v1/tickets", token=None, headers={"Expect": "something"}))[0] == 417


async def test_health_tells_when_the_tickets_cannot_be_reached(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(self: Database, connection: object) -> str:
        raise StoreDown("工单数据库 postgresql://ivr@10.0.0.5/ivr 没有回答")

    assert (await api.ask("GET", "/health", token=None))[0] == 200
    monkeypatch.setattr(Database, "release", gone)
    status, problem, _ = await api.ask("GET", "/health", token=None)
    assert (status, problem["code"]) == (503, "store")
    assert "10.0.0.5" not in str(problem)


async def test_a_ticket_is_read_whole_and_again_only_when_it_changed(api: Api, draft: Ticket) -> None:
    number = await api.ended(draft)
    status, ticket, headers = await api.ask("GET", f"/v1/tickets/{number}", token="read")
    assert (status, ticket["ticket_no"], ticket["transcript"][0]["text"]) == (200, number, "客厅那个挂机不制冷")
    assert "version" not in ticket
    tag = {"If-None-Match": headers["ETag"]}
    assert (await api.ask("GET", f"/v1/tickets/{number}", headers=tag))[0] == 304
    await api.store.record_recording(number, "c.wav")
    assert (await api.ask("GET", f"/v1/tickets/{number}", headers=tag))[0] == 200


async def test_a_correction_counts_anew_and_is_in_the_history_under_the_token_s_name(api: Api, draft: Ticket) -> None:
    number = await api.ended(draft)
    _, before, headers = await api.ask("GET", f"/v1/tickets/{number}")
    tag = {"If-Match": headers["ETag"]}
    change = {"why": "回访核实", "fields": {"product": "冰箱", "since": "2026-11-19", "problem": "不制冷"}}
    status, after, headers = await api.ask("PATCH", f"/v1/tickets/{number}", change, headers=tag)
    assert (status, after["stage"], after["missing"]) == (200, "corrected", [])
    assert after["fields"]["product"] == {
        "value": "冰箱", "said": "客厅那个挂机", "source": "caller", "confidence": 1.0, "turn": None,
    }  # fmt: skip
    status, problem, _ = await api.ask("PATCH", f"/v1/tickets/{number}", change, headers=tag)
    assert (status, problem["code"]) == (412, "ticket_changed")
    status, _, _ = await api.ask("POST", f"/v1/tickets/{number}/steps", {"step": "accept", "why": "属实"},
                                 headers={"If-Match": headers["ETag"]})  # fmt: skip
    assert status == 200
    _, history, _ = await api.ask("GET", f"/v1/tickets/{number}/history", token="read")
    assert [(one["who"], one["why"]) for one in history["items"]][-2:] == [
        ("api:客服系统", "回访核实"),
        ("api:客服系统", "属实"),
    ]
    assert history["items"][-2]["changed"]["stage"] == ["new", "corrected"]
    assert before["stage"] == "new"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fields": {"since": "三天前"}}, "wrong_value"),
        ({"fields": {"amount": "50"}}, "wrong_value"),
        ({"fields": {"appointment": "2026-11-22 25:00"}}, "wrong_value"),
        ({"fields": {"colour": "红"}}, "wrong_value"),
        ({"category": "lost"}, "wrong_value"),
        ({"fields": {"product": "空\u0000调"}}, "body"),
        ({"fields": {"product": ""}}, "body"),
        ({"stage": "closed"}, "body"),
        ({"why": ""}, "body"),
    ],
)
async def test_a_wrong_correction_is_told_and_changes_nothing(
    api: Api, draft: Ticket, change: dict[str, object], code: str
) -> None:
    number = await api.ended(draft)
    status, problem, _ = await api.ask(
        "PATCH", f"/v1/tickets/{number}", {"why": "试"} | change, headers={"If-Match": "*"}
    )
    assert (status, problem["code"]) == (422, code)
    assert (await api.store.get(number)).stage == "new"


async def test_steps_that_life_does_not_allow_are_refused(api: Api, draft: Ticket) -> None:
    number = await api.ended(draft)
    path, anything = f"/v1/tickets/{number}/steps", {"If-Match": "*"}
    status, problem, _ = await api.ask("POST", path, {"step": "reopen", "why": "试"}, headers=anything)
    assert (status, problem["code"]) == (409, "step_refused")
    assert "新建" in problem["detail"]
    assert (await api.ask("POST", path, {"step": "close", "why": "试"}))[0] == 428
    assert (await api.ask("POST", path, {"step": "close", "why": "试"}, headers={"If-Match": "x"}))[0] == 400
    talking = (await api.store.create(draft)).ticket_no
    for method, rest, body in (("POST", "/steps", {"step": "accept", "why": "试"}), ("PATCH", "", {"why": "试"})):
        status, problem, _ = await api.ask(method, f"/v1/tickets/{talking}{rest}", body, headers=anything)
        assert (status, problem["code"]) == (409, "step_refused")


async def test_call_backs_are_due_and_done(api: Api, draft: Ticket) -> None:
    number = await api.ended(draft)
    _, due, _ = await api.ask("GET", "/v1/callbacks", token="read")
    assert [ticket["ticket_no"] for ticket in due["items"]] == [number]
    _, due, _ = await api.ask("GET", "/v1/callbacks", params={"until": "2026-11-22T00:00:00+08:00"})
    assert due["items"] == []
    path = f"/v1/tickets/{number}/callback/done"
    assert (await api.ask("POST", path, {"why": "已回电"}))[1]["callback"] is None
    assert (await api.ask("POST", path, {"why": "已回电"}))[0] == 409


async def test_a_call_its_recording_and_a_part_of_it(api: Api, draft: Ticket) -> None:
    number = await api.ended(draft)
    _, call, _ = await api.ask("GET", f"/v1/calls/{draft.call_id}")
    assert [ticket["ticket_no"] for ticket in call["tickets"]] == [number]
    assert (call["transcript"][0]["who"], call["recording"]) == ("caller", False)
    path = f"/v1/calls/{draft.call_id}/recording"
    assert (await api.ask("GET", path))[0] == 404
    api.recordings.mkdir()
    (api.recordings / "c.wav").write_bytes(bytes(range(100)))
    await api.store.record_recording(number, "c.wav")
    status, sound, headers = await api.ask("GET", path)
    assert (status, len(sound), headers["Content-Type"]) == (200, 100, "audio/wav")
    status, sound, _ = await api.ask("GET", path, headers={"Range": "bytes=10-19"})
    assert (status, sound) == (206, bytes(range(10, 20)))
    status, problem, headers = await api.ask("GET", path, headers={"Range": "bytes=200-"})
    assert (status, problem["code"], headers["Content-Range"]) == (416, "range", "bytes */100")
    counted = (await api.ask("GET", "/metrics", token=None))[1].decode()
    for status in ("200", "206", "416"):
        assert f'ivr_api_requests_total{{operation="get_recording",status="{status}"}} 1.0' in counted
    (api.recordings.parent / "secret").write_text("geheim")
    for name in ("../secret", "..", ""):
        await api.store.record_recording(number, name)
        assert (await api.ask("GET", path))[0] == 404
    assert (await api.ask("GET", "/v1/calls/nobody"))[1]["code"] == "no_call"


async def test_customers_by_number(api: Api) -> None:
    _, customer, _ = await api.ask("GET", "/v1/customers/13800010001?hotline=appliance", token="read")
    assert (customer["name"], customer["purchases"]) == ("王芳", [{"product": "空调", "model": "KFR35GW"}])
    assert (await api.ask("GET", "/v1/customers/13800010009"))[1]["code"] == "no_customer"


@pytest.mark.parametrize("token", [None, "胡说", "ivr_0123456789abcdef_" + "a" * 43])
async def test_strangers_learn_nothing(api: Api, token: str | None) -> None:
    status, problem, headers = await api.ask("GET", "/v1/tickets", token=token)
    assert (status, problem["code"]) == (401, "token")
    assert headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_to_read_does_not_write_and_a_revoked_one_does_nothing(api: Api, draft: Ticket) -> None:
    number = await api.ended(draft)
    path = f"/v1/tickets/{number}/callback/done"
    status, problem, _ = await api.ask("POST", path, {"why": "试"}, token="read")
    assert (status, problem["code"]) == (403, "scope")
    await api.tokens.revoke("报表", at=NOW)
    assert (await api.ask("GET", "/v1/tickets", token="read"))[0] == 401


async def test_who_guesses_is_shut_out_for_a_minute_and_nobody_else(api: Api) -> None:
    for _ in range(FAILED_LOGINS):
        assert (await api.ask("GET", "/v1/tickets", token="ivr_0123456789abcdef_" + "a" * 43))[0] == 401
    status, problem, headers = await api.ask("GET", "/v1/tickets", token="胡说")
    assert (status, problem["code"]) == (429, "too_many_failed_logins")
    assert int(headers["Retry-After"]) > 0
    assert (await api.ask("GET", "/v1/tickets"))[0] == 200
    guess = api.write[:-4] + "AAAA"
    for _ in range(FAILED_LOGINS):
        assert (await api.ask("GET", "/v1/tickets", token=guess))[0] == 401
    assert (await api.ask("GET", "/v1/tickets"))[0] == 429  # so that its secret cannot be guessed on
    assert (await api.ask("GET", "/v1/tickets", token="read"))[0] == 200
    api.now[0] += 61
    assert (await api.ask("GET", "/v1/tickets"))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "how", "status"),
    [
        ("GET", "/v1/nothing", {}, 404),
        ("DELETE", "/v1/tickets", {}, 405),
        ("GET", "/v1/tickets?limit=0", {}, 422),
        ("GET", "/v1/tickets?limt=3", {}, 422),
        ("GET", "/v1/tickets?limit=3&limit=4", {}, 422),
        ("GET", "/v1/tickets?since=2026-11-22T00:00:00", {}, 422),
        ("GET", "/v1/tickets?since=0001-01-01T00:00:00%2B14:00", {}, 200),
        ("GET", "/v1/tickets?until=9999-12-31T23:59:59-12:00", {}, 200),
        ("GET", "/v1/tickets/%00", {}, 404),
        ("GET", "/v1/tickets/..%2F..%2Fetc", {}, 404),
        ("GET", "/v1/tickets/GD20261122-999999", {}, 404),
        ("GET", "/v1/tickets/GD20261122-999999/history", {}, 404),
        ("POST", "/v1/tickets/GD1/callback/done", {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "/v1/tickets/GD1/callback/done", {"data": b"why=x"}, 415),
        ("POST", "/v1/tickets/GD1/callback/done",
         {"data": b" " * 70_000, "headers": {"Content-Type": "application/json"}}, 413),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_as_a_problem(
    api: Api, method: str, path: str, how: dict[str, object], status: int
) -> None:
    from yarl import URL

    got, problem, _ = await api.ask(method, str(URL(path, encoded=True)), **how)  # type: ignore[arg-type]
    assert got == status
    if status >= 400:
        assert problem["status"] == status
        assert problem["detail"]


async def test_the_description_is_open_to_all_and_names_every_operation(api: Api) -> None:
    status, description, _ = await api.ask("GET", "/openapi.json", token=None)
    assert (status, description["openapi"]) == (200, "3.1.0")
    operations = {(method, path) for path, all_ in description["paths"].items() for method in all_}
    assert ("patch", "/v1/tickets/{ticket_no}") in operations
    assert "version" not in description["components"]["schemas"]["Ticket"]["properties"]
    assert (await api.ask("GET", "/health", token=None))[0] == 200
    await api.ask("GET", "/v1/tickets")
    page = (await api.ask("GET", "/metrics", token=None))[1].decode()
    assert 'ivr_api_requests_total{operation="list_tickets",status="200"} 1.0' in page
