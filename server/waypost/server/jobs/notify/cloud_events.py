"""An event of a job as a CloudEvent 1.0 in JSON: thin, the same bytes on every try, for webhooks and NATS alike.

See docs/notifications.md for its fields.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from waypost.server.jobs.events import Event, PartCommitted, StateChanged
from waypost.server.jobs.model import Delivery

CONTENT_TYPE: Final = "application/cloudevents+json; charset=UTF-8"
_TYPE_PREFIX: Final = "dev.waypost.job."


def event_type(event: Event) -> str:
    """The type of the CloudEvent, "dev.waypost.job." and the state that was entered, or "part_committed"."""
    if isinstance(event.change, StateChanged):
        return _TYPE_PREFIX + event.change.new_state.name.lower()
    return _TYPE_PREFIX + event.change.kind


def body(delivery: Delivery, source: str) -> bytes:
    """The CloudEvent of this delivery, UTF-8. `source` names this installation."""
    event = delivery.event
    name = f"jobs/{delivery.job_id}"
    return orjson.dumps({
        "specversion": "1.0",
        "id": delivery.event_id,
        "source": source,
        "type": event_type(event),
        "subject": name,
        "time": datetime.fromtimestamp(event.time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {
            "job": name,
            "operation": f"operations/{delivery.job_id}",
            "sequence": event.sequence,
            **_data(event),
        },
    })  # fmt: skip


def _data(event: Event) -> dict[str, Any]:  # Any: values of JSON
    """The fields of the event as the API names them."""
    change = event.change
    if isinstance(change, StateChanged):
        return {
            "old_state": change.old_state.name if change.old_state is not None else None,
            "new_state": change.new_state.name,
            "reason": change.reason.code,
            "message": change.reason.message,
        }
    if isinstance(change, PartCommitted):
        return {
            "first_row": change.first_row,
            "last_row": change.last_row,
            "matched_rows": change.rows.matched,
            "unmatched_rows": change.rows.unmatched,
            "invalid_rows": change.rows.invalid,
            "failed_rows": change.rows.failed,
            "engine_version": change.engine_version,
        }
    raise TypeError(f"nobody is told of {change.kind}")
