"""What happens around every call: admission, request id, deadline, access line, and the boundary for errors.

These are not grpc interceptors: five of those cost a coroutine and a continuation each on every call, about
as much as a lookup itself. `Boundary` wraps a method once, when the server is built, takes and gives bytes,
and so also sees the bytes that do not parse.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from waypost.server.errors import MalformedMessage, StreamIdle, Unavailable, WaypostError
from waypost.server.transport.access import AccessLog
from waypost.server.transport.call import REQUEST_ID, Call, Context
from waypost.server.transport.status import CODES, code_of, internal_status, to_status, trailers

_LOG = logging.getLogger("waypost.transport")

DRAINING_RETRY_S = 1.0
#: Why a stream is cancelled whose client reads nothing.
_IDLE = "idle"

_T = TypeVar("_T")

UnaryMethod = Callable[[Any, Call], Awaitable[Message | bytes]]
CollectMethod = Callable[[Any, Call], Awaitable[Message | bytes]]
StreamMethod = Callable[[Any, Call], AsyncIterator[Message | bytes]]


class Boundary:
    """Wraps methods that know messages into handlers that know bytes, and ends streams when asked to.

    `stream_idle_s` is how long a stream may stand still, in seconds, before it is ended.
    """

    def __init__(self, access: AccessLog, stream_idle_s: float) -> None:
        self._access = access
        self._stream_idle_s = stream_idle_s
        self._streams: set[asyncio.Task[Any]] = set()
        self._on_drain: list[Callable[[], None]] = []

    def on_drain(self, release: Callable[[], None]) -> None:
        """Has `release` called at a drain: it lets unary calls go that wait for something."""
        self._on_drain.append(release)

    def drain(self) -> None:
        """Ends every open stream with UNAVAILABLE, so that its client reconnects elsewhere."""
        for release in self._on_drain:
            release()
        for stream in self._streams:
            stream.cancel()

    def unary(self, name: str, method: UnaryMethod, request_class: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of a method that takes one request and gives one response, message or bytes."""
        parse = request_class.FromString

        async def handle(raw: bytes, context: Context) -> bytes:
            call = Call(name, context, self._access)
            try:
                call.ensure_time()
                request = _parse(parse, raw)
                call.log_request(request)
                response = await method(request, call)
                answer = _serialised(response)
            except BaseException as error:
                await _fail(error, call, context)
                raise  # never reached: _fail always raises
            context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
            call.log("OK")
            return answer

        return grpc.unary_unary_rpc_method_handler(handle)

    def stream(self, name: str, method: StreamMethod, request_class: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of a method that takes an iterator of requests and gives an iterator of responses."""

        async def handle(_: AsyncIterator[bytes], context: Context) -> None:
            call = Call(name, context, self._access)
            requests = self._requests(request_class, call, context)
            await self._run(method(requests, call), call, context)

        return grpc.stream_stream_rpc_method_handler(handle)

    def watch(self, name: str, method: StreamMethod, request_class: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of a method that takes one request and gives an iterator of responses."""

        async def handle(raw: bytes, context: Context) -> None:
            call = Call(name, context, self._access)

            async def send() -> None:
                await self._send(method(_parse(request_class.FromString, raw), call), context)

            await self._ended(send(), call, context)

        return grpc.unary_stream_rpc_method_handler(handle)

    def collect(
        self, name: str, method: CollectMethod, request_class: type[Message]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of a method that takes an iterator of requests and gives one response."""

        async def handle(_: AsyncIterator[bytes], context: Context) -> bytes:
            call = Call(name, context, self._access)
            requests = self._requests(request_class, call, context)

            async def answer() -> bytes:
                async with aclosing(requests):  # type: ignore[type-var]
                    return _serialised(await method(requests, call))

            return await self._ended(answer(), call, context)

        return grpc.stream_unary_rpc_method_handler(handle)

    def refusal(self, name: str, reason: Callable[[], WaypostError]) -> grpc.RpcMethodHandler[Any, Any]:
        """A handler that answers any call with an error, without reading its request."""

        async def handle(_: AsyncIterator[bytes], context: Context) -> None:
            await _fail(reason(), Call(name, context, self._access), context)

        return grpc.stream_stream_rpc_method_handler(handle)

    async def _run(self, responses: AsyncIterator[Message | bytes], call: Call, context: Context) -> None:
        await self._ended(self._send(responses, context), call, context)

    async def _ended(self, work: Coroutine[Any, Any, _T], call: Call, context: Context) -> _T:
        """What the work of a stream comes to, or the end of the call with the status of its error."""
        # A task of its own, so that a drain can end the stream without ending the caller's task: that one
        # must still be able to send the status.
        stream = asyncio.create_task(work)
        self._streams.add(stream)
        try:
            result = await stream
        except BaseException as error:
            drained = isinstance(error, asyncio.CancelledError) and not _cancelling()
            if drained:
                error = draining()
            await _fail(error, call, context)
            raise  # never reached: _fail always raises
        finally:
            self._streams.discard(stream)
        context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
        call.log("OK")
        return result

    async def _send(self, responses: AsyncIterator[Message | bytes], context: Context) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows the type
        async with aclosing(responses) as open_responses:  # type: ignore[type-var]
            async for response in open_responses:
                # asyncio.timeout() would cost a twentieth of what a small message does.
                patience = loop.call_later(self._stream_idle_s, task.cancel, _IDLE)
                try:
                    await context.write(_serialised(response))
                except asyncio.CancelledError as error:
                    if error.args != (_IDLE,):
                        raise
                    task.uncancel()
                    raise self._idle("took no response") from None
                finally:
                    patience.cancel()

    async def _requests(self, request_class: type[Message], call: Call, context: Context) -> AsyncIterator[Message]:
        while True:
            try:
                async with asyncio.timeout(self._stream_idle_s):
                    raw = await context.read()
            except TimeoutError:
                raise self._idle("sent no request") from None
            if raw is grpc.aio.EOF:
                return
            request = _parse(request_class.FromString, raw)
            call.log_request(request)
            yield request

    def _idle(self, what: str) -> StreamIdle:
        limit_s = f"{self._stream_idle_s:g}"
        return StreamIdle(f"the client {what} for {limit_s} seconds", limit_s=limit_s)


def draining() -> Unavailable:
    """What a caller is told while the server shuts down."""
    return Unavailable("the server is shutting down", reason="DRAINING", retry_after_s=DRAINING_RETRY_S)


def _parse(parse: Callable[[bytes], Message], raw: bytes) -> Message:
    try:
        return parse(raw)
    except DecodeError:
        raise MalformedMessage(
            f"the {len(raw)} bytes of the request are no message of its type, or hold text that is no UTF-8",
            request_bytes=str(len(raw)),
        ) from None


def _serialised(response: Message | bytes) -> bytes:
    if isinstance(response, bytes):
        return response
    data: bytes = response.SerializeToString()
    return data


async def _fail(error: BaseException, call: Call, context: Context) -> Any:
    """Ends the call with the status of `error`; never returns."""
    if isinstance(error, WaypostError) and type(error) in CODES:
        status = to_status(error)
    elif isinstance(error, asyncio.CancelledError | grpc.aio.InternalError):
        # The client hung up, its deadline passed, or it vanished while we were writing to it (which grpc.aio
        # tells by an error of its own): nobody is there to be told.
        remaining_s = context.time_remaining()
        expired = remaining_s is not None and remaining_s <= 0
        call.log("DEADLINE_EXCEEDED" if expired else "CANCELLED")
        raise error
    elif isinstance(error, Exception):
        facts = {"method": call.method, "request_id": call.request_id, "error": type(error).__name__}
        # Where it happened, without the exception's own text, which may hold what the caller wrote.
        trace = "".join(traceback.format_tb(error.__traceback__))
        _LOG.error("call failed", extra={"facts": facts, "trace": trace})
        _LOG.debug("call failed with", exc_info=error)
        status = internal_status(call.request_id)
    else:
        raise error
    call.log(code_of(status).name)
    metadata = (*trailers(status), (REQUEST_ID, call.request_id))
    await context.abort(code_of(status), status.message, metadata)


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
