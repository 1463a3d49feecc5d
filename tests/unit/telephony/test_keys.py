"""Keys that AudioSocket and AMI both tell of, or only one of them."""

import pytest

from ivr.telephony.asterisk.keys import Keys


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ("aaa", "aaa"),  # an old Asterisk: AMI only
        ("sss", "sss"),  # AMI is away
        ("sasasa", "s.s.s."),
        ("asssaa", "a.ss.."),
        ("ssaas", "ss..s"),
        ("sssa", "sss."),  # AMI came back late
    ],
)
def test_each_key_counts_once(told: str, counted: str) -> None:
    keys = Keys()
    assert "".join(witness if keys.take(witness) else "." for witness in told) == counted
