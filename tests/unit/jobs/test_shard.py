from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.geocoder.forward_world import sample_geocoder
from tests.unit.jobs.shards import read_part, text_task, write_shard
from waypost.server.errors import InvalidArgument, NotFound, ShardUnreadable
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.row_questions import PlaceRows, ReverseRows
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.jobs.locations import local_folder
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.shard import work_shard
from waypost.server.jobs.spec import FileFormat, OutputLayout, OutputRows
from waypost.server.jobs.tallies import ReasonCount
from waypost.server.jobs.tasks import Halt, PartOutput, PartResult, RowRange, ShardTask
from waypost.server.jobs.writers import OutputPlan, write_part
from waypost.server.model import GeocodeQuery, Place, PlaceQuery, Point, PostalAddress, ReverseQuery

POINTS = ReverseRows(place_types=frozenset(), radius_m=50_000.0)


def work(task: ShardTask, geocoder: Geocoder | None = None) -> tuple[PartResult, pa.Table]:
    result = work_shard(geocoder or sample_geocoder(), task)
    assert result is not None
    return result, read_part(task.part_path)


def test_a_part_has_the_row_the_input_and_the_answers(tmp_path: Path) -> None:
    columns = [("q", pa.array(["Munich", "Atlantis", None])), ("q", pa.array([1, 2, 3]))]
    shard = write_shard(tmp_path / "1", columns, first_row=7)
    result, part = work(text_task(shard, columns=("place_id", "status"), prefix="w_"))
    assert part.schema.names == ["row", "q", "q", "w_place_id", "w_status"]
    assert [column.to_pylist() for column in part.columns] == [
        [7, 8, 9],
        ["Munich", "Atlantis", None],
        [1, 2, 3],
        ["gn-3", None, None],
        ["matched", "unmatched", "invalid"],
    ]
    assert result.rows == RowRange(0, 3)
    assert (result.snapshot_id, result.engine_version) == ("sample", ENGINE_VERSION)


