"""Hearing of changes by NOTIFY. Imported only where PostgreSQL is used: its driver is an optional package."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, cast

import psycopg

from waypost.server.jobs.store.database import CHANNEL
from waypost.server.jobs.store.listeners import Heard, Listener

#: How long the thread waits for a notification before it looks whether it should end.
_STOP_S: Final = 0.2


class PostgresqlListener(Listener):
    """Waits for notifications on a connection of its own."""

    def _listen(self, stopping: threading.Event, heard: Heard, look: Callable[[], None]) -> None:
        pooled = self._database.engine.raw_connection()
        connection = cast("psycopg.Connection[object]", pooled.driver_connection)
        # A connection that listens must not go back to the pool.
        pooled.detach()
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            look()
            while not stopping.is_set():
                for notification in connection.notifies(timeout=_STOP_S):
                    heard(notification.payload)
        finally:
            connection.close()
