"""Publishing, against a real nats-server with JetStream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from nats.aio.msg import Msg

from tests.nats_server import NatsServer
from waypost.server.jobs.notify.nats import NatsSender
from waypost.server.jobs.notify.retries import Outcome
from waypost.server.jobs.spec import NatsTarget

TARGET = NatsTarget(subject="waypost.jobs")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    running = NatsServer(tmp_path)
    running.start()
    yield running
    running.stop()


async def make_stream(server: NatsServer) -> None:
    async with await nats.connect(server.url) as client:
        await client.jetstream().add_stream(name="jobs", subjects=["waypost.>"])


async def stored(server: NatsServer) -> list[tuple[bytes, dict[str, str]]]:
    """The messages of the stream with their headers, oldest first."""
    async with await nats.connect(server.url) as client:
        stream = client.jetstream()
        count = (await stream.stream_info("jobs")).state.messages
        messages = [await stream.get_msg("jobs", number) for number in range(1, count + 1)]
    return [(message.data or b"", dict(message.headers or {})) for message in messages]


async def test_an_event_is_stored_once_however_often_it_is_sent(server: NatsServer) -> None:
    await make_stream(server)
    async with NatsSender((server.url,), timeout_s=10.0) as sender:
        for event_id in ("j1-7", "j1-7", "j1-8"):
            assert await sender.send(TARGET, event_id, b"{}") == Outcome()
    headers = [{"Nats-Msg-Id": each, "content-type": "application/cloudevents+json; charset=UTF-8"} for each in
               ("j1-7", "j1-8")]  # fmt: skip
    assert await stored(server) == [(b"{}", each) for each in headers]


async def test_a_subject_that_no_stream_takes_is_a_failure(server: NatsServer) -> None:
    async with NatsSender((server.url,), timeout_s=10.0) as sender:
        assert await sender.send(TARGET, "j1-7", b"{}") == Outcome(error="no stream takes this subject")


async def test_an_answer_of_somebody_else_is_no_acknowledgement(server: NatsServer) -> None:
    async with await nats.connect(server.url) as other, NatsSender((server.url,), timeout_s=10.0) as sender:

        async def reply(message: Msg) -> None:
            await message.respond(b"thanks")

        await other.subscribe("waypost.jobs", cb=reply)
        await other.flush()
        assert "no acknowledgement of JetStream" in (await sender.send(TARGET, "j1-7", b"{}")).error


async def test_what_failed_while_the_server_was_away_is_sent_when_it_is_back(server: NatsServer) -> None:
    await make_stream(server)
    async with NatsSender((server.url,), timeout_s=5.0) as sender:
        assert await sender.send(TARGET, "j1-7", b"{}") == Outcome()
        server.stop()
        assert (await sender.send(TARGET, "j1-8", b"{}")).error
        server.start()
        assert await sender.send(TARGET, "j1-8", b"{}") == Outcome()
    assert [headers["Nats-Msg-Id"] for _, headers in await stored(server)] == ["j1-7", "j1-8"]


async def test_a_server_that_is_not_there_is_a_failure(server: NatsServer) -> None:
    server.stop()
    async with NatsSender((server.url,), timeout_s=10.0) as sender:
        assert (await sender.send(TARGET, "j1-7", b"{}")).error
    async with NatsSender((), timeout_s=10.0) as sender:
        assert "not told of any NATS" in (await sender.send(TARGET, "j1-7", b"{}")).error
