"""Notifications: written with their event, sent at least once, logged."""

from __future__ import annotations

import pytest

from tests.job_stores import HandClock, part, running, spec
from waypost.server.errors import NotFound
from waypost.server.jobs.events import PartCommitted, StateChanged
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Delivery, DeliveryAttempt, DeliveryState, RequestKey
from waypost.server.jobs.spec import NatsTarget, Notification, WebhookTarget
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore
from waypost.server.jobs.store.outbox import KEPT_ATTEMPTS

PAUSES = Notification(target=WebhookTarget(uri="https://a"), states=frozenset({JobState.PAUSED}))
PARTS = Notification(target=NatsTarget(subject="b"), states=frozenset(), committed_parts=True)


def paused(store: JobStore) -> Delivery:
    """The delivery of a job that was paused, claimed."""
    job = store.create_job(spec(notifications=(PARTS, PAUSES)))
    store.command(job.job_id, Command.PAUSE)
    (delivery,) = store.claim_deliveries(limit=9, hold_s=30)
    return delivery


def attempt(clock: HandClock, error: str = "") -> DeliveryAttempt:
    return DeliveryAttempt(attempt_time_s=clock(), duration_s=0.5, http_status=500 if error else 200, error=error)


def test_a_target_is_told_what_it_chose_and_nothing_else(store: JobStore) -> None:
    lease = running(store, notifications=(PARTS, PAUSES))
    assert store.next_delivery_time_s() is None
    store.lease_shards(lease, 1)
    store.commit_part(lease, 1, part())
    (delivery,) = store.claim_deliveries(limit=9, hold_s=30)
    assert (delivery.target, delivery.event.sequence, delivery.state) == (0, 4, DeliveryState.PENDING)
    assert isinstance(delivery.event.change, PartCommitted)
    store.command(lease.job_id, Command.PAUSE)
    store.advance(lease, JobState.PAUSED)
    (second,) = store.claim_deliveries(limit=9, hold_s=30)
    assert (second.target, second.job_id) == (1, lease.job_id)
    assert isinstance(second.event.change, StateChanged)
    assert second.event_id != delivery.event_id


def test_what_was_claimed_and_not_recorded_comes_again_under_the_same_id(store: JobStore, clock: HandClock) -> None:
    delivery = paused(store)
    assert store.claim_deliveries(limit=9, hold_s=30) == ()
    assert store.next_delivery_time_s() == clock() + 30
    clock.advance(30)
    (again,) = store.claim_deliveries(limit=9, hold_s=30)
    assert (again.delivery_id, again.event_id) == (delivery.delivery_id, delivery.event_id)


def test_receivers_take_turns_and_none_has_more_than_its_share(store: JobStore, clock: HandClock) -> None:
    def told(uri: str) -> None:
        target = Notification(target=WebhookTarget(uri=uri), states=frozenset({JobState.PAUSED}))
        job = store.create_job(spec(notifications=(target,)))
        store.command(job.job_id, Command.PAUSE)

    for number in range(5):
        told(f"https://one/{number}")
    told("https://two:8443/")
    told("https://ONE/last")
    found = store.claim_deliveries(limit=3, hold_s=30, share=3, busy={"one": 1})
    assert sorted(delivery.receiver for delivery in found) == ["one", "one", "two:8443"]
    assert store.claim_deliveries(limit=9, hold_s=30, share=3, busy={"one": 3, "two:8443": 1}) == ()
    assert store.next_delivery_time_s() == clock()
    assert store.next_delivery_time_s(but=["one"]) == clock() + 30
    assert len(store.claim_deliveries(limit=9, hold_s=30)) == 4


def test_a_try_is_logged_and_the_next_one_is_due_when_it_was_said(store: JobStore, clock: HandClock) -> None:
    delivery = paused(store)
    failed = attempt(clock, "500")
    store.record_attempt(delivery, failed, DeliveryState.PENDING, clock() + 5)
    assert store.next_delivery_time_s() == clock() + 5
    clock.advance(5)
    (second,) = store.claim_deliveries(limit=9, hold_s=30)
    assert (second.tries, second.attempts) == (1, (failed,))
    done = attempt(clock)
    store.record_attempt(second, done, DeliveryState.DELIVERED, None)
    delivered = store.delivery(delivery.job_id, delivery.delivery_id)
    assert (delivered.state, delivered.attempts) == (DeliveryState.DELIVERED, (failed, done))
    assert store.next_delivery_time_s() is None


def test_of_two_that_tried_at_once_the_later_one_only_logs(store: JobStore, clock: HandClock) -> None:
    delivery = paused(store)
    store.record_attempt(delivery, attempt(clock), DeliveryState.DELIVERED, None)
    store.record_attempt(delivery, attempt(clock, "late"), DeliveryState.PENDING, clock() + 5)
    present = store.delivery(delivery.job_id, delivery.delivery_id)
    assert (present.state, len(present.attempts)) == (DeliveryState.DELIVERED, 2)


def test_only_the_last_tries_are_kept(store: JobStore, clock: HandClock) -> None:
    delivery = paused(store)
    for at in range(KEPT_ATTEMPTS + 3):
        store.record_attempt(delivery, attempt(clock, str(at)), DeliveryState.PENDING, clock())
    kept = store.delivery(delivery.job_id, delivery.delivery_id).attempts
    assert [each.error for each in kept] == [str(at) for at in range(3, KEPT_ATTEMPTS + 3)]


def test_sending_again_begins_the_schedule_anew_under_the_same_id(store: JobStore, clock: HandClock) -> None:
    delivery = paused(store)
    store.record_attempt(delivery, attempt(clock, "410"), DeliveryState.FAILED, None)
    key = RequestKey("RedeliverNotification", "id", "digest")
    again = store.redeliver(delivery.job_id, delivery.delivery_id, request=key)
    assert (again.state, again.tries, again.event_id) == (DeliveryState.PENDING, 0, delivery.event_id)
    (claimed,) = store.claim_deliveries(limit=9, hold_s=30)
    store.record_attempt(claimed, attempt(clock), DeliveryState.DELIVERED, None)
    assert store.redeliver(delivery.job_id, delivery.delivery_id, request=key).state is DeliveryState.DELIVERED
    with pytest.raises(NotFound) as refused:
        store.redeliver(delivery.job_id, "none")
    assert refused.value.reason == "DELIVERY_NOT_FOUND"


def test_deliveries_are_listed_newest_first_in_pages(store: JobStore, clock: HandClock) -> None:
    job = store.create_job(spec(notifications=(PAUSES,)))
    for _ in range(3):
        store.command(job.job_id, Command.PAUSE)
        store.command(job.job_id, Command.RESUME)
        clock.advance(1)
    first = store.list_deliveries(job.job_id, limit=2)
    second = store.list_deliveries(job.job_id, limit=2, position=first.next_position)
    assert [each.event.sequence for each in (*first.items, *second.items)] == [6, 4, 2]
    assert second.next_position == ""
    with pytest.raises(NotFound):
        store.list_deliveries("none", limit=1)
