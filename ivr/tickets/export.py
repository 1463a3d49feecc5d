"""Tickets for other programs and for Excel: CSV, XLSX, JSON, one ticket after the other, whatever their number.

A caller's words never run as a formula: XLSX cells are written as text, CSV cells that would begin one get an
apostrophe (OWASP, CSV Injection). The files are for their owner only.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import xlsxwriter

from ivr.errors import SettingsError
from ivr.tickets.lifecycle import STAGE_ZH, STATUS_ZH
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Ticket, to_json

EMOTION_ZH = {"calm": "平静", "annoyed": "不满", "anxious": "焦急", "angry": "愤怒"}
OUTCOME_ZH: Mapping[str | None, str] = {
    "answered": "已接听",
    "no_agent": "无人接听",
    "declined": "被拒接",
    "abandoned": "排队时挂断",
    "failed": "未转成",
    None: "还没有结果",
}
HEADS = ("编号", "时间", "热线", "类别", "结果", "阶段", "级别", "情绪", "来电", "摘要")
MORE_HEADS = ("第几次", "上次工单", "转人工", "坐席", "等待秒数", "回电期限", "回电号码", "客户", "通话")
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
LONG_NUMBER = re.compile(r"\d{12,}|0\d+")
"""Excel would show 2.02611E+15, or drop the 0."""
LONGEST_CELL = 32_767
ROWS_A_SHEET = 1_000_000
"""Excel's own bound is 1,048,576."""


def line(ticket: Ticket, taxonomy: Taxonomy) -> tuple[str, ...]:
    """What a list shows of a ticket: `HEADS`."""
    category = taxonomy.category(ticket.hotline, ticket.category)
    return (
        ticket.ticket_no,
        f"{ticket.created_at:%Y-%m-%d %H:%M}",
        ticket.hotline,
        category.zh if category else "—",
        STATUS_ZH[ticket.status],
        STAGE_ZH[ticket.stage],
        ticket.urgency,
        EMOTION_ZH[ticket.emotion.label],
        ticket.caller_number or "未显示",
        ticket.summary,
    )


def heads(taxonomy: Taxonomy) -> list[str]:
    return [*HEADS, *MORE_HEADS, *(field.zh for field in taxonomy.fields.values())]


def cells(ticket: Ticket, taxonomy: Taxonomy) -> list[str]:
    handoff, due = ticket.handoff, ticket.callback
    more = (
        str(ticket.occurrence),
        ticket.prior_ticket_no or "",
        OUTCOME_ZH[handoff.outcome] if handoff else "",
        (handoff.agent or "") if handoff else "",
        f"{handoff.waited_s:.1f}" if handoff and handoff.waited_s is not None else "",
        f"{due.due:%Y-%m-%d %H:%M}" if due else "",
        (due.number or "") if due else "",
        (ticket.customer.name or "") if ticket.customer else "",
        ticket.call_id,
    )
    return [*line(ticket, taxonomy), *more, *(ticket.value(name) or "" for name in taxonomy.fields)]


def harmless(cell: str) -> str:
    """For CSV, which has no types."""
    if FORMULA.match(cell):
        return f"'{cell}"
    return f"{cell}\t" if LONG_NUMBER.fullmatch(cell) else cell


class Sheet(Protocol):
    def add(self, ticket: Ticket) -> None: ...
    def end(self) -> None: ...


class Csv:
    """UTF-8 with the mark by which Excel knows it."""

    def __init__(self, out: IO[bytes], taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._rows = csv.writer(_Utf8(out))
        out.write(b"\xef\xbb\xbf")
        self._rows.writerow(heads(taxonomy))

    def add(self, ticket: Ticket) -> None:
        self._rows.writerow([harmless(cell) for cell in cells(ticket, self._taxonomy)])

    def end(self) -> None:
        pass


class Xlsx:
    """A row is written when the next one begins, so memory does not grow; further sheets when one is full."""

    def __init__(self, out: IO[bytes], taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._book = xlsxwriter.Workbook(out, {"constant_memory": True})
        self._bold = self._book.add_format({"bold": True})
        self._sheet: Any = None
        self._row = 0
        self._begin()

    def add(self, ticket: Ticket) -> None:
        if self._row > ROWS_A_SHEET:
            self._begin()
        self._write(cells(ticket, self._taxonomy))

    def end(self) -> None:
        self._book.close()

    def _begin(self) -> None:
        self._sheet, self._row = self._book.add_worksheet(), 0
        self._sheet.freeze_panes(1, 1)
        self._sheet.set_column(0, 1, 20)
        self._write(heads(self._taxonomy), self._bold)

    def _write(self, row: Sequence[str], form: Any = None) -> None:
        for column, cell in enumerate(row):
            if cell:
                self._sheet.write_string(self._row, column, cell[:LONGEST_CELL], form)
        self._row += 1


class Json:
    """The contract's form, an array of it."""

    def __init__(self, out: IO[bytes], taxonomy: Taxonomy) -> None:
        self._out = out
        self._before = b"[\n"

    def add(self, ticket: Ticket) -> None:
        self._out.write(self._before + json.dumps(to_json(ticket), ensure_ascii=False).encode())
        self._before = b",\n"

    def end(self) -> None:
        self._out.write(b"\n]\n" if self._before == b",\n" else b"[]\n")


SHEETS: Mapping[str, Callable[[IO[bytes], Taxonomy], Sheet]] = {".csv": Csv, ".xlsx": Xlsx, ".json": Json}


@contextmanager
def opened(file: Path, taxonomy: Taxonomy) -> Iterator[Sheet]:
    """What is added is in the file when the block ends; when it fails, the file is as it was before. Raises
    `SettingsError`."""
    make = SHEETS.get(file.suffix.lower())
    if make is None:
        raise SettingsError(f"不知道 {file.name} 是什么格式：文件名要以 {'、'.join(SHEETS)} 结尾。")
    beside = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            sheet = make(out, taxonomy)
            yield sheet
            sheet.end()
        beside.replace(file)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"写不进文件 {file}：{reason}。请换一个位置。") from error
    finally:
        beside.unlink(missing_ok=True)


class _Utf8:
    """The text that csv writes, as bytes."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode("utf-8", errors="replace"))
