"""The receivers' secrets in the file."""

from pathlib import Path

import pytest

from ivr.commands import doctor as command
from ivr.doctor import Verdict
from ivr.errors import SettingsError
from ivr.settings import Settings, Webhook
from ivr.webhooks import secrets

ADDRESS = "https://crm.example.cn/hook"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secrets.toml"


def test_what_is_missing_is_made_once(file: Path) -> None:
    made = secrets.load(file, [ADDRESS])
    assert secrets.load(file, [ADDRESS]) == made
    secrets.check(file, [ADDRESS])


def test_a_check_makes_nothing(file: Path) -> None:
    secrets.check(file, [ADDRESS])
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        'webhooks = "geheim"',
        f'[webhooks]\n"{ADDRESS}" = "whsec_密钥"',
        f'[webhooks]\n"{ADDRESS}" = 5',
        f'[webhooks]\n"{ADDRESS}" = ["{secrets.fresh()}", ""]',
        f'[webhooks]\n"{ADDRESS}" = {{key = "whsec_"}}',
    ],
)
def test_what_is_no_secret_is_told_in_a_sentence_at_the_start_and_by_the_doctor(file: Path, content: str) -> None:
    file.write_text(content, "utf-8")
    for ask in (secrets.load, secrets.check):
        with pytest.raises(SettingsError, match=r"secrets\.toml 的 \[webhooks\].*。$"):
            ask(file, [ADDRESS])
    settings = Settings(var=file.parent, webhooks=(Webhook(address=ADDRESS),))
    found = command.webhooks(settings, {})
    assert [one.verdict for one in found] == [Verdict.FAIL, Verdict.OK]
    assert "[webhooks]" in found[0].says
    assert found[0].mend


def test_a_secret_of_somebody_whom_the_settings_have_lost_is_nobodys_trouble(file: Path) -> None:
    file.write_text('[webhooks]\n"https://lost.example.cn" = "geheim"', "utf-8")
    secrets.check(file, [ADDRESS])
    assert set(secrets.load(file, [ADDRESS])) == {ADDRESS}
