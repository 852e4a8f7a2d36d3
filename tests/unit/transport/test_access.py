"""Access lines: one for each call, however many are written at a time."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import select
import time
from collections.abc import Iterator

import pytest

from waypost.server.logs import JsonFormatter
from waypost.server.transport.access import AccessLog


class Writes(io.StringIO):
    """What is written, each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.each: list[str] = []

    def write(self, text: str) -> int:
        self.each.append(text)
        return len(text)


@pytest.fixture
def written() -> Iterator[Writes]:
    writes = Writes()
    handler = logging.StreamHandler(writes)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("waypost.access")
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    yield writes
    log.removeHandler(handler)
    log.setLevel(level)


def add_and_flush(request_ids: list[str]) -> None:
    async def run() -> None:
        access = AccessLog()
        for request_id in request_ids:
            access.add("/a/B", "OK", time.perf_counter(), 1, "ipv4:127.0.0.1:5", request_id)
        access.flush()

    asyncio.run(run())


def test_each_call_has_its_line_in_order(written: Writes) -> None:
    ids = [f"id-{number}" for number in range(20)]
    add_and_flush(ids)
    lines = [json.loads(line) for text in written.each for line in text.splitlines()]
    assert [line["request_id"] for line in lines] == ids
    assert {(line["message"], line["method"], line["code"], line["rows"]) for line in lines} == {
        ("call", "/a/B", "OK", 1)
    }


def test_a_line_is_written_whole_beside_those_of_other_processes(written: Writes) -> None:
    """A pipe takes PIPE_BUF bytes or less as a whole; the longest ids are those whose every character is escaped."""
    add_and_flush(['"' * 128] * 50)
    sizes = [len(text.encode()) for text in written.each]
    assert 1 < len(written.each) < 50
    assert max(sizes) <= select.PIPE_BUF
    assert all(text.endswith("\n") for text in written.each)