def test_size_and_checksum_are_those_of_the_file(tmp_path: Path) -> None:
    task = text_task(write_shard(tmp_path / "1", [("q", pa.array(["Munich"] * 20_000))]))
    result, _ = work(task)
    data = task.part_path.read_bytes()
    assert (result.size_bytes, result.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_a_row_that_could_not_be_read_stays_in_its_place_with_its_reason(tmp_path: Path) -> None:
    texts = pa.array(["Munich", "Berlin", "Munich"])
    task = text_task(write_shard(tmp_path / "1", [("q", texts)], [None, "RAGGED", None]))
    _, part = work(task)
    assert part.column("waypost_status").to_pylist() == ["matched", "invalid", "matched"]
    assert part.column("waypost_reason").to_pylist() == [None, "RAGGED", None]
    for name in RESULT_COLUMNS[2:]:
        assert part.column(f"waypost_{name}")[1].as_py() is None
    assert part.column("q").to_pylist() == texts.to_pylist()


def test_coordinates_may_be_texts_and_a_bad_one_costs_its_row(tmp_path: Path) -> None:
    latitude = pa.array(["52.52", "x", None, "91", " 52.52 ", "52.52"])
    longitude = pa.array(["13.4", "13.4", "13.4", "13.4", "+13.4", "13,4"])
    shard = write_shard(tmp_path / "1", [("lon", longitude), ("lat", latitude)])
    task = text_task(shard, question=POINTS, roles={"latitude": 1, "longitude": 0}, columns=("status", "reason"))
    _, part = work(task)
    assert list(zip(*(part.column(f"waypost_{name}").to_pylist() for name in ("status", "reason")), strict=True)) == [
        ("matched", None),
        ("invalid", "NOT_A_NUMBER"),
        ("invalid", "NULL_VALUE"),
        ("invalid", "LATITUDE_OUT_OF_RANGE"),
        ("matched", None),
        ("invalid", "NOT_A_NUMBER"),
    ]


def test_place_ids_are_answered(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "1", [("id", pa.array(["gn-3", "gn-999999", "?"]))])
    task = text_task(shard, question=PlaceRows(), roles={"place_id": 0}, columns=("status", "reason", "confidence"))
    _, part = work(task)
    assert part.column("waypost_status").to_pylist() == ["matched", "unmatched", "invalid"]
    assert part.column("waypost_reason").to_pylist() == [None, "PLACE_NOT_FOUND", "MALFORMED_PLACE_ID"]
    assert part.column("waypost_confidence").to_pylist() == [1.0, None, None]


def test_the_tally_counts_what_the_part_says(tmp_path: Path) -> None:
    texts = ["Munich", "Atlantis", "", "Bayern", None] * 4_000
    result, part = work(text_task(write_shard(tmp_path / "1", [("q", pa.array(texts))])))
    tally = result.tally
    assert tally.counts == RowCounts(matched=8_000, unmatched=4_000, invalid=8_000)
    assert tally.precisions == {"LOCALITY": 4_000, "REGION": 4_000}
    confidence = part.column("waypost_confidence").drop_null().to_numpy()
    assert tally.confidences == tuple(np.histogram(confidence, bins=10, range=(0, 1))[0].tolist())
    assert tally.reasons == (
        ReasonCount("invalid", "BLANK", 4_000, tuple(range(3, 53, 5))),
        ReasonCount("invalid", "NULL_VALUE", 4_000, tuple(range(5, 55, 5))),
        ReasonCount("unmatched", "NO_MATCH", 4_000, tuple(range(2, 52, 5))),
    )


def test_the_counts_need_none_of_the_columns_asked_for(tmp_path: Path) -> None:
    result, part = work(text_task(write_shard(tmp_path / "1", [("q", pa.array(["Munich", ""]))]), columns=()))
    assert part.schema.names == ["row", "q"]
    assert result.tally.counts == RowCounts(matched=1, invalid=1)


def test_no_rows_make_a_part_of_no_rows(tmp_path: Path) -> None:
    result, part = work(text_task(write_shard(tmp_path / "1", [("q", pa.array([], pa.string()))])))
    assert (result.rows, part.num_rows, part.num_columns) == (RowRange(0, 0), 0, 2 + len(RESULT_COLUMNS))


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    texts = pa.array(["Munich", "Atlantis", None, "10115 Berlin", "48.1, 11.5"] * 5_000)
    shard = write_shard(tmp_path / "1", [("q", texts)])
    results = [work(text_task(shard, part_path=tmp_path / name))[0] for name in ("a", "b")]
    assert results[0].sha256 == results[1].sha256


@pytest.mark.parametrize("file_format", [FileFormat.PARQUET, FileFormat.CSV])
def test_the_file_of_an_output_is_the_one_that_is_made_of_the_finished_part(
    file_format: FileFormat, tmp_path: Path
) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array(["Munich", "Atlantis", None] * 5_000))])
    plan = OutputPlan(format=file_format, layout=OutputLayout.PARTS, rows=OutputRows.NOT_MATCHED)
    inputs = pa.schema([("q", pa.string())])
    task = text_task(shard, output=PartOutput(plan=plan, inputs=inputs, path=tmp_path / "made"))
    result, _ = work(task)
    later = write_part(plan, inputs, task.part_path, local_folder(tmp_path), 1)
    assert result.output == replace(later, name="made")
    assert (tmp_path / "made").read_bytes() == (tmp_path / later.name).read_bytes()


def test_no_file_of_an_output_is_made_of_the_beginning_of_a_part(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array(["Munich"] * 32_000))])
    plan = OutputPlan(format=FileFormat.CSV, layout=OutputLayout.PARTS)
    order = PartOutput(plan=plan, inputs=pa.schema([("q", pa.string())]), path=tmp_path / "made")
    halts: Iterator[Halt | None] = itertools.chain([None, None, Halt.KEEP])
    result = work_shard(sample_geocoder(), text_task(shard, output=order), lambda: next(halts))
    assert result is not None
    assert result.output is None
    assert not order.path.exists()


