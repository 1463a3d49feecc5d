"""Which receiver a person means."""

import pytest

from ivr.commands.webhooks import _receiver
from ivr.errors import SettingsError
from ivr.settings import Settings, Webhook

ONE = Webhook(address="https://crm.example.cn/one")
OTHER = Webhook(address="https://crm.example.cn/other")
NAMED = Webhook(address="https://crm.example.cn/third", name="客服系统")
SETTINGS = Settings(webhooks=(ONE, OTHER, NAMED))


@pytest.mark.parametrize(("what", "receiver"), [(OTHER.address, OTHER), ("客服系统", NAMED), ("nobody", None)])
def test_by_address_or_name(what: str, receiver: Webhook | None) -> None:
    assert _receiver(SETTINGS, what) == receiver


def test_a_name_that_several_have_is_refused() -> None:
    with pytest.raises(SettingsError, match="2 个接收方"):
        _receiver(SETTINGS, "crm.example.cn")
