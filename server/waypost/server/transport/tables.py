"""Streams of Arrow tables: one plan for the stream, then a table of answers for each table of questions.

The kernels run in a thread and release the interpreter, so that the loop goes on with other calls. While a
table is being sent the next one is worked on; there is never more than that one ahead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor

import pyarrow as pa

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.geocoder.row_questions import answer_rows
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.transport.ahead import one_ahead
from waypost.server.transport.call import Call
from waypost.server.transport.editions import Edition, Editions
from waypost.server.transport.wire.options import TablePlan, table_plan
from waypost.server.transport.wire.tables import InputTable, read_table, write_table
from waypost.v1 import geocoding_pb2 as pb

#: Rows that a kernel takes at once, 10 to 100 ms: after each the deadline is looked at, and other streams
#: get the thread.
_ROWS_AT_ONCE = 8_192


async def answer_tables(
    messages: AsyncIterator[pb.StreamTablesRequest], editions: Editions, executor: Executor, call: Call
) -> AsyncIterator[pb.StreamTablesResponse]:
    """A response per message, in order. Raises InvalidArgument on a table that does not fit the plan."""
    stream: _TableStream | None = None

    async def answer(message: pb.StreamTablesRequest) -> pb.StreamTablesResponse:
        nonlocal stream
        if stream is not None:
            if message.HasField("options"):
                raise _refuse("options", "set", "only in the first message")
            return await stream.answer(message.arrow_stream)
        if not message.HasField("options"):
            raise _refuse("options", None, "set in the first message")
        plan = table_plan(message.options)
        edition = await editions.get(plan.snapshot_id)
        stream = _TableStream(plan, edition, executor, call)
        response = await stream.answer(message.arrow_stream, first=True)
        response.snapshot = edition.name
        response.engine_version = ENGINE_VERSION
        response.attributions.extend(edition.credit.values())
        return response

    async for response in one_ahead(messages, answer):
        yield response
    if stream is None:
        raise _refuse("options", None, "a first message with options")


class _TableStream:
    """The state of one stream: its plan and the schema of its first table."""

    def __init__(self, plan: TablePlan, edition: Edition, executor: Executor, call: Call) -> None:
        self._plan = plan
        self._edition = edition
        self._executor = executor
        self._call = call
        self._schema: pa.Schema | None = None

    async def answer(self, data: bytes, *, first: bool = False) -> pb.StreamTablesResponse:
        """The answer to one table; only the first message may come without."""
        if not data:
            if first:
                return pb.StreamTablesResponse()
            raise _refuse("arrow_stream", "empty", "one complete Arrow IPC stream")
        run = asyncio.get_running_loop().run_in_executor
        table = await run(self._executor, read_table, data, self._plan)
        if self._schema is None:
            self._schema = table.schema
        elif not self._schema.equals(table.schema):
            shown = ", ".join(f"{field.name}: {field.type}" for field in table.schema)
            raise _refuse("arrow_stream", shown, "the columns of the stream's first table", "BAD_SCHEMA")
        batches = []
        for start in range(0, max(table.rows, 1), _ROWS_AT_ONCE):
            self._call.ensure_time()
            batches.append(await run(self._executor, self._answer_rows, table, start))
        written = await run(self._executor, write_table, batches, self._plan, table.codec)
        self._call.rows += table.rows
        return pb.StreamTablesResponse(arrow_stream=written)

    def _answer_rows(self, table: InputTable, start: int) -> pa.RecordBatch:
        cells = table.cells.slice(start, _ROWS_AT_ONCE)
        return answer_rows(self._edition.geocoder, self._plan.question, cells, self._plan.columns)


def _refuse(field: str, value: object, allowed: str, reason: str = "INVALID_FIELD") -> InvalidArgument:
    return InvalidArgument([FieldViolation(field, value, allowed, reason)])
