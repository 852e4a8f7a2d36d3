"""What only some installations have: pyarrow for tables, the server for `waypost serve`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from waypost.v1.geocoding_pb2 import TableOptions

if TYPE_CHECKING:
    import pyarrow as pa

    from waypost.client.tables import TableExchange


class MissingExtra(ImportError):
    """A part of this distribution is not installed; the message tells the command that installs it."""


def table_exchange(options: TableOptions, rows_per_message: int) -> TableExchange:
    """Return the exchange of a stream of tables; MissingExtra without pyarrow."""
    _need_pyarrow()
    from waypost.client.tables import TableExchange

    return TableExchange(options, rows_per_message)


def read_table(arrow_stream: bytes) -> pa.Table:
    """Return the table of one complete Arrow IPC stream; MissingExtra without pyarrow."""
    _need_pyarrow()
    from waypost.client.tables import read_table

    return read_table(arrow_stream)


def server_command() -> Callable[[Sequence[str]], int]:
    """Return the server's own command line; MissingExtra where the engine is not installed."""
    try:
        module = import_module("waypost.server.cli")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("waypost."):  # our own fault, not a missing package
            raise
        message = f"this command needs the server ({error.name} is missing); install it with: "
        raise MissingExtra(message + "pip install 'waypost[server]'") from error
    return cast("Callable[[Sequence[str]], int]", module.main)


def _need_pyarrow() -> None:
    if find_spec("pyarrow") is None:
        raise MissingExtra("tables need pyarrow; install it with: pip install 'waypost[arrow]'")
