"""Jobs with their events, shards, uploads, remembered requests and outbox.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the first tables."""
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=63), nullable=False),
        sa.Column("upload_id", sa.String(length=63), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason_message", sa.Text(), nullable=False),
        sa.Column("preflight", sa.Text(), nullable=True),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("create_time_s", sa.Double(), nullable=False),
        sa.Column("update_time_s", sa.Double(), nullable=False),
        sa.Column("start_time_s", sa.Double(), nullable=True),
        sa.Column("end_time_s", sa.Double(), nullable=True),
        sa.Column("expire_time_s", sa.Double(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("prepared", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("operation_deleted", sa.Boolean(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("lease_expire_time_s", sa.Double(), nullable=True),
        sa.Column("lease_length_s", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index(op.f("ix_jobs_create_time_s_job_id"), "jobs", ["create_time_s", "job_id"])
    op.create_index(op.f("ix_jobs_expire_time_s"), "jobs", ["expire_time_s"])
    op.create_index(op.f("ix_jobs_state"), "jobs", ["state"])
    op.create_index(op.f("ix_jobs_upload_id"), "jobs", ["upload_id"])
    op.create_table(
        "requests",
        sa.Column("method", sa.String(length=63), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("resource_id", sa.String(length=63), nullable=False),
        sa.Column("expire_time_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("method", "request_id"),
    )
    op.create_index(op.f("ix_requests_expire_time_s"), "requests", ["expire_time_s"])
    op.create_index(op.f("ix_requests_resource_id"), "requests", ["resource_id"])
    op.create_table(
        "uploads",
        sa.Column("upload_id", sa.String(length=63), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("committed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("create_time_s", sa.Double(), nullable=False),
        sa.Column("expire_time_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id"),
    )
    op.create_index(op.f("ix_uploads_expire_time_s"), "uploads", ["expire_time_s"])
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(length=63), nullable=False),
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("event_id", sa.String(length=63), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_attempt_time_s", sa.Double(), nullable=True),
        sa.Column("create_time_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index(
        op.f("ix_deliveries_job_id_sequence_target"), "deliveries", ["job_id", "sequence", "target"], unique=True
    )
    op.create_index(op.f("ix_deliveries_state_next_attempt_time_s"), "deliveries", ["state", "next_attempt_time_s"])
    op.create_table(
        "events",
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("time_s", sa.Double(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "sequence"),
    )
    op.create_table(
        "inline_inputs",
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_table(
        "job_labels",
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=63), nullable=False),
        sa.Column("value", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "key"),
    )
    op.create_index(op.f("ix_job_labels_key_value"), "job_labels", ["key", "value"])
    op.create_table(
        "output_files",
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "position"),
    )
    op.create_index(op.f("ix_output_files_job_id_file"), "output_files", ["job_id", "file"], unique=True)
    op.create_table(
        "progress",
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_table(
        "shards",
        sa.Column("job_id", sa.String(length=63), nullable=False),
        sa.Column("first_row", sa.BigInteger(), nullable=False),
        sa.Column("last_row", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("file_first_row", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("part_file", sa.Text(), nullable=True),
        sa.Column("part_size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("part_sha256", sa.String(length=64), nullable=True),
        sa.Column("matched", sa.BigInteger(), nullable=True),
        sa.Column("unmatched", sa.BigInteger(), nullable=True),
        sa.Column("invalid", sa.BigInteger(), nullable=True),
        sa.Column("failed", sa.BigInteger(), nullable=True),
        sa.Column("engine_version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "first_row"),
    )
    op.create_index(op.f("ix_shards_job_id_state_first_row"), "shards", ["job_id", "state", "first_row"])
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.String(length=63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt_time_s", sa.Double(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.delivery_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery_id", "number"),
    )
