"""Shards: the rows of a job, cut into pieces that workers take, and the parts that come of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Update, and_, delete, func, insert, select, update

from waypost.server.jobs import codec
from waypost.server.jobs.events import PartCommitted, RowsRestarted, ShardRetried
from waypost.server.jobs.model import Lease, NewShard, Part, Shard, ShardState
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import schema
from waypost.server.jobs.store.core import StoreCore, Writing, append, wrong_state
from waypost.server.jobs.store.leases import owned_job
from waypost.server.jobs.store.records import read_shard

_SHARDS: Final = schema.shards.c
_NO_PART: Final = dict.fromkeys(
    ("part_file", "part_size_bytes", "part_sha256", "matched", "unmatched", "invalid", "failed", "engine_version")
)


class Shards(StoreCore):
    """The part of `JobStore` that keeps the pieces of a job. Every write raises LeaseLost under a lost lease.

    A shard is PENDING, LEASED while a worker of the owner has it, or DONE with its part.
    """

    def add_shards(self, lease: Lease, shards: Iterable[NewShard]) -> None:
        """Records shards, each beginning behind the one before; ValueError where one does not.

        A loss of power may undo the last of them, with what follows: the input is then read from the beginning again.
        Raises FailedPrecondition where the job is not PREPARING (any more).
        """
        with self._writing(durable=False) as transaction:
            job = owned_job(transaction, lease)
            if job.state != JobState.PREPARING:
                raise wrong_state(job, "to record shards in PREPARING")
            newest = select(func.max(_SHARDS.last_row)).where(_SHARDS.job_id == lease.job_id)
            last_row = transaction.connection.execute(newest).scalar_one() or 0
            rows = []
            for shard in shards:
                if shard.first_row != last_row + 1 or shard.last_row < shard.first_row:
                    raise ValueError(f"rows {shard.first_row} to {shard.last_row} do not follow row {last_row}")
                last_row = shard.last_row
                rows.append(_new_row(lease.job_id, shard))
            if rows:
                transaction.connection.execute(insert(schema.shards), rows)

    def drop_shards(self, lease: Lease) -> None:
        """Forgets every shard of a job that is not prepared, so that its input is read from the beginning again."""
        with self._writing(durable=False) as transaction:
            job = owned_job(transaction, lease)
            if job.prepared:
                raise ValueError(f"jobs/{lease.job_id} is prepared: its shards stay")
            transaction.connection.execute(delete(schema.shards).where(_SHARDS.job_id == lease.job_id))

    def lease_shards(self, lease: Lease, limit: int) -> tuple[Shard, ...]:
        """At most `limit` shards for workers, lowest rows first, each with one more try counted.

        None of them where the job is not RUNNING (any more), so that a pause or a cancellation stops the flow. What a
        loss of power undoes nobody holds any more.
        """
        with self._writing(durable=False) as transaction:
            if owned_job(transaction, lease).state != JobState.RUNNING:
                return ()
            waiting = (
                select(_SHARDS.first_row)
                .where(_SHARDS.job_id == lease.job_id, _SHARDS.state == ShardState.PENDING)
                .order_by(_SHARDS.first_row)
                .limit(limit)
            )
            taken = transaction.connection.execute(
                update(schema.shards)
                .where(_SHARDS.job_id == lease.job_id, _SHARDS.first_row.in_(waiting))
                .values(state=ShardState.LEASED, attempts=_SHARDS.attempts + 1)
                .returning(schema.shards)
            )
            return tuple(sorted(map(read_shard, taken), key=lambda shard: shard.first_row))

    def commit_part(self, lease: Lease, first_row: int, part: Part) -> bool:
        """Makes a LEASED shard DONE, with its event; its file must be safe on disk.

        False, and nothing is changed, where the shard is not LEASED: it was given back or is done already.
        Allowed while the job is RUNNING, PAUSING or CANCELLING.
        """
        with self._writing() as transaction:
            job = owned_job(transaction, lease)
            shard = transaction.connection.execute(
                _of(lease, first_row, ShardState.LEASED)
                .values(
                    state=ShardState.DONE,
                    reason="",
                    part_file=part.file,
                    part_size_bytes=part.size_bytes,
                    part_sha256=part.sha256,
                    matched=part.rows.matched,
                    unmatched=part.rows.unmatched,
                    invalid=part.rows.invalid,
                    failed=part.rows.failed,
                    engine_version=part.engine_version,
                )
                .returning(_SHARDS.last_row)
            ).one_or_none()
            if shard is None:
                return False
            change = PartCommitted(
                first_row=first_row, last_row=shard.last_row, rows=part.rows, engine_version=part.engine_version
            )
            append(transaction, job, change, engine_version=part.engine_version)
            return True

    def retry_shard(
        self, lease: Lease, first_row: int, reason: str, pieces: Sequence[tuple[int, int, int, str]] = ()
    ) -> bool:
        """Whether a LEASED shard whose worker was lost is PENDING again; an event tells, and the try counts.

        `pieces` is what the owner knows of its rows by now, for whoever works on it next.
        """
        with self._writing() as transaction:
            job = owned_job(transaction, lease)
            statement = _of(lease, first_row, ShardState.LEASED).values(
                state=ShardState.PENDING, reason=reason, pieces=codec.PIECES.dump(tuple(pieces))
            )
            shard = transaction.connection.execute(
                statement.returning(_SHARDS.last_row, _SHARDS.attempts)
            ).one_or_none()
            if shard is None:
                return False
            change = ShardRetried(first_row=first_row, last_row=shard.last_row, attempts=shard.attempts, reason=reason)
            append(transaction, job, change)
            return True

    def reopen_shard(self, lease: Lease, first_row: int, reason: str) -> bool:
        """Whether a DONE shard, whose part is not there any more, is PENDING again; an event tells."""
        with self._writing() as transaction:
            job = owned_job(transaction, lease)
            statement = _of(lease, first_row, ShardState.DONE).values(
                state=ShardState.PENDING, reason=reason, **_NO_PART
            )
            shard = transaction.connection.execute(
                statement.returning(_SHARDS.last_row, _SHARDS.attempts)
            ).one_or_none()
            if shard is None:
                return False
            change = ShardRetried(first_row=first_row, last_row=shard.last_row, attempts=shard.attempts, reason=reason)
            append(transaction, job, change)
            return True

    def restart_rows(self, lease: Lease, engine_version: str) -> tuple[str, ...]:
        """The files of all parts, which are forgotten: every row is to be answered again, by this engine."""
        with self._writing() as transaction:
            job = owned_job(transaction, lease)
            parts = select(_SHARDS.part_file).where(_SHARDS.job_id == lease.job_id, _SHARDS.part_file.is_not(None))
            files = tuple(transaction.connection.execute(parts.order_by(_SHARDS.first_row)).scalars())
            transaction.connection.execute(
                update(schema.shards)
                .where(_SHARDS.job_id == lease.job_id)
                .values(state=ShardState.PENDING, attempts=0, reason="", pieces="", **_NO_PART)
            )
            change = RowsRestarted(old_engine_version=job.engine_version, new_engine_version=engine_version)
            append(transaction, job, change, engine_version=engine_version)
            return files

    def shards(
        self,
        job_id: str,
        *,
        after_row: int = 0,
        limit: int = 1_000,
        states: Collection[ShardState] = frozenset(ShardState),
    ) -> tuple[Shard, ...]:
        """Shards whose last row is behind `after_row`, in the order of the input."""
        query = (
            select(schema.shards)
            .where(_SHARDS.job_id == job_id, _SHARDS.last_row > after_row, _SHARDS.state.in_(states))
            .order_by(_SHARDS.first_row)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple(map(read_shard, connection.execute(query)))

    def shard_counts(self, job_id: str) -> dict[ShardState, int]:
        """How many shards are in each state; every state is a key."""
        query = select(_SHARDS.state, func.count()).where(_SHARDS.job_id == job_id).group_by(_SHARDS.state)
        with self._database.reading() as connection:
            counts = {ShardState(state): count for state, count in connection.execute(query)}
        return dict.fromkeys(ShardState, 0) | counts

    def row_counts(self, job_id: str) -> RowCounts:
        """What became of the rows in committed parts."""
        sums = [func.coalesce(func.sum(_SHARDS[name]), 0) for name in ("matched", "unmatched", "invalid", "failed")]
        with self._database.reading() as connection:
            matched, unmatched, invalid, failed = map(
                int, connection.execute(select(*sums).where(_SHARDS.job_id == job_id)).one()
            )
        return RowCounts(matched=matched, unmatched=unmatched, invalid=invalid, failed=failed)

    def committed_through(self, job_id: str) -> int:
        """The last row such that it and all before it are committed; 0 = none. What ReadResults may show."""
        mine = _SHARDS.job_id == job_id
        first_open = select(func.min(_SHARDS.first_row)).where(mine, _SHARDS.state != ShardState.DONE)
        last = select(func.max(_SHARDS.last_row)).where(mine)
        with self._database.reading() as connection:
            gap = connection.execute(first_open).scalar_one()
            return gap - 1 if gap is not None else connection.execute(last).scalar_one() or 0


def _of(lease: Lease, first_row: int, state: ShardState) -> Update:
    this: ColumnElement[bool] = and_(_SHARDS.job_id == lease.job_id, _SHARDS.first_row == first_row)
    return update(schema.shards).where(this, _SHARDS.state == state)


def _written(transaction: Writing, statement: Update) -> bool:
    return transaction.connection.execute(statement).rowcount == 1


def _new_row(job_id: str, shard: NewShard) -> dict[str, object]:
    return {
        "job_id": job_id,
        "first_row": shard.first_row,
        "last_row": shard.last_row,
        "file": shard.file,
        "state": ShardState.PENDING,
        "attempts": 0,
        "reason": "",
    }
