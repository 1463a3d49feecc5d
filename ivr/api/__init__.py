"""The HTTP API: tickets, calls and customers for other systems (docs/api.md)."""
