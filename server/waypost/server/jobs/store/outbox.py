"""The outbox: notifications that wait to be sent, and the log of what was sent. Events write it; see outbox_rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, case, delete, func, insert, literal, select, tuple_, update

from waypost.server.errors import NotFound
from waypost.server.jobs.model import (
    DELIVERY_TYPE,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Page,
    RequestKey,
)
from waypost.server.jobs.store import positions, schema
from waypost.server.jobs.store.core import StoreCore, one_job
from waypost.server.jobs.store.records import read_attempt, read_delivery
from waypost.server.jobs.store.requests import remembered

_DELIVERIES: Final = schema.deliveries.c
_ATTEMPTS: Final = schema.delivery_attempts.c

#: How many tries of a delivery are kept.
KEPT_ATTEMPTS: Final = 50


class Outbox(StoreCore):
    """The part of `JobStore` that keeps deliveries. At least once: what was claimed and not recorded comes again."""

    def claim_deliveries(
        self, *, limit: int, hold_s: float, share: int | None = None, busy: Mapping[str, int] | None = None
    ) -> tuple[Delivery, ...]:
        """At most `limit` deliveries that are due, longest due first; they are not due again for `hold_s`.

        To one receiver at most `share` go at once, those among them that are under way already: `busy` counts them.
        Receivers take turns, so that many deliveries to one do not stand before the first one to another. Whoever
        claims must send and then call `record_attempt`, within that time.
        """
        busy = busy or {}
        share = limit + max(busy.values(), default=0) if share is None else share
        with self._writing() as transaction:
            turn = (
                func.row_number()
                .over(
                    partition_by=_DELIVERIES.receiver,
                    order_by=(_DELIVERIES.next_attempt_time_s, _DELIVERIES.delivery_id),
                )
                .label("turn")
            )
            ready = (
                select(_DELIVERIES.delivery_id, _DELIVERIES.receiver, turn)
                .where(_DELIVERIES.state == DeliveryState.PENDING)
                .where(_DELIVERIES.next_attempt_time_s <= transaction.now_s)
                .subquery()
            )
            under_way = case(busy, value=ready.c.receiver, else_=0) if busy else literal(0)
            due = (
                select(schema.deliveries)
                .join(ready, ready.c.delivery_id == _DELIVERIES.delivery_id)
                .where(ready.c.turn + under_way <= share)
                # Once more of the row itself: another process may have claimed it since the turns were counted.
                .where(_DELIVERIES.state == DeliveryState.PENDING)
                .where(_DELIVERIES.next_attempt_time_s <= transaction.now_s)
                .order_by(ready.c.turn + under_way, _DELIVERIES.next_attempt_time_s, _DELIVERIES.delivery_id)
                .limit(limit)
                .with_for_update(of=schema.deliveries, skip_locked=True)
            )
            rows = transaction.connection.execute(due).all()
            ids = [row.delivery_id for row in rows]
            held = update(schema.deliveries).where(_DELIVERIES.delivery_id.in_(ids))
            transaction.connection.execute(held.values(next_attempt_time_s=transaction.now_s + hold_s))
            return _read(transaction.connection, rows)

    def next_delivery_time_s(self, *, but: Collection[str] = ()) -> float | None:
        """When the next delivery is due to a receiver that is not in `but`, which may be in the past; None = never."""
        due = select(func.min(_DELIVERIES.next_attempt_time_s)).where(_DELIVERIES.state == DeliveryState.PENDING)
        if but:
            due = due.where(_DELIVERIES.receiver.not_in(but))
        with self._database.reading() as connection:
            earliest: float | None = connection.execute(due).scalar_one()
            return earliest

    def record_attempt(
        self, claimed: Delivery, attempt: DeliveryAttempt, state: DeliveryState, next_attempt_time_s: float | None
    ) -> None:
        """Logs a try of a claimed delivery, and what is next: PENDING with a time, or an end without.

        Where another process has recorded a try since, or it was asked for again, only the log is written.
        """
        with self._writing() as transaction:
            mine = _DELIVERIES.delivery_id == claimed.delivery_id
            found = select(_DELIVERIES.tries).where(mine).with_for_update()
            if transaction.connection.execute(found).one_or_none() is None:
                return  # deleted with its job
            transaction.connection.execute(
                update(schema.deliveries)
                .where(mine, _DELIVERIES.tries == claimed.tries, _DELIVERIES.state == DeliveryState.PENDING)
                .values(state=state, tries=claimed.tries + 1, next_attempt_time_s=next_attempt_time_s)
            )
            logged = _ATTEMPTS.delivery_id == claimed.delivery_id
            number = transaction.connection.execute(select(func.max(_ATTEMPTS.number)).where(logged)).scalar_one() or 0
            transaction.connection.execute(
                insert(schema.delivery_attempts).values(
                    delivery_id=claimed.delivery_id,
                    number=number + 1,
                    attempt_time_s=attempt.attempt_time_s,
                    duration_s=attempt.duration_s,
                    http_status=attempt.http_status,
                    error=attempt.error,
                )
            )
            old = delete(schema.delivery_attempts).where(logged, _ATTEMPTS.number <= number + 1 - KEPT_ATTEMPTS)
            transaction.connection.execute(old)

    def delivery(self, job_id: str, delivery_id: str) -> Delivery:
        """The delivery as it is now. Raises NotFound."""
        with self._database.reading() as connection:
            return _one(connection, job_id, delivery_id)

    def list_deliveries(self, job_id: str, *, limit: int, position: str = "") -> Page[Delivery]:
        """At most `limit` deliveries of the job behind `position`, newest first. Raises NotFound."""
        order = (_DELIVERIES.create_time_s, _DELIVERIES.delivery_id)
        query = select(schema.deliveries).where(_DELIVERIES.job_id == job_id)
        if position:
            query = query.where(tuple_(*order) < tuple_(*positions.time_and_id(position)))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._database.reading() as connection:
            one_job(connection, job_id, select(schema.jobs.c.job_id))
            rows = connection.execute(query).all()
            found = _read(connection, rows[:limit])
        last = found[-1] if len(rows) > limit else None
        return Page(found, positions.of_time_and_id(last.create_time_s, last.delivery_id) if last else "")

    def redeliver(self, job_id: str, delivery_id: str, *, request: RequestKey | None = None) -> Delivery:
        """The delivery, due now under the same event id, its schedule begun anew. Raises NotFound."""
        with self._writing() as transaction:
            delivery = _one(transaction.connection, job_id, delivery_id)
            if remembered(transaction, request, delivery_id) is not None:
                return delivery
            transaction.connection.execute(
                update(schema.deliveries)
                .where(_DELIVERIES.delivery_id == delivery_id)
                .values(state=DeliveryState.PENDING, tries=0, next_attempt_time_s=transaction.now_s)
            )
            return _one(transaction.connection, job_id, delivery_id)


def _one(connection: Connection, job_id: str, delivery_id: str) -> Delivery:
    query = select(schema.deliveries).where(_DELIVERIES.job_id == job_id, _DELIVERIES.delivery_id == delivery_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(DELIVERY_TYPE, f"jobs/{job_id}/deliveries/{delivery_id}")
    return _read(connection, [row])[0]


def _read(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[Delivery, ...]:
    found = list(rows)
    attempts: dict[str, list[DeliveryAttempt]] = {row.delivery_id: [] for row in found}
    logged = select(schema.delivery_attempts).where(_ATTEMPTS.delivery_id.in_(attempts)).order_by(_ATTEMPTS.number)
    for row in connection.execute(logged):
        attempts[row.delivery_id].append(read_attempt(row))
    return tuple(read_delivery(row, tuple(attempts[row.delivery_id])) for row in found)
