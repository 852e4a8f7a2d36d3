"""Too much, too slow, gone: clients that a server must survive. Traffic goes to loopback and is bounded."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest

from tests.errors import failure_of
from tests.server_process import Server
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub

if TYPE_CHECKING:
    from waypost.v1.geocoding_pb2_grpc import GeocodingServiceAsyncStub


WIEN = pb.GeocodeRequest(query="Wien", max_results=1)


@pytest.fixture
async def stub(server: Server) -> AsyncIterator[GeocodingServiceAsyncStub]:
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield GeocodingServiceStub(channel)


def batch(count: int = 1_000, max_results: int = 0) -> pb.BatchLookupRequest:
    """Lookups that each take their time: misspelt words, and no two alike."""
    words = "Sprngfild Philadelpa Mineapolis Sacramnto Albuqerque Clevland Ilinos"
    queries = (f"{words} {number}" for number in range(count))
    lookups = (pb.Lookup(geocode=pb.GeocodeRequest(query=query, max_results=max_results)) for query in queries)
    return pb.BatchLookupRequest(lookups=lookups)


async def code_of(call: Awaitable[object]) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
            failure_of(error)  # it has the details that an error of ours must have
        return error.code()
    return grpc.StatusCode.OK


async def test_five_thousand_calls_at_once(stub: GeocodingServiceAsyncStub, server: Server) -> None:
    request = WIEN
    codes = await asyncio.gather(*(code_of(stub.Geocode(request, timeout=60)) for _ in range(5_000)))
    assert collections.Counter(codes) == {grpc.StatusCode.OK: 5_000}
    assert (await stub.Geocode(request)).results


async def test_more_calls_than_allowed_are_told_when_to_come_back(start_server: Callable[..., Server]) -> None:
    server = await asyncio.to_thread(start_server, "--max-concurrent-calls", "3")
    await asyncio.to_thread(server.wait_until_serving)
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub: GeocodingServiceAsyncStub = GeocodingServiceStub(channel)
        streams = [stub.StreamLookups() for _ in range(3)]
        for stream in streams:
            await stream.write(pb.StreamLookupsRequest(lookups=[pb.StreamLookup(geocode=WIEN)]))
            await stream.read()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Geocode(WIEN)
        assert failure_of(caught.value).reason == "TOO_BUSY"
        streams[0].cancel()
        async with asyncio.timeout(10):
            codes = [await code_of(stub.Geocode(WIEN))]
            while codes[-1] != grpc.StatusCode.OK:
                codes.append(await code_of(stub.Geocode(WIEN)))


async def test_five_thousand_batches_at_once_are_bounded(stub: GeocodingServiceAsyncStub, server: Server) -> None:
    request = batch(3, max_results=1)
    codes = await asyncio.gather(*(code_of(stub.BatchLookup(request, timeout=60)) for _ in range(5_000)))
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert collections.Counter(codes)[grpc.StatusCode.OK] >= 64
    assert len((await stub.BatchLookup(request)).outcomes) == 3


async def cost_s(server: Server, call: Awaitable[object]) -> float:
    """Processor time that the server spent until the call had ended and another one was answered."""
    before_s = server.processor_s()
    await call
    return server.processor_s() - before_s


async def test_a_deadline_of_a_millisecond_is_kept_and_ends_the_work(
    stub: GeocodingServiceAsyncStub, server: Server
) -> None:
    async def give_up() -> None:
        codes = [await code_of(stub.BatchLookup(batch(), timeout=0.001)) for _ in range(10)]
        assert set(codes) == {grpc.StatusCode.DEADLINE_EXCEEDED}
        assert (await stub.Geocode(WIEN)).results

    whole_s = await cost_s(server, stub.BatchLookup(batch()))
    assert await cost_s(server, give_up()) < 5 * whole_s


async def test_a_cancelled_batch_frees_the_server(stub: GeocodingServiceAsyncStub, server: Server) -> None:
    async def cancel_many() -> None:
        large = batch(max_results=5)
        calls = [stub.BatchLookup(large) for _ in range(8)]
        # A small one behind them is answered: the server has begun with all of them.
        await stub.BatchLookup(batch(10))
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert (await stub.Geocode(WIEN)).results

    whole_s = await cost_s(server, stub.BatchLookup(batch(max_results=5)))
    assert await cost_s(server, cancel_many()) < 4 * whole_s


async def test_unary_calls_get_their_turn_beside_batches(stub: GeocodingServiceAsyncStub) -> None:
    batches = [asyncio.ensure_future(stub.BatchLookup(batch())) for _ in range(4)]
    answered = 0
    while not any(call.done() for call in batches):
        await stub.Geocode(WIEN)
        answered += 1
    await asyncio.gather(*batches)
    # Behind the batches there would be one at most.
    assert answered >= 5


async def test_a_client_that_never_reads_holds_little(stub: GeocodingServiceAsyncStub, server: Server) -> None:
    lookup = pb.StreamLookup(geocode=pb.GeocodeRequest(query="Springfield", max_results=5))
    message = pb.StreamLookupsRequest(lookups=[lookup] * 500)
    before = server.rss_bytes()
    stream = stub.StreamLookups()
    written = 0
    try:
        async with asyncio.timeout(5):
            for _ in range(200):
                await stream.write(message)
                written += 1
    except TimeoutError:
        pass
    assert (await stub.Geocode(WIEN)).results
    assert server.rss_bytes() - before < 150_000_000
    stream.cancel()


async def test_a_client_that_vanishes_is_forgotten(server: Server, start_server: Callable[..., Server]) -> None:
    alone = await asyncio.to_thread(start_server, "--max-concurrent-streams", "1")
    await asyncio.to_thread(alone.wait_until_serving)
    channel = grpc.aio.insecure_channel(alone.address, options=[("grpc.use_local_subchannel_pool", 1)])
    stream = GeocodingServiceStub(channel).StreamLookups()
    lookup = pb.StreamLookup(geocode=WIEN)
    await stream.write(pb.StreamLookupsRequest(lookups=[lookup]))
    await stream.read()
    await channel.close(None)
    async with grpc.aio.insecure_channel(alone.address) as fresh, asyncio.timeout(10):
        stub: GeocodingServiceAsyncStub = GeocodingServiceStub(fresh)
        codes = [await code_of(stub.BatchLookup(batch(1)))]
        while codes[-1] != grpc.StatusCode.OK:
            codes.append(await code_of(stub.BatchLookup(batch(1))))
