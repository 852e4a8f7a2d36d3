"""Which notifications an event brings, written into the outbox in the event's own transaction."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, insert

from waypost.server.jobs import codec
from waypost.server.jobs.events import Change, PartCommitted, StateChanged
from waypost.server.jobs.model import DeliveryState
from waypost.server.jobs.spec import NatsTarget, Notification, WebhookTarget
from waypost.server.jobs.store import schema


def write(connection: Connection, job: Row[Any], sequence: int, now_s: float, change: Change, text: str) -> None:
    """A delivery for each target of the job that wants to be told of `change`."""
    if not isinstance(change, StateChanged | PartCommitted):
        return
    notifications = codec.SPEC.load(job.spec).notifications
    targets = [at for at, each in enumerate(notifications) if _tells(each, change)]
    if not targets:
        return
    rows = [
        {
            "delivery_id": uuid.uuid4().hex,
            "job_id": job.job_id,
            "sequence": sequence,
            "change": text,
            # The same on every try and after every crash: whoever gets it twice can tell.
            "event_id": f"{job.job_id}-{sequence}",
            "target": target,
            "receiver": _receiver(notifications[target].target),
            "state": DeliveryState.PENDING,
            "tries": 0,
            "next_attempt_time_s": now_s,
            "create_time_s": now_s,
        }
        for target in targets
    ]
    connection.execute(insert(schema.deliveries), rows)


def _receiver(target: WebhookTarget | NatsTarget) -> str:
    """Who is slow for all of its notifications when it is for one."""
    return urlsplit(target.uri).netloc.lower() if isinstance(target, WebhookTarget) else "nats"


def _tells(notification: Notification, change: StateChanged | PartCommitted) -> bool:
    if isinstance(change, PartCommitted):
        return notification.committed_parts
    return change.new_state in notification.states
