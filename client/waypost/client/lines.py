"""Many questions, one a line: answered in order, with bounded memory, and a bad line stops no other."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from waypost.client.asking import Reader
from waypost.client.client import Client
from waypost.client.exchange import ROWS_PER_MESSAGE
from waypost.client.requests import stream_lookup
from waypost.v1.geocoding_pb2 import StreamLookup, StreamOutcome

_MAX_LINE_BYTES = 65_536  # the rest of a longer line is skipped
# One code point more than a query may have: the server refuses the line, and the message stays small.
_MAX_CODE_POINTS = 513


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, its text without the end, and the bytes read up to its end."""

    number: int
    text: str
    end_byte: int


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """A line with its outcome; `problem` says why it could not be asked: then only that counts."""

    line: Line
    outcome: StreamOutcome
    problem: str


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield the lines of a UTF-8 stream; other bytes become U+FFFD, a byte order mark is dropped."""
    number = end_byte = 0
    while data := stream.readline(_MAX_LINE_BYTES):
        number, end_byte, rest = number + 1, end_byte + len(data), data
        while len(rest) == _MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(_MAX_LINE_BYTES)
            end_byte += len(rest)
        text = data.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace")
        yield Line(number, text.rstrip("\r\n")[:_MAX_CODE_POINTS], end_byte)


def answer_lines(
    client: Client, read: Reader, lines: Iterable[Line], *, rows_per_message: int = ROWS_PER_MESSAGE
) -> Iterator[AnsweredLine]:
    """Yield each line with its outcome, in order.

    A line that `read` refuses is sent as an empty lookup, so that every line has an outcome and the stream's
    flow control holds whatever the lines are.
    """
    waiting: deque[tuple[Line, str]] = deque()

    def lookups() -> Iterator[StreamLookup]:
        for line in lines:
            lookup, problem = _lookup(read, line)
            waiting.append((line, problem))
            yield lookup

    for outcome in client.stream_lookups(lookups(), rows_per_message=rows_per_message):
        line, problem = waiting.popleft()
        yield AnsweredLine(line, outcome, problem)


def size_of(stream: BinaryIO) -> int | None:
    """Return the size in bytes of what is read if it is a file, None for a pipe or terminal."""
    status = os.fstat(stream.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _lookup(read: Reader, line: Line) -> tuple[StreamLookup, str]:
    try:
        return stream_lookup(read(line.text), lookup_id=str(line.number)), ""
    except ValueError as error:
        return StreamLookup(lookup_id=str(line.number)), str(error)
