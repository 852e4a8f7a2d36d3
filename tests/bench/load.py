"""One client that keeps a server busy until it is ended: `load.py ADDRESS METHOD FILE`.

The file is an Arrow file with the column `request`. With StreamTables its first row begins the one stream and
the others go round; with BatchLookup all go round, back to back.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pyarrow as pa

from tests.bench.wire import STREAM_TABLES


def responses(channel: grpc.Channel, method: str, requests: list[bytes]) -> Iterator[bytes]:
    """Endless responses."""
    if method == STREAM_TABLES:
        messages = itertools.chain(requests[:1], itertools.cycle(requests[1:]))
        stream: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(method)
        yield from stream(messages)
        return
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    for request in itertools.cycle(requests):
        yield call(request)


def main(address: str, method: str, path: Path) -> None:
    """Prints "busy" with the first response and goes on."""
    requests = pa.ipc.open_file(path).read_all()["request"].to_pylist()
    with grpc.insecure_channel(address) as channel:
        for number, _ in enumerate(responses(channel, method, requests)):
            if number == 0:
                print("busy", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
