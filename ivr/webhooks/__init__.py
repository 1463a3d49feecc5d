"""Webhooks: what the outbox holds is delivered to the receivers of the settings (docs/webhooks.md)."""
