"""What an answer means, and what is no secret."""

import datetime as dt
import json

import pytest

from ivr.errors import SettingsError
from ivr.webhooks.wire import Event, envelope, key_of, pause_s, retry_after_s

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("9" * 40, 999999999.0),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
        ("Sat, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, now=NOW) == seconds


@pytest.mark.parametrize("attempts", [1, 2, 10, 5000])
def test_a_pause_is_never_longer_than_an_hour_and_a_fifth(attempts: int) -> None:
    assert 4.0 <= pause_s(attempts, 0.0) <= pause_s(attempts, 1.0, retry_after_s=1e9) < 4321.0


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_密钥密钥", "whsec_!!!!", "geheim"])
def test_what_is_no_secret_is_told_without_showing_it(secret: str) -> None:
    with pytest.raises(SettingsError, match="whsec_") as told:
        key_of(secret)
    assert not secret or secret.removeprefix("whsec_") == "" or secret.removeprefix("whsec_") not in str(told.value)


def test_half_a_character_is_told_as_one_that_is_unknown() -> None:
    event = Event("1", "ticket.created", "GD", "appliance", NOW, {"why": "坏\ud83d了"})
    assert json.loads(envelope(event))["data"] == {"why": "坏?了"}
