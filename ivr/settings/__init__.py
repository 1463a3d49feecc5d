"""Everything that whoever runs the line may set: frozen, with meaning and unit under each field.

Defaults are here; `ivr.toml` in the project's folder (or `--settings FILE`, or `IVR_SETTINGS`) changes them.
What dialogue designers change is not here but in `data/` and `dialogue/`.
"""

from ivr.settings.customers import CustomerHttp, CustomerRequest, CustomerSource, CustomerSql, CustomerTryton
from ivr.settings.file import load, save
from ivr.settings.line import PROJECT, Dialogue, Retention, Settings
from ivr.settings.others import Api, Delivery, Webhook, WebhookEvent
from ivr.settings.speech import RecogniserChoice, Speech, Turns
from ivr.settings.telephony import Agent, Pbx, Ports, Telephony, Trunk

__all__ = [
    "PROJECT",
    "Agent",
    "Api",
    "CustomerHttp",
    "CustomerRequest",
    "CustomerSource",
    "CustomerSql",
    "CustomerTryton",
    "Delivery",
    "Dialogue",
    "Pbx",
    "Ports",
    "RecogniserChoice",
    "Retention",
    "Settings",
    "Speech",
    "Telephony",
    "Trunk",
    "Turns",
    "Webhook",
    "WebhookEvent",
    "load",
    "save",
]
