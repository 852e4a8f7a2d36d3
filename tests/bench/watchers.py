"""Many watchers in one process: `watchers.py ADDRESS`, with a job's name a line for each watcher, then an empty line.

Prints "watching" once every one of them has had its snapshot. Ends when its input does, with one line of JSON: of each
change that a watcher got the milliseconds since it was made, and how many messages of progress there were.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from grpc import aio

from waypost.v1 import jobs_pb2 as pb

WATCH = "/waypost.v1.JobService/WatchJob"
#: A connection has as many streams as it likes; several keep one's flow control from being what is measured.
_STREAMS = 100


class Watchers:
    """What `count` of them have seen together."""

    def __init__(self, count: int) -> None:
        self.change_ms: list[float] = []
        self.progress = 0
        self.begun = asyncio.Event()
        self._missing = count

    async def watch(self, channel: aio.Channel, name: str) -> None:
        """One watcher, until it is cancelled."""
        method: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(WATCH)
        async for data in method(pb.WatchJobRequest(name=name).SerializeToString()):
            now_s = time.time()
            event = pb.JobEvent.FromString(data)
            match event.WhichOneof("event"):
                case "snapshot":
                    self._missing -= 1
                    if not self._missing:
                        self.begun.set()
                case "change":
                    self.change_ms.append((now_s - event.event_time.ToNanoseconds() / 1e9) * 1e3)
                case "progress":
                    self.progress += 1


async def main(address: str, names: list[str]) -> None:
    """Watches until the input ends."""
    watchers = Watchers(len(names))
    channels = [
        # Channels with equal options would share one connection.
        aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        for _ in range(0, len(names), _STREAMS)
    ]
    tasks = [
        asyncio.create_task(watchers.watch(channels[number // _STREAMS], name)) for number, name in enumerate(names)
    ]
    await watchers.begun.wait()
    print("watching", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(json.dumps({"change_ms": watchers.change_ms, "progress": watchers.progress}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [line.strip() for line in iter(sys.stdin.readline, "\n")]))
