"""Alembic: how the tables became what `schema` says. Run by `TicketStore.open`."""
