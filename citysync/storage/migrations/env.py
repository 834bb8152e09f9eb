"""Run the migrations on the connection handed in; its owner commits, so an interrupted upgrade leaves nothing."""

from alembic import context

from citysync.storage import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    version_table=tables.VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
