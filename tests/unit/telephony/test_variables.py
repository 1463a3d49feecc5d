"""What a call takes along to a human."""

from ivr.call.ports import Transfer
from ivr.telephony.asterisk.variables import of_transfer


def test_who_chose_to_wait_takes_that_along() -> None:
    known = {"IVR_QUEUE": "bank", "IVR_REASON": "p1", "QUEUE_PRIO": "20"}
    assert of_transfer(Transfer("bank", "p1", None, 20)) == known
    ticket = {"__IVR_TICKET": "GD20261122-000001", "IVR_WAITS": "1"}
    assert of_transfer(Transfer("bank", "p1", "GD20261122-000001", 20, waits=True)) == {**known, **ticket}
