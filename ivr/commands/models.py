"""`ivr models`: the recognisers' model folders: which there are, another one, are they whole?"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import Progress

from ivr.errors import NotPrepared, SettingsError
from ivr.settings import Settings, load
from ivr.speech import model_archives as archives
from ivr.speech.model_folders import model_folder, shelves

app = typer.Typer(no_args_is_help=True)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
BLOCK = 1 << 18
CONNECT_S, SILENT_S = 10.0, 60.0
"""A download is given up when nothing comes for this long."""


@app.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")] = False) -> None:
    """有哪些语音模型：名字、引擎、大小、哪条热线在用。"""
    settings = load()
    rows = [
        {
            "name": model.folder.name,
            "engine": model.engine,
            "mb": round(model.size / 1e6),
            "used_by": _used_by(settings, model.folder),
            "folder": str(model.folder),
        }
        for model in map(archives.described, _folders(settings))
        if model.engine
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        used = f"，在用：{'、'.join(row['used_by'])}" if row["used_by"] else ""  # type: ignore[arg-type]
        typer.echo(f"{row['name']}（{row['engine']}，{row['mb']} MB）{row['folder']}{used}")
    if not rows:
        typer.echo("还没有语音模型：make prepare 准备内置的，ivr models add 加别的。")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="以后在设置里用的名字")],
    source: Annotated[str, typer.Argument(help="文件夹、zip 或 tar 压缩包的路径，或 http(s) 地址")],
    sha256: Annotated[str, typer.Option(help="压缩包应有的 SHA-256；不符就不加")] = "",
) -> None:
    """加一个语音模型：解开、认出引擎、记下每个文件的校验和。"""
    settings = load()
    if not NAME.fullmatch(name):
        raise SettingsError(f"模型的名字 {name!r} 不对：只能是字母、数字、点、- 和 _。")
    shelf = shelves(settings)[0]
    shelf.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=shelf, prefix=".download-") as scratch:
        remote = source.startswith(("http://", "https://"))
        file = asyncio.run(_download(source, Path(scratch))) if remote else Path(source).expanduser()
        if sha256 and (file.is_dir() or archives.checksum(file) != sha256.lower()):
            raise NotPrepared(f"{source} 的 SHA-256 和要求的不一样：没有加，请核对来源。")
        model = archives.add(shelf, name, file)
    typer.echo(f"加好了：{name}（{model.engine}，{model.size / 1e6:.0f} MB），在 {model.folder}。")
    typer.echo(f'在 ivr.toml 的 [speech.recognisers.default] 里写 engine = "{model.engine}"、model = "{name}" 就用它。')


@app.command()
def check(names: Annotated[list[str] | None, typer.Argument(help="模型的名字；不写就是加进来的全部")] = None) -> None:
    """模型的文件是否和加进来时一样，sherpa-onnx 的还试着加载。有不对的，退出码是 1。"""
    settings = load()
    noted = sorted(shelves(settings)[0].glob("*.sums.json"))
    folders = [model_folder(settings, name, "") for name in names or ()] or [
        file.parent / file.name.removesuffix(".sums.json") for file in noted
    ]
    whole = True
    for folder in folders:
        wrong = [f"{fault.file} {fault.why}" for fault in archives.check(folder)] or _tried(folder)
        whole = whole and not wrong
        typer.echo(f"{folder.name}：" + ("完好" if not wrong else ""))
        for line in wrong:
            typer.echo(f"  {line}")
    if not folders:
        typer.echo("没有用 ivr models add 加进来的模型。")
    if not whole:
        raise typer.Exit(1)


def _tried(folder: Path) -> list[str]:
    """What is wrong with a model whose files are as they were: some engines' models are loaded to know it."""
    try:
        if engine := archives.engine_of(folder):
            archives.prove(folder, engine)
    except NotPrepared as error:
        return [str(error)]
    return []


def _folders(settings: Settings) -> list[Path]:
    found = [entry for shelf in shelves(settings) if shelf.is_dir() for entry in sorted(shelf.iterdir())]
    return [entry for entry in found if entry.is_dir() and not entry.name.startswith(".")]


def _used_by(settings: Settings, folder: Path) -> list[str]:
    choices = settings.speech.recognisers.items()
    return [hotline for hotline, choice in choices if choice.model in (folder.name, str(folder))]


async def _download(address: str, folder: Path) -> Path:
    """Raises `NotPrepared`."""
    file = folder / "download"
    limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENT_S)
    console = Console(stderr=True)
    try:
        async with aiohttp.ClientSession(timeout=limits) as client, client.get(address) as answer:
            if answer.status != 200:
                raise NotPrepared(f"{address} 下载不了：服务器回答 {answer.status}。")
            with Progress(console=console, disable=not console.is_terminal) as progress, file.open("wb") as out:
                task = progress.add_task("下载模型", total=answer.content_length)
                async for block in answer.content.iter_chunked(BLOCK):
                    out.write(block)
                    if out.tell() > archives.LARGEST_BYTES:
                        raise NotPrepared(f"{address} 超过 {archives.LARGEST_BYTES >> 30} GB：这不像语音模型。")
                    progress.advance(task, len(block))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NotPrepared(f"{address} 下载不了（{error!r}）：请检查地址和网络，或先下载到本机再加。") from error
    return file
