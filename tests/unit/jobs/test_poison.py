from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.jobs.poison import MOST_DEATHS, Piece, Pieces, PieceState
from waypost.server.jobs.tasks import RowRange


def work_off(pieces: Pieces, poisonous: set[int], draw: st.DataObject | None = None) -> tuple[Pieces, int]:
    """The settled pieces and the workers that died, with halts and restarts in between where `draw` says so."""
    deaths = 0
    while not pieces.is_settled:
        rows = pieces.open_rows()
        at = rows[draw.draw(st.integers(0, len(rows) - 1))] if draw else rows[0]
        if draw and draw.draw(st.booleans()):
            pieces = Pieces.load(orjson.loads(orjson.dumps(pieces.dump())))
        if poisonous & set(range(at.start, at.stop)):
            deaths += 1
            pieces = pieces.killed(at)
        else:
            stop = draw.draw(st.integers(at.start, at.stop)) if draw and draw.draw(st.booleans()) else at.stop
            pieces = pieces.finished(at, RowRange(at.start, stop))
    return pieces, deaths


@given(st.integers(1, 300), st.data())
def test_any_set_of_poisonous_rows_ends_with_exactly_those_failed(size: int, data: st.DataObject) -> None:
    poisonous = data.draw(st.sets(st.integers(0, size - 1), max_size=12))
    pieces, _ = work_off(Pieces.whole(size), poisonous, data)
    covered = [row for piece in pieces.pieces for row in range(piece.rows.start, piece.rows.stop)]
    assert covered == list(range(size))
    failed = {piece.rows.start for piece in pieces.pieces if piece.state is PieceState.FAILED}
    assert failed == poisonous
    assert all(len(piece.rows) == 1 for piece in pieces.pieces if piece.state is PieceState.FAILED)


def test_one_row_of_a_full_shard_kills_few_workers() -> None:
    _, deaths = work_off(Pieces.whole(32_768), {12_345})
    assert deaths == 3 + 14 + 3


def test_a_worker_that_dies_by_itself_costs_one_more_try() -> None:
    pieces = Pieces.whole(100).killed(RowRange(0, 100))
    assert pieces.open_rows() == (RowRange(0, 100),)
    settled, deaths = work_off(pieces, set())
    assert (deaths, len(settled.pieces)) == (0, 1)


def test_a_single_row_has_as_many_tries_as_a_shard() -> None:
    pieces = Pieces.whole(1)
    for _ in range(MOST_DEATHS - 1):
        pieces = pieces.killed(RowRange(0, 1))
        assert not pieces.is_settled
    assert pieces.killed(RowRange(0, 1)).pieces == (Piece(RowRange(0, 1), MOST_DEATHS, PieceState.FAILED),)


def test_another_process_does_again_what_it_has_no_part_of_and_remembers_the_deaths() -> None:
    pieces = Pieces.whole(8)
    for _ in range(MOST_DEATHS):
        pieces = pieces.killed(RowRange(0, 8))
    pieces = pieces.finished(RowRange(0, 4), RowRange(0, 4)).killed(RowRange(4, 8))
    assert pieces.begun_again().dump() == [(0, 4, 0, "open"), (4, 6, 2, "open"), (6, 8, 2, "open")]


def test_what_was_kept_of_a_halted_piece_is_done_and_the_rest_open() -> None:
    pieces = Pieces.whole(10).finished(RowRange(0, 10), RowRange(0, 4))
    assert pieces.dump() == [(0, 4, 0, "done"), (4, 10, 0, "open")]


def test_no_rows_are_no_piece_of_their_own() -> None:
    assert Pieces.whole(0).finished(RowRange(0, 0), RowRange(0, 0)).is_settled


def test_news_of_what_is_no_open_piece_is_refused() -> None:
    pieces = Pieces.whole(10)
    with pytest.raises(ValueError, match="no open piece"):
        pieces.killed(RowRange(0, 5))
    with pytest.raises(ValueError, match="no beginning"):
        pieces.finished(RowRange(0, 10), RowRange(1, 10))
    with pytest.raises(ValueError, match="no open piece"):
        pieces.finished(RowRange(0, 10), RowRange(0, 10)).killed(RowRange(0, 10))
