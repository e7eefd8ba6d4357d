"""The steps of the schema, applied by alembic."""
