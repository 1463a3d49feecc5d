"""What is rendered for Asterisk."""

import dataclasses
import re
import stat
from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.packs import HumanQueue, Pack
from ivr.settings import PROJECT, Agent, Settings, Telephony, Trunk
from ivr.telephony.asterisk.config import Folders, folders, queues, render, write
from ivr.telephony.asterisk.secrets import Secrets, load_secrets

SECRETS = Secrets(ari="s-ari", ami="s-ami", bot="s-bot", agents={"8001": "p1", "8002": "p2"}, trunk_password="p-trunk")
PACKS = {
    "appliance": Pack(hotline="appliance", name="美家", dialled=("4001000001", "0216000001*"), recording=True),
    "bank": Pack(hotline="bank", name="银行", dialled=("4001000002",), queue="money"),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path / "var")


def where(settings: Settings) -> Folders:
    return folders(settings, modules=Path("/modules"), data=Path("/data"))


def rendered(settings: Settings, **telephony: object) -> dict[str, str]:
    changed = dataclasses.replace(settings, telephony=dataclasses.replace(settings.telephony, **telephony))  # type: ignore[arg-type]
    return render(changed, PACKS, SECRETS, where(changed))


def test_every_template_names_the_module_that_relies_on_it() -> None:
    for template in (PROJECT / "telephony_config" / "asterisk").glob("*.conf"):
        first = template.read_text("utf-8").splitlines()[0]
        assert first.startswith("; Relied on by "), template
        named = re.findall(r"ivr/[\w/]+(?:\.py)?", first)
        assert named, template
        assert all((PROJECT / name).exists() for name in named), template


def test_no_mark_is_left(settings: Settings) -> None:
    for name, content in rendered(settings).items():
        assert not re.search(r"<<|>>|<%|%>", content), name


def test_without_a_trunk_this_machine_may_call(settings: Settings) -> None:
    pjsip = rendered(settings)["pjsip.conf"]
    assert "[local](telephone)" in pjsip
    assert "match = 127.0.0.0/8" in pjsip
    assert "[trunk]" not in pjsip


def test_with_a_trunk_only_the_trunk_may_call(settings: Settings) -> None:
    pjsip = rendered(settings, sip_host="0.0.0.0", trunk=Trunk(host="203.0.113.5"))["pjsip.conf"]  # noqa: S104
    assert "match = 203.0.113.5" in pjsip
    assert "[local]" not in pjsip
    assert "type = registration" not in pjsip


def test_a_trunk_with_a_user_is_registered(settings: Settings) -> None:
    trunk = Trunk(host="sip.example.net", port=5080, user="0216000")
    pjsip = rendered(settings, sip_host="0.0.0.0", external_address="198.51.100.7", trunk=trunk)["pjsip.conf"]  # noqa: S104
    assert "server_uri = sip:sip.example.net:5080" in pjsip
    assert "client_uri = sip:0216000@sip.example.net:5080" in pjsip
    assert "password = p-trunk" in pjsip
    assert "external_media_address = 198.51.100.7" in pjsip


def test_a_trunk_with_a_user_needs_its_password(settings: Settings) -> None:
    changed = dataclasses.replace(settings, telephony=Telephony(trunk=Trunk(host="203.0.113.5", user="0216000")))
    with pytest.raises(SettingsError, match="trunk_password"):
        render(changed, PACKS, dataclasses.replace(SECRETS, trunk_password=""), where(changed))


def test_agents_have_passwords_and_queues(settings: Settings) -> None:
    agents = (Agent(extension="8001", queues=("bank",)), Agent(extension="8002"))
    files = rendered(settings, agents=agents)
    assert "password = p1" in files["pjsip.conf"]
    assert "password = p2" in files["pjsip.conf"]
    changed = dataclasses.replace(settings, telephony=Telephony(agents=agents))
    members = {name: dict(queue.members) for name, queue in queues(changed, PACKS).items()}
    assert members == {"appliance": {"8002": 0}, "money": {"8001": 0, "8002": 0}}
    assert "[money]" in files["queues.conf"]
    assert files["queues.conf"].count("member => PJSIP/8002,0,8002") == 2


def test_the_dialplan_knows_the_numbers_without_being_told(settings: Settings) -> None:
    extensions = rendered(settings)["extensions.conf"]
    assert "exten => 4001000001,1,Set(IVR_QUEUE=appliance)" in extensions
    assert "exten => +864001000002,1,Set(IVR_QUEUE=money)" in extensions
    assert "exten => _0216000001!,1,Set(IVR_QUEUE=appliance)" in extensions


def test_the_header_of_simulations_is_read_only_where_it_is_set(settings: Settings) -> None:
    assert "X-Ivr-Simulation" not in rendered(settings)["extensions.conf"]
    simulating = dataclasses.replace(settings, simulation=True)
    assert "X-Ivr-Simulation" in render(simulating, PACKS, SECRETS, where(simulating))["extensions.conf"]


def test_both_websockets_are_opened_for_each_call(settings: Settings) -> None:
    websockets = rendered(settings)["websocket_client.conf"]
    assert websockets.count("connection_type = per_call_config") == 2
    assert websockets.count("password = s-bot") == 2
    assert f"uri = ws://127.0.0.1:{settings.ports.bot}/control" in websockets


