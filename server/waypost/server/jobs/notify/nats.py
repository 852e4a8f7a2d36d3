"""Publishes events to NATS JetStream, over one connection that is made when first needed and made anew when lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Final

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.errors import NoStreamResponseError

from waypost.server.jobs.notify.cloud_events import CONTENT_TYPE
from waypost.server.jobs.notify.retries import Outcome
from waypost.server.jobs.spec import NatsTarget

_log = logging.getLogger(__name__)

#: JetStream drops a message whose id it has seen within the stream's duplicate window.
_ID_HEADER: Final = "Nats-Msg-Id"
_CONNECT_TIMEOUT_S: Final = 2
_RECONNECT_WAIT_S: Final = 1


class NatsSender:
    """A publisher that waits for JetStream's acknowledgement. Use as an asynchronous context manager."""

    def __init__(self, servers: Sequence[str], *, timeout_s: float) -> None:
        self._servers = list(servers)
        self._timeout_s = timeout_s
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        #: A lost connection is there again, or given up.
        self._settled = asyncio.Event()

    async def __aenter__(self) -> NatsSender:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None and not self._client.is_closed:
            await self._client.close()

    async def send(self, target: NatsTarget, event_id: str, body: bytes) -> Outcome:
        """What came of one message."""
        if not self._servers:
            return Outcome(error="this server is not told of any NATS server any more")
        try:
            async with asyncio.timeout(self._timeout_s):
                client = await self._connected()
                headers = {_ID_HEADER: event_id, "content-type": CONTENT_TYPE}
                await client.jetstream().publish(target.subject, body, timeout=self._timeout_s, headers=headers)
        except NoStreamResponseError:
            return Outcome(error="no stream takes this subject")
        except (TimeoutError, NatsTimeoutError):
            return Outcome(error=f"no acknowledgement within {self._timeout_s:g} s")
        except (NatsError, OSError) as error:
            return Outcome(error=f"not published: {error}")
        except ValueError:
            return Outcome(error="the answer is no acknowledgement of JetStream")
        return Outcome()

    async def _connected(self) -> Client:
        """The connection, once there is one.

        While it is lost nothing is given to it: it would be kept, and sent when we have said that it failed.
        """
        async with self._connecting:
            while True:
                if self._client is None or self._client.is_closed:
                    self._client = await nats.connect(
                        self._servers,
                        name="waypost",
                        error_cb=_log_error,
                        reconnected_cb=self._settle,
                        closed_cb=self._settle,
                        connect_timeout=_CONNECT_TIMEOUT_S,
                        reconnect_time_wait=_RECONNECT_WAIT_S,
                        # Then it is closed, and the next try connects anew: tries have their own schedule.
                        max_reconnect_attempts=1,
                    )
                if self._client.is_connected:
                    return self._client
                self._settled.clear()
                await self._settled.wait()

    async def _settle(self) -> None:
        self._settled.set()


async def _log_error(error: Exception) -> None:
    _log.warning("a fault of the connection to NATS", extra={"facts": {"error": str(error)}})
