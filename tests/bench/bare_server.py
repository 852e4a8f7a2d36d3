"""The yardstick of unary calls: grpc.aio with one handler, no interceptors, and answers known beforehand.

Takes an Arrow file with the columns `request` and `response`; prints its port, and ends when its input ends.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pyarrow as pa
from grpc import RpcMethodHandler, aio, unary_unary_rpc_method_handler
from grpc import method_handlers_generic_handler as generic_handler

from tests.bench.wire import GEOCODE


async def serve(answers: dict[bytes, bytes]) -> None:
    """Serves on a free port until the standard input ends."""

    async def geocode(request: bytes, _: object) -> bytes:
        return answers[request]

    server = aio.server()
    _, service, method = GEOCODE.split("/")
    handlers: dict[str, RpcMethodHandler[bytes, bytes]] = {method: unary_unary_rpc_method_handler(geocode)}
    server.add_generic_rpc_handlers((generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


def read_answers(path: Path) -> dict[bytes, bytes]:
    """The response to each request."""
    table = pa.ipc.open_file(path).read_all()
    return dict(zip(table["request"].to_pylist(), table["response"].to_pylist(), strict=True))


if __name__ == "__main__":
    asyncio.run(serve(read_answers(Path(sys.argv[1]))))
