"""What has had its time: finished jobs, uploads, requests; and what is still held."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import delete, exists, or_, select

from waypost.server.jobs.states import END_STATES, UNFINISHED_STATES
from waypost.server.jobs.store import schema
from waypost.server.jobs.store.core import StoreCore

_JOBS: Final = schema.jobs.c
_UPLOADS: Final = schema.uploads.c
_REQUESTS: Final = schema.requests.c


class Expiry(StoreCore):
    """The part of `JobStore` that a server calls now and then; any number of servers may."""

    def expired_jobs(self, *, limit: int) -> tuple[str, ...]:
        """Ids of finished jobs whose time is over, for `delete_job`."""
        query = select(_JOBS.job_id).where(_JOBS.state.in_(END_STATES), _JOBS.expire_time_s <= self._clock())
        with self._database.reading() as connection:
            return tuple(connection.execute(query.order_by(_JOBS.expire_time_s).limit(limit)).scalars())

    def expired_uploads(self, *, limit: int) -> tuple[str, ...]:
        """Ids of uploads whose time is over and that no unfinished job reads, for `delete_upload`."""
        used = exists().where(_JOBS.upload_id == _UPLOADS.upload_id, _JOBS.state.in_(UNFINISHED_STATES))
        query = select(_UPLOADS.upload_id).where(_UPLOADS.expire_time_s <= self._clock(), ~used)
        with self._database.reading() as connection:
            return tuple(connection.execute(query.order_by(_UPLOADS.expire_time_s).limit(limit)).scalars())

    def leftovers(self, *, limit: int) -> tuple[str, ...]:
        """Names of jobs and uploads that were deleted and whose files nobody has seen gone yet."""
        query = select(schema.leftovers.c.name).order_by(schema.leftovers.c.name).limit(limit)
        with self._database.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def forget_leftovers(self, names: Collection[str]) -> None:
        """Their files are gone."""
        with self._writing() as transaction:
            transaction.connection.execute(delete(schema.leftovers).where(schema.leftovers.c.name.in_(names)))

    def forget_requests(self) -> int:
        """How many requests were forgotten: a day has passed, and what they made is there no more."""
        alive = or_(
            exists().where(_JOBS.job_id == _REQUESTS.resource_id),
            exists().where(_UPLOADS.upload_id == _REQUESTS.resource_id),
            exists().where(schema.deliveries.c.delivery_id == _REQUESTS.resource_id),
        )
        with self._writing() as transaction:
            old = delete(schema.requests).where(_REQUESTS.expire_time_s <= transaction.now_s, ~alive)
            return transaction.connection.execute(old).rowcount

    def pinned_snapshots(self) -> frozenset[str]:
        """Ids of the snapshots that unfinished jobs answer from; they must not be removed."""
        query = select(_JOBS.snapshot_id).where(_JOBS.state.in_(UNFINISHED_STATES)).distinct()
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())
