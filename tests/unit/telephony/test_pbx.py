"""What is added to a PBX of one's own."""

import re
from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.settings import Pbx, Settings, Telephony
from ivr.telephony.asterisk.pbx import snippets
from tests.unit.telephony.test_config import PACKS, SECRETS


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    pbx = Pbx(host="192.0.2.7", our_address="192.0.2.9")
    return snippets(Settings(var=tmp_path, telephony=Telephony(media="audiosocket", pbx=pbx)), PACKS, SECRETS)


def test_every_context_is_ours_and_every_way_leads_to_one(files: dict[str, str]) -> None:
    dialplan = files["extensions_custom.conf"]
    contexts = set(re.findall(r"^\[([\w-]+)\]", dialplan, re.M))
    assert all(name.startswith("ivr-") for name in contexts)
    assert {"ivr-from-trunk", "ivr-bot", "ivr-human", "ivr-closed", "ivr-unknown"} <= contexts
    led_to = re.findall(r"(?:\?|Goto\(|DIALPLAN_EXISTS\(|rb\(|include => )([\w-]+)(?:[,^]|$)", dialplan, re.M)
    assert led_to
    assert set(led_to) - {"next", "end"} <= contexts
    assert "?ivr-${IVR_ROUTE},s,1" in dialplan


def test_the_pbx_asks_us_and_lets_us_in(files: dict[str, str]) -> None:
    assert "agi://192.0.2.9:14573/admit" in files["extensions_custom.conf"]
    assert "TryExec(AudioSocket(${IVR_SOCKET},192.0.2.9:18090))" in files["extensions_custom.conf"]
    assert "Playback(ivr/${IVR_SOUND})" in files["extensions_custom.conf"]
    assert "[general]" not in "".join(files.values())
    assert re.findall(r"^permit = (.*)", files["manager_custom.conf"], re.M) == ["192.0.2.9/255.255.255.255"] * 2


def test_without_its_address_it_is_told_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="our_address"):
        snippets(Settings(var=tmp_path), PACKS, SECRETS)
    with pytest.raises(SettingsError, match="audiosocket"):
        snippets(Settings(var=tmp_path, telephony=Telephony(pbx=Pbx(host="192.0.2.7"))), PACKS, SECRETS)
