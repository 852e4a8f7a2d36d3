"""Parts made of pieces, and the whole way of a shard with a poisonous row through real workers."""

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.geocoder.forward_world import sample_geocoder
from tests.unit.jobs.shards import read_part, text_task, write_shard
from waypost.server.errors import ShardUnreadable
from waypost.server.jobs.assemble import assemble
from waypost.server.jobs.poison import Piece, Pieces, PieceState
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.shard import work_shard
from waypost.server.jobs.tallies import ReasonCount, Tally
from waypost.server.jobs.tasks import PartResult, RowRange, ShardTask

TEXTS = ["Munich", None, "Atlantis", "10115 Berlin", "", "48.1, 11.5", "東京"] * 3_000
INVALID = [None, None, None, "RAGGED", None, None, None] * 3_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[ShardTask, PartResult]:
    """The task of a shard, its part made, and what one worker tells of it."""
    columns = [
        ("q", pa.array(TEXTS)),
        ("n", pa.array([None, *range(len(TEXTS) - 1)])),
        ("q", pa.array([b"x"] * 21_000)),
    ]
    shard = write_shard(tmp_path_factory.mktemp("shard") / "1", columns, INVALID, first_row=100)
    task = text_task(shard, snapshot_id="sample")
    result = work_shard(sample_geocoder(), task)
    assert result is not None
    return task, result


@pytest.fixture(scope="module")
def whole(made: tuple[ShardTask, PartResult]) -> ShardTask:
    return made[0]


def worked(task: ShardTask, pieces: Pieces, directory: Path) -> dict[RowRange, tuple[Path, Tally]]:
    """The parts of the pieces that are done, made one by one."""
    done = {}
    for piece in pieces.pieces:
        if piece.state is PieceState.DONE:
            path = directory / f"{piece.rows.start}-{piece.rows.stop}"
            part = text_task(task.shard_path, part_path=path, rows=piece.rows)
            result = work_shard(sample_geocoder(), part)
            assert result is not None
            done[piece.rows] = (path, result.tally)
    return done


@settings(max_examples=8)
@given(st.sets(st.integers(1, len(TEXTS) - 1), max_size=5))
def test_the_part_of_the_pieces_is_that_of_the_whole(
    made: tuple[ShardTask, PartResult], tmp_path_factory: pytest.TempPathFactory, cuts: set[int]
) -> None:
    whole, alone = made
    directory = tmp_path_factory.mktemp("pieces")
    edges = [0, *sorted(cuts), len(TEXTS)]
    pieces = Pieces(tuple(Piece(RowRange(*pair), 0, PieceState.DONE) for pair in itertools.pairwise(edges)))
    done = worked(whole, pieces, directory)
    task = text_task(whole.shard_path, part_path=directory / "all", snapshot_id="sample")
    result = assemble(task, pieces, done)
    assert (directory / "all").read_bytes() == whole.part_path.read_bytes()
    assert (result.tally, result.sha256, result.rows) == (alone.tally, alone.sha256, alone.rows)


def test_a_row_that_is_given_up_stays_in_its_place(whole: ShardTask, tmp_path: Path) -> None:
    at = 8_192
    edges = (RowRange(0, at), RowRange(at, at + 1), RowRange(at + 1, len(TEXTS)))
    states = (PieceState.DONE, PieceState.FAILED, PieceState.DONE)
    pieces = Pieces(tuple(Piece(rows, 0, state) for rows, state in zip(edges, states, strict=True)))
    task = text_task(whole.shard_path, part_path=tmp_path / "all")
    result = assemble(task, pieces, worked(task, pieces, tmp_path))
    part, undisturbed = read_part(task.part_path), read_part(whole.part_path)
    assert part.slice(0, at).equals(undisturbed.slice(0, at))
    assert part.slice(at + 1).equals(undisturbed.slice(at + 1))
    row = [column[at].as_py() for column in part.columns]
    assert row[:4] == [column[at].as_py() for column in undisturbed.columns][:4]
    assert row[4:6] == ["failed", "WORKER_DIED"]
    assert set(row[6:]) == {None}
    assert result.tally.counts.failed == 1
    assert ReasonCount("failed", "WORKER_DIED", 1, (100 + at,)) in result.tally.reasons
    assert result.tally.counts.done == len(TEXTS)


def test_a_piece_that_is_gone_or_short_is_told(whole: ShardTask, tmp_path: Path) -> None:
    rows = RowRange(0, len(TEXTS))
    pieces = Pieces((Piece(rows, 0, PieceState.DONE),))
    task = text_task(whole.shard_path, part_path=tmp_path / "all")
    with pytest.raises(ShardUnreadable):
        assemble(task, pieces, {rows: (tmp_path / "gone", Tally())})
    short = text_task(whole.shard_path, part_path=tmp_path / "short", rows=RowRange(0, 5))
    work_shard(sample_geocoder(), short)
    with pytest.raises(ShardUnreadable, match="rows"):
        assemble(task, pieces, {rows: (short.part_path, Tally())})
    assert not task.part_path.exists()


def test_what_is_open_is_not_assembled(whole: ShardTask, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither"):
        assemble(text_task(whole.shard_path, part_path=tmp_path / "all"), Pieces.whole(len(TEXTS)), {})


def test_tallies_add_up() -> None:
    one = Tally(RowCounts(matched=1), {"A": 1}, (1,) * 10, (ReasonCount("invalid", "X", 11, tuple(range(10, 20))),))
    two = Tally(RowCounts(failed=2), {"B": 2}, (0,) * 10, (ReasonCount("invalid", "X", 1, (3,)),))
    both = one + two
    assert both == two + one
    assert both.counts == RowCounts(matched=1, failed=2)
    assert both.precisions == {"A": 1, "B": 2}
    assert both.reasons == (ReasonCount("invalid", "X", 12, (3, *range(10, 19))),)
