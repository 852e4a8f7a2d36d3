"""The folder that a job writes to, so that no two write to one; files that deleted jobs and uploads left.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a column with its index to jobs, and a table."""
    op.add_column("jobs", sa.Column("output_folder", sa.String(length=64), nullable=True))
    unfinished = sa.text("state < 8")
    op.create_index(
        "ix_jobs_output_folder",
        "jobs",
        ["output_folder"],
        unique=True,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "leftovers",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
