"""A channel with a deadline, and what every kind of call on it does with a failure. No RPC is named here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

import grpc
from grpc import aio

from waypost.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT_S, Option, channel_options
from waypost.client.errors import LookupFailed

Sent = TypeVar("Sent")
Received = TypeVar("Received")


class Connection:
    """One channel to a server, for threads to share; a context manager that closes it."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        options: Sequence[Option] = (),
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        self._timeout_s = timeout_s
        everything = channel_options(options)
        if credentials is None:
            self._channel = grpc.insecure_channel(address, options=everything)
        else:
            self._channel = grpc.secure_channel(address, credentials, options=everything)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel and end every call on it."""
        self._channel.close()

    def _call(
        self, method: grpc.UnaryUnaryMultiCallable[Sent, Received], request: Sent, timeout_s: float | None
    ) -> Received:
        try:
            return method(request, timeout=self._timeout_s if timeout_s is None else timeout_s)
        except grpc.RpcError as error:
            raise LookupFailed.from_call(error) from error

    def _read(
        self, method: grpc.UnaryStreamMultiCallable[Sent, Received], request: Sent, timeout_s: float | None
    ) -> Iterator[Received]:
        """Yield the messages of a stream; closing the generator ends the call."""
        call = method(request, timeout=timeout_s)
        try:
            yield from call
        except grpc.RpcError as error:
            raise LookupFailed.from_call(error) from error
        finally:
            call.cancel()

    def _write(
        self, method: grpc.StreamUnaryMultiCallable[Sent, Received], messages: Iterable[Sent], timeout_s: float | None
    ) -> Received:
        """Send every message and return the answer; what `messages` raises is raised here."""
        failures: list[Exception] = []

        def sent() -> Iterator[Sent]:
            try:
                yield from messages
            except Exception as error:  # the caller's iterable, in gRPC's thread, where it would only be logged
                failures.append(error)

        call = method.future(sent(), timeout=timeout_s)
        try:
            answer = call.result()
        except grpc.RpcError as error:
            raise (failures or [LookupFailed.from_call(error)])[0] from error
        finally:
            call.cancel()
        if failures:
            raise failures[0]
        return answer


class AsyncConnection:
    """As `Connection`, for one event loop; an asynchronous context manager that closes its channel."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        options: Sequence[Option] = (),
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        self._timeout_s = timeout_s
        everything = channel_options(options)
        if credentials is None:
            self._channel = aio.insecure_channel(address, options=everything)
        else:
            self._channel = aio.secure_channel(address, credentials, options=everything)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel and end every call on it."""
        await self._channel.close()

    async def _call(
        self, method: aio.UnaryUnaryMultiCallable[Sent, Received], request: Sent, timeout_s: float | None
    ) -> Received:
        try:
            return await method(request, timeout=self._timeout_s if timeout_s is None else timeout_s)
        except grpc.RpcError as error:
            raise LookupFailed.from_call(error) from error

    async def _read(
        self, method: aio.UnaryStreamMultiCallable[Sent, Received], request: Sent, timeout_s: float | None
    ) -> AsyncIterator[Received]:
        """Yield the messages of a stream; closing the generator ends the call."""
        call = method(request, timeout=timeout_s)
        try:
            async for message in call:
                yield message
        except grpc.RpcError as error:
            raise LookupFailed.from_call(error) from error
        finally:
            call.cancel()

    async def _write(
        self,
        method: aio.StreamUnaryMultiCallable[Sent, Received],
        messages: AsyncIterable[Sent],
        timeout_s: float | None,
    ) -> Received:
        """Send every message and return the answer; what `messages` raises is raised here."""
        failures: list[Exception] = []

        async def sent() -> AsyncIterator[Sent]:
            try:
                async for message in messages:
                    yield message
            except Exception as error:  # the caller's iterable, in gRPC's task, where it would only be logged
                failures.append(error)

        call = method(sent(), timeout=timeout_s)
        try:
            answer = await call
        except grpc.RpcError as error:
            raise (failures or [LookupFailed.from_call(error)])[0] from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled: grpc.aio itself did, since it could not send the end of the stream.
            raise LookupFailed(grpc.StatusCode.UNAVAILABLE, "the stream broke while its end was sent") from error
        finally:
            call.cancel()
        if failures:
            raise failures[0]
        return answer
