"""The one error tree of the product.

    IvrError                    every error a person may see: one clear sentence
    ├── SettingsError           a setting, data file or template is wrong
    ├── NotPrepared             a model, program or environment is missing
    ├── PeerDown                a process we talk to does not answer          (retry)
    │   ├── CustomersDown       the CRM
    │   ├── DialogueDown        Rasa or its action server
    │   └── TelephonyDown       Asterisk: ARI, AMI, media
    ├── WireError               a peer sent what its protocol does not allow
    ├── IllegalEvent            an event that the state of a call does not allow
    ├── SpeechFailed            recognition or synthesis of one sentence failed (retry)
    └── TicketError             a ticket, a step of its life or its store is not as it must be
        ├── StoreBusy           the database is locked for too long           (retry)
        ├── StoreDown           the database server does not answer           (retry)
        ├── TicketChanged       somebody saved the ticket since it was read   (read again, retry)
        ├── TicketUnknown       there is none of that number
        ├── StepRefused         a step that the ticket's life does not allow now
        └── WrongValue          a value that its field cannot hold

`code` is stable and machine readable; `retry` says whether the same call may go through later.
The message is for a person: what is wrong, where, and what to do.
"""

from __future__ import annotations


class IvrError(Exception):
    code = "error"
    retry = False


class SettingsError(IvrError):
    code = "settings"


class NotPrepared(IvrError):
    code = "not_prepared"


class PeerDown(IvrError):
    code = "peer_down"
    retry = True


class CustomersDown(PeerDown):
    code = "customers_down"


class DialogueDown(PeerDown):
    code = "dialogue_down"


class TelephonyDown(PeerDown):
    code = "telephony_down"


class WireError(IvrError):
    code = "wire"


class IllegalEvent(IvrError):
    code = "illegal_event"


class SpeechFailed(IvrError):
    code = "speech_failed"
    retry = True


class TicketError(IvrError):
    code = "ticket"


class StoreBusy(TicketError):
    code = "store_busy"
    retry = True


class StoreDown(TicketError):
    code = "store_down"
    retry = True


class TicketChanged(TicketError):
    code = "ticket_changed"
    retry = True


class TicketUnknown(TicketError):
    code = "ticket_unknown"


class StepRefused(TicketError):
    code = "step_refused"


class WrongValue(TicketError):
    code = "wrong_value"
