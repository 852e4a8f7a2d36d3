"""Deaths of workers with their shards, so that a next owner knows of them; receivers of deliveries, for fair shares.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a column to shards and one to deliveries; a shard's file has no rows but its own."""
    op.drop_column("shards", "file_first_row")
    op.add_column("shards", sa.Column("pieces", sa.Text(), nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("receiver", sa.Text(), nullable=False, server_default=""))
