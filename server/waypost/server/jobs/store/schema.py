"""The tables of the job store, the same for SQLite and PostgreSQL. Migrations make them; a test compares both.

Times are seconds since the epoch. What nothing searches in is JSON text; see codec.py.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

#: The last step in migrations/, the one that makes these tables.
VERSION: Final = "0003"

_UNFINISHED = text("state < 8")

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s"})

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(63), primary_key=True),
    Column("spec", Text, nullable=False),
    # Of the spec, what is searched: which snapshots and uploads unfinished jobs hold.
    Column("snapshot_id", String(63), nullable=False),
    Column("upload_id", String(63), index=True),
    # SHA-256 of the place below a root that it writes to; paths are longer than an index takes.
    Column("output_folder", String(64)),
    Column("priority", Integer, nullable=False),
    Column("state", SmallInteger, nullable=False, index=True),
    Column("reason_code", Text, nullable=False),
    Column("reason_message", Text, nullable=False),
    Column("preflight", Text),
    Column("engine_version", Text, nullable=False),
    Column("create_time_s", Double, nullable=False),
    Column("update_time_s", Double, nullable=False),
    Column("start_time_s", Double),
    Column("end_time_s", Double),
    Column("expire_time_s", Double, index=True),
    # Grows with state, priority and labels; the etag.
    Column("revision", BigInteger, nullable=False),
    # The newest event's number; grows in the same statement as what the event tells.
    Column("last_sequence", BigInteger, nullable=False),
    Column("prepared", Boolean, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("operation_deleted", Boolean, nullable=False),
    # No owner = nobody works on it. The token grows with each owner and never shrinks.
    Column("lease_owner", Text),
    Column("lease_token", BigInteger, nullable=False),
    Column("lease_expire_time_s", Double),
    Column("lease_length_s", Double),
    Index(None, "create_time_s", "job_id"),
    # Of the unfinished jobs: the end states are the last ones, see JobState.
    Index(None, "output_folder", unique=True, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
)


def _job_id(*, primary_key: bool = False) -> Column[str]:
    owner = ForeignKey("jobs.job_id", ondelete="CASCADE")
    return Column("job_id", String(63), owner, primary_key=primary_key, nullable=False)


job_labels = Table(
    "job_labels",
    metadata,
    _job_id(primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("value", String(63), nullable=False),
    Index(None, "key", "value"),
)

#: The bytes of inline inputs, apart from the jobs, so that lists do not read them.
inline_inputs = Table(
    "inline_inputs", metadata, _job_id(primary_key=True), Column("content", LargeBinary, nullable=False)
)

#: Apart from the jobs, because it is written several times a second.
progress = Table(
    "progress",
    metadata,
    _job_id(primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("progress", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    _job_id(primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("time_s", Double, nullable=False),
    Column("change", Text, nullable=False),
)

shards = Table(
    "shards",
    metadata,
    _job_id(primary_key=True),
    Column("first_row", BigInteger, primary_key=True, autoincrement=False),
    Column("last_row", BigInteger, nullable=False),
    Column("file", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    # Once a worker has died over it: its pieces, see poison.py. Empty before.
    Column("pieces", Text, nullable=False, server_default=""),
    # The part, once it is committed.
    Column("part_file", Text),
    Column("part_size_bytes", BigInteger),
    Column("part_sha256", String(64)),
    Column("matched", BigInteger),
    Column("unmatched", BigInteger),
    Column("invalid", BigInteger),
    Column("failed", BigInteger),
    Column("engine_version", Text),
    Index(None, "job_id", "state", "first_row"),
)

output_files = Table(
    "output_files",
    metadata,
    _job_id(primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("file", Text, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("uri", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Index(None, "job_id", "file", unique=True),
)

uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", String(63), primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("committed_bytes", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("create_time_s", Double, nullable=False),
    Column("expire_time_s", Double, nullable=False, index=True),
)

#: What was deleted and may still have files: "jobs/{job}" or "uploads/{upload}", until somebody has seen them gone.
leftovers = Table("leftovers", metadata, Column("name", String(80), primary_key=True))

#: Requests that were answered, so that asking twice is asking once.
requests = Table(
    "requests",
    metadata,
    Column("method", String(63), primary_key=True),
    Column("request_id", String(36), primary_key=True),
    Column("digest", String(128), nullable=False),
    # The job, upload or delivery that it made or changed.
    Column("resource_id", String(63), nullable=False, index=True),
    Column("expire_time_s", Double, nullable=False, index=True),
)

#: The outbox: a notification to one target, written with the event that it tells of.
deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(63), primary_key=True),
    _job_id(),
    # The event, whole: it may be told after the history of the job was trimmed.
    Column("sequence", BigInteger, nullable=False),
    Column("change", Text, nullable=False),
    Column("event_id", String(63), nullable=False),
    Column("target", Integer, nullable=False),
    # Host and port, or "nats": those to one receiver are tried beside those to others, not before them.
    Column("receiver", Text, nullable=False, server_default=""),
    Column("state", SmallInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_attempt_time_s", Double),
    Column("create_time_s", Double, nullable=False),
    Index(None, "job_id", "sequence", "target", unique=True),
    Index(None, "state", "next_attempt_time_s"),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_id", String(63), ForeignKey("deliveries.delivery_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("attempt_time_s", Double, nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("http_status", Integer, nullable=False),
    Column("error", Text, nullable=False),
)
