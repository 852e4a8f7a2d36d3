"""Calls of ready bytes over gRPC, so that as little as possible of what is measured is the client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

import grpc
from grpc import aio

from waypost.v1 import geocoding_pb2 as pb

GEOCODE = "/waypost.v1.GeocodingService/Geocode"
BATCH_LOOKUP = "/waypost.v1.GeocodingService/BatchLookup"
STREAM_TABLES = "/waypost.v1.GeocodingService/StreamTables"

#: Calls in flight while calls/s are measured: enough that the server never waits.
_IN_FLIGHT = 32

Call = Callable[[bytes], Awaitable[bytes]]


def unary(channel: aio.Channel) -> Call:
    """Geocode with bytes in and bytes out."""
    method: aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(GEOCODE)

    async def call(request: bytes) -> bytes:
        return await method(request)

    return call


async def answers(call: Call, requests: Sequence[bytes]) -> list[bytes]:
    """The response to each request, in order."""
    return [await call(request) for request in requests]


async def calls_per_s(call: Call, requests: Sequence[bytes], seconds: float) -> float:
    """Calls answered a second, closed loop. The requests are used up in turn."""
    deadline = time.perf_counter() + seconds
    done = 0

    async def ask_on(mine: Sequence[bytes]) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() < deadline:
            await call(mine[number % len(mine)])
            number += 1
            done += 1

    start = time.perf_counter()
    await asyncio.gather(*(ask_on(requests[first::_IN_FLIGHT]) for first in range(_IN_FLIGHT)))
    return done / (time.perf_counter() - start)


async def open_loop(call: Call, requests: Sequence[bytes], per_s: float) -> list[float]:
    """Milliseconds of each call from when it was due, whether or not those before it are answered."""
    start = time.perf_counter() + 0.01

    async def ask(number: int) -> float:
        due = start + number / per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await call(requests[number])
        return (time.perf_counter() - due) * 1_000

    return list(await asyncio.gather(*(ask(number) for number in range(len(requests)))))


def batch_rate(channel: grpc.Channel, requests: Iterable[bytes], size: int) -> float:
    """Rows a second of batches one after the other. Raises AssertionError if a lookup was not answered."""
    method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(BATCH_LOOKUP)
    responses: list[bytes] = []
    start = time.perf_counter()
    for request in requests:
        responses.append(method(request))  # noqa: PERF401 - each call is measured, not a list
    taken_s = time.perf_counter() - start
    for response in responses:
        outcomes = pb.BatchLookupResponse.FromString(response).outcomes
        errors = [outcome.error.message for outcome in outcomes if outcome.HasField("error")]
        assert len(outcomes) == size, len(outcomes)
        assert not errors, errors[0]
    return size * len(responses) / taken_s


def table_rate(channel: grpc.Channel, messages: Sequence[bytes], rows: int) -> float:
    """Rows a second of one stream of tables, from its first message out to its last one in."""
    method: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(STREAM_TABLES)
    start = time.perf_counter()
    responses = list(method(iter(messages)))
    taken_s = time.perf_counter() - start
    assert len(responses) == len(messages)
    return rows / taken_s
