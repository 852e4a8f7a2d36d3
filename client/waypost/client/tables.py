"""The exchange of Arrow tables: slices that fit into messages, and answers put together again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import pyarrow as pa

from waypost.client.exchange import TABLE_ROWS_PER_MESSAGE
from waypost.v1.geocoding_pb2 import StreamTablesRequest, StreamTablesResponse, TableOptions

MAX_ROWS = 65_536
MAX_BYTES = 3_670_016
"""3.5 MiB, the contract's bound of one message's Arrow stream."""

_SHRINK = 0.9  # rows differ in length: aim below the bound, so that one more try is enough


class TableExchange:
    """Sends each table in as many messages as it needs and yields one table of results for it.

    Only the columns that `options` names are sent. Result tables carry the snapshot, the engine's version and
    the attributions in the metadata of their schema, as `waypost.snapshot`, `waypost.engine_version` and
    `waypost.attributions` (one a line).
    """

    def __init__(self, options: TableOptions, rows_per_message: int = TABLE_ROWS_PER_MESSAGE) -> None:
        if not 1 <= rows_per_message <= MAX_ROWS:
            raise ValueError(f"rows_per_message is {rows_per_message}; allowed: 1 to {MAX_ROWS}")
        self._rows_per_message = rows_per_message
        self._options: TableOptions | None = options
        self._columns = _input_columns(options)
        self._last_of_table: deque[bool] = deque()  # for each message under way
        self._parts: list[pa.Table] = []
        self._metadata: dict[str, str] = {}

    def send(self, item: pa.Table | pa.RecordBatch) -> Iterator[StreamTablesRequest]:
        """Yield the messages for one table; ValueError where a single row passes the bound."""
        table = pa.Table.from_batches([item]) if isinstance(item, pa.RecordBatch) else item
        table = table.select([name for name in table.column_names if name in self._columns])
        for last, arrow_stream in _slices(table, self._rows_per_message):
            self._last_of_table.append(last)
            yield self._message(arrow_stream)

    def finish(self) -> Iterator[StreamTablesRequest]:
        """Yield the options alone where there was no table, so that the server still checks them."""
        if self._options is not None:
            yield self._message(b"")

    def receive(self, response: StreamTablesResponse) -> Iterator[pa.Table]:
        """Yield the results of a table when its last message was answered."""
        if response.snapshot:
            self._metadata = {
                "waypost.snapshot": response.snapshot,
                "waypost.engine_version": response.engine_version,
                "waypost.attributions": "\n".join(a.text for a in response.attributions),
            }
        if not response.arrow_stream:
            return
        self._parts.append(read_table(response.arrow_stream))
        if self._last_of_table.popleft():
            whole = pa.concat_tables(self._parts)
            self._parts = []
            yield whole.replace_schema_metadata(self._metadata)

    def _message(self, arrow_stream: bytes) -> StreamTablesRequest:
        options, self._options = self._options, None
        return StreamTablesRequest(options=options, arrow_stream=arrow_stream)


def read_table(arrow_stream: bytes) -> pa.Table:
    """Return the table of one complete Arrow IPC stream."""
    with pa.ipc.open_stream(arrow_stream) as reader:
        return reader.read_all()


def _slices(table: pa.Table, rows_per_message: int) -> Iterator[tuple[bool, bytes]]:
    """Yield (whether it is the last, a complete Arrow IPC stream); one of no rows for an empty table."""
    start, step = 0, rows_per_message
    while True:
        part = table.slice(start, step)
        arrow_stream = _ipc_stream(part)
        if len(arrow_stream) > MAX_BYTES:
            if part.num_rows <= 1:
                raise ValueError(f"row {start} takes {len(arrow_stream)} bytes; allowed: {MAX_BYTES}")
            step = max(1, int(part.num_rows * MAX_BYTES / len(arrow_stream) * _SHRINK))
            continue
        start += part.num_rows
        yield start >= table.num_rows, arrow_stream
        if start >= table.num_rows:
            return


def _ipc_stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _input_columns(options: TableOptions) -> set[str]:
    if options.WhichOneof("operation") == "reverse_geocode":
        reverse = options.reverse_geocode
        return {reverse.latitude_column or "latitude", reverse.longitude_column or "longitude"}
    if options.geocode.HasField("address_columns"):
        return {name for _, name in options.geocode.address_columns.ListFields()}
    return {options.geocode.query_column or "query"}