def test_no_part_is_left_where_the_file_of_an_output_cannot_be_written(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array(["Munich"]))])
    plan = OutputPlan(format=FileFormat.CSV, layout=OutputLayout.PARTS)
    order = PartOutput(plan=plan, inputs=pa.schema([("q", pa.string())]), path=tmp_path / "none" / "made")
    with pytest.raises(FileNotFoundError):
        work_shard(sample_geocoder(), text_task(shard, output=order))
    assert list(tmp_path.iterdir()) == [shard]


def test_a_range_has_the_answers_of_its_rows(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array(["Munich", "Atlantis", "Berlin"] * 4_000))])
    _, whole = work(text_task(shard))
    rows = RowRange(4_999, 9_001)
    result, part = work(text_task(shard, rows=rows, part_path=tmp_path / "range"))
    assert result.rows == rows
    assert part.equals(whole.slice(rows.start, len(rows)))


def test_kept_rows_end_where_the_task_was_halted(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array(["Munich", "Atlantis"] * 16_000))])
    halts: Iterator[Halt | None] = itertools.chain([None, None, Halt.KEEP])
    result = work_shard(sample_geocoder(), text_task(shard), lambda: next(halts))
    assert result is not None
    assert 0 < result.rows.stop < 32_000
    part = read_part(shard.with_suffix(".part"))
    assert part.num_rows == len(result.rows) == result.tally.counts.done


@pytest.mark.parametrize("halts", [[Halt.DISCARD], [Halt.KEEP], [None, None, Halt.DISCARD]])
def test_a_task_that_keeps_nothing_leaves_nothing(tmp_path: Path, halts: list[Halt | None]) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array(["Munich"] * 32_000))])
    wanted = iter(halts)
    assert work_shard(sample_geocoder(), text_task(shard), lambda: next(wanted)) is None
    assert list(tmp_path.iterdir()) == [shard]


def test_a_failure_leaves_no_half_of_a_part(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array(["Munich"] * 20_000))])

    def fail() -> Halt | None:
        raise MemoryError

    with pytest.raises(MemoryError):
        work_shard(sample_geocoder(), text_task(shard), fail)
    assert list(tmp_path.iterdir()) == [shard]


def test_a_shard_that_is_none_is_told(tmp_path: Path) -> None:
    good = write_shard(tmp_path / "1", [("q", pa.array(["Munich"] * 10_000))])
    for name, data in (("cut", good.read_bytes()[:-100]), ("empty", b""), ("text", b"no arrow")):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ShardUnreadable):
            work_shard(sample_geocoder(), text_task(path))
    with pytest.raises(ShardUnreadable):
        work_shard(sample_geocoder(), text_task(tmp_path / "missing"))


def test_a_column_that_is_no_text_is_told(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "1", [("q", pa.array([["a"]]))])
    with pytest.raises(ShardUnreadable, match="columns"):
        work_shard(sample_geocoder(), text_task(shard))


# Invariant 2: the same question has the same answer, here from the whole gazetteer.

TEXT_ROWS = [
    "Springfield, IL", "Springfield", "Sprngfield, Illinos", "東京都新宿区", "10115 Berlin", "48.2083, 16.3731", "LHR",
    "9F4MGCF6+RP", "geo:95,11", "", " ", "a\0b", "x" * 513, "qqqqqqqq", "Paris, TX", "1600 Pennsylvania Ave, DC",
]  # fmt: skip
ADDRESS_ROWS = [
    {"locality": "Berlin", "region_code": "DE"},
    {"locality": "Springfield", "administrative_area": "MO", "region_code": "us"},
    {"postal_code": "8010", "region_code": "AT"},
    {"locality": "Paris", "region_code": "ZZ"},
    {"address_lines": "1 Main St", "locality": "Lyon"},
    {"locality": "x" * 510},
    {},
]
POINT_ROWS = [(52.52, 13.4), (0.0, -30.0), (-90.0, 0.0), (48.2, 16.37), (91.0, 0.0), (35.68, 139.69), (40.7, -180.5)]


