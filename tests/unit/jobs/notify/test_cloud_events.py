"""The body of a notification, read by the library of CloudEvents."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from waypost.server.jobs.events import Change, Event, PartCommitted, Reason, StateChanged
from waypost.server.jobs.model import Delivery, DeliveryState
from waypost.server.jobs.notify import cloud_events
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.states import JobState


def read(change: Change) -> CloudEvent:
    delivery = Delivery(
        delivery_id="d1", job_id="j1", event=Event(7, 1_800_000_000.25, change), event_id="j1-7",
        target=0, receiver="a",
        state=DeliveryState.PENDING, tries=0, attempts=(), next_attempt_time_s=None, create_time_s=1_800_000_000.25,
    )  # fmt: skip
    event = JSONFormat().read(CloudEvent, cloud_events.body(delivery, "/waypost"))
    assert isinstance(event, CloudEvent)
    return event


def test_a_change_of_state_is_a_cloud_event() -> None:
    event = read(
        StateChanged(
            old_state=JobState.RUNNING,
            new_state=JobState.PARTIALLY_SUCCEEDED,
            reason=Reason(code="ROWS_INVALID", message="2 rows"),
        )
    )
    assert (event.get_id(), event.get_source(), event.get_specversion()) == ("j1-7", "/waypost", "1.0")
    assert (event.get_type(), event.get_subject()) == ("dev.waypost.job.partially_succeeded", "jobs/j1")
    assert event.get_time() == datetime(2027, 1, 15, 8, 0, 0, 250_000, tzinfo=UTC)
    assert event.get_data() == {
        "job": "jobs/j1", "operation": "operations/j1", "sequence": 7, "old_state": "RUNNING",
        "new_state": "PARTIALLY_SUCCEEDED", "reason": "ROWS_INVALID", "message": "2 rows",
    }  # fmt: skip


def test_a_committed_part_is_a_cloud_event() -> None:
    event = read(
        PartCommitted(first_row=1, last_row=10, rows=RowCounts(matched=8, invalid=2), engine_version="e1"),
    )
    assert event.get_type() == "dev.waypost.job.part_committed"
    assert event.get_data() == {
        "job": "jobs/j1", "operation": "operations/j1", "sequence": 7, "first_row": 1, "last_row": 10,
        "matched_rows": 8, "unmatched_rows": 0, "invalid_rows": 2, "failed_rows": 0, "engine_version": "e1",
    }  # fmt: skip
