"""What to do with a shard that kills its workers: try again, split it, and at last give up one row.

Pure state, which the coordinator drives and stores after each death: a shard is tiled by pieces, each with the deaths
over it. A whole shard is tried three times, since workers die for reasons of their own too. From then on a piece that
kills is halved at once, so that about as many workers die as the row numbers have bits; only a single row has three
tries again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from waypost.server.jobs.tasks import RowRange

#: Workers that a shard, and at last a single row, may kill.
MOST_DEATHS = 3
#: Reason of a row that was given up.
WORKER_DIED = "WORKER_DIED"


class PieceState(StrEnum):
    """What became of a piece."""

    #: To be answered; one that is in a worker's hands is OPEN too, so that a crash of the server loses nothing.
    OPEN = "open"
    #: Its part is committed.
    DONE = "done"
    #: A single row that is given up.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a shard that are worked on together; `deaths` is how many workers they may have killed."""

    rows: RowRange
    deaths: int = 0
    state: PieceState = PieceState.OPEN


@dataclass(frozen=True, slots=True)
class Pieces:
    """A shard, tiled by pieces in the order of their rows."""

    pieces: tuple[Piece, ...]

    @classmethod
    def whole(cls, rows: int) -> Pieces:
        """A shard of that many rows, of which nothing is known."""
        return cls((Piece(RowRange(0, rows)),))

    @classmethod
    def load(cls, stored: Iterable[tuple[int, int, int, str]]) -> Pieces:
        """The pieces that `dump` gave."""
        return cls(
            tuple(Piece(RowRange(start, stop), deaths, PieceState(state)) for start, stop, deaths, state in stored)
        )

    def dump(self) -> list[tuple[int, int, int, str]]:
        """Start, stop, deaths and state of each piece, as JSON can hold them."""
        return [(piece.rows.start, piece.rows.stop, piece.deaths, piece.state.value) for piece in self.pieces]

    def begun_again(self) -> Pieces:
        """In the hands of another process, which has none of the parts: what was done is to be done again."""
        return Pieces(tuple(Piece(piece.rows) if piece.state is PieceState.DONE else piece for piece in self.pieces))

    @property
    def is_settled(self) -> bool:
        """Whether every row is done or given up."""
        return all(piece.state is not PieceState.OPEN for piece in self.pieces)

    def open_rows(self) -> tuple[RowRange, ...]:
        """What is still to be answered."""
        return tuple(piece.rows for piece in self.pieces if piece.state is PieceState.OPEN)

    def finished(self, rows: RowRange, done: RowRange) -> Pieces:
        """After the part of `done` was committed: all of the piece `rows`, or its beginning if it was halted."""
        if done.start != rows.start or not rows.start <= done.stop <= rows.stop:
            raise ValueError(f"{done} is no beginning of {rows}")
        if done == rows:
            return self._with(rows, Piece(rows, state=PieceState.DONE))
        kept = Piece(done, state=PieceState.DONE)
        piece = self._piece(rows)
        rest = replace(piece, rows=RowRange(done.stop, rows.stop))
        return self._with(rows, kept, rest) if len(done) else self

    def killed(self, rows: RowRange) -> Pieces:
        """After a worker died over the piece `rows`."""
        piece = self._piece(rows)
        piece = replace(piece, deaths=piece.deaths + 1)
        if piece.deaths < MOST_DEATHS or not len(rows):
            return self._with(rows, piece)
        if len(rows) == 1:
            return self._with(rows, replace(piece, state=PieceState.FAILED))
        middle = (rows.start + rows.stop) // 2
        halves = (RowRange(rows.start, middle), RowRange(middle, rows.stop))
        return self._with(rows, *(Piece(half, MOST_DEATHS - 1 if len(half) > 1 else 0) for half in halves))

    def _piece(self, rows: RowRange) -> Piece:
        """The open piece with these rows. Raises ValueError if there is none."""
        for piece in self.pieces:
            if piece.rows == rows and piece.state is PieceState.OPEN:
                return piece
        raise ValueError(f"{rows} is no open piece")

    def _with(self, rows: RowRange, *instead: Piece) -> Pieces:
        old = self._piece(rows)
        at = self.pieces.index(old)
        return Pieces((*self.pieces[:at], *instead, *self.pieces[at + 1 :]))
