"""grpc.health.v1 per service: Check, Watch and List.

Not the servicer of grpcio-health-checking: that one lacks List, answers without ErrorInfo, and its watchers
hold up a shutdown. Its messages are used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from grpc_health.v1 import health_pb2

from waypost.server.errors import NotFound
from waypost.server.transport.call import Call

DESCRIPTOR = health_pb2.DESCRIPTOR.services_by_name["Health"]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Health:
    """What each service's status is; the empty name stands for the whole server."""

    def __init__(self, services: Sequence[str]) -> None:
        self._statuses = dict.fromkeys(("", *services), NOT_SERVING)
        self._changed = asyncio.Event()

    def set_all(self, *, serving: bool) -> None:
        """Sets the status of every service and tells the watchers."""
        self.set_some(self._statuses, serving=serving)

    def set_some(self, services: Iterable[str], *, serving: bool) -> None:
        """Sets the status of these services and tells the watchers."""
        self._statuses |= dict.fromkeys(services, SERVING if serving else NOT_SERVING)
        self._changed.set()
        self._changed = asyncio.Event()

    async def Check(self, request: health_pb2.HealthCheckRequest, call: Call) -> health_pb2.HealthCheckResponse:
        """The status of one service; an unknown one is NOT_FOUND."""
        if request.service not in self._statuses:
            raise NotFound("grpc.health.v1/Service", request.service)
        return health_pb2.HealthCheckResponse(status=self._statuses[request.service])

    async def List(self, request: health_pb2.HealthListRequest, call: Call) -> health_pb2.HealthListResponse:
        """The status of every service."""
        statuses = self._statuses.items()
        return health_pb2.HealthListResponse(
            statuses={name: health_pb2.HealthCheckResponse(status=status) for name, status in statuses}
        )

    async def Watch(
        self, request: health_pb2.HealthCheckRequest, call: Call
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """The status of one service now and at every change; SERVICE_UNKNOWN for one that is not there."""
        told = None
        while True:
            changed = self._changed
            status = self._statuses.get(request.service, SERVICE_UNKNOWN)
            if status != told:
                yield health_pb2.HealthCheckResponse(status=status)
                told = status
            await changed.wait()
