"""Credits of finished jobs, by the snapshot that answered them. Blocks where a snapshot is not known yet."""

from __future__ import annotations

from waypost.server.atlas import Atlas
from waypost.server.jobs.model import Job
from waypost.server.jobs.states import JobState
from waypost.server.transport.wire import answers
from waypost.v1 import geocoding_pb2 as pb

_SHOWN = frozenset({JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED})


class Credits:
    """The credits of each snapshot, read once."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._known: dict[str, tuple[pb.Attribution, ...]] = {}

    def of(self, job: Job) -> tuple[pb.Attribution, ...]:
        """The credits to show with the job's results; none before its end, or where its snapshot is gone.

        Raises Unavailable while the server is loading.
        """
        snapshot_id = job.spec.snapshot_id
        if job.state not in _SHOWN:
            return ()
        if snapshot_id not in self._known:
            found = {info.snapshot_id: info.layers for info in self._atlas.snapshots()}
            self._known = {each: tuple(answers.credits_of(layers).values()) for each, layers in found.items()}
        return self._known.get(snapshot_id, ())
