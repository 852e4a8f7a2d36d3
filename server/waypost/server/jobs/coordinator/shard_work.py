"""A shard in the hands of this process: its pieces, what is done of them, and where their parts lie."""

from __future__ import annotations

from pathlib import Path

from waypost.server.jobs.assemble import assemble
from waypost.server.jobs.coordinator.prepared import PartRecord, save_record
from waypost.server.jobs.locations import sync_files
from waypost.server.jobs.model import Part, Shard
from waypost.server.jobs.part import part_name
from waypost.server.jobs.poison import Pieces
from waypost.server.jobs.tallies import Tally
from waypost.server.jobs.tasks import PartResult, RowRange, ShardTask


class ShardWork:
    """Mutable; one piece is worked on at a time. Most shards are one piece from begin to end."""

    def __init__(self, shard: Shard, token: int) -> None:
        self.shard = shard
        #: Deaths under an owner before this one count too, or a row that kills servers as well would do so for ever.
        self.pieces = Pieces.load(shard.pieces).begun_again() if shard.pieces else Pieces.whole(self.rows)
        self.tries = 0
        self._done: dict[RowRange, tuple[Path, Tally]] = {}
        self.part_name = part_name(shard.first_row, token)

    @property
    def rows(self) -> int:
        """How many rows the shard has."""
        return self.shard.last_row - self.shard.first_row + 1

    def next_rows(self) -> RowRange:
        """The piece to work on next."""
        return self.pieces.open_rows()[0]

    def piece_name(self, rows: RowRange) -> str:
        """The file of a piece; that of the whole shard is the part itself."""
        if len(rows) == self.rows:
            return self.part_name
        return f"{self.part_name}.{rows.start}-{rows.stop}.piece"

    def finished(self, path: Path, asked: RowRange, result: PartResult) -> None:
        """A piece has its part, or the beginning of the piece where it was halted; blocks until that is durable."""
        if result.rows != asked:
            # Assembling will write under the name of the whole.
            path = path.rename(path.with_name(self.piece_name(result.rows)))
        sync_files([path])
        self.pieces = self.pieces.finished(asked, result.rows)
        self._done[result.rows] = (path, result.tally)

    def killed(self, rows: RowRange) -> None:
        """A worker died over a piece."""
        self.pieces = self.pieces.killed(rows)

    def complete(self, whole: ShardTask, result: PartResult | None) -> tuple[Part, Tally]:
        """The part of the settled shard, durable with its tally; blocks. `result` where one worker made it all.

        Raises ShardUnreadable, OSError.
        """
        made = result
        if made is None:
            made = assemble(whole, self.pieces, self._done)
            for path, _ in self._done.values():
                path.unlink(missing_ok=True)
        save_record(whole.part_path, PartRecord(tally=made.tally, output=made.output))
        part = Part(
            file=whole.part_path.name,
            size_bytes=made.size_bytes,
            sha256=made.sha256,
            rows=made.tally.counts,
            engine_version=made.engine_version,
        )
        return part, made.tally
