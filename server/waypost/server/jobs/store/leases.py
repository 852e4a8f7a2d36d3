"""Owners of jobs: one server process at a time works on a job, under a lease with a fencing token.

A lease ends when it is released, when the job comes to rest, or when it was not renewed in time. Whoever takes the job
next gets a token one higher, and every write of an owner names its token: the write of an owner that was only slow
raises `LeaseLost`, whatever it is. A lease also counts as run out when it would last longer than its whole length,
which only a clock that was set back can bring about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, delete, insert, or_, select, update

from waypost.server.errors import LeaseLost
from waypost.server.jobs import codec
from waypost.server.jobs.events import OwnerChanged, Reason
from waypost.server.jobs.lifecycle import Actor, is_legal
from waypost.server.jobs.model import Job, Lease, OutputFile, Preflight, Progress, ShardState
from waypost.server.jobs.states import WORK_STATES, JobState
from waypost.server.jobs.store import schema
from waypost.server.jobs.store.core import JobRow, StoreCore, Writing, append, locked_job, move, wrong_state
from waypost.server.jobs.store.records import read_job

_JOBS: Final = schema.jobs.c
_SHARDS: Final = schema.shards.c
_PROGRESS: Final = schema.progress.c
_VALUES: Final[dict[str, Any]] = {"version": bindparam("next"), "progress": bindparam("text")}
_UPDATE_PROGRESS: Final = update(schema.progress).where(_PROGRESS.job_id == bindparam("id")).values(**_VALUES)
_INSERT_PROGRESS: Final = insert(schema.progress).values(job_id=bindparam("id"), **_VALUES)


#: States that an owner leads a job out of; AWAITING_CONFIRMATION once it has lasted too long.
CLAIMED_STATES: Final = WORK_STATES | {JobState.AWAITING_CONFIRMATION}
#: Nothing is left to do but to end, in a moment.
_ENDING: Final = (JobState.CANCELLING, JobState.PAUSING, JobState.AWAITING_CONFIRMATION)


class Leases(StoreCore):
    """The part of `JobStore` with which a server process takes, keeps and ends the work on a job."""

    def claim_job(
        self, owner: str, *, lease_s: float, states: Collection[JobState] = CLAIMED_STATES
    ) -> tuple[Job, Lease] | None:
        """The most urgent job that needs an owner and is in one of `states`, now owned; None where there is none.

        A job that waits for ConfirmJob needs one when it has waited for too long. First those that only need to stop
        or to fail, then by priority, then the oldest. A job that was left by an owner that went away gets an
        `OwnerChanged` event, and the shards that it held wait for a worker again, as if that try had not been.
        """
        ending = case((_JOBS.state.in_(_ENDING), 0), else_=1)
        with self._writing() as transaction:
            query = (
                select(schema.jobs)
                .where(_JOBS.state.in_(CLAIMED_STATES & frozenset(states)), _ownerless(transaction.now_s))
                .where(or_(_JOBS.state != JobState.AWAITING_CONFIRMATION, _JOBS.expire_time_s <= transaction.now_s))
                .order_by(ending, _JOBS.priority.desc(), _JOBS.create_time_s, _JOBS.job_id)
                .limit(1)
                # Two servers take two jobs, and neither waits.
                .with_for_update(skip_locked=True)
            )
            return _take(transaction, query, owner, lease_s)

    def renew_leases(self, leases: Iterable[Lease], *, lease_s: float) -> frozenset[Lease]:
        """Those of `leases` that still hold, now for `lease_s` more; the work under all others must stop at once."""
        with self._writing(durable=False) as transaction:
            kept = frozenset(_still_held(transaction, leases))
            job_ids = [lease.job_id for lease in kept]
            values = _running(transaction.now_s, lease_s)
            transaction.connection.execute(update(schema.jobs).where(_JOBS.job_id.in_(job_ids)).values(**values))
        return kept

    def check_lease(self, lease: Lease) -> None:
        """Raises LeaseLost where the lease does not hold any more; before files get names that a next owner gives too.

        That owner may come the moment after: what two could write at once must be the same, or be told by one alone.
        """
        with self._database.reading() as connection:
            if connection.execute(select(_JOBS.job_id).where(_held(lease))).one_or_none() is None:
                raise _lost(lease)

    def release_lease(self, lease: Lease) -> None:
        """Gives the job back; shards in hand wait for a worker again. Nothing happens where it is lost already."""
        with self._writing() as transaction:
            values = {"lease_owner": None, "lease_expire_time_s": None, "lease_length_s": None}
            written = transaction.connection.execute(update(schema.jobs).where(_held(lease)).values(**values))
            if written.rowcount:
                give_back_shards(transaction, lease.job_id)

    def advance(
        self,
        lease: Lease,
        target: JobState,
        *,
        source: JobState | None = None,
        reason: Reason = Reason(),  # noqa: B008 - a frozen value
        progress: Progress | None = None,
        preflight: Preflight | None = None,
        output_files: Iterable[OutputFile] = (),
    ) -> Job:
        """The job, led to `target` by its owner, with what is known now; all of it in one transaction.

        Leaving PREPARING for AWAITING_CONFIRMATION or RUNNING marks the job as prepared. Where `target` is a state
        without work the lease is over. Raises LeaseLost; and FailedPrecondition where the job is in a state that
        does not lead to `target`, or is not `source` if one is given, because a caller was faster: read it again, the
        lease still holds.
        """
        with self._writing() as transaction:
            job = owned_job(transaction, lease)
            if source is not None and job.state != source:
                raise wrong_state(job, f"to go to {target.name} from {source.name}")
            if not is_legal(JobState(job.state), target, Actor.OWNER):
                raise wrong_state(job, f"to go to {target.name} from where that may follow")
            columns: dict[str, object] = {}
            if job.state == JobState.PREPARING and target in (JobState.RUNNING, JobState.AWAITING_CONFIRMATION):
                columns["prepared"] = True
            if preflight is not None:
                columns["preflight"] = codec.PREFLIGHT.dump(preflight)
            if progress is not None:
                write_progress(transaction, lease.job_id, progress)
            _write_output_files(transaction, lease.job_id, output_files)
            move(transaction, job, target, Actor.OWNER, reason, **columns)
            if not target.at_work:
                give_back_shards(transaction, lease.job_id)
            return read_job(transaction.connection, locked_job(transaction, lease.job_id))

    def write_progress(self, progress: Mapping[Lease, Progress]) -> frozenset[Lease]:
        """The leases that are lost, whose progress was not written. One transaction for all jobs of a process.

        Only the latest progress of a job is kept; it is not an event, and a loss of power may undo the last seconds.
        """
        with self._writing(durable=False) as transaction:
            versions = _still_held(transaction, progress)
            for known in (True, False):
                rows = [
                    {"id": lease.job_id, "next": (version or 0) + 1, "text": _text(progress[lease])}
                    for lease, version in versions.items()
                    if (version is not None) is known
                ]
                if rows:
                    transaction.connection.execute(_UPDATE_PROGRESS if known else _INSERT_PROGRESS, rows)
            for lease, version in versions.items():
                transaction.touch(lease.job_id, progress_version=(version or 0) + 1)
        return frozenset(progress.keys() - versions.keys())


def owned_job(transaction: Writing, lease: Lease) -> JobRow:
    """The locked row of a job whose owner asks. Raises LeaseLost where that is not the owner any more."""
    row = transaction.connection.execute(select(schema.jobs).where(_held(lease)).with_for_update()).one_or_none()
    if row is None or row.lease_owner is None:
        raise _lost(lease)
    return row


def write_progress(transaction: Writing, job_id: str, progress: Progress) -> None:
    """Replaces the progress of a locked job."""
    query = select(_PROGRESS.version).where(_PROGRESS.job_id == job_id)
    version = transaction.connection.execute(query).scalar_one_or_none()
    row = {"id": job_id, "next": (version or 0) + 1, "text": _text(progress)}
    transaction.connection.execute(_INSERT_PROGRESS if version is None else _UPDATE_PROGRESS, row)
    transaction.touch(job_id, progress_version=(version or 0) + 1)


def give_back_shards(transaction: Writing, job_id: str) -> int:
    """How many shards waited for nobody any more and now wait for a worker; the try that was cut off does not count."""
    return transaction.connection.execute(
        update(schema.shards)
        .where(_SHARDS.job_id == job_id, _SHARDS.state == ShardState.LEASED)
        .values(state=ShardState.PENDING, attempts=_SHARDS.attempts - 1)
    ).rowcount


def _take(transaction: Writing, query: Select[Any], owner: str, lease_s: float) -> tuple[Job, Lease] | None:
    job = transaction.connection.execute(query).one_or_none()
    if job is None:
        return None
    lease = Lease(job.job_id, owner, job.lease_token + 1)
    columns = {"lease_owner": owner, "lease_token": lease.token, **_running(transaction.now_s, lease_s)}
    if job.lease_owner is None:
        transaction.connection.execute(
            update(schema.jobs)
            .where(_JOBS.job_id == job.job_id, _JOBS.lease_token == job.lease_token)
            .values(**columns)
        )
    else:
        append(transaction, job, OwnerChanged(owners=lease.token), **columns)
    give_back_shards(transaction, job.job_id)
    return read_job(transaction.connection, locked_job(transaction, job.job_id)), lease


def _text(progress: Progress) -> str:
    return codec.PROGRESS.dump(progress)


def _still_held(transaction: Writing, leases: Iterable[Lease]) -> dict[Lease, int | None]:
    """Those of `leases` that hold, with the version of the job's progress; their jobs are locked from here on."""
    asked = {lease.job_id: lease for lease in leases}
    joined = schema.jobs.outerjoin(schema.progress, _PROGRESS.job_id == _JOBS.job_id)
    rows = transaction.connection.execute(
        select(_JOBS.job_id, _JOBS.lease_owner, _JOBS.lease_token, _PROGRESS.version)
        .select_from(joined)
        .where(_JOBS.job_id.in_(asked))
        # In one order, so that two transactions with several jobs each cannot wait for each other.
        .order_by(_JOBS.job_id)
        .with_for_update(of=schema.jobs)
    )
    return {
        asked[row.job_id]: row.version
        for row in rows
        if (row.lease_owner, row.lease_token) == (asked[row.job_id].owner, asked[row.job_id].token)
    }


