"""Composition root: builds, starts and stops everything that serves. Nobody else does.

Start: open the store of jobs, listen, answer "still loading", load the snapshot and the kernels in a thread, then say
SERVING and start the workers of jobs.
Reload, on SIGHUP: load the store's present snapshot in a thread, then let it answer; calls in flight finish on the old.
Stop: say NOT_SERVING, refuse new calls, tell streams to reconnect, let unary calls finish while jobs are given back,
end at the grace. What holds the process up for longer, such as a thread that waits for a disk, ends as by a kill.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import uvloop

from waypost.server.atlas import Atlas
from waypost.server.config import Config
from waypost.server.errors import ConfigError, SnapshotError
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.regions import region_codes
from waypost.server.jobs.service import JobsService
from waypost.server.running import ends_with_terminal, terminal_is_gone
from waypost.server.transport import geocoding, health, places, reflection
from waypost.server.transport.access import AccessLog
from waypost.server.transport.editions import Editions, warm_up
from waypost.server.transport.interceptors import Boundary
from waypost.server.transport.server import JOB_SERVICES, Admission, add_jobs, build_server

_LOG = logging.getLogger("waypost.app")

#: Between NOT_SERVING and the end of the streams, so that watchers of health still hear of it.
_DRAIN_NOTICE_S = 0.1
#: What it takes to end after the grace where nothing is in the way; serve_with_workers waits for a second more.
_AFTER_GRACE_S = 4.0
#: Of which it may take to tell that something was.
_TELLING_S = 0.5

_NOT_LOADED = "the present snapshot cannot be loaded; the old one serves on"

SERVICES = (geocoding.DESCRIPTOR.full_name, places.DESCRIPTOR.full_name, *JOB_SERVICES)


class App:
    """One serving process, from its parts to its end."""

    def __init__(self, config: Config, *, reuse_port: bool, works: bool) -> None:
        self._config = config
        snapshots = SnapshotStore(config.data_dir)
        self._atlas = Atlas(snapshots)
        self._jobs = JobsService(config, snapshots, works=works, tell=self._tell_of_jobs)
        # One core is left to the event loop. More kernels at once than cores would only delay each other.
        self._executor = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), thread_name_prefix="kernel")
        self._reload_wanted = asyncio.Event()
        self._access = AccessLog()
        self._boundary = Boundary(self._access, config.stream_idle_s)
        self._admission = Admission(self._boundary, config.max_concurrent_calls, config.max_concurrent_streams)
        self._health = health.Health(SERVICES)
        region_codes()  # reads CLDR, 30 ms that the first caller need not wait for
        editions = Editions(self._atlas, self._executor)
        reflector = reflection.servicer((*SERVICES, health.DESCRIPTOR.full_name))
        for descriptor, servicer, name in (
            (geocoding.DESCRIPTOR, geocoding.GeocodingService(self._atlas, editions, self._executor), ""),
            (places.DESCRIPTOR, places.PlaceService(editions), ""),
            (health.DESCRIPTOR, self._health, ""),
            (reflection.V1ALPHA, reflector, ""),
            (reflection.V1ALPHA, reflector, reflection.V1_NAME),
        ):
            self._admission.add(descriptor, servicer, name)
        add_jobs(
            self._admission,
            self._boundary,
            desk=self._jobs.desk,
            atlas=self._atlas,
            targets=self._jobs.notify.targets,
            executor=self._jobs.executor,
            workers=max(1, config.jobs_workers),
            redelivered=self._jobs.notify.poke,
        )
        self._server = build_server(
            self._admission,
            reuse_port=reuse_port,
            max_waiting_calls=config.max_concurrent_calls,
            max_connection_age_s=config.max_connection_age_s,
            grace_s=config.grace_s,
            channelz=config.channelz,
        )

    def reload(self) -> None:
        """Takes the store's present snapshot soon, or once the first one is loaded."""
        self._reload_wanted.set()

    async def serve(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set, then drains.

        Raises SnapshotError if no snapshot can be opened, ConfigError if the address cannot be used.
        """
        started_s = time.perf_counter()
        try:
            port = self._server.add_insecure_port(self._config.address)
        except RuntimeError as error:
            address = self._config.address
            raise ConfigError(f"cannot listen on {address}: it is in use, or no address of this machine") from error
        await self._server.start()
        host = self._config.host
        _LOG.info("listening", extra={"facts": {"host": host, "port": port, "pid": os.getpid()}})
        _LOG.info("loading; the first start on a machine also compiles kernels, about a minute")
        loading = asyncio.ensure_future(
            asyncio.get_running_loop().run_in_executor(self._executor, self._atlas.load, warm_up)
        )
        stopping = asyncio.create_task(stop.wait())
        reloading: asyncio.Task[None] | None = None
        try:
            await asyncio.wait((loading, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                snapshot_id = (await loading).snapshot_id
                # What is loaded lives as long as the process: the collector need not look at it again.
                gc.collect()
                gc.freeze()
                self._health.set_all(serving=True)
                seconds = round(time.perf_counter() - started_s, 2)
                _LOG.info("serving", extra={"facts": {"snapshot": snapshot_id, "seconds": seconds}})
                await self._jobs.start()
                reloading = asyncio.create_task(self._heed_reloads())
            await stopping
        finally:
            stopping.cancel()
            if reloading is not None:
                reloading.cancel()
            await self._drain()

    def _tell_of_jobs(self, well: bool) -> None:
        """Jobs that stand still must not look served; lookups go on, and so does the server as a whole."""
        if not self._admission.draining:
            self._health.set_some(JOB_SERVICES, serving=well)

    async def _heed_reloads(self) -> None:
        """Loads what is present each time that it is wanted; what cannot be opened leaves the old one answering."""
        while True:
            await self._reload_wanted.wait()
            self._reload_wanted.clear()
            started_s = time.perf_counter()
            try:
                if await asyncio.to_thread(self._atlas.is_current):
                    _LOG.info("nothing to reload: the present snapshot is the one that serves")
                    continue
                # Not in the executor of kernels: with few cores its only thread answers lookups.
                geocoder = await asyncio.to_thread(self._atlas.load, warm_up)
            except (SnapshotError, OSError) as error:
                facts = {"error": str(error)}
                _LOG.error(_NOT_LOADED, extra={"facts": facts})
                continue
            except Exception as error:
                # Whatever a damaged snapshot makes of our code: the next one must be heeded all the same.
                _LOG.exception(_NOT_LOADED, extra={"facts": {"error": repr(error)}})
                continue
            gc.collect()
            gc.freeze()
            seconds = round(time.perf_counter() - started_s, 2)
            _LOG.info("reloaded", extra={"facts": {"snapshot": geocoder.snapshot_id, "seconds": seconds}})

    async def _drain(self) -> None:
        _LOG.info("draining", extra={"facts": {"grace_s": self._config.grace_s}})
        self._health.set_all(serving=False)
        self._admission.drain()
        await asyncio.sleep(_DRAIN_NOTICE_S)
        self._boundary.drain()
        await asyncio.gather(self._jobs.stop(), self._end_calls())
        await self._jobs.close()
        self._executor.shutdown(wait=False, cancel_futures=True)
        _LOG.info("stopped")

    async def _end_calls(self) -> None:
        await self._server.stop(self._config.grace_s)
        self._access.flush()


def run(
    config: Config,
    *,
    reuse_port: bool = False,
    parent: int | None = None,
    works: bool = True,
    terminal_bound: bool | None = None,
) -> None:
    """Serves in this process until SIGTERM or SIGINT, and has drained when it returns.

    `parent` is a file descriptor that becomes readable when the process that started this one is gone: whoever
    killed that one wants the port back. `works` tells whether this process works on jobs,
    `terminal_bound` whether it ends with its terminal (None: as it was started).
    """
    if terminal_bound is None:
        terminal_bound = ends_with_terminal()

    async def serve() -> None:
        stop = asyncio.Event()
        app = App(config, reuse_port=reuse_port, works=works)
        loop = asyncio.get_running_loop()

        def end() -> None:
            if not stop.is_set():
                stop.set()
                _end_within(config.grace_s + _AFTER_GRACE_S)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        loop.add_signal_handler(signal.SIGHUP, lambda: end() if terminal_bound and terminal_is_gone() else app.reload())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        if parent is not None:
            loop.add_reader(parent, end)
        await app.serve(stop)

    # A unary call takes an eighth less CPU time on uvloop's loop than on asyncio's own.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())


def _end_within(seconds: float) -> None:
    """Ends the process then, unless it has ended by itself: threads cannot be cancelled, and Python waits for them.

    That is no worse than being killed, for which everything about jobs is made.
    """
    # Telling of it may wait for ever, for whoever should read stderr; the end may not.
    for after_s, end in ((seconds - _TELLING_S, _tell_and_end), (seconds, _end_at_once)):
        last = threading.Timer(after_s, end)
        last.daemon = True
        last.start()


def _tell_and_end() -> None:
    _LOG.error("ended with work under way: the grace is over")
    logging.shutdown()
    _end_at_once()


def _end_at_once() -> None:
    os._exit(1)
