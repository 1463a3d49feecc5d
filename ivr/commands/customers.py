"""`ivr customers`: what does the CRM know of a number, and do all sources answer?"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from ivr.customers.directory import section_of
from ivr.customers.mapping import Mapped
from ivr.customers.trial import NOBODY, Trial, tried, try_one
from ivr.errors import SettingsError
from ivr.packs import load_packs
from ivr.settings import Settings, load
from ivr.telephony.numbers import caller_number
from ivr.tickets.ticket import customer_json

app = typer.Typer(no_args_is_help=True)
SLOW_MS = 300
"""A caller's first turn does not wait longer."""
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")]


@app.command("look-up")
def look_up(
    number: Annotated[str, typer.Argument(help="来电号码，怎么写都行：13800010001、+86 138-0001-0001")],
    hotline: Annotated[str, typer.Option(help="按哪条热线的设置查")] = "",
    *,
    as_json: Json = False,
) -> None:
    """查一个号码：对应出来的客户资料、没有对应的项、有疑问的值。不用缓存，不写任何东西。"""
    settings = load()
    normal = caller_number(number, region=settings.region)
    if normal is None:
        raise SettingsError(f"{number!r} 不是电话号码。")
    trial = asyncio.run(try_one(settings, section_of(settings, hotline), normal))
    if as_json:
        typer.echo(json.dumps(_json(trial), ensure_ascii=False, indent=2))
    else:
        _show(trial)
        _show_mapped(trial.mapped, normal)
    raise typer.Exit(1 if trial.wrong else 0)


@app.command()
def check(number: Annotated[str, typer.Argument(help="拿哪个号码试")] = NOBODY, *, as_json: Json = False) -> None:
    """每个来源各查一次：能不能用、多快、对应写得对不对。"""
    settings = load()
    trials = asyncio.run(tried(settings, caller_number(number, region=settings.region) or number))
    strangers = _strangers(settings)
    if as_json:
        typer.echo(json.dumps([_json(trial) for trial in trials], ensure_ascii=False, indent=2))
    else:
        for trial in trials:
            _show(trial)
        for section in strangers:
            typer.echo(f"! customers.{section}：没有叫这个名字的热线，这一段不起作用。")
    raise typer.Exit(1 if strangers or any(trial.wrong for trial in trials) else 0)


def _strangers(settings: Settings) -> list[str]:
    """Sections that no hotline uses."""
    packs = load_packs(settings.data)
    return [section for section in settings.customers if section != "default" and section not in packs]


def _show(trial: Trial) -> None:
    if trial.wrong:
        typer.echo(f"✗ {trial.name}（customers.{trial.section}）：{trial.wrong.rstrip('。')}。")
        return
    slow = f"，超过 {SLOW_MS} 毫秒，第一轮用不上" if trial.took_ms > SLOW_MS else ""
    typer.echo(f"✓ {trial.name}（customers.{trial.section}）：{trial.took_ms:.0f} 毫秒{slow}")
    for doubt in trial.mapped.doubts if trial.mapped else ():
        typer.echo(f"  ! {doubt}")


def _show_mapped(mapped: Mapped | None, number: str) -> None:
    if mapped is None:
        return
    if mapped.customer is None:
        typer.echo(f"没有找到 {number}。")
    else:
        typer.echo(json.dumps(customer_json(mapped.customer), ensure_ascii=False, indent=2))
    if mapped.unmapped:
        typer.echo(f"没有对应、因此不保存的项：{'、'.join(mapped.unmapped)}")


def _json(trial: Trial) -> dict[str, object]:
    mapped = trial.mapped or Mapped(None)
    return {
        "section": trial.section,
        "name": trial.name,
        "took_ms": round(trial.took_ms, 1),
        "wrong": trial.wrong,
        "customer": customer_json(mapped.customer) if mapped.customer else None,
        "unmapped": list(mapped.unmapped),
        "doubts": list(mapped.doubts),
    }
