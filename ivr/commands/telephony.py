"""`ivr telephony`: how to connect a PBX of your own."""

from __future__ import annotations

import typer

from ivr.packs import load_packs
from ivr.settings import load
from ivr.telephony.asterisk.pbx import snippets
from ivr.telephony.asterisk.secrets import load_secrets

app = typer.Typer(no_args_is_help=True, help="接到您自己的交换机（FreePBX、Asterisk 18 起）。")


@app.callback()
def _group() -> None:
    """More will come: so the only command has a name, too."""


@app.command("pbx")
def pbx() -> None:
    """打印要加进交换机的拨号方案和 AMI 用户。

    先在设置里写 telephony.media 和 telephony.pbx，做法见 docs/telephony.md 的 A PBX of your own。输出里有密码。
    """
    settings = load()
    secrets = load_secrets(settings.var / "secrets.toml", [a.extension for a in settings.telephony.agents])
    for name, content in snippets(settings, load_packs(settings.data), secrets).items():
        print(f"; ==== 加进 /etc/asterisk/{name} ====")
        print(content.strip() + "\n")
