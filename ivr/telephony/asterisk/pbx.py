"""What a PBX of your own needs to bring us its calls: our dialplan, its contexts renamed; AMI users."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ivr.errors import SettingsError
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.telephony.asterisk.config import folders, render
from ivr.telephony.asterisk.secrets import Secrets

PREFIX = "ivr-"
SOUNDS = Path("ivr")
"""Below the PBX's own sounds: no_agent.wav and closed.wav of `var/sounds` belong there."""


def snippets(settings: Settings, packs: Mapping[str, Pack], secrets: Secrets) -> dict[str, str]:
    """File of the PBX → what to add to it. Raises `SettingsError` without `telephony.pbx.host`."""
    if not settings.telephony.pbx.host:
        raise SettingsError(
            '还没有写交换机的地址：请在 ivr.toml 的 [telephony] 里写 media = "audiosocket"，'
            '以及 pbx = { host = "它的地址", our_address = "这台机器的地址" }。'
        )
    where = replace(folders(settings, modules=Path(), data=Path()), sounds=SOUNDS)
    files = render(settings, packs, secrets, where)
    return {
        "extensions_custom.conf": _renamed(_sections(files["extensions.conf"])),
        "manager_custom.conf": _from(_sections(files["manager.conf"]), settings.telephony.pbx.our_address),
    }


def _sections(content: str) -> str:
    """All but the file's head and [general], which the PBX has of its own."""
    _, _, rest = content.partition("[general]")
    return rest[rest.index("\n[") + 1 :]


def _renamed(dialplan: str) -> str:
    """Every context, where it stands and where it is gone to."""
    names = "|".join(sorted(re.findall(r"^\[([\w-]+)\]", dialplan, re.M), key=len, reverse=True))
    dialplan = re.sub(rf"^\[({names})\]", rf"[{PREFIX}\1]", dialplan, flags=re.M)
    dialplan = dialplan.replace("?${IVR_ROUTE},s,1", "?" + PREFIX + "${IVR_ROUTE},s,1")
    led_to = rf"(\?|Goto\(|DIALPLAN_EXISTS\(|Rb\(|include => )({names})(?=[,^\n])"
    return re.sub(led_to, rf"\1{PREFIX}\2", dialplan)


def _from(users: str, address: str) -> str:
    """They log in from this machine, not from the PBX itself."""
    return re.sub(r"^permit = .*$", f"permit = {address}/255.255.255.255", users, flags=re.M)
