"""The runs of syncs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "sync_runs",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("sync_id", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", JSONB, nullable=False),
    )
    op.create_index("sync_runs_by_sync", "sync_runs", ["sync_id", "started_at"])
    op.create_index("sync_runs_by_age", "sync_runs", ["started_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sync_runs")