def _running(now_s: float, lease_s: float) -> dict[str, float]:
    return {"lease_expire_time_s": now_s + lease_s, "lease_length_s": lease_s}


def _ownerless(now_s: float) -> ColumnElement[bool]:
    run_out = _JOBS.lease_expire_time_s <= now_s
    clock_set_back = _JOBS.lease_expire_time_s - _JOBS.lease_length_s > now_s
    return or_(_JOBS.lease_owner.is_(None), run_out, clock_set_back)


def _held(lease: Lease) -> ColumnElement[bool]:
    return and_(_JOBS.job_id == lease.job_id, _JOBS.lease_owner == lease.owner, _JOBS.lease_token == lease.token)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"{lease.owner} does not own jobs/{lease.job_id} any more", job_id=lease.job_id)


def _write_output_files(transaction: Writing, job_id: str, files: Iterable[OutputFile]) -> None:
    rows = [
        {
            "job_id": job_id,
            "position": position,
            "file": file.file,
            "kind": file.kind,
            "uri": file.uri,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "row_count": file.row_count,
        }
        for position, file in enumerate(files)
    ]
    if rows:
        transaction.connection.execute(delete(schema.output_files).where(schema.output_files.c.job_id == job_id))
        transaction.connection.execute(insert(schema.output_files), rows)
