"""Runs the steps on the connection that it is given."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="datamover_schema_version")
with context.begin_transaction():
    context.run_migrations()
