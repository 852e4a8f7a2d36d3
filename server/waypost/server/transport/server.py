"""Builds the grpc.aio server: which services there are, what a call must pass to be let in, and the options.

Nothing here starts or stops it; app.py does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import grpc
import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_channelz.v1.channelz import add_channelz_servicer

from waypost.server.atlas import Atlas
from waypost.server.errors import ResourceExhausted, WaypostError
from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.following import Following
from waypost.server.jobs.intake import Intake
from waypost.server.jobs.notify.targets import Targets
from waypost.server.jobs.watching import Watching
from waypost.server.transport import jobs, operations
from waypost.server.transport.credits import Credits
from waypost.server.transport.interceptors import Boundary, draining
from waypost.server.transport.wire import jobs as wire
from waypost.server.transport.wire.jobs_events import EventMessages

BUSY_RETRY_S = 1.0

#: Methods that hold megabytes each while they run; they have a smaller bound of their own.
HEAVY_METHODS = frozenset({"BatchLookup", "StreamLookups", "StreamTables", "UploadInput"})

#: What `add_jobs` serves, for health and reflection.
JOB_SERVICES = (jobs.DESCRIPTOR.full_name, operations.DESCRIPTOR.full_name)

#: Answered even by a server that is full or draining: how else would one learn that it is.
_ALWAYS_ADMITTED = "grpc.health.v1.Health"


class Admission(grpc.GenericRpcHandler):
    """The door: finds the handler of a call, or refuses it while too many are inside.

    A call is inside from the moment that the runtime hands it over, before its request is read, until its
    task is done.
    """

    def __init__(self, boundary: Boundary, max_calls: int, max_heavy_calls: int) -> None:
        self._boundary = boundary
        self._max_calls = max_calls
        self._max_heavy_calls = max_heavy_calls
        self._calls = 0
        self._heavy_calls = 0
        self._draining = False
        self._light: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self._heavy: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self._always: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def add(self, service: ServiceDescriptor, servicer: object, name: str = "") -> None:
        """Adds every method of `service`, answered by the method of that name of `servicer`.

        `name` is the full name to serve it under where that is not its own.
        """
        for method in service.methods:
            path = f"/{name or service.full_name}/{method.name}"
            request_class = GetMessageClass(method.input_type)
            wrap: Any = self._boundary.unary
            if method.server_streaming:
                wrap = self._boundary.stream if method.client_streaming else self._boundary.watch
            elif method.client_streaming:
                wrap = self._boundary.collect
            handler = wrap(path, getattr(servicer, method.name), request_class)
            if service.full_name == _ALWAYS_ADMITTED:
                self._always[path] = handler
            elif method.name in HEAVY_METHODS:
                self._heavy[path] = handler
            else:
                self._light[path] = handler

    @property
    def draining(self) -> bool:
        """Whether new calls are refused because the server stops."""
        return self._draining

    def drain(self) -> None:
        """Refuses every new call with UNAVAILABLE from now on, except health."""
        self._draining = True

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler for a call; None for a method that there is not, which the runtime then tells."""
        path = handler_call_details.method
        handler = self._light.get(path)
        heavy = False
        if handler is None:
            handler = self._heavy.get(path)
            heavy = handler is not None
        if handler is None:
            return self._always.get(path)
        if self._draining:
            return self._boundary.refusal(path, draining)
        if self._calls >= self._max_calls:
            return self._boundary.refusal(path, lambda: _busy("calls", self._max_calls))
        if heavy and self._heavy_calls >= self._max_heavy_calls:
            return self._boundary.refusal(path, lambda: _busy("batches and streams", self._max_heavy_calls))
        # The runtime asks in the task of the call itself.
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows the type
        self._calls += 1
        self._heavy_calls += heavy
        task.add_done_callback(self._heavy_left if heavy else self._left)
        return handler

    def _left(self, _: asyncio.Task[Any]) -> None:
        self._calls -= 1

    def _heavy_left(self, _: asyncio.Task[Any]) -> None:
        self._calls -= 1
        self._heavy_calls -= 1


def add_jobs(
    admission: Admission,
    boundary: Boundary,
    *,
    desk: JobDesk,
    atlas: Atlas,
    targets: Targets,
    executor: Executor,
    workers: int,
    redelivered: Callable[[], None] = lambda: None,
) -> None:
    """Adds JobService and Operations over `desk`. Needs a running event loop at their first call only.

    `executor` runs what blocks, and is its owner's to end; `workers` answer rows at once, for estimates.
    `redelivered` is called on the loop when a notification is to be sent again.
    """
    threads = Threads(executor)
    credits = Credits(atlas)
    watching = Watching(desk.store, threads, EventMessages(lambda job: wire.job(job, credits.of(job))))
    following = Following(desk, watching, threads)
    intake = Intake(desk, atlas, targets)
    admission.add(
        jobs.DESCRIPTOR, jobs.JobService(desk, intake, watching, following, threads, credits, workers, redelivered)
    )
    admission.add(operations.DESCRIPTOR, operations.Operations(desk.store, following, threads, credits))
    boundary.on_drain(watching.drain)


def build_server(
    admission: Admission,
    *,
    reuse_port: bool,
    max_waiting_calls: int,
    max_connection_age_s: float,
    grace_s: float,
    channelz: bool,
) -> grpc.aio.Server:
    """An unstarted server that asks `admission` for every handler; ages in seconds, 0 = for ever."""
    options: list[tuple[str, int]] = [
        # On by default in grpcio: two servers would share a port without a word.
        ("grpc.so_reuseport", int(reuse_port)),
        # Calls that the runtime has not handed over yet are in no count of ours. By default it drops them at
        # random from 1,000 on, so that a burst of a few thousand loses a third; about 5 kB each is cheaper.
        ("grpc.server.max_pending_requests", max_waiting_calls),
        ("grpc.server.max_pending_requests_hard_limit", max_waiting_calls),
        # Notices clients that vanished without closing, which else hold their streams for hours.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.http2.max_pings_without_data", 0),
        # Lets clients keep their own idle connections alive by a ping every half minute.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
    ]
    if max_connection_age_s:
        options += [
            ("grpc.max_connection_age_ms", round(max_connection_age_s * 1000)),
            ("grpc.max_connection_age_grace_ms", round(grace_s * 1000)),
        ]
    options.append(("grpc.enable_channelz", int(channelz)))
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((admission,))
    if channelz:
        add_channelz_servicer(server)
    return server


def _busy(what: str, limit: int) -> WaypostError:
    return ResourceExhausted(
        f"the server has {limit} {what} in hand, which is its limit; try again later",
        subject=what,
        retry_after_s=BUSY_RETRY_S,
        limit=str(limit),
    )
