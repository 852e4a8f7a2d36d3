"""Being told: events of jobs to webhooks and NATS, out of the outbox that the store wrote with them."""

from waypost.server.jobs.notify.cloud_events import event_type
from waypost.server.jobs.notify.sender import Sender
from waypost.server.jobs.notify.settings import NotifySettings
from waypost.server.jobs.notify.targets import Targets

__all__ = ["NotifySettings", "Sender", "Targets", "event_type"]