@pytest.fixture(scope="module")
def world(data_dir: Path) -> Geocoder:
    return Geocoder(SnapshotStore(data_dir).open_present())


def facts(place: Place, confidence: float) -> tuple[object, ...]:
    return place.place_id, place.latitude, place.longitude, place.formatted_address, np.float32(confidence)


def rows_of(part: pa.Table) -> list[tuple[object, ...] | str]:
    """The facts of matched rows, the status of others."""
    names = ("place_id", "latitude", "longitude", "formatted_address", "confidence", "status")
    columns = [part.column(f"waypost_{name}").to_pylist() for name in names]
    return [
        (*values[:4], np.float32(values[4])) if values[5] == "matched" else str(values[5])
        for values in zip(*columns, strict=True)
    ]


def test_texts_are_answered_as_by_unary_calls(world: Geocoder, tmp_path: Path) -> None:
    def alone(text: str) -> tuple[object, ...] | str:
        try:
            results = world.geocode(GeocodeQuery(text=text)).results
        except InvalidArgument:
            return "invalid"
        return facts(results[0].place, results[0].confidence) if results else "unmatched"

    _, part = work(text_task(write_shard(tmp_path / "1", [("q", pa.array(TEXT_ROWS))])), world)
    refused = {"", " ", "a\0b", "x" * 513}  # by the transport, before the engine is asked
    assert rows_of(part) == ["invalid" if text in refused else alone(text) for text in TEXT_ROWS]


def test_addresses_are_answered_as_by_unary_calls(world: Geocoder, tmp_path: Path) -> None:
    names = ("address_lines", "locality", "administrative_area", "postal_code", "region_code")
    columns = [(name, pa.array([row.get(name) for row in ADDRESS_ROWS], pa.string())) for name in names]
    task = text_task(write_shard(tmp_path / "1", columns), roles={name: at for at, name in enumerate(names)})
    expected: list[tuple[object, ...] | str] = []
    for row in ADDRESS_ROWS:
        lines = (row["address_lines"],) if "address_lines" in row else ()
        fields = {name: value for name, value in row.items() if name != "address_lines"}
        results = world.geocode(GeocodeQuery(address=PostalAddress(address_lines=lines, **fields))).results
        invalid = not row or row.get("region_code") == "ZZ"  # refused by the transport
        found = facts(results[0].place, results[0].confidence) if results else "unmatched"
        expected.append("invalid" if invalid else found)
    assert rows_of(work(task, world)[1]) == expected


def test_points_are_answered_as_by_unary_calls(world: Geocoder, tmp_path: Path) -> None:
    def alone(latitude: float, longitude: float) -> tuple[object, ...] | str:
        try:
            point = Point(latitude=latitude, longitude=longitude)
        except InvalidArgument:
            return "invalid"
        results = world.reverse(ReverseQuery(point=point)).results
        return facts(results[0].place, results[0].confidence) if results else "unmatched"

    columns = [(name, pa.array([str(point[at]) for point in POINT_ROWS])) for at, name in enumerate(("a", "o"))]
    task = text_task(write_shard(tmp_path / "1", columns), question=POINTS, roles={"latitude": 0, "longitude": 1})
    assert rows_of(work(task, world)[1]) == [alone(*point) for point in POINT_ROWS]


def test_place_ids_are_answered_as_by_unary_calls(world: Geocoder, tmp_path: Path) -> None:
    ids = ["gn-2950159", "gn-1", "gn-5128581", "nowhere"]

    def alone(place_id: str) -> tuple[object, ...] | str:
        try:
            return facts(world.place(PlaceQuery(place_id=place_id)), 1.0)
        except NotFound:
            return "unmatched"

    shard = write_shard(tmp_path / "1", [("id", pa.array(ids))])
    task = text_task(shard, question=PlaceRows(), roles={"place_id": 0})
    found = rows_of(work(task, world)[1])
    assert found == [alone(place_id) for place_id in ids]
    assert found[0] != "unmatched"