@pytest.mark.parametrize(
    "telephony",
    [
        {"dialled_from": ("uri", "via")},
        {"agents": (Agent(extension="80 01"),)},
        {"trunk": Trunk(host="sip.example.net\npassword = x")},
        {"sip_host": "0.0.0.0;x"},
    ],
)
def test_what_asterisk_cannot_read_is_told(settings: Settings, telephony: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        rendered(settings, **telephony)


def test_who_has_the_skill_is_called_first(settings: Settings) -> None:
    fraud, refund = HumanQueue(skill="fraud", weight=10), HumanQueue(skill="refund", others=False)
    packs = {"bank": dataclasses.replace(PACKS["bank"], human_queues={"bank-fraud": fraud, "bank-refund": refund})}
    agents = (Agent(extension="8001", skills=("fraud", "refund")), Agent(extension="8002"))
    changed = dataclasses.replace(settings, telephony=Telephony(agents=agents))
    found = {name: (dict(queue.members), queue.weight) for name, queue in queues(changed, packs).items()}
    assert found == {
        "money": ({"8001": 0, "8002": 0}, 0),
        "bank-fraud": ({"8001": 0, "8002": 1}, 10),
        "bank-refund": ({"8001": 0}, 0),
    }
    written = render(changed, packs, SECRETS, where(changed))["queues.conf"]
    assert "member => PJSIP/8002,1,8002" in written
    assert "weight = 10" in written


def test_a_queue_has_a_plain_name(settings: Settings) -> None:
    packs = {"x": Pack(hotline="x", name="x", dialled=(), queue="队列")}
    with pytest.raises(SettingsError, match="队列"):
        render(settings, packs, SECRETS, where(settings))


def test_files_are_for_their_owner_only_and_stale_ones_go(settings: Settings) -> None:
    here = where(settings)
    here.make()
    (here.etc / "stale.conf").write_text("x")
    write({"a.conf": "1\n"}, here)
    assert [f.name for f in here.etc.iterdir()] == ["a.conf"]
    assert stat.S_IMODE((here.etc / "a.conf").stat().st_mode) == 0o600


def test_a_deep_folder_does_not_cut_the_socket_s_path(tmp_path: Path) -> None:
    deep = Settings(var=tmp_path / ("x" * 60) / ("y" * 60))
    assert len(str(where(deep).run / "asterisk.ctl")) <= 100


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets.toml"
    first = load_secrets(file, ["8001"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_secrets(file, ["8001"]) == first
    more = load_secrets(file, ["8001", "8002"])
    assert more.agents["8001"] == first.agents["8001"]
    assert (more.ari, more.ami, more.bot) == (first.ari, first.ami, first.bot)
    assert len({first.ari, first.ami, first.bot, more.agents["8001"], more.agents["8002"]}) == 5
    assert first.bot not in repr(first)


def test_the_trunk_s_password_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets.toml"
    load_secrets(file)
    file.write_text(file.read_text().replace('password = ""', 'password = "given"'))
    assert load_secrets(file, ["8001"]).trunk_password == "given"
    assert load_secrets(file).trunk_password == load_secrets(file).database_password == "given"


@pytest.mark.parametrize("content", ["not toml", "ari = 7", 'trunk_password = "a;b"', '[agents]\n8001 = "a\\nb"'])
def test_a_broken_secrets_file_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        load_secrets(file)


def test_whoever_listens_to_a_hand_over_learns_whose_call_it_is(settings: Settings) -> None:
    dialplan = rendered(settings)["extensions.conf"]
    told = [line for line in dialplan.splitlines() if "UserEvent(IvrHandoff" in line]
    assert len(told) == 3
    assert ["${IVR_HANDOFF}" in line or "${IVR_END}" in line for line in told] == [True] * 3
    assert dialplan.count("Set(IVR_END=${IVR_HANDOFF},Status: ${IVR_STATUS}") == 2
    assert "Hotline: ${IVR_HOTLINE},Caller: ${IVR_CALLER},Simulation: ${IVR_SIMULATION})" in dialplan


def test_each_kind_of_media_loads_only_its_own_modules_and_opens_only_its_own_door(settings: Settings) -> None:
    websocket, audiosocket = rendered(settings), rendered(settings, media="audiosocket")
    assert "Stasis(" in websocket["extensions.conf"]
    assert "chan_websocket.so" in websocket["modules.conf"]
    assert "AudioSocket(" not in websocket["extensions.conf"]
    assert "read = system" in websocket["manager.conf"]
    assert "Stasis(" not in audiosocket["extensions.conf"]
    assert not re.search("ari|stasis|websocket", audiosocket["modules.conf"])
    assert "read = dtmf,system" in audiosocket["manager.conf"]


def test_audiosocket_never_stands_alone(settings: Settings) -> None:
    """It ends the call when the bot refuses or dies."""
    rows = rendered(settings, media="audiosocket")["extensions.conf"].splitlines()
    assert [row for row in rows if "(AudioSocket(" in row]
    assert all("TryExec(AudioSocket(" in row for row in rows if "AudioSocket(" in row and not row.startswith(";"))
