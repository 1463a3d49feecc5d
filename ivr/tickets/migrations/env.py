"""Alembic's entry: always on the connection, and in the transaction, of whoever opens the store."""

from alembic import context

from ivr.tickets.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter a column in place
    transaction_per_migration=False,
)
context.run_migrations()
