"""The doctor's judgements, from observations made up here."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from ivr import doctor
from ivr.commands.doctor import ARI_USER, recognition_models
from ivr.doctor import Finding, Holder, Verdict
from ivr.settings import PROJECT, Api, Pbx, RecogniserChoice, Retention, Settings, Speech, Telephony, Trunk, Webhook
from ivr.telephony.asterisk.config import APP
from ivr.webhooks.ledger import Count

NOW = dt.datetime(2026, 12, 1, 4, 0, tzinfo=dt.UTC)


def verdicts(findings: list[Finding]) -> list[Verdict]:
    return [finding.verdict for finding in findings]


def test_ports_are_free_while_the_line_is_down_and_ours_while_it_is_up() -> None:
    wanted = {"ami": 15038}
    ours, strange = {15038: Holder("asterisk -f", ours=True)}, {15038: Holder("nginx", ours=False)}
    assert verdicts(doctor.ports(wanted, {}, running=False)) == [Verdict.OK]
    assert verdicts(doctor.ports(wanted, ours, running=True)) == [Verdict.OK]
    assert verdicts(doctor.ports(wanted, {}, running=True)) == [Verdict.FAIL]
    (taken,) = doctor.ports(wanted, strange, running=False)
    assert taken.verdict is Verdict.FAIL
    assert "nginx" in taken.says


def test_missing_models_are_named(tmp_path: Path) -> None:
    for file in list(doctor.MODELS)[1:]:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    missing = doctor.model_files(tmp_path)
    assert missing.verdict is Verdict.FAIL
    assert missing.says.endswith("语音识别模型")
    (tmp_path / "whisper-base").mkdir()
    (tmp_path / "whisper-base/model.bin").touch()
    assert doctor.model_files(tmp_path).verdict is Verdict.OK


def test_a_dialogue_that_changed_after_training_is_told(tmp_path: Path) -> None:
    model = tmp_path / "a.tar.gz"
    model.touch()
    assert doctor.trained_dialogue([], current=False).verdict is Verdict.FAIL
    assert doctor.trained_dialogue([model], current=False).verdict is Verdict.WARN
    assert doctor.trained_dialogue([model], current=True).verdict is Verdict.OK


def test_a_queue_without_free_agents_is_a_warning_an_unknown_one_a_failure() -> None:
    assert doctor.queue_members("appliance", None).verdict is Verdict.FAIL
    assert doctor.queue_members("appliance", 0).verdict is Verdict.WARN
    assert doctor.queue_members("appliance", 2).verdict is Verdict.OK


def test_a_recognition_server_that_is_away_is_a_warning() -> None:
    assert doctor.recognition_server("ws://a:2700", None).verdict is Verdict.OK
    away = doctor.recognition_server("ws://a:2700", "没有及时回答")
    assert (away.verdict, "ws://a:2700" in away.says) == (Verdict.WARN, True)


def test_a_recogniser_without_its_model_keeps_the_line_from_starting(tmp_path: Path) -> None:
    (tmp_path / "models-speech/mine").mkdir(parents=True)
    chosen = {
        "bank": RecogniserChoice(engine="vosk", model="mine"),
        "telecom": RecogniserChoice(engine="sherpa", model="none"),
        "default": RecogniserChoice(),
    }
    found = recognition_models(Settings(var=tmp_path, tools=tmp_path, speech=Speech(recognisers=chosen)))
    assert [finding.what for finding in found if finding.verdict is Verdict.FAIL] == [
        "识别模型（bank）",
        "识别模型（telecom）",
    ]
    (tmp_path / "models-speech/mine/final.mdl").touch()
    assert verdicts(
        recognition_models(Settings(var=tmp_path, speech=Speech(recognisers={"bank": chosen["bank"]})))
    ) == [Verdict.OK]


def test_no_trunk_is_well() -> None:
    assert verdicts(doctor.trunk(Telephony(), resolves=False, has_password=False, simulation=True)) == [Verdict.OK]


def test_a_trunk_that_is_set_up_wrong_is_told_everything_at_once() -> None:
    telephony = Telephony(trunk=Trunk(host="sip.example", user="me"))
    found = doctor.trunk(telephony, resolves=False, has_password=False, simulation=True)
    assert verdicts(found) == [Verdict.FAIL] * 4 + [Verdict.WARN] * 2


def test_a_good_trunk_is_still_warned_about_the_voice() -> None:
    telephony = Telephony(sip_host="192.0.2.1", external_address="192.0.2.1", trunk=Trunk(host="sip.example"))
    found = doctor.trunk(telephony, resolves=True, has_password=False, simulation=False)
    assert verdicts(found) == [Verdict.WARN]
    assert "非商业" in found[0].mend


def test_each_voice_has_its_own_warning() -> None:
    telephony = Telephony(sip_host="192.0.2.1", external_address="192.0.2.1", trunk=Trunk(host="sip.example"))

    def told(*voices: str) -> list[str]:
        found = doctor.trunk(telephony, resolves=True, has_password=False, simulation=False, voices=voices)
        return [one.says for one in found]

    assert told("espeak:cmn") == ["接到 sip.example"]
    assert told("edge:zh-CN-XiaoxiaoNeural", "espeak:cmn") == ["用了在线音色（edge）"]
    assert len(told("edge:zh-CN-XiaoxiaoNeural", "mandarin")) == 2


def test_the_clock_is_shown_in_business_time() -> None:
    (well,) = doctor.clock(NOW, Settings(), synchronised=True)
    assert (well.verdict, "12:00:00" in well.says) == (Verdict.OK, True)
    assert verdicts(doctor.clock(NOW, Settings(), synchronised=None)) == [Verdict.OK]
    assert verdicts(doctor.clock(NOW, Settings(), synchronised=False)) == [Verdict.WARN]
    assert verdicts(doctor.clock(NOW.replace(year=1970), Settings(), synchronised=True)) == [Verdict.FAIL]


def test_the_disk(tmp_path: Path) -> None:
    assert [doctor.disk(tmp_path, gb).verdict for gb in (0.5, 3.0, 50.0)] == [Verdict.FAIL, Verdict.WARN, Verdict.OK]


def test_only_a_failure_makes_the_whole_sick() -> None:
    warned = Finding("x", Verdict.WARN, "")
    assert doctor.healthy([warned, replace(warned, verdict=Verdict.UNKNOWN)])
    assert not doctor.healthy([warned, replace(warned, verdict=Verdict.FAIL)])


def test_the_ari_user_is_the_one_of_the_template() -> None:
    template = (PROJECT / "telephony_config/asterisk/ari.conf").read_text("utf-8")
    assert f"[{ARI_USER}]" in template.replace("<< app >>", APP)


def test_a_receiver_that_takes_everything_is_well() -> None:
    hook = Webhook(address="https://crm.example.cn/hook")
    assert verdicts(doctor.webhook(hook, Count(), NOW)) == [Verdict.OK]
    waiting = Count(pending=3, oldest=NOW - dt.timedelta(minutes=1))
    assert verdicts(doctor.webhook(hook, waiting, NOW)) == [Verdict.OK]


def test_a_receiver_that_does_not_is_told_with_what_to_do() -> None:
    hook = Webhook(address="http://crm.example.cn/hook", name="客服系统")
    count = Count(pending=7, dead=2, oldest=NOW - dt.timedelta(hours=5), gone=True)
    found = doctor.webhook(hook, count, NOW)
    assert verdicts(found) == [Verdict.WARN] * 4
    told = "".join(one.says for one in found)
    assert all(word in told for word in ("410", "2 条", "5.0 小时", "http://"))
    assert all("客服系统" in one.what and one.mend for one in found)
    assert verdicts(doctor.webhook(Webhook(address="http://127.0.0.1:9/hook"), Count(), NOW)) == [Verdict.OK]


def test_an_api_beyond_this_machine_wants_a_proxy() -> None:
    assert doctor.api(Settings()).verdict is Verdict.OK
    assert doctor.api(Settings(api=Api(host="0.0.0.0"))).verdict is Verdict.WARN  # noqa: S104


def test_a_real_line_does_not_keep_everything_for_ever() -> None:
    real = Telephony(trunk=Trunk(host="sip.example.cn"))
    assert doctor.retention(Settings()) == []
    assert verdicts(doctor.retention(Settings(telephony=real))) == [Verdict.WARN]
    assert doctor.retention(Settings(telephony=real, retention=Retention(tickets_days=1095))) == []
    (only_sound,) = doctor.retention(Settings(telephony=real, retention=Retention(recordings_days=90)))
    assert "录音" not in only_sound.says


def test_recordings_on_a_pbx_are_the_pbx_s_to_delete() -> None:
    pbx = Telephony(media="audiosocket", pbx=Pbx(host="192.0.2.7"))
    (tickets,) = doctor.retention(Settings(telephony=pbx))
    assert "录音" not in tickets.says
    (recordings,) = doctor.retention(Settings(telephony=pbx, retention=Retention(tickets_days=1095)))
    assert "192.0.2.7" in recordings.says


def test_what_is_to_be_typed_names_the_receiver_not_its_address() -> None:
    hook = Webhook(address="https://crm.example.cn/hook?key=geheim&a=b", name="客服 系统")
    (found,) = doctor.webhook(hook, Count(dead=2), NOW)
    assert "send-again '客服 系统'" in found.mend
    assert "geheim" not in str(found)
